"""The only module that includes every app's addresses and the API."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from catalog import urls as catalog_urls
from catalog.api.mannered import mannered, nowhere
from incidents import urls as incidents_urls
from portal import plugins
from portal.demo import urls as demo_urls
from portal.lib import conf
from portal.pages import api_docs, health
from portal.pages import urls as pages_urls
from slo import urls as slo_urls

api: list[URLPattern | URLResolver] = [
    path("", include((catalog_urls.api, "catalog-api"))),
    path("", include((slo_urls.api, "slo-api"))),
    path("", include((incidents_urls.api, "incidents-api"))),
    path("", include((pages_urls.api, "pages-api"))),
    *plugins.api(),
    path("schema", SpectacularAPIView.as_view(), name="api-schema"),
    re_path("", nowhere),
]

handler500 = "portal.pages.failures.broken"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/", include(mannered(api))),
    path("api/", api_docs.show, name="api-docs"),
    path("admin/", admin.site.urls),
    path("", include(pages_urls.pages)),
    path("", include(([*catalog_urls.pages, *pages_urls.catalog], "catalog"))),
    path("", include(([*slo_urls.pages, *pages_urls.slo], "slo"))),
    path("", include((incidents_urls.pages, "incidents"))),
    *plugins.pages(),
]
if conf.flag("PORTAL_DEMO"):
    urlpatterns.append(path("", include((demo_urls.pages, "demo"))))
