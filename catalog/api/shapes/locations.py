"""Locations as JSON, in and out."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from catalog.api.shapes.incoming import ECHOES
from catalog.models import Location, LocationFile
from catalog.operations import Outcome
from catalog.operations.filing import said
from catalog.operations.locations import location_spec
from catalog.operations.previewing import Preview
from portal.lib.strict import StrictSerializer

OURS = frozenset({
    "due_at", "tried_at", "read_at", "failures", "error", "has_auth", "has_webhook", "webhook_url", "health", "limited",
    "reading",
})  # fmt: skip


def _text(help_text: str) -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_blank=True, allow_null=True, trim_whitespace=False, help_text=help_text
    )


class LocationIn(StrictSerializer):
    """What a client says of a location. In PUT what is left out is the default, but the secret, which stays."""

    echoes = ECHOES | OURS

    title = _text("What people call it")
    description = _text("What it is for")
    tags = serializers.ListField(child=serializers.CharField(), required=False, allow_null=True, max_length=1000)
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True, allow_null=True), required=False)
    annotations = serializers.DictField(child=serializers.CharField(allow_blank=True, allow_null=True), required=False)
    type = serializers.CharField(required=False, help_text="url, or directory of this machine")
    targets = serializers.ListField(
        child=serializers.CharField(max_length=2000), required=False, help_text="Addresses, or absolute paths"
    )
    team = _text("The team whose things its manifests may write; empty: everybody's, which only admins may say")
    every = _text("How often it is read, such as 1h; 0s: only when asked")
    prunes = serializers.BooleanField(
        required=False, allow_null=True, help_text="Retire what its manifests no longer name"
    )
    auth_header = _text("A header for its own servers, such as Authorization")
    auth = _text("What the header says, such as Bearer …; kept sealed, never shown; left out: stays")


class LocationItem(LocationIn):
    """A location with its name, for a preview."""

    echoes = LocationIn.echoes - {"namespace", "name"}

    namespace = serializers.CharField(required=False, default="default")
    name = serializers.CharField(required=False, default="preview")


class LocationOut(serializers.Serializer[Any]):
    """A location in whole, without its secrets."""

    kind = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    ref = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField())
    type = serializers.ChoiceField(choices=Location.Type.choices)
    targets = serializers.ListField(child=serializers.CharField())
    team = serializers.CharField(help_text="Empty: no team limits it, or the one that did is gone")
    limited = serializers.BooleanField()
    every = serializers.CharField()
    prunes = serializers.BooleanField()
    auth_header = serializers.CharField()
    has_auth = serializers.BooleanField()
    has_webhook = serializers.BooleanField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is read next; null: only when asked")
    tried_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True, help_text="When all of it was last read")
    failures = serializers.IntegerField(help_text="In a row")
    error = serializers.CharField(help_text="Why the last try failed; empty where it did not")
    version = serializers.IntegerField(help_text="Also the ETag")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    changed = serializers.BooleanField(required=False, help_text="In answers to writes: whether anything was written")


class FileProblemOut(serializers.Serializer[Any]):
    """Something wrong at one place of a file."""

    document = serializers.IntegerField()
    line = serializers.IntegerField(help_text="From 1")
    column = serializers.IntegerField(help_text="From 1")
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    level = serializers.ChoiceField(choices=["error", "warning"])


class LocationFileOut(serializers.Serializer[Any]):
    """One file, as it was last read."""

    address = serializers.CharField()
    is_part = serializers.BooleanField(help_text="A marker such as {$text: …} reads it into another file")
    read_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField(allow_null=True, help_text="When its content last differed")
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    orphaned = serializers.IntegerField()
    error = serializers.CharField(help_text="Why it could not be read; empty where it could")
    problems = FileProblemOut(many=True)


class OrphanOut(serializers.Serializer[Any]):
    """An entity that the location named once and no longer names."""

    ref = serializers.CharField()
    there = serializers.BooleanField(
        help_text="Whether it still is in the catalog; DELETE at its own address retires it"
    )
    file = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class HookOut(serializers.Serializer[Any]):
    """A webhook's address and its secret, shown once."""

    url = serializers.CharField()
    secret = serializers.CharField()


class PreviewFileOut(serializers.Serializer[Any]):
    """What one file would bring."""

    address = serializers.CharField()
    error = serializers.CharField()
    problems = FileProblemOut(many=True)


class PreviewOut(serializers.Serializer[Any]):
    """What a location would bring; nothing was written."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    stopped = serializers.CharField(help_text="Why not all was read; empty where it was")
    files = PreviewFileOut(many=True)


def location_json(row: Location, *, outcome: Outcome | None = None) -> dict[str, Any]:
    """As `LocationOut`."""
    spec = location_spec(row)
    names = (
        "title",
        "description",
        "tags",
        "labels",
        "annotations",
        "type",
        "targets",
        "every",
        "prunes",
        "auth_header",
    )
    ours = ("due_at", "tried_at", "read_at", "failures", "error", "limited")
    versioned = ("ref", "namespace", "name", "version", "created_at", "updated_at", "retired_at")
    body = {
        "kind": "location",
        **{name: getattr(spec, name) for name in names},
        **{name: getattr(row, name) for name in (*ours, *versioned)},
        "team": spec.team or "",
        "has_auth": bool(row.auth_sealed),
        "has_webhook": bool(row.hook_sealed),
    }
    return body if outcome is None else {**body, "changed": outcome is not Outcome.UNCHANGED}


def file_json(row: LocationFile) -> dict[str, Any]:
    """As `LocationFileOut`."""
    return {name: getattr(row, name) for name in map(str, LocationFileOut().fields)}


def preview_json(preview: Preview) -> dict[str, Any]:
    """As `PreviewOut`."""
    applied = preview.applied
    by_file: Mapping[str, list[dict[str, object]]] = {file.address: [] for file in preview.reading.files}
    for one in applied.documents:
        by_file[one.file].extend(said(problem, "error") for problem in one.problems)
        by_file[one.file].extend(said(problem, "warning") for problem in one.warnings)
    for file in preview.reading.files:
        by_file[file.address].extend(said(problem, "error") for problem in file.problems)
    return {
        **{name: applied.count(name) for name in ("created", "updated", "unchanged", "failed")},
        "stopped": preview.reading.stopped,
        "files": [
            {"address": file.address, "error": file.error, "problems": by_file[file.address]}
            for file in preview.reading.files
        ],
    }
