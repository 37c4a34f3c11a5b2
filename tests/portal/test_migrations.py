"""What a new database gets in one step is what an old one came to by many."""

from typing import Any

import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

OURS = ("catalog", "slo", "incidents")


@pytest.mark.parametrize("app", OURS)
def test_a_squashed_migration_ends_where_those_that_it_replaces_do(app: str) -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    (squashed,) = (one for one in loader.disk_migrations.values() if one.app_label == app and one.replaces)
    before, at_once = loader.project_state(squashed.replaces[-1]), loader.project_state((app, squashed.name))
    assert _models(before, app) == _models(at_once, app)
    assert set(squashed.replaces) == {
        key for key in loader.disk_migrations if key[0] == app and key[1] <= squashed.replaces[-1][1]
    } - {(app, squashed.name)}


def _models(state: ProjectState, app: str) -> dict[str, Any]:
    return {key[1]: _said(model) for key, model in state.models.items() if key[0] == app}


def _said(model: ModelState) -> dict[str, Any]:
    """Without the order of columns, indexes and constraints."""
    options = {name: value for name, value in model.options.items() if name not in ("indexes", "constraints")}
    return {
        "fields": {name: repr(field.deconstruct()[1:]) for name, field in model.fields.items()},
        "options": {name: value for name, value in options.items() if value},
        "indexes": sorted(repr(one.deconstruct()) for one in model.options.get("indexes", [])),
        "constraints": sorted(repr(one.deconstruct()) for one in model.options.get("constraints", [])),
        "bases": model.bases,
    }
