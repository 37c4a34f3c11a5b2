"""Fields that need it lead to their explanation: where the form says, to an anchor that is there."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.forms import BaseForm
from django.template.loader import render_to_string

from incidents.forms_settings import PastedForm
from portal import settings
from tests.portal.test_docs import leads_nowhere

APPS = ("catalog", "slo", "incidents")
MODULES = [f"{app}.{path.stem}" for app in APPS for path in sorted(Path(settings.ROOT, app).glob("forms*.py"))]


def forms_of(module: str) -> Iterator[type[BaseForm]]:
    for one in vars(import_module(module)).values():
        if isinstance(one, type) and issubclass(one, BaseForm) and one.__module__ == module:
            yield one


@pytest.mark.parametrize("module", MODULES)
def test_every_explained_field_is_there_and_leads_to_an_anchor(module: str) -> None:
    for form in forms_of(module):
        explained = vars(form).get("explained", {})
        assert set(explained) <= set(getattr(form, "base_fields", {})), form
        assert [place for place in explained.values() if leads_nowhere(f"/docs/{place}", "")] == [], form


def test_most_forms_that_decide_something_explain_a_field() -> None:
    explaining = [form for module in MODULES for form in forms_of(module) if "explained" in vars(form)]
    assert len(explaining) > 20


def test_a_field_shows_its_link_and_a_field_without_one_shows_none() -> None:
    form = PastedForm()
    shown = render_to_string("components/field.html", {"field": form["kind"]})
    assert '<a href="/docs/alerts" target="_blank" rel="noopener"' in shown
    assert 'How it works<span class="visually-hidden"> about Sent by, in the docs, in a new tab</span></a>' in shown
    assert "href" not in render_to_string("components/field.html", {"field": form["sample"]})
