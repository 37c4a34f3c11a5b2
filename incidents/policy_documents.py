"""EscalationPolicy and TeamPaging as documents of `apply` and `export`, under `portico/v1`."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from catalog import registries
from catalog.access import Actor, require_owned
from catalog.manifest import Document
from catalog.manifest.fields import Faults, Fields
from catalog.models import Team
from catalog.refs import BadReference, parse
from incidents.escalation import Condition, Policy, Step, Target
from incidents.models import EscalationPolicy, PolicyVersion, Schedule, TeamPaging, Urgency
from incidents.operations import policies as operations
from incidents.operations.policy_drafts import RESERVED, PolicyDraft
from incidents.policies import newest_version
from incidents.policy_texts import DAYS, BadTarget, clock_of, day_of, duration_text, hours, target_of, target_text
from incidents.policy_words import ladders
from portal.lib import durations
from portal.lib.errors import FieldError, Invalid

API_VERSION = "portico/v1"
POLICY, PAGING = "EscalationPolicy", "TeamPaging"
NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,78}[a-z0-9])?")
SCOPE = operations.SCOPE
STEP_KEYS = ("targets", "delay", "repeat", "roundRobin", "condition")
SPEC_KEYS = ("team", "steps", "stepsLow", "repeat", "fallback", "ackTimeout", "answerWithin")
HERE = {"name": "metadata.title", "slug": "metadata.name"}
CAMEL = {
    "steps_low": "stepsLow", "round_robin": "roundRobin", "ack_timeout": "ackTimeout", "answer_within": "answerWithin"
}  # fmt: skip
FIVE = timedelta(minutes=5)


def write_policy(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the policy say what the document does; a version more where that differs."""
    faults = Faults()
    draft = _policy(document.value(), faults)
    _refuse(faults)
    require_owned(actor, [draft.team], scope=SCOPE)
    there = EscalationPolicy.objects.filter(slug=draft.slug).first()
    before = _said_now(there)
    try:
        version, _ = operations.put_policy(draft=draft, by=actor, now=now)
    except Invalid as error:
        raise _placed(error) from error
    diff = _diff(before, _spec_json(version.policy, version))
    outcome = "created" if there is None or there.retired_at else "updated" if diff else "unchanged"
    return registries.KindWritten(f"escalationpolicy:{draft.slug}", outcome, diff)


def exported_policies() -> Iterator[Mapping[str, object]]:
    """Every policy in use, one that another falls back to before it."""
    found = {version.policy_id: version for version in _in_force()}
    done: set[int] = set()
    for version in found.values():
        chain = [version]
        while (after := found.get(chain[-1].fallback_id or 0)) is not None and after not in chain:
            chain.append(after)
        for one in reversed(chain):
            if one.policy_id not in done:
                done.add(one.policy_id)
                yield document_of(one)


def document_of(version: PolicyVersion) -> Mapping[str, object]:
    """A policy by its newest version."""
    policy = version.policy
    metadata = {"name": policy.slug, **({"title": policy.name} if policy.name != policy.slug else {})}
    spec = {key: value for key, value in _spec_json(policy, version).items() if key != "title"}
    return {"apiVersion": API_VERSION, "kind": POLICY, "metadata": metadata, "spec": spec}


def retire_policy(ref: str, actor: Actor, now: datetime) -> None:
    """Retire it; refused while it is used."""
    policy = EscalationPolicy.objects.filter(slug=_name_of(ref), retired_at=None).first()
    if policy is not None:
        operations.retire_policy(policy=policy, by=actor, now=now)


def owned_policies(refs: Collection[str], teams: Collection[int]) -> set[str]:
    """Those of these teams."""
    slugs = {_name_of(ref): ref for ref in refs if ref.startswith("escalationpolicy:")}
    found = EscalationPolicy.objects.filter(slug__in=slugs, team__in=teams)
    return {slugs[slug] for slug in found.values_list("slug", flat=True)}


def write_paging(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Which policy the team's pages walk, and which schedule is shown; what is left out is none."""
    faults = Faults()
    root, name = _opened(document.value(), PAGING, faults)
    spec = root.inside("spec", required=True) or Fields({}, "spec", faults)
    spec.only(("policy", "schedule"))
    team = _team(root.inside("metadata") or spec, "name", name, faults)
    policy = _named(spec, "policy", EscalationPolicy.objects.filter(slug=spec.text("policy"), retired_at=None).first())
    schedule = _named(spec, "schedule", Schedule.objects.filter(slug=spec.text("schedule"), retired_at=None).first())
    _refuse(faults)
    assert team is not None  # noqa: S101 - else refused
    require_owned(actor, [team], scope=SCOPE)
    there = TeamPaging.objects.select_related("policy", "schedule").filter(team=team).first()
    before = _paging_json(there) if there else {}
    operations.set_team_paging(team=team, policy=policy, schedule=schedule, by=actor, now=now)
    diff = _diff(before, _paging_json(TeamPaging(team=team, policy=policy, schedule=schedule)))
    outcome = "created" if not before and diff else "updated" if diff else "unchanged"
    return registries.KindWritten(f"teampaging:{team.namespace}/{team.name}".lower(), outcome, diff)


def exported_paging() -> Iterator[Mapping[str, object]]:
    """Every team that is paged by something, or shown by something."""
    rows = TeamPaging.objects.filter(team__retired_at=None).select_related("team", "policy", "schedule")
    for row in rows.order_by("team__ref"):
        spec = _paging_json(row)
        if spec:
            name = row.team.name if row.team.namespace == "default" else f"{row.team.namespace}/{row.team.name}"
            yield {"apiVersion": API_VERSION, "kind": PAGING, "metadata": {"name": name}, "spec": spec}


def retire_paging(ref: str, actor: Actor, now: datetime) -> None:
    """Its pages go to the catch-all, and no schedule is shown."""
    team = Team.objects.filter(ref=f"group:{_name_of(ref)}").first()
    if team is not None:
        operations.set_team_paging(team=team, policy=None, schedule=None, by=actor, now=now)


def owned_paging(refs: Collection[str], teams: Collection[int]) -> set[str]:
    """Those of these teams."""
    wanted = {f"group:{_name_of(ref)}": ref for ref in refs if ref.startswith("teampaging:")}
    found = Team.objects.filter(ref__in=wanted, pk__in=teams)
    return {wanted[ref] for ref in found.values_list("ref", flat=True)}


def ref_of(kind: str) -> Callable[[Document], str]:
    """`escalationpolicy:build-ci`, `teampaging:default/build-ci`; empty where a document names nothing."""

    def found(document: Document) -> str:
        said = document.value()
        metadata = said.get("metadata") if isinstance(said, dict) else None
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(name, str) or not name:
            return ""
        if kind == PAGING:
            name = name.removeprefix("group:")
            name = name if "/" in name else f"default/{name}"
        return f"{kind}:{name}".lower()[:200]

    return found


def _policy(value: object, faults: Faults) -> PolicyDraft:
    root, name = _opened(value, POLICY, faults)
    if name and (not NAME.fullmatch(name) or name in RESERVED):
        faults.error("metadata.name", "format", "use 1 to 80 of a–z, 0–9, '-' and '_', such as build-ci")
    title = (root.inside("metadata") or root).text("title")
    spec = root.inside("spec", required=True) or Fields({}, "spec", faults)
    spec.only(SPEC_KEYS)
    said = spec.text("fallback")
    fallback = EscalationPolicy.objects.filter(slug=said, retired_at=None).first() if said else None
    if said and fallback is None and said != name:
        words = f"there is no escalation policy {said}; if it is in the same files, put it before this one"
        spec.error("fallback", "missing", words)
    if said and said == name:
        spec.error("fallback", "itself", "A policy can't fall back to itself; let it repeat instead.")
    if "steps" not in spec:
        spec.error("steps", "required", "Add spec.steps; without a step nobody would be called.")
    return PolicyDraft(
        slug=name,
        name=title or name,
        team=_team(spec, "team", spec.text("team"), faults) if "team" in spec else None,
        steps=tuple(_step(one) for one in spec.each("steps")),
        steps_low=tuple(_step(one) for one in spec.each("stepsLow")) if "stepsLow" in spec else None,
        repeat=_count(spec, "repeat"),
        fallback=fallback,
        ack_timeout=_duration(spec, "ackTimeout"),
        answer_within=_duration(spec, "answerWithin"),
    )


def _step(found: Fields) -> Step:
    found.only(STEP_KEYS)
    delay = _duration(found, "delay") if "delay" in found else FIVE
    return Step(
        tuple(_targets(found)),
        delay or FIVE,
        _count(found, "repeat"),
        _condition(found.inside("condition")),
        bool(found.flag("roundRobin")),
    )


def _targets(found: Fields) -> Iterator[Target]:
    for place, text in _texts(found, "targets"):
        try:
            yield target_of(text)
        except BadTarget as error:
            found.error(f"targets[{place}]", "format", f"{error}.")


def _condition(found: Fields | None) -> Condition | None:
    if found is None:
        return None
    found.only(("zone", "days", "start", "end"))
    days = set(range(7)) if "days" not in found else set()
    for place, text in _texts(found, "days"):
        day = day_of(text)
        if day is None:
            found.error(f"days[{place}]", "choice", f"{text[:40]!r}: use {', '.join(DAYS)}")
        else:
            days.add(day)
    return Condition(found.text("zone", required=True), frozenset(days), _clock(found, "start"), _clock(found, "end"))


def _clock(found: Fields, key: str) -> time:
    text = found.text(key)
    clock = clock_of(text) if text else time(0)
    if clock is None:
        found.error(key, "format", f"{text[:40]!r} is no time of day; write for example '09:00'.")
    return clock or time(0)


def _texts(found: Fields, key: str) -> Iterator[tuple[int, str]]:
    given = found.value.get(key)
    if given is None:
        return
    for place, one in enumerate(given if isinstance(given, list) else [given]):
        if isinstance(one, str):
            yield place, one
        else:
            where = f"{key}[{place}]" if isinstance(given, list) else key
            found.error(where, "not_text", "Write a text here.")


def _count(found: Fields, key: str) -> int:
    number = found.number(key)
    if number is not None and (number != int(number) or abs(number) > 1000):
        found.error(key, "not_a_count", "Write a whole number, 0 to 20.")
        return 0
    return int(number or 0)


def _duration(found: Fields, key: str) -> timedelta | None:
    text = found.text(key)
    try:
        return durations.parse(text) if text else None
    except durations.BadDuration as error:
        found.error(key, "format", f"{error}.")
        return None


def _team(found: Fields, key: str, text: str, faults: Faults) -> Team | None:
    if not text:
        return None  # said already
    try:
        ref = str(parse(text, kind="group"))
    except BadReference as error:
        found.error(key, "format", str(error))
        return None
    team = Team.objects.filter(ref=ref, retired_at=None).first()
    if team is None:
        found.error(key, "missing", f"there is no {ref}; register the team first, or in the same files")
    return team


def _named[Row: (EscalationPolicy, Schedule)](spec: Fields, key: str, row: Row | None) -> Row | None:
    said = spec.text(key)
    if said and row is None:
        spec.error(key, "missing", f"there is no {key} {said}; add it to the same files")
    return row if said else None


def _opened(value: object, kind: str, faults: Faults) -> tuple[Fields, str]:
    root = Fields(value if isinstance(value, Mapping) else {}, "", faults)
    if not isinstance(value, Mapping):
        faults.error("", "not_a_mapping", f"A {kind} is a mapping: apiVersion, kind, metadata, spec.")
    root.only(("apiVersion", "kind", "metadata", "spec"))
    metadata = root.inside("metadata", required=True)
    if metadata is None:
        return root, ""
    metadata.only(("name", "title") if kind == POLICY else ("name",))
    return root, metadata.text("name", required=True).lower()


def _refuse(faults: Faults) -> None:
    if faults.errors:
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in faults.errors), errors=tuple(faults.errors))


def _placed(error: Invalid) -> Invalid:
    """The paths of a document for those of a draft."""
    faults = tuple(FieldError(_path(one.field), one.code, one.message) for one in error.errors)
    return Invalid(str(error), errors=faults)


def _path(field: str) -> str:
    if field in HERE:
        return HERE[field]
    for ours, theirs in CAMEL.items():
        field = re.sub(rf"\b{ours}\b", theirs, field)
    return f"spec.{field}"


def _in_force() -> list[PolicyVersion]:
    newest = PolicyVersion.objects.filter(policy__retired_at=None, pk=newest_version(datetime.max.replace(tzinfo=UTC)))
    return list(newest.select_related("policy__team", "fallback").order_by("policy__slug"))


def _said_now(policy: EscalationPolicy | None) -> dict[str, Any]:
    version = policy.versions.order_by("number").last() if policy else None
    return _spec_json(policy, version) if policy and version else {}


def _spec_json(policy: EscalationPolicy, version: PolicyVersion) -> dict[str, Any]:
    said = ladders(version)
    spec = {
        "title": policy.name,
        "team": _team_text(policy.team),
        "steps": _steps_json(said[Urgency.HIGH]),
        "stepsLow": _steps_json(said[Urgency.LOW]) if Urgency.LOW in said else None,
        "repeat": version.repeat,
        "fallback": version.fallback.slug if version.fallback and version.fallback.retired_at is None else None,
        "ackTimeout": duration_text(version.ack_timeout),
        "answerWithin": duration_text(version.answer_within),
    }
    return {key: value for key, value in spec.items() if value}


def _steps_json(policy: Policy) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in _step_json(step).items() if value}  # what is left out takes its default
        for step in policy.steps
    ]


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "targets": [target_text(target) for target in step.targets],
        "delay": durations.render(step.delay),
        "repeat": step.repeat,
        "roundRobin": step.round_robin,
        "condition": _condition_json(step.condition) if step.condition else None,
    }


def _condition_json(condition: Condition) -> dict[str, Any]:
    start, end = hours(condition)
    days = {} if len(condition.days) == 7 else {"days": [DAYS[day] for day in sorted(condition.days)]}
    clock = {} if condition.start == condition.end else {"start": start, "end": end}
    return {"zone": condition.zone, **days, **clock}


def _team_text(team: Team | None) -> str | None:
    if team is None:
        return None
    return team.name if team.namespace == "default" else f"{team.namespace}/{team.name}"


def _paging_json(row: TeamPaging) -> dict[str, Any]:
    said = {"policy": row.policy, "schedule": row.schedule}
    return {key: one.slug for key, one in said.items() if one is not None and one.retired_at is None}


def _diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[object, object]]:
    keys = [*after, *(key for key in before if key not in after)]
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def _name_of(ref: str) -> str:
    return ref.partition(":")[2]


KINDS = {
    (API_VERSION, POLICY): registries.ApplyKind(
        write=write_policy,
        ref_of=ref_of(POLICY),
        exported=exported_policies,
        retire=retire_policy,
        order=310,
        owned=owned_policies,
    ),
    (API_VERSION, PAGING): registries.ApplyKind(
        write=write_paging,
        ref_of=ref_of(PAGING),
        exported=exported_paging,
        retire=retire_paging,
        order=320,
        owned=owned_paging,
    ),
}
"""After schedules, which they name; paging after the policies it names."""
