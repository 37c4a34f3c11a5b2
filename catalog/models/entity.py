"""What every kind of entity has: its reference, its names, its free-form metadata and where it came from."""

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Coalesce, Lower, NullIf


class Origin(models.TextChoices):
    """Who wrote the entity last."""

    API = "api", "API client"
    MANIFEST = "manifest", "Manifest"
    FORM = "form", "Form"


class Document(models.Func):
    """What full-text search reads: names, then the second most telling, then the rest; see migration 0002."""

    function = "portico_document"
    output_field = SearchVectorField()


class Words(models.Func):
    """Names as lower-case words with one blank between them, for search by likeness; see migration 0002."""

    function = "portico_words"
    output_field = models.TextField()


def called(*titles: str) -> Lower:
    """What people call it in small letters, to sort by: the first of these columns that says something, or the name."""
    said = [NullIf(title, models.Value("")) for title in titles]
    return Lower(Coalesce(*said, "name", output_field=models.TextField()))


class Tagged(models.Func):
    """The tags as text where they are short enough for an index that counts them; see migration 0003."""

    function = "portico_tagged"
    output_field = models.TextField()


class Entity(models.Model):
    """Base of the catalog's kinds. `ref` is `kind:namespace/name`, lower-cased, and unique."""

    ref = models.CharField(max_length=200, unique=True, editable=False)
    namespace = models.CharField(max_length=63, default="default")
    name = models.CharField(max_length=63)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=list, blank=True)
    labels = models.JSONField(default=dict, blank=True)
    annotations = models.JSONField(default=dict, blank=True)
    links = models.JSONField(default=list, blank=True, help_text='[{"url", "title", "icon"}]')
    extra = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
    )
    origin = models.CharField(max_length=20, choices=Origin, default=Origin.API)
    source = models.CharField(max_length=200, blank=True, help_text="Name of the location or token it came from")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")
    retired_at = models.DateTimeField(null=True, blank=True)
    called = models.GeneratedField(expression=called("title"), output_field=models.TextField(), db_persist=True)
    words = models.GeneratedField(expression=Words("name", "title"), output_field=models.TextField(), db_persist=True)
    document = models.GeneratedField(
        expression=Document("name", "title", "tags", "description", "labels"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.ref

    @property
    def label(self) -> str:
        """What people call it."""
        return self.title or self.name
