"""Pages of the slo app: each loads, authorises, makes one call, and answers."""
