"""The way up from something in the catalog, as breadcrumbs: titles and addresses, the page itself last and without."""

from urllib.parse import urlencode

from django.urls import reverse

from catalog.models import Component, Domain, System

Trail = list[tuple[str, str]]


def trail_of(component: Component, here: str = "") -> Trail:
    """To a component's own page, or to the page `here` about it."""
    above: Trail = [("Catalog", reverse("catalog:components")), *way_to(component.system, named=component.system_ref)]
    if here:
        return [*above, (component.label, component.get_absolute_url()), (here, "")]
    return [*above, (component.label, "")]


def way_to(system: System | None, *, named: str = "") -> Trail:
    """Domain and system above something; `named` is the reference it gives, which may lead nowhere."""
    if system is None:
        catalog = reverse("catalog:components")
        return [(named.rpartition("/")[2], f"{catalog}?{urlencode({'system': named})}")] if named else []
    return [*way_to_domain(system.domain), (system.label, system.get_absolute_url())]


def way_to_domain(domain: Domain | None) -> Trail:
    """The domain above something; nothing without one."""
    return [(domain.label, domain.get_absolute_url())] if domain else []
