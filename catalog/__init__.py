"""Who owns what, and who may change it."""
