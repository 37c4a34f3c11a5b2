"""What an objective has to say, in words: of what and which promise, without figures where they would age.

A title names the component first, then the promise in quotation marks, for a promise is a sentence of its own ("Build
queue stays short") and reads as its contrary beside what broke it. Figures are for the timeline, which is of a moment.
"""

from collections.abc import Iterable, Mapping

from incidents.models import Alert
from slo.models import AlertTransition, Objective, Standing

BLIND = AlertTransition.Kind.BLIND


def title(objective: Objective, *, blind: bool = False) -> str:
    """What an incident of it is called: `CI runners: “Build queue stays short” is not kept`."""
    return f"{_component(objective)}: {_what(objective, blind=blind)}"


def summary(objective: Objective, transition: AlertTransition) -> str:
    """What its alert is called: as the title, with the rule that fires, for there may be several."""
    if transition.kind == BLIND:
        return title(objective, blind=True)
    return f"{title(objective)} (rule “{rule_title(objective, transition.rule)}”)"


def figures(transition: AlertTransition) -> str:
    """What was measured when that changed, as a sentence; empty where nothing was kept."""
    if transition.reason:
        return f"Burn rate: {transition.reason}" if transition.reason[:1].isdigit() else transition.reason
    return "" if transition.burn_long is None else f"Burn rate: {transition.burn_long:.1f}×."


def cleared(objective: Objective, transition: AlertTransition) -> str:
    """That it is over, for the timeline."""
    if transition.kind == BLIND:
        said = f"{_component(objective)}: data flows again for {_promise(objective)}"
    else:
        rule = rule_title(objective, transition.rule)
        said = f"{_component(objective)}: {_promise(objective)} is kept again (rule “{rule}”)"
    return f"{said}. {figures(transition)}".strip()


def budget(objective: Objective, transition: AlertTransition) -> str:
    """That the budget has crossed a line, for the timeline and for whoever owns it."""
    return f"{budget_subject(objective, transition)}{_before(transition)}. {transition.reason}".strip()


def budget_subject(objective: Objective, transition: AlertTransition) -> str:
    """The same in a line."""
    still = "still " if transition.from_state == transition.to_state else ""
    now = f"is {still}{_state(transition.to_state)}"
    return f"{_component(objective)}: the error budget of {_promise(objective)} {now}"


def rule_title(objective: Objective, name: str) -> str:
    """What the alert policy calls its rule; the name where it has none, or the rule is not there any more."""
    rules = objective.policy.rules
    found = (rule.get("title") for rule in rules if isinstance(rule, dict) and rule.get("name") == name)
    return next(found, "") or name


def rules_of(alerts: Iterable[Alert]) -> Mapping[int, frozenset[str]]:
    """By objective, the names of its rules that fire; of those that fired where none does any more."""
    told = [(one.objective_id or 0, one.cleared_at is None, str(one.details.get("rule", ""))) for one in alerts]
    firing = {pk for pk, fires, _ in told if fires}
    return {
        pk: frozenset(rule for other, fires, rule in told if other == pk and fires == (pk in firing))
        for pk, _, _ in told
    }


def _before(transition: AlertTransition) -> str:
    return "" if transition.from_state == transition.to_state else f", it was {_state(transition.from_state)}"


def _state(name: str) -> str:
    return dict(Standing.Budget.choices).get(name, name).lower()


def _what(objective: Objective, *, blind: bool) -> str:
    promise = _promise(objective)
    return f"no data for {promise}" if blind else f"{promise} is not kept"


def _component(objective: Objective) -> str:
    return objective.definition.component.label


def _promise(objective: Objective) -> str:
    return f"“{objective.label}”"
