"""Who is told, and what happened."""
