"""What stands beside contact methods: the code that confirms one, and the hours of those who are not to be woken."""

from django.db import models

from catalog.models import Person
from incidents.models.notification import ContactMethod


class ConfirmationCode(models.Model):
    """The code last sent to a contact method, as a keyed hash. It ends by use, by time, or by wrong guesses."""

    method = models.OneToOneField(ContactMethod, on_delete=models.CASCADE, related_name="code")
    digest = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong = models.PositiveSmallIntegerField(default=0, help_text="Guesses since it was sent")
    asked_since = models.DateTimeField(help_text="Start of the hour in which `asked` counts")
    asked = models.PositiveSmallIntegerField(default=1, help_text="Codes asked for since then")

    def __str__(self) -> str:
        return f"code for {self.method}"


class WorkingHours(models.Model):
    """When a person may be told what is not urgent; without a row at any time. Urgent pages never wait for it."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="working_hours")
    time_zone = models.CharField(max_length=64)
    days = models.JSONField(help_text="[0, 1, 2, 3, 4]; Monday is 0")
    start = models.TimeField()
    end = models.TimeField(help_text="Not after the start: over midnight")

    class Meta:
        verbose_name_plural = "working hours"

    def __str__(self) -> str:
        return f"{self.person}: {self.start:%H:%M}–{self.end:%H:%M} {self.time_zone}"
