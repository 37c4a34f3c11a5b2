"""Stand-ins that are real servers on loopback."""
