"""What people fill in: checks the form of it; whether it may be done, operations say."""
