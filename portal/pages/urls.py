"""Pages that need more than one app."""

from django.conf import settings
from django.contrib.auth import views as accounts
from django.urls import URLPattern, URLResolver, path

from portal.pages import (
    blast_radius,
    component,
    docs,
    domains,
    home,
    invitations,
    objective,
    objective_costs,
    people,
    person,
    plugins,
    search,
    settings_area,
    setup,
    style,
    systems,
    team,
)
from portal.pages import catalog as catalog_list
from portal.pages.accounts import ChangePassword, NewPassword, SignIn, forgotten, sign_out_everywhere
from portal.pages.embedding import api as embedding_api
from portal.pages.embedding import sharing
from portal.pages.embedding import views as embedding
from portal.pages.invitations_api import InvitationList, OneInvitation, SendAgain
from portal.pages.lead_api import Platform
from portal.pages.remembered import remembering
from portal.pages.settings_api import MailTest
from portal.pages.setup_api import Setup

COMPONENT = "components/<str:kind>/<str:namespace>/<str:name>"

pages: list[URLPattern | URLResolver] = [
    path("", home.show, name="home"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", accounts.LogoutView.as_view(), name="sign-out"),
    path("sign-out/everywhere", sign_out_everywhere, name="sign-out-everywhere"),
    path("password", ChangePassword.as_view(), name="password-change"),
    path("password/forgotten", forgotten, name="password-reset"),
    path("password/new/<str:uidb64>/<str:token>", NewPassword.as_view(), name="password-reset-confirm"),
    path("welcome/<str:secret>", invitations.welcome, name="welcome"),
    path("people", people.people, name="people"),
    path("invitations", invitations.invitations, name="invitations"),
    path("invitations/<int:pk>/resend", invitations.resend, name="resend-invitation"),
    path("invitations/<int:pk>/revoke", invitations.revoke, name="revoke-invitation"),
    path("search", search.show, name="search"),
    path("settings", settings_area.show, name="settings"),
    path("settings/mail/test", settings_area.mail, name="settings-mail-test"),
    path("settings/sources/test", settings_area.sources, name="settings-sources-test"),
    path("settings/token", settings_area.token, name="settings-token"),
    path("setup", setup.show, name="setup"),
    path("docs", docs.show, name="docs"),
    path("docs/<path:page>", docs.show, name="docs-page"),
    *plugins.urlpatterns,
    *sharing.urlpatterns,
    *embedding.urlpatterns,
]
api: list[URLPattern | URLResolver] = [
    path("settings/mail/test", MailTest.as_view(), name="settings-mail-test"),
    path("setup", Setup.as_view(), name="setup"),
    path("invitations", InvitationList.as_view(), name="invitations"),
    path("invitations/<int:pk>", OneInvitation.as_view(), name="invitation"),
    path("invitations/<int:pk>/resend", SendAgain.as_view(), name="resend-invitation"),
    path("platform", Platform.as_view(), name="platform"),
    *plugins.api,
    *embedding_api.urlpatterns,
]
catalog: list[URLPattern | URLResolver] = [
    path("catalog", catalog_list.show, name="components"),
    path(COMPONENT, component.show, name="component"),
    path(f"{COMPONENT}/blast-radius.csv", blast_radius.download, name="blast-radius-csv"),
    path(f"{COMPONENT}/blast-radius/cell", component.radius_cell, name="blast-radius-cell"),
    path("systems", systems.index, name="systems"),
    path("systems/<str:namespace>/<str:name>", systems.show, name="system"),
    path("domains", domains.index, name="domains"),
    path("domains/<str:namespace>/<str:name>", domains.show, name="domain"),
    path("teams", team.teams, name="teams"),
    path("teams/<str:namespace>/<str:name>", team.show, name="team"),
    path("people/<str:namespace>/<str:name>", person.show, name="person"),
    path("people/<str:namespace>/<str:name>/reopen", person.reopen, name="reopen-account"),
]
slo: list[URLPattern | URLResolver] = [
    path("slos/<int:pk>", objective.objective_page, name="objective"),
    path("slos/<int:pk>/live", objective.objective_live, name="live"),
    path("slos/<int:pk>/costs.csv", objective_costs.download, name="costs-csv"),
]
catalog = remembering(catalog)
if settings.DEBUG:
    pages.append(path("_style", style.show, name="style"))
