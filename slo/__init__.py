"""What was promised, and how fast the budget is being spent."""
