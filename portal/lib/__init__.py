"""Helpers without models and without nouns of the domain; every app may import them."""
