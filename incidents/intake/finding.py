"""From a source's own words to what fires: which component, how loud, what it belongs together with, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from catalog.models import Component
from incidents.firing import Firing
from incidents.intake.config import NONE, Config
from incidents.intake.own import full_ref
from incidents.intake.signals import Signal
from incidents.models import Integration


@dataclass
class Components:
    """Components by reference, each asked for once as long as a batch lasts."""

    _known: dict[str, Component | None] = field(default_factory=dict)

    def load(self, refs: Iterable[str]) -> None:
        """Ask for all of these at once."""
        missing = {ref for ref in refs if ref and ref not in self._known}
        if not missing:
            return
        self._known |= dict.fromkeys(missing)
        found = Component.objects.select_related("owner").filter(ref__in=missing, retired_at=None)
        self._known |= {component.ref: component for component in found}

    def get(self, ref: str) -> Component | None:
        """The component of that reference, if it is there and not retired."""
        self.load([ref])
        return self._known.get(ref)


@dataclass(frozen=True, slots=True)
class Found:
    """Which component, and why in words; `ref` is what was named where the catalog does not know it."""

    component: Component | None
    ref: str
    words: str

    @property
    def why(self) -> str:
        """The same beside the component's name: without the value of the label that named it."""
        named = self.component and self.words.startswith("label ")
        return f"named by its {self.words.partition('=')[0]}" if named else self.words


def candidates(signal: Signal, config: Config) -> Iterator[tuple[str, str]]:
    """References that may be meant, likeliest first, each with why: by label, by rule, by default."""
    for label in config.component_labels:
        if named := signal.labels.get(label, "").strip():
            yield full_ref(named)[:200], f"label {label}={named}"
    for place, rule in enumerate(config.component_rules, start=1):
        if rule.fits(signal.labels):
            told = ", ".join(f"{name}={pattern}" for name, pattern in rule.labels.items())
            yield full_ref(rule.component), f"rule {place} ({told})"
    if config.default_component:
        yield full_ref(config.default_component), "the integration's default"


def find(signal: Signal, config: Config, components: Components) -> Found:
    """The first candidate that the catalog knows; without one, the first that was named, for the catch-all to see."""
    named, why = "", ""
    for ref, words in candidates(signal, config):
        if component := components.get(ref):
            return Found(component, ref, words)
        named, why = named or ref, why or f"{words}, which the catalog does not know"
    return Found(None, named, why or "no label or rule names a component")


def firing_of(signal: Signal, *, integration: Integration, config: Config, components: Components, key: str) -> Firing:
    """What fires. Raises nothing: what can't be found is said in `found_by`, and is for the catch-all."""
    found = find(signal, config, components)
    return Firing(
        key=key,
        source=integration.kind,
        summary=(signal.summary or signal.key)[:300],
        rule=config.rule(signal.level),
        component=found.component,
        component_ref=found.ref,
        details={**signal.details, "integration": integration.name, **({"same": signal.same} if signal.same else {})},
        links=signal.links,
        group=group_of(signal, integration=integration, config=config, key=key),
        found_by=found.why[:300],
    )


def group_of(signal: Signal, *, integration: Integration, config: Config, key: str) -> str:
    """What the alert shares an incident with: empty for its component's, its own key for nothing, else its labels'."""
    if config.grouping == NONE:
        return key[:300]
    if isinstance(config.grouping, str):
        return ""
    told = [f"{label}={signal.labels[label]}" for label in config.grouping if label in signal.labels]
    return f"integration-{integration.pk}:{','.join(told)}"[:300] if told else ""
