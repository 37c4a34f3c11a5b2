"""Schedule as a document of `apply` and `export`, under `portico/v1`."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any

from catalog import registries
from catalog.access import Actor, require_owned
from catalog.manifest import Document
from catalog.manifest.fields import Faults, Fields
from catalog.models import Team
from catalog.refs import BadReference, parse
from incidents.models import LayerVersion, Schedule
from incidents.oncall.schedules import in_force
from incidents.oncall.wallclock import EVERY_DAY, Window
from incidents.operations import schedules as operations
from incidents.operations.turns import Turns
from incidents.policy_texts import DAYS, clock_of, day_of
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid

API_VERSION, KIND = "portico/v1", "Schedule"
NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,78}[a-z0-9])?")
SCOPE = "oncall:write"
RESERVED = frozenset({"new"})
LAYER_KEYS = ("name", "people", "every", "unit", "handoff", "weekday", "from", "until", "only")
HERE = {"name": "metadata.title", "slug": "metadata.name", "time_zone": "spec.timeZone", "team": "spec.team"}
CAMEL = {"length": "every", "starts_at": "from", "ends_at": "until", "restrictions": "only"}
NINE = time(9)


def write_schedule(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the schedule say what the document does; layers that differ change from now, or from their `from`."""
    faults = Faults()
    said = _read(document.value(), faults, now)
    if faults.errors:
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in faults.errors), errors=tuple(faults.errors))
    there = Schedule.objects.select_related("team").filter(slug=said["slug"]).first()
    require_owned(actor, [said["team"], *([there.team_id] if there else [])], scope=SCOPE)
    before = _spec_json(there, now) if there and there.retired_at is None else {}
    layers = said.pop("layers")
    try:
        made, _ = operations.put_schedule(**said, turns=layers[0], above=layers[1:], by=actor, now=now)
    except Invalid as error:
        raise _placed(error) from error
    diff = _diff(before, _spec_json(made, now))
    outcome = "created" if not before else "updated" if diff else "unchanged"
    return registries.KindWritten(f"schedule:{made.slug}", outcome, diff)


def exported_schedules() -> Iterator[Mapping[str, object]]:
    """Every schedule in use, its layers as they are in force; changes that are planned are not said."""
    now = db_now()
    rows = Schedule.objects.filter(retired_at=None).select_related("team").prefetch_related("layers").order_by("slug")
    for row in rows:
        spec = {key: value for key, value in _spec_json(row, now).items() if key != "title"}
        if "layers" in spec:
            metadata = {"name": row.slug, **({"title": row.name} if row.name != row.slug else {})}
            yield {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}


def retire_schedule(ref: str, actor: Actor, now: datetime) -> None:
    """Retire it; refused while a policy names it."""
    schedule = Schedule.objects.filter(slug=ref.partition(":")[2], retired_at=None).first()
    if schedule is not None:
        operations.retire_schedule(schedule=schedule, by=actor, now=now)


def owned_schedules(refs: Collection[str], teams: Collection[int]) -> set[str]:
    """Those of these teams."""
    slugs = {ref.partition(":")[2]: ref for ref in refs if ref.startswith("schedule:")}
    found = Schedule.objects.filter(slug__in=slugs, team__in=teams)
    return {slugs[slug] for slug in found.values_list("slug", flat=True)}


def ref_of(document: Document) -> str:
    """`schedule:build-ci`; empty where a document names nothing."""
    said = document.value()
    metadata = said.get("metadata") if isinstance(said, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"schedule:{name}".lower()[:200] if isinstance(name, str) and name else ""


def _read(value: object, faults: Faults, now: datetime) -> dict[str, Any]:
    root = Fields(value if isinstance(value, Mapping) else {}, "", faults)
    root.only(("apiVersion", "kind", "metadata", "spec"))
    metadata = root.inside("metadata", required=True) or Fields({}, "metadata", faults)
    metadata.only(("name", "title"))
    name = metadata.text("name", required=True).lower()
    if name and (not NAME.fullmatch(name) or name in RESERVED):
        metadata.error("name", "format", "use 1 to 80 of a–z, 0–9, '-' and '_', such as build-ci")
    spec = root.inside("spec", required=True) or Fields({}, "spec", faults)
    spec.only(("team", "timeZone", "layers"))
    layers = [_layer(one, now) for one in spec.each("layers")]
    if not layers:
        spec.error("layers", "required", "Add spec.layers, from bottom to top; without one nobody would be on call.")
    return {
        "slug": name,
        "name": metadata.text("title") or name,
        "team": _team(spec),
        "time_zone": spec.text("timeZone") or "UTC",
        "layers": layers,
    }


def _layer(found: Fields, now: datetime) -> Turns:
    found.only(LAYER_KEYS)
    every = found.number("every")
    if every is not None and (every != int(every) or not 1 <= every <= 366):
        found.error("every", "not_a_count", "Write a whole number of units, such as 1.")
        every = None
    weekday = day_of(found.text("weekday")) if "weekday" in found else 0
    if weekday is None:
        found.error("weekday", "choice", f"Use {', '.join(DAYS)}.")
    return Turns(
        people=tuple(_people(found)),
        starts_at=_moment(found, "from") or now,
        unit=found.choice("unit", ("hour", "day", "week"), otherwise="week"),
        length=int(every or 1),
        handoff=_clock(found, "handoff") or NINE,
        weekday=weekday or 0,
        name=found.text("name") or "Primary",
        restrictions=tuple(_window(one) for one in found.each("only")),
        ends_at=_moment(found, "until"),
    )


def _people(found: Fields) -> Iterator[str]:
    given = found.value.get("people")
    if not isinstance(given, list):
        found.error("people", "not_a_list", "Write a list of people, such as [user:ada, group:build-ci].")
        return
    for place, one in enumerate(given):
        try:
            ref = parse(one if isinstance(one, str) else "", kind="user")
        except BadReference as error:
            found.error(f"people[{place}]", "format", f"{error}")
            continue
        if ref.kind not in {"user", "group"}:
            found.error(f"people[{place}]", "choice", "Name a user or a group.")
        yield str(ref)


def _window(found: Fields) -> Window:
    found.only(("start", "end", "days"))
    given = found.value.get("days")
    days: set[int] = set(EVERY_DAY) if given is None else set()
    for place, text in enumerate(given if isinstance(given, list) else [] if given is None else [given]):
        day = day_of(text) if isinstance(text, str) else None
        if day is None:
            found.error(f"days[{place}]", "choice", f"Use {', '.join(DAYS)}.")
        else:
            days.add(day)
    midnight = time(0)
    return Window(_clock(found, "start") or midnight, _clock(found, "end") or midnight, frozenset(days))


def _clock(found: Fields, key: str) -> time | None:
    text = found.text(key)
    clock = clock_of(text) if text else None
    if text and clock is None:
        found.error(key, "format", f"{text[:40]!r} is no time of day; write for example '09:00'.")
    return clock


def _moment(found: Fields, key: str) -> datetime | None:
    said = found.value.get(key)
    if isinstance(said, datetime):
        return said if said.tzinfo else said.replace(tzinfo=UTC)
    text = found.text(key)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found.error(key, "format", f"{text[:40]!r} is no moment; write for example '2026-11-23T09:00:00+01:00'.")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _team(spec: Fields) -> Team | None:
    said = spec.text("team")
    if not said:
        return None
    try:
        ref = str(parse(said, kind="group"))
    except BadReference as error:
        spec.error("team", "format", str(error))
        return None
    team = Team.objects.filter(ref=ref, retired_at=None).first()
    if team is None:
        spec.error("team", "missing", f"there is no {ref}; register the team first, or in the same files")
    return team


def _placed(error: Invalid) -> Invalid:
    """The paths of a document for those of the operation; a single layer's fields are bare there."""
    return Invalid(
        str(error), errors=tuple(FieldError(_path(one.field), one.code, one.message) for one in error.errors)
    )


def _path(field: str) -> str:
    if field in HERE:
        return HERE[field]
    inside = field if field.startswith("layers") else f"layers[0].{field}"
    for ours, theirs in CAMEL.items():
        inside = re.sub(rf"\.{ours}\b", f".{theirs}", inside)
    return f"spec.{inside}"


def _spec_json(schedule: Schedule, now: datetime) -> dict[str, Any]:
    team = schedule.team
    said = {
        "title": schedule.name,
        "team": None if team is None else team.name if team.namespace == "default" else f"{team.namespace}/{team.name}",
        "timeZone": schedule.time_zone,
        "layers": [_layer_json(row) for row in in_force(schedule.layers.all(), now)],
    }
    return {key: value for key, value in said.items() if value}


def _layer_json(row: LayerVersion) -> dict[str, Any]:
    said = {
        "name": row.name,
        "people": [ref.replace("user:default/", "user:") for ref in row.people],
        "every": row.length,
        "unit": row.unit,
        "handoff": row.handoff.isoformat("minutes"),
        "weekday": DAYS[row.weekday] if row.unit == "week" else None,
        "from": (row.counted_from or row.starts_at).astimezone(UTC).isoformat(),
        "until": row.ends_at.astimezone(UTC).isoformat() if row.ends_at else None,
        "only": [
            {**raw, **({"days": [DAYS[day] for day in raw["days"]]} if raw.get("days") else {})}
            for raw in row.restrictions
        ],
    }
    return {key: value for key, value in said.items() if value}


def _diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[object, object]]:
    keys = [*after, *(key for key in before if key not in after)]
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


KINDS = {
    (API_VERSION, KIND): registries.ApplyKind(
        write=write_schedule,
        ref_of=ref_of,
        exported=exported_schedules,
        retire=retire_schedule,
        order=300,
        owned=owned_schedules,
    )
}
"""Before the policies that name them."""
