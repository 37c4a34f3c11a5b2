"""PURE: what is wrong with a manifest, and where exactly."""

from dataclasses import dataclass, field

LONGEST_MESSAGE = 400
MOST_PER_DOCUMENT = 100
type Mark = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place; `code` is for programs, `message` says what to do.

    `document`, `line` and `column` count from 1 over the whole text; `field` is a path such as `spec.dependsOn[2]`,
    empty where there is none; `suggestion` is what was probably meant, empty where nothing comes to mind.
    """

    document: int
    line: int
    column: int
    field: str
    code: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        where = f"document {self.document}, line {self.line}, column {self.column}"
        return f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"


@dataclass(slots=True)
class Problems:
    """What was found in one document so far: errors refuse it, warnings don't. Keeps the first hundred of each.

    `values` is how many YAML values were read, which is what reading cost.
    """

    document: int
    values: int = 0
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, at: Mark, path: str, code: str, message: str, suggestion: str = "") -> None:
        """Add a reason to refuse the document."""
        self._add(self.errors, at, path, code, message, suggestion)

    def warning(self, at: Mark, path: str, code: str, message: str, suggestion: str = "") -> None:
        """Add something to look at; the document is taken all the same."""
        self._add(self.warnings, at, path, code, message, suggestion)

    def _add(self, to: list[Problem], at: Mark, path: str, code: str, message: str, suggestion: str) -> None:
        if len(to) < MOST_PER_DOCUMENT:
            hint = f" Did you mean {suggestion}?" if suggestion else ""
            to.append(Problem(self.document, *at, shortened(path), code, shortened(message) + hint, suggestion))


def shortened(text: str) -> str:
    """`text` with its middle left out where it is very long: it begins with what was said and ends with what to do."""
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:150]} … {text[-200:]}"
