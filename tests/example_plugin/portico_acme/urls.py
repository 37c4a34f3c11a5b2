"""The plugin's pages, which Portico puts below /x/acme/."""

from django.urls import path

from . import views

urlpatterns = [path("cost-centres", views.cost_centres, name="cost-centres")]
