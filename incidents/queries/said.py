"""What everybody was told of incidents."""

from django.db.models import Prefetch, QuerySet

from incidents.models import Incident, StatusUpdate


def with_said(found: QuerySet[Incident]) -> QuerySet[Incident]:
    """These, each with `said`: its public updates, newest first; one question more for all of them."""
    public = StatusUpdate.objects.filter(public=True).order_by("-at", "-pk")
    return found.prefetch_related(Prefetch("updates", public, to_attr="said"))


def last_said(incident: Incident) -> StatusUpdate | None:
    """The newest of an incident of `with_said`."""
    said: list[StatusUpdate] = incident.said  # type: ignore[attr-defined]  # prefetched there
    return said[0] if said else None
