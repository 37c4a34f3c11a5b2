"""PURE: teams and people as a client says them."""

from dataclasses import dataclass, replace
from functools import cache
from zoneinfo import available_timezones

from catalog import rules
from catalog.specs.shared import Metadata, mail, metadata, once, references, refuse, settled
from portal.lib.errors import FieldError

ROLES = ("lead", "member")
AS_IT_IS = ""
"""The role of somebody of whom only the membership is said: what it was, or member."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MemberSpec:
    """A person in a team, by reference."""

    person: str
    role: str = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSpec(Metadata):
    """A team in whole; `members` None leaves them as they are."""

    type: str = "team"
    email: str = ""
    picture: str = ""
    chat_url: str = ""
    parent: str = ""
    children: tuple[str, ...] = ()
    members: tuple[MemberSpec, ...] | None = None

    @property
    def ref(self) -> str:
        """`group:default/build-ci`."""
        return f"group:{self.namespace}/{self.name}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSpec(Metadata):
    """What the catalog knows of a person; `member_of` None leaves it as it is."""

    display_name: str = ""
    email: str = ""
    picture: str = ""
    time_zone: str = "UTC"
    clock_24h: bool = True
    member_of: tuple[str, ...] | None = None

    @property
    def ref(self) -> str:
        """`user:default/ada`."""
        return f"user:{self.namespace}/{self.name}".lower()


def checked_team(spec: TeamSpec) -> TeamSpec:
    """`spec` with whole, sorted references. Raises Invalid naming every fault at once."""
    errors = [*metadata(spec), *rules.web_address("chat_url", spec.chat_url), *mail(spec.email)]
    errors += rules.lengths({"picture": 500}, {"picture": spec.picture})
    parent, faults = rules.reference("parent", spec.parent, kind="group", namespace=spec.namespace)
    errors += faults
    if parent == spec.ref:
        errors.append(FieldError("parent", "own_parent", "A team can't be its own parent."))
    children, faults = references("children", spec.children, kind="group", namespace=spec.namespace, holder=spec.ref)
    errors += faults
    members, faults = _members(spec)
    errors += faults
    refuse(errors)
    return replace(spec, parent=parent, children=children, members=members, tags=once(spec.tags), extra=settled(spec))


def checked_person(spec: PersonSpec) -> PersonSpec:
    """`spec` with whole, sorted references. Raises Invalid naming every fault at once."""
    errors = [*metadata(spec), *mail(spec.email)]
    errors += rules.lengths(
        {"display_name": 200, "picture": 500}, {"display_name": spec.display_name, "picture": spec.picture}
    )
    if spec.time_zone not in _zones():
        errors.append(FieldError("time_zone", "unknown_zone", f"{spec.time_zone!r}: write for example Europe/Berlin."))
    teams, faults = references(
        "member_of", spec.member_of or (), kind="group", namespace=spec.namespace, holder=spec.ref
    )
    refuse([*errors, *faults])
    return replace(spec, member_of=None if spec.member_of is None else teams, tags=once(spec.tags), extra=settled(spec))


@cache
def _zones() -> frozenset[str]:
    """Reading them looks through hundreds of files."""
    return frozenset(available_timezones())


def _members(spec: TeamSpec) -> tuple[tuple[MemberSpec, ...] | None, list[FieldError]]:
    errors: list[FieldError] = []
    found: dict[str, MemberSpec] = {}
    for place, member in enumerate(spec.members or ()):
        where = f"members[{place}]"
        ref, faults = rules.reference(f"{where}.person", member.person, kind="user", namespace=spec.namespace)
        errors += faults
        if not ref:
            errors.append(FieldError(f"{where}.person", "blank", "Name a person, for example user:default/ada."))
        if member.role not in (*ROLES, AS_IT_IS):
            errors.append(FieldError(f"{where}.role", "unknown_role", f"{member.role!r}: use lead or member."))
        if ref in found:
            errors.append(FieldError(f"{where}.person", "twice", f"{ref} is named twice."))
        found[ref] = MemberSpec(person=ref, role=member.role)
    return (None if spec.members is None else tuple(sorted(found.values()))), errors
