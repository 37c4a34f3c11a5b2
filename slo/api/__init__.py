"""The slo app over HTTP."""
