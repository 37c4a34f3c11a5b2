"""Contact methods, rules, hours, inbox and messages as JSON, in and out. What is secret is only ever taken."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from incidents.models import ContactMethod, ContactRule, InboxMessage, Notification, WorkingHours
from incidents.queries.attempts import Attempt
from portal.lib.strict import StrictSerializer

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class FieldOut(serializers.Serializer[Any]):
    """One thing to send in `fields`."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF's own attribute of that name is for forms
    help = serializers.CharField()
    example = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    secret = serializers.BooleanField()


class WayOut(serializers.Serializer[Any]):
    """A channel, and what it wants to know."""

    channel = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    fields = FieldOut(many=True)  # type: ignore[assignment]


class MethodIn(StrictSerializer):
    """A further method; `fields` as the channel wants them, see `GET /contact-channels`."""

    channel = serializers.CharField(max_length=30)
    fields = serializers.DictField(child=serializers.CharField(max_length=500, allow_blank=True))  # type: ignore[assignment]
    label = serializers.CharField(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]


class MethodChange(StrictSerializer):
    """Another name, another place (0 is tried first)."""

    label = serializers.CharField(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]
    position = serializers.IntegerField(required=False, min_value=0, max_value=1000)


class CodeIn(StrictSerializer):
    """The six digits."""

    code = serializers.CharField(max_length=20)


class TrialOut(serializers.ModelSerializer[Notification]):
    """What was last sent to try a method: a code or a test, and what became of it."""

    class Meta:
        model = Notification
        fields = ("kind", "state", "created_at", "sent_at", "receipt", "error")
        read_only_fields = fields


class MethodOut(serializers.ModelSerializer[ContactMethod]):
    """A contact method; it counts while `confirmed_at` is set."""

    class Meta:
        model = ContactMethod
        fields: tuple[str, ...] = ("id", "channel", "address", "label", "order", "created_at", "confirmed_at")
        read_only_fields: tuple[str, ...] = fields


class MethodWithTrialOut(MethodOut):
    """And what was last sent to try it."""

    trial = TrialOut(allow_null=True, read_only=True)

    class Meta(MethodOut.Meta):
        fields = (*MethodOut.Meta.fields, "trial")
        read_only_fields = fields


class AddedOut(MethodOut):
    """`secret` is one that was made for it; it is told this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(MethodOut.Meta):
        fields = (*MethodOut.Meta.fields, "secret")
        read_only_fields = fields


class ContactRuleIn(StrictSerializer):
    """By this method, so many minutes after the page."""

    method = serializers.IntegerField()
    after_minutes = serializers.IntegerField(min_value=0, max_value=1440, default=0)


class RulesIn(StrictSerializer):
    """All rules of an urgency; none: the first method, at once."""

    rules = ContactRuleIn(many=True)


class ContactRuleOut(serializers.ModelSerializer[ContactRule]):
    """As it was sent."""

    method = serializers.IntegerField(source="method_id", read_only=True)
    after_minutes = serializers.SerializerMethodField()

    class Meta:
        model = ContactRule
        fields = ("method", "after_minutes")
        read_only_fields = fields

    def get_after_minutes(self, rule: ContactRule) -> int:
        """Whole minutes."""
        return rule.after // timedelta(minutes=1)


class RulesOut(serializers.Serializer[Any]):
    """The rules, and the same in words."""

    urgency = serializers.CharField()
    rules = ContactRuleOut(many=True)
    words = serializers.CharField()


class HoursIn(StrictSerializer):
    """What is not urgent waits for these; not after the start means over midnight."""

    time_zone = serializers.CharField(max_length=64)
    days = serializers.ListField(child=serializers.ChoiceField(choices=DAYS), min_length=1, max_length=7)
    start = serializers.TimeField()
    end = serializers.TimeField()


class HoursOut(serializers.ModelSerializer[WorkingHours]):
    """As they were sent."""

    days = serializers.SerializerMethodField()

    class Meta:
        model = WorkingHours
        fields = ("time_zone", "days", "start", "end")
        read_only_fields = fields

    def get_days(self, hours: WorkingHours) -> list[str]:
        """By name."""
        return [DAYS[day] for day in hours.days]


class InboxOut(serializers.ModelSerializer[InboxMessage]):
    """One message of the inbox."""

    incident = serializers.IntegerField(source="incident_id", allow_null=True, read_only=True)

    class Meta:
        model = InboxMessage
        fields = ("id", "kind", "subject", "text", "incident", "at", "read_at")
        read_only_fields = fields


class MessageOut(serializers.ModelSerializer[Notification]):
    """A message that was sent, or is to be."""

    incident = serializers.IntegerField(source="incident_id", allow_null=True, read_only=True)

    class Meta:
        model = Notification
        fields = (
            "id", "kind", "incident", "channel", "address", "urgency", "state", "attempts", "maybe_duplicate",
            "created_at", "due_at", "sent_at", "receipt", "error",
        )  # fmt: skip
        read_only_fields = fields


class AttemptOut(serializers.Serializer[Attempt]):
    """One try to reach somebody; the address is masked for those who may not see it."""

    person = serializers.CharField(source="person.ref")
    channel = serializers.CharField()
    address = serializers.CharField()
    number = serializers.IntegerField()
    outcome = serializers.CharField()
    words = serializers.CharField()
    at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    together = serializers.IntegerField()


class HandedOnOut(serializers.Serializer[Any]):
    """How many pages nobody had, and how many taken ones, went on."""

    untaken = serializers.IntegerField()
    taken = serializers.IntegerField()


class ReachOut(serializers.Serializer[Any]):
    """Somebody whom no page can reach."""

    person = serializers.CharField(source="ref")
    on_call = serializers.BooleanField()
