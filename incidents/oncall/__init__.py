"""On call: who has the pager, computed for any moment and never materialised."""
