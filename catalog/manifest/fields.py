"""PURE: one mapping of a document being read: known keys by their shape, every fault with its path."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from catalog.manifest.slips import meant
from portal.lib.errors import FieldError

MOST = 100


@dataclass(slots=True)
class Faults:
    """What was found in one document so far: errors refuse it, warnings say what is not honoured."""

    errors: list[FieldError] = field(default_factory=list)
    warnings: list[FieldError] = field(default_factory=list)

    def error(self, path: str, code: str, message: str) -> None:
        """A reason to refuse the document."""
        if len(self.errors) < MOST:
            self.errors.append(FieldError(path, code, message))

    def warn(self, path: str, code: str, message: str) -> None:
        """Something that is not done as the document says; it is taken all the same."""
        if len(self.warnings) < MOST:
            self.warnings.append(FieldError(path, code, message))


class Fields:
    """Reads one mapping; where a value is not what it should be, a fault is noted and something empty answered."""

    def __init__(self, value: Mapping[str, Any], path: str, faults: Faults) -> None:
        self.value, self.path, self.faults = value, path, faults

    def __contains__(self, key: str) -> bool:
        """Whether something is said; an empty value says nothing."""
        return self.value.get(key) is not None

    def where(self, key: str) -> str:
        """The path of `key`: `spec.service`."""
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def error(self, key: str, code: str, message: str) -> None:
        """Note an error at `key`."""
        self.faults.error(self.where(key), code, message)

    def warn(self, key: str, code: str, message: str) -> None:
        """Note a warning at `key`."""
        self.faults.warn(self.where(key), code, message)

    def only(self, known: Iterable[str]) -> None:
        """Refuse every key that is not one of `known`, with what was probably meant."""
        known = tuple(known)
        for key in self.value:
            if key not in known:
                guess = meant(key, known)
                hint = f" Did you mean {guess}?" if guess else ""
                self.error(key, "unknown", f"{key!r} means nothing here; there may be {', '.join(known)}.{hint}")

    def text(self, key: str, *, required: bool = False) -> str:
        """A text; empty where it is missing."""
        found = self.value.get(key)
        if found is None:
            if required:
                self.error(key, "required", f"Add {self.where(key)}; it is needed.")
            return ""
        if not isinstance(found, str):
            self.error(key, "not_text", f"{_words(found)} stands where text should; put it in quotes.")
            return ""
        if required and not found.strip():
            self.error(key, "blank", "Say something here; it must not be empty.")
        return found

    def choice(self, key: str, choices: Iterable[str], *, otherwise: str = "") -> str:
        """One of `choices`; `otherwise` where it is missing, and required where that is empty."""
        found = self.text(key, required=not otherwise)
        if found and found not in (choices := tuple(choices)):
            guess = meant(found, choices)
            hint = f" Did you mean {guess}?" if guess else ""
            self.error(key, "choice", f"{found!r}: use one of {', '.join(choices)}.{hint}")
        return found or otherwise

    def number(self, key: str) -> Decimal | None:
        """A number exactly as it was written; None where it is missing."""
        found = self.value.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            self.error(key, "not_a_number", f"{_words(found)} stands where a number should, without quotes.")
            return None
        return Decimal(str(found))

    def flag(self, key: str) -> bool | None:
        """true or false; None where it is missing."""
        found = self.value.get(key)
        if found is None or isinstance(found, bool):
            return found
        self.error(key, "not_a_flag", f"{_words(found)} stands where true or false should.")
        return None

    def inside(self, key: str, *, required: bool = False) -> "Fields | None":
        """A mapping below this one; None where it is missing or something else."""
        found = self.value.get(key)
        if isinstance(found, Mapping):
            return Fields(found, self.where(key), self.faults)
        if found is not None:
            self.error(key, "not_a_mapping", f"{_words(found)} stands where a mapping (key: value) should.")
        elif required:
            self.error(key, "required", f"Add {self.where(key)}; it is needed.")
        return None

    def each(self, key: str) -> "tuple[Fields, ...]":
        """A list of mappings; empty where it is missing."""
        return tuple(self._each(key))

    def _each(self, key: str) -> "Iterator[Fields]":
        found = self.value.get(key)
        if found is None:
            return
        if not isinstance(found, list):
            self.error(key, "not_a_list", f"{_words(found)} stands where a list should; write - before each entry.")
            return
        for place, item in enumerate(found):
            where = f"{key}[{place}]"
            if isinstance(item, Mapping):
                yield Fields(item, self.where(where), self.faults)
            else:
                self.error(where, "not_a_mapping", f"{_words(item)} stands where key: value should.")


def _words(value: object) -> str:
    if value is None:
        return "Nothing"
    if isinstance(value, bool):
        return f"The yes-or-no value {str(value).lower()}"
    if isinstance(value, str):
        return f"The text {value[:60]!r}"
    if isinstance(value, list | tuple):
        return "A list"
    return "A mapping" if isinstance(value, Mapping) else f"The number {value}"
