"""What a location would bring, read now and written nowhere."""

from dataclasses import dataclass, replace
from datetime import datetime

from catalog.access import Actor, require_scope
from catalog.locations.reading import Reading
from catalog.models import Location
from catalog.operations.applying import Applied, apply_files
from catalog.operations.locations import SCOPE, require_location, require_spec
from catalog.operations.refreshing import actor_for, read_location, source_files
from catalog.specs_location import LocationSpec, checked_location, new_hosts
from portal.lib.crypto import CannotUnseal, unseal

SECONDS = 12.0
MOST_FILES = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """What was read, and what applying it would have done."""

    reading: Reading
    applied: Applied


def preview_location(*, spec: LocationSpec, actor: Actor, now: datetime) -> Preview:
    """Read what `spec` names, some files of it for some seconds, and apply it dry. Raises as `put_location`."""
    require_scope(actor, SCOPE)
    spec = checked_location(replace(spec, team=spec.team or ""))
    found = Location.objects.filter(ref=spec.ref).select_related("team").first()
    if found is not None:
        require_location(actor, found)
    team = require_spec(actor, spec)
    location = Location(
        ref=spec.ref,
        namespace=spec.namespace,
        name=spec.name,
        type=spec.type,
        targets=list(spec.targets),
        team=team,
        limited=team is not None,
        auth_header=spec.auth_header or "",
    )
    reading = read_location(location, seconds=SECONDS, most_files=MOST_FILES, secret=_secret(spec, found))
    applied = apply_files(
        files=source_files(reading), actor=actor_for(location), now=now, source=location.ref, dry_run=True
    )
    return Preview(reading, applied)


def _secret(spec: LocationSpec, found: Location | None) -> str:
    """What signs in: as it was typed, else what is kept, for the servers it was kept for."""
    if spec.auth is not None:
        return spec.auth
    if found is None or not spec.auth_header or new_hosts(tuple(found.targets), spec.targets):
        return ""
    try:
        return unseal(found.auth_sealed)
    except CannotUnseal:
        return ""
