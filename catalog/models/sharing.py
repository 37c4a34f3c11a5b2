"""What was given out beyond the sign-in: badges, cards and feeds of one thing, by signed links."""

from django.db import models

from catalog.models.people import Person


class Sharing(models.Model):
    """Links of one thing work from when it is shared until this row goes; sharing it again makes new ones.

    The links themselves are kept nowhere: each is signed over the thing, what it shows, and `nonce`.
    """

    ref = models.CharField(max_length=300, unique=True, help_text="component:default/ci-runners, slo:NAME, status:all")
    nonce = models.CharField(max_length=32, help_text="Random; part of what is signed")
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["ref"]

    def __str__(self) -> str:
        return self.ref
