"""Pages that need more than one app."""

from django.conf import settings
from django.contrib.auth import views as accounts
from django.urls import URLPattern, URLResolver, path

from portal.pages import docs, home, objective, style

pages: list[URLPattern | URLResolver] = [
    path("", home.show, name="home"),
    path("sign-in", accounts.LoginView.as_view(redirect_authenticated_user=True), name="sign-in"),
    path("sign-out", accounts.LogoutView.as_view(), name="sign-out"),
    path("password", accounts.PasswordChangeView.as_view(success_url="/"), name="password-change"),
    path("docs", docs.show, name="docs"),
    path("docs/<path:page>", docs.show, name="docs-page"),
]
slo: list[URLPattern | URLResolver] = [
    path("slos/<int:pk>", objective.objective_page, name="objective"),
    path("slos/<int:pk>/live", objective.objective_live, name="live"),
]
if settings.DEBUG:
    pages.append(path("_style", style.show, name="style"))
