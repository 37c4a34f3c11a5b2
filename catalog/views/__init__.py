"""The catalog's own forms; the pages around them are composed in portal.pages."""
