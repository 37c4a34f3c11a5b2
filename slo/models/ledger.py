"""The ledger: what was counted, minute by minute, kept longer than any metrics source keeps it (slo.md §3).

Read and written by `slo.ledger` alone. Buckets are named by their end: `(bucket - 60 s, bucket]`. Sums are numeric:
exact for whole and for fractional counters, without a limit of digits. The first migration makes and partitions the
minute table.
"""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

from slo.models.objectives import Objective
from slo.models.sources import DataSource


class Ledger(models.Model):
    """The counts of one objective under one revision of its indicator, which it keeps a copy of."""

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="ledgers")
    revision = models.PositiveIntegerField()
    source = models.ForeignKey(DataSource, null=True, on_delete=models.PROTECT, related_name="ledgers")
    type = models.CharField(max_length=20)
    indicator = models.JSONField()
    bucket_length = models.DurationField(default=timedelta(seconds=60))
    approximate = models.BooleanField(default=False, help_text="Counted by increase() rather than from raw samples")
    fallback = models.TextField(blank=True, help_text="Why it is approximate though its indicator could be counted")
    starts_at = models.DateTimeField(help_text="Start of its first bucket")
    filled_at = models.DateTimeField(null=True, help_text="When it had caught up with the present for the first time")
    downsampled_until = models.DateTimeField(
        null=True, help_text="Up to where its source keeps only downsampled data, of which nothing is counted"
    )
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["objective", "revision"], name="one_ledger_per_revision")]

    def __str__(self) -> str:
        return f"{self.objective_id} revision {self.revision}"


class CursorGroup(models.Model):
    """Ledgers of one source whose cursors stand at the same bucket: the unit of leasing, and the owner of series state.

    Groups that meet at one bucket are united; a ledger that fails or has history to read gets a group of its own.
    """

    source = models.ForeignKey(DataSource, null=True, on_delete=models.CASCADE, related_name="groups")
    cursor = models.DateTimeField(help_text="End of the last bucket appended")
    provisional_from = models.DateTimeField(
        null=True,
        help_text="Start of the first bucket of a partial answer; its series states are from before it (rule 9)",
    )
    filling = models.BooleanField(default=False, help_text="Reading history, in the background")
    next_due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row")
    error = models.TextField(blank=True)
    step = models.DurationField(null=True, help_text="How much to ask for at once, where less than usual is accepted")

    class Meta:
        indexes = [models.Index(fields=["filling", "next_due_at"], name="groups_due")]

    def __str__(self) -> str:
        return f"{self.source_id} at {self.cursor:%Y-%m-%d %H:%M}"


class Cursor(models.Model):
    """Where a ledger stands, with its last running sums. Whoever appends or rebuilds locks this row first."""

    ledger = models.OneToOneField(Ledger, primary_key=True, on_delete=models.CASCADE, related_name="cursor")
    group = models.ForeignKey(CursorGroup, on_delete=models.PROTECT, related_name="cursors")
    bucket = models.DateTimeField(help_text="End of the last bucket looked at, known or not")
    good_sum = models.DecimalField(default=0)
    total_sum = models.DecimalField(default=0)
    carried_good_sum = models.DecimalField(default=0)
    carried_total_sum = models.DecimalField(default=0)
    known_sum = models.BigIntegerField(default=0)
    surplus = models.DecimalField(default=0, help_text="Good beyond total, to be counted later")
    last_sample = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"ledger {self.ledger_id} at {self.bucket:%Y-%m-%d %H:%M}"


class SeriesState(models.Model):
    """What counting must remember of about 1,000 series, compressed; stored in the transaction that stores the rows."""

    group = models.ForeignKey(CursorGroup, on_delete=models.CASCADE, related_name="states")
    part = models.PositiveIntegerField()
    blob = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "part"], name="one_state_per_part")]

    def __str__(self) -> str:
        return f"group {self.group_id} part {self.part}"


class LedgerMinute(models.Model):
    """One bucket of one ledger and the running sums as of its end. Partitioned by day; made by the migration's SQL."""

    pk = models.CompositePrimaryKey("ledger", "bucket")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    bucket = models.DateTimeField()
    good = models.DecimalField()
    total = models.DecimalField()
    carried_good = models.DecimalField(default=0)
    carried_total = models.DecimalField(default=0)
    good_sum = models.DecimalField()
    total_sum = models.DecimalField()
    carried_good_sum = models.DecimalField(default=0)
    carried_total_sum = models.DecimalField(default=0)
    known_sum = models.BigIntegerField()
    flags = models.SmallIntegerField(default=0, help_text="slo.counting.Flag")
    provisional = models.BooleanField(default=False)
    excluded = models.BooleanField(default=False, help_text="Kept, but left out of the running sums")

    class Meta:
        managed = False
        db_table = "slo_ledgerminute"

    def __str__(self) -> str:
        return f"ledger {self.ledger_id} {self.bucket}"


class LedgerDay(models.Model):
    """A closed day of one ledger: sums before its first bucket, and by minute what was added since, cumulatively.

    Element `m` of an array (from 0) stands for the bucket that ends at minute `m` of the day in UTC; the last element
    holds until the day's end, so arrays may be short. A null array is all zeros.
    """

    ledger = models.ForeignKey(Ledger, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    good_base = models.DecimalField()
    total_base = models.DecimalField()
    carried_good_base = models.DecimalField(default=0)
    carried_total_base = models.DecimalField(default=0)
    known_base = models.BigIntegerField()
    good_end = models.DecimalField()
    total_end = models.DecimalField()
    carried_good_end = models.DecimalField(default=0)
    carried_total_end = models.DecimalField(default=0)
    known_end = models.BigIntegerField()
    good = ArrayField(models.DecimalField())
    total = ArrayField(models.DecimalField())
    carried_good = ArrayField(models.DecimalField(), null=True)
    carried_total = ArrayField(models.DecimalField(), null=True)
    known = ArrayField(models.SmallIntegerField())
    marks = models.JSONField(
        default=dict, help_text="By minute, what is unusual: flags, provisional, excluded with its counts"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ledger", "day"], name="one_row_per_ledger_day")]

    def __str__(self) -> str:
        return f"ledger {self.ledger_id} {self.day}"


class Sweep(models.Model):
    """When a sweep last ran and what it did; for the sidebar, /healthz and the watchdog."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()
    ledgers = models.PositiveIntegerField(default=0)
    queries = models.PositiveIntegerField(default=0)
    samples = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
