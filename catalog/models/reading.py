"""What readers keep for themselves: stars, what they looked at, views they come back to."""

from django.db import models

from catalog.models.people import Person, Team


class Star(models.Model):
    """A thing somebody wants at hand, by reference; what they called it stays readable when it is gone."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="stars")
    ref = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    url = models.CharField(max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["title", "pk"]
        constraints = [models.UniqueConstraint(fields=["person", "ref"], name="starred_once")]

    def __str__(self) -> str:
        return f"{self.person_id} ★ {self.ref}"


class Visit(models.Model):
    """When somebody last looked at a thing; only the newest few of each person are kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="visits")
    ref = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    url = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["person", "ref"], name="visited_once")]
        indexes = [models.Index(fields=["person", "-at"], name="visit_newest_first")]

    def __str__(self) -> str:
        return f"{self.person_id} saw {self.ref}"


class SavedView(models.Model):
    """A list's filters under a name: one person's, or with `team` that of everybody in it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="views")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="views")
    page = models.CharField(max_length=40, default="catalog", help_text="Which list")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True, help_text="The query string, without page and cursor")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["person", "page", "name"], name="view_named_once")]

    def __str__(self) -> str:
        return self.name
