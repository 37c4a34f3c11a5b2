"""The YAML that a form makes: beside it while one types, or by its button where there is no script."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from catalog import manifest
from catalog.forms import ExplainingForm
from catalog.specs import (
    ComponentSpec,
    DomainSpec,
    EntitySpec,
    PersonSpec,
    SystemSpec,
    checked_component,
    checked_domain,
    checked_person,
    checked_system,
    checked_team,
)
from catalog.translating import entity_of
from portal.lib.errors import Expected

Context = Mapping[str, object]


def wanted(request: HttpRequest) -> bool:
    """Whether this asks for the YAML rather than for a change."""
    return request.method == "POST" and ("preview" in request.POST or "preview" in request.GET)


def show(request: HttpRequest, form: ExplainingForm, said: Callable[[], EntitySpec], context: Context) -> HttpResponse:
    """The form again with its YAML, or (for htmx) the YAML alone; nothing is written."""
    text = ""
    if form.is_valid():
        try:
            text = manifest_of(said())
        except Expected as error:
            form.explain(error)
    faults = [(_title(form, name), error) for name, errors in form.errors.items() for error in errors]
    told = {**context, "form": form, "yaml": text, "faults": faults, "previewed": True}
    alone = bool(getattr(request, "htmx", False))
    return render(request, "catalog/form.html#preview" if alone else "catalog/form.html", told)


def known(spec: EntitySpec) -> str:
    """What the catalog says already as a catalog-info.yaml; empty for what older rules let in and newer ones don't."""
    try:
        return manifest_of(spec)
    except Expected:
        return ""


def manifest_of(spec: EntitySpec) -> str:
    """`spec` as a catalog-info.yaml. Raises Invalid naming every fault."""
    return manifest.render([entity_of(_checked(spec))])


def _checked(spec: EntitySpec) -> EntitySpec:
    match spec:
        case ComponentSpec():
            return checked_component(spec)
        case SystemSpec():
            return checked_system(spec)
        case DomainSpec():
            return checked_domain(spec)
        case PersonSpec():
            return checked_person(spec)
    return checked_team(spec)


def _title(form: ExplainingForm, name: str) -> str:
    return str(form[name].label) if name in form.fields else ""
