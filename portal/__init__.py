"""Portico: the Django project, its bottom (`portal.lib`) and its top (`portal.pages`, `portal.urls`)."""
