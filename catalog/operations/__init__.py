"""Writes to the catalog: each guards, changes and records in one transaction."""

from catalog.operations.audit import record_audit
from catalog.operations.health import report_health

__all__ = ["record_audit", "report_health"]
