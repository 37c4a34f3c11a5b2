"""Fills an empty portal with the demo platform, by the product's own operations; run again it changes nothing."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from catalog.access import Actor, system
from catalog.models import AuditEntry, Component, Person
from catalog.operations import (
    ensure_admin,
    link_account,
    put_component,
    put_person,
    put_team,
    record_audit,
)
from catalog.operations.applying import SourceFile, apply_files
from catalog.specs import ComponentSpec, MemberSpec, PersonSpec, TeamSpec
from incidents.models import EscalationPolicy
from portal.demo import PASSWORD
from portal.demo.documents import Documents, Item, read
from portal.demo.seed_paging import put_contacts, put_integrations, put_policies, put_schedules
from slo.operations import ObjectiveDraft, SourceDraft, save_objective, save_policy, save_source

DEMO = system("demo")
SOURCE = "prometheus"
SOURCE_DELAY = "5s"
BEFORE = timedelta(days=63)
"""Since when the policies and integrations of the demo's past held."""
REGISTERED = timedelta(days=120)
"""How long the catalog has been there: longer than the ninety days of the status page, shorter than ownership holds."""
FORGOTTEN = timedelta(days=210)
"""How long ago somebody registered what nobody has confirmed since."""


def seed(*, pace: str, prometheus_url: str, now: datetime) -> bool:
    """Bring the portal to what the YAML files say; whether anything had to be done.

    What people changed since is left alone: it is done again only when the files or the pace changed.
    """
    documents = read(pace)
    put_source(prometheus_url, now=now)
    mark = f"demo:{documents.digest}"
    newest = AuditEntry.objects.filter(action="demo.seed").first()
    if newest is not None and newest.object_ref == mark:
        return False
    with transaction.atomic():  # all of it at once, which also waits for the disk once
        put_all(documents, now=now)
        record_audit(actor=DEMO, action="demo.seed", object_ref=mark, diff={}, now=now)
    return True


def put_source(url: str, *, now: datetime) -> None:
    """The Prometheus beside us; its port may be another one at every start."""
    if url:
        save_source(draft=SourceDraft(name=SOURCE, url=url, is_default=True, delay=SOURCE_DELAY), actor=DEMO, now=now)


def put_all(documents: Documents, *, now: datetime) -> None:
    """People, teams, components, who is paged how, and what was promised; each after what it names."""
    then = now if Component.objects.exists() else now - REGISTERED
    for item in documents.people:
        _put_person(item, now=then)
    for item in documents.teams:
        put_team(spec=_team(item), actor=DEMO, now=then)
    manifest = SourceFile(address="catalog-info.yaml", text=documents.manifest)
    apply_files(files=[manifest], actor=DEMO, now=then, source="demo")
    for item in documents.components:
        registered = now - FORGOTTEN if item.get("forgotten") else then
        put_component(spec=_component(item), actor=DEMO, now=registered)
    put_contacts(by=DEMO, now=now)
    put_schedules(documents.schedules, by=DEMO, now=now)
    if not EscalationPolicy.objects.exists():
        put_policies(read("past").policies, by=DEMO, now=now - BEFORE)
    put_policies(documents.policies, by=DEMO, now=now)
    put_integrations(by=DEMO, now=now - BEFORE)
    put_objectives(documents, by=DEMO, now=now)


def put_objectives(documents: Documents, *, by: Actor, now: datetime) -> None:
    """Alert policies, then what uses them. Prometheus may not be up yet, so no metric is looked for."""
    for item in documents.alert_policies:
        save_policy(name=item["name"], title=item["title"], rules=item["rules"], actor=by, now=now)
    for item in documents.objectives:
        draft = ObjectiveDraft(**{**item, "target": Decimal(item["target"])})
        save_objective(draft=draft, actor=by, now=now, look_up=False)


def _put_person(item: Item, *, now: datetime) -> None:
    said = _only(PersonSpec, item)
    person = put_person(spec=PersonSpec(namespace="default", **said), actor=DEMO, now=now).row
    if item.get("platform_admin"):
        ensure_admin(name=person.name, email=person.email, password=PASSWORD, actor=DEMO, now=now)
    elif item.get("account"):
        _let_in(person, now=now)


def _let_in(person: Person, *, now: datetime) -> None:
    """Everybody has the same password, which is why nothing like this exists outside the demo."""
    model = get_user_model()
    account = model._default_manager.filter(**{model.USERNAME_FIELD: person.name}).first()
    if account is None or not account.check_password(PASSWORD):
        account = account or model(**{model.USERNAME_FIELD: person.name})
        account.password = _hashed()
        account.save()
    link_account(person=person, account=account, actor=DEMO, now=now)


@cache
def _hashed() -> str:
    """The same for everybody, as the password is; a hash that is hard to guess takes long to make."""
    return make_password(PASSWORD)


def _team(item: Item) -> TeamSpec:
    members = tuple(MemberSpec(**member) for member in item.get("members", ()))
    return TeamSpec(namespace="default", **{**_only(TeamSpec, item), "members": members})


def _component(item: Item) -> ComponentSpec:
    said: dict[str, Any] = {"kind": "component", "namespace": "default", **_only(ComponentSpec, item)}
    said |= {key: tuple(value) for key, value in said.items() if isinstance(value, list)}
    return ComponentSpec(**said)


def _only(spec: type[ComponentSpec | TeamSpec | PersonSpec], item: Item) -> Mapping[str, Any]:
    known = {field.name for field in fields(spec)}
    return {key: value for key, value in item.items() if key in known}
