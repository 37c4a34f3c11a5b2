"""Where indicators come from."""

from datetime import timedelta

from django.db import models

LAG_MARGIN = timedelta(seconds=15)
"""Added to what was measured, for the lag is not the same every minute."""
LONGEST_DELAY = timedelta(minutes=10)
"""A source that is later than this is broken rather than slow."""


class DataSource(models.Model):
    """A Prometheus, or something that speaks its API. Secrets are sealed and never shown again."""

    class Kind(models.TextChoices):
        """Who answers; they differ in what they need to be asked."""

        PROMETHEUS = "prometheus", "Prometheus"
        THANOS = "thanos", "Thanos"
        MIMIR = "mimir", "Mimir"
        VICTORIA = "victoriametrics", "VictoriaMetrics"

    class Auth(models.TextChoices):
        """How we prove who we are."""

        NONE = "none", "None"
        BASIC = "basic", "User and password"
        BEARER = "bearer", "Bearer token"
        MTLS = "mtls", "Client certificate"

    name = models.SlugField(max_length=63, unique=True)
    url = models.URLField(max_length=500)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PROMETHEUS)
    is_default = models.BooleanField(default=False)
    auth = models.CharField(max_length=10, choices=Auth, default=Auth.NONE)
    username = models.CharField(max_length=200, blank=True)
    secret = models.TextField(blank=True, help_text="Sealed password or token")
    headers = models.TextField(blank=True, help_text="Sealed JSON object of extra headers")
    cert_file = models.CharField(max_length=500, blank=True)
    key_file = models.CharField(max_length=500, blank=True)
    ca_file = models.CharField(max_length=500, blank=True)
    verify = models.BooleanField(default=True)
    timeout = models.DurationField(default=timedelta(seconds=10))
    delay = models.DurationField(
        default=timedelta(seconds=30), help_text="How long after its end a bucket waits for late samples"
    )
    lag = models.DurationField(null=True, help_text="How late samples arrive, as last measured; lengthens the delay")
    lag_at = models.DateTimeField(null=True, help_text="When the lag was last measured")
    description = models.TextField(blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="What a document said that nothing here means")
    external_labels = models.JSONField(
        default=list, blank=True, help_text="Labels that are no part of a series' identity"
    )
    reachable = models.BooleanField(null=True, help_text="Null: never asked")
    checked_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True, help_text="Last success")
    down_since = models.DateTimeField(null=True)
    version = models.CharField(max_length=50, blank=True)
    latency = models.FloatField(null=True, help_text="Seconds")
    error = models.TextField(blank=True)
    warning = models.TextField(blank=True, help_text="What it said beside its last answer, such as that it was partial")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    @property
    def effective_delay(self) -> timedelta:
        """How long buckets really wait: longer than `delay` where samples are known to arrive later."""
        if self.lag is None:
            return self.delay
        return max(self.delay, min(self.lag + LAG_MARGIN, LONGEST_DELAY))

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_source"
            ),
        ]

    def __str__(self) -> str:
        return self.name
