"""How many living components there are, kept by the database beside them."""

from django.db import models


class Tally(models.Model):
    """By how many one write changed the number of components with a value of a field; their sum is how many there are.

    Triggers on components add rows and nobody changes them, so writers never wait for each other; `gather_tally` makes
    one row of many.
    """

    class Field(models.TextChoices):
        """What is counted; a cell is kind, type, lifecycle, urgency and calm, as a JSON array."""

        CELL = "cell"
        OWNER = "owner"
        SYSTEM = "system"
        TAG = "tag"

    field = models.CharField(max_length=6, choices=Field)
    value = models.TextField(help_text="Of owners the key, of systems the reference; empty where there is none")
    n = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.field} {self.value!r}: {self.n:+}"
