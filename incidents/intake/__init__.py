"""Ways in. Every one ends in `operations.raise_alert` or `operations.clear_alert`."""
