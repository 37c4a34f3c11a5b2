"""Bodies and answers of reviews and action items."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.api import named
from catalog.models import Component
from incidents.lookback import Facts
from incidents.models import ActionItem, Review, ReviewVersion
from incidents.outcomes import Outcome
from portal.lib import durations
from portal.lib.strict import StrictSerializer
from slo.models import Objective


@extend_schema_field(OpenApiTypes.STR)
class Length(serializers.Field[Any, Any, Any, Any]):
    """A duration such as `1h30m`, whole seconds; null where there is none."""

    def to_representation(self, value: Any) -> str:  # noqa: ANN401  # as its base says
        """Rounded to the second."""
        return durations.render(durations.parse(f"{round(value.total_seconds())}s"))


class SectionsOut(serializers.Serializer[Any]):
    """What people wrote, as Markdown."""

    summary = serializers.CharField(help_text="What happened")
    impact = serializers.CharField()
    causes = serializers.CharField()
    went_well = serializers.CharField()
    went_badly = serializers.CharField()


class ReviewOut(serializers.ModelSerializer[Review]):
    """A review without what is worked out about it."""

    incident = serializers.IntegerField(source="incident_id", read_only=True)
    title = serializers.CharField(source="incident.title", read_only=True)
    severity = serializers.CharField(source="incident.get_severity_display", read_only=True)
    component = serializers.CharField(source="incident.component_ref", read_only=True)
    owner = serializers.CharField(source="incident.owner.ref", default=None, allow_null=True, read_only=True)
    saved_by = serializers.CharField(source="saved_by_name", read_only=True)
    published_by = serializers.CharField(source="published_by.ref", default=None, allow_null=True, read_only=True)
    sections = SectionsOut(read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Review
        fields: tuple[str, ...] = (
            "incident", "title", "severity", "component", "owner", "state", "version", "drafted_at", "saved_at",
            "saved_by", "published_at", "published_by", "sections", "url",
        )  # fmt: skip
        read_only_fields = fields


class ReviewPagedOut(serializers.Serializer[Any]):
    """Who was called, and who took it."""

    whom = serializers.CharField()
    role = serializers.CharField()
    at = serializers.DateTimeField()
    people = serializers.ListField(child=serializers.CharField())
    taken_by = serializers.CharField(source="taken_by.ref", default=None, allow_null=True)
    taken_after = Length(allow_null=True)


class ReviewCostOut(serializers.Serializer[Any]):
    """What the incident cost an objective. `share` is of its whole budget, null where it is not known."""

    objective = serializers.CharField(source="row.name")
    bad = serializers.FloatField(source="cost.bad")
    total = serializers.FloatField(source="cost.total")
    share = serializers.FloatField(source="cost.share", allow_null=True)


class SimilarOut(serializers.Serializer[Any]):
    """An earlier incident like it."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.CharField(source="get_severity_display")
    opened_at = serializers.DateTimeField()


class FactsOut(serializers.Serializer[Facts]):
    """What is known by itself, as it is now. Null where there is no such moment, or nobody looked who depends on it."""

    time_to_acknowledge = Length(source="to_acknowledge", allow_null=True)
    time_to_restore = Length(source="to_restore", allow_null=True)
    open_for = Length()
    developer_minutes_blocked = serializers.IntegerField(source="minutes_blocked", allow_null=True)
    paged = ReviewPagedOut(many=True)
    costs = ReviewCostOut(source="costs.shown", many=True)
    similar = SimilarOut(source="similar.shown", many=True)


class WholeReviewOut(ReviewOut):
    """A review with what is known by itself, handed in as `facts` of the context."""

    facts = serializers.SerializerMethodField()

    class Meta(ReviewOut.Meta):
        fields: tuple[str, ...] = (*ReviewOut.Meta.fields, "facts")
        read_only_fields = fields

    @extend_schema_field(FactsOut)
    def get_facts(self, review: Review) -> Any:  # noqa: ANN401
        """What is known."""
        return FactsOut(self.context["facts"]).data


class ReviewVersionOut(serializers.ModelSerializer[ReviewVersion]):
    """What a review said after a write."""

    by = serializers.CharField(source="actor_ref", read_only=True)
    sections = SectionsOut(read_only=True)

    class Meta:
        model = ReviewVersion
        fields = ("number", "kind", "at", "by", "reason", "sections")
        read_only_fields = fields


class ReviewBeginIn(StrictSerializer):
    """Which incident is to be reviewed."""

    incident = serializers.IntegerField(min_value=1, max_value=2**53)


def _text() -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, max_length=50_000, trim_whitespace=False)


class ReviewIn(StrictSerializer):
    """Sections to write over the `version` that was read; what is left out stays. Markdown."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1, help_text="Or If-Match")
    summary = _text()
    impact = _text()
    causes = _text()
    went_well = _text()
    went_badly = _text()


class PublishIn(StrictSerializer):
    """Which version is published; the newest where left out."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class UnpublishIn(StrictSerializer):
    """Why it is taken back."""

    reason = serializers.CharField(max_length=500)


class HelpedOut(serializers.Serializer[Any]):
    """Shares of the budget that those days alone would have had; null where nothing is known."""

    objective = serializers.CharField(source="objective.name")
    before = serializers.FloatField(source="before.share", allow_null=True)
    after = serializers.FloatField(source="after.share", allow_null=True)


class OutcomeOut(serializers.Serializer[Outcome]):
    """The 30 days before an item was done, and so many after as have passed."""

    after = Length()
    incidents_before = serializers.IntegerField(allow_null=True)
    incidents_after = serializers.IntegerField(allow_null=True)
    objectives = HelpedOut(many=True)


class ActionItemOut(serializers.ModelSerializer[ActionItem]):
    """An action item; `outcome_measured` once it is done."""

    review = serializers.IntegerField(source="review_id", read_only=True, help_text="The number of its incident")
    owner = serializers.CharField(source="owner_ref", read_only=True)
    component = serializers.CharField(source="component_ref", read_only=True)
    objectives: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    outcome_measured = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = ActionItem
        fields = (
            "id", "review", "title", "details", "owner", "due_on", "component", "objectives", "state", "tracker_url",
            "outcome", "created_at", "done_at", "closed_at", "outcome_measured", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OutcomeOut(allow_null=True))
    def get_outcome_measured(self, item: ActionItem) -> Mapping[str, Any] | None:
        """What came of it, where the view worked it out."""
        found: Mapping[int, Outcome] = self.context.get("outcomes", {})
        return OutcomeOut(found[item.pk]).data if item.pk in found else None


class ActionItemChangeIn(StrictSerializer):
    """What changes; `state` (with `outcome`) ends it or opens it again, and goes alone."""

    title = serializers.CharField(max_length=300, required=False)
    owner = named.person(required=False)
    due_on = serializers.DateField(required=False)
    details = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    component = named.component(queryset=Component.objects.select_related("owner"), required=False, allow_null=True)
    objectives = named.ByName[Objective](
        slug_field="name", queryset=Objective.objects.filter(retired_at=None), many=True, required=False
    )
    tracker_url = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    state = serializers.ChoiceField(ActionItem.State.choices, required=False)
    outcome = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Its end is one change, what is said of it another."""
        ending = attrs.keys() & {"state", "outcome"}
        alone = "state" in attrs and attrs.keys() <= {"state", "outcome"}
        if not attrs or (ending and not alone):
            raise serializers.ValidationError("Send either `state` (with `outcome`), or what else changes.")
        return attrs


class ActionItemIn(StrictSerializer):
    """A new action item."""

    review = serializers.IntegerField(min_value=1, max_value=2**53, help_text="The number of its incident")
    title = serializers.CharField(max_length=300)
    owner = named.person()
    due_on = serializers.DateField()
    details = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    component = named.component(queryset=Component.objects.select_related("owner"), required=False, allow_null=True)
    objectives = named.ByName[Objective](
        slug_field="name", queryset=Objective.objects.filter(retired_at=None), many=True, required=False
    )
    tracker_url = serializers.CharField(max_length=1000, required=False, allow_blank=True)
