"""The table of pages that `bin/screenshots` takes pictures of. A new page is a new row here."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

Prepare = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Shot:
    """One page as one person sees it.

    `name` is the picture's file name without width and theme; `path` is below the portal's root. With `first`, a CSS
    selector, the first such link on `path` is followed, for pages whose address holds a number. `who` is an account of
    the demo, or empty for somebody who has not signed in. `prepare` does what a person does before there is
    something to see (open, type, send); it runs on the loaded page.
    """

    name: str
    path: str
    who: str = "ada"
    first: str = ""
    prepare: Prepare | None = None


def _palette(page: Page) -> None:
    page.locator("body").press("Control+k")
    if page.locator("dialog.palette input[type=search]").is_visible():
        page.locator("dialog.palette input[type=search]").fill("ci-runers")
        page.wait_for_timeout(800)  # it asks while one types


def _open_saving(page: Page) -> None:
    page.locator("main details.menu > summary", has_text="Save this view").click()


def _open_all(page: Page) -> None:
    page.eval_on_selector_all("main form details", "all => all.forEach(one => { one.open = true; })")


def _send_empty(page: Page) -> None:
    page.eval_on_selector("main form.form", "form => { form.noValidate = true; }")
    page.locator("main form.form .btn-primary").first.click()
    page.wait_for_load_state()


def _forge(page: Page) -> None:
    """Send a form as another site would."""
    page.eval_on_selector_all("[name=csrfmiddlewaretoken]", "all => all.forEach(one => { one.value = 'x'; })")
    page.locator("main").get_by_role("button", name="Star").click()
    page.wait_for_load_state()


def _preview_a_change(page: Page) -> None:
    page.get_by_label("Go through all steps again").fill("3")
    page.locator("main form.form .btn-primary").first.click()
    page.wait_for_load_state()


def _a_swap(page: Page) -> None:
    for name in ("gives", "takes"):
        page.locator(f"#id_{name}").select_option(index=1)
    page.locator("main form.form .btn-primary").click()
    page.wait_for_load_state()


def _pick_two(page: Page) -> None:
    for box in page.locator("main tbody input[type=checkbox]").all()[:2]:
        box.check()


def _an_import(page: Page) -> None:
    """The demo reads nothing from elsewhere: make one import, which a second picture finds again."""
    made = page.locator(FIRST_ROW)
    if made.count():
        made.first.click()
        return
    page.goto("/imports/new")
    for label, text in (
        ("Name", "repos"),
        ("Addresses or directories", "https://git.acme.example/platform/catalog-info.yaml"),
    ):
        page.get_by_label(label, exact=False).first.fill(text)
    page.get_by_label("May write for").select_option(index=1)
    page.locator("main form.form .btn-primary").click()
    page.wait_for_load_state()


def _a_refused_import(page: Page) -> None:
    """An address that leads to nothing of the kind: it is refused in words, at its field."""
    page.get_by_label("Name", exact=False).first.fill("repos")
    page.get_by_label("Addresses or directories").fill("catalog-info.yaml")
    page.get_by_label("May write for").select_option(index=1)
    page.locator("main form.form .btn-primary").click()
    page.wait_for_load_state()


def _an_integration(page: Page) -> None:
    page.get_by_label("Name", exact=False).first.fill("Prometheus eu-1")
    page.locator("main form.form .btn-primary").click()
    page.wait_for_load_state()


def _a_preview(page: Page) -> None:
    page.get_by_label("Name", exact=False).first.fill("Checks")
    for name, text in (("key", "/id"), ("summary", "/title"), ("component", "/service"), ("severity", "/level")):
        page.locator(f"main form [name={name}]").fill(text)
    page.get_by_role("button", name="Preview").click()
    page.wait_for_load_state()


def _preview(page: Page) -> None:
    """Fill in what the demo counts, and wait for what it would say."""
    page.locator("#id_component").select_option("component:default/ci-runners")
    for field, text in (
        ("title", "Builds succeed"), ("name", "builds-again"), ("target", "99"),
        ("total", 'gha_completed_jobs_total{job="arc-listener"}'),
        ("bad", 'gha_completed_jobs_total{job="arc-listener",job_result="failed"}'),
    ):  # fmt: skip
        page.locator(f"#id_{field}").fill(text)
    page.get_by_role("button", name="Preview").click()
    page.wait_for_load_state()
    page.wait_for_timeout(3_000)


def _try(page: Page) -> None:
    page.get_by_role("button", name="Try it").click()
    page.wait_for_load_state()
    page.wait_for_timeout(2_000)


def charts_drawn(page: Page) -> None:
    """All that there are; they are drawn when they come into sight."""
    for chart in page.locator("[data-chart]").all():
        chart.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
    page.evaluate("window.scrollTo(0, 0)")


RUNNERS = "/components/component/default/ci-runners"
TABS = ("dependencies", "blast-radius", "docs", "relations", "changes", "yaml")
FIRST_ROW = "main table tbody a.plain, main ul.rows a.plain.fw-semibold"

PAGES: tuple[Shot, ...] = (
    Shot("home", "/"),
    Shot("status", "/status"),
    Shot("analytics", "/analytics"),
    Shot("analytics-teams", "/analytics/teams"),
    Shot("analytics-components", "/analytics/components"),
    Shot("analytics-people", "/analytics/people"),
    Shot("analytics-action-items", "/analytics/action-items"),
    Shot("analytics-noise", "/analytics/noise"),
    Shot("deployments", "/deployments"),
    Shot("incidents", "/incidents", "katrin"),
    Shot("incidents-resolved", "/incidents?state=resolved"),
    Shot("incident", "/incidents", "katrin", first="main table td.title a"),
    Shot("reviews", "/reviews"),
    Shot("review", "/reviews?view=published", first=FIRST_ROW),
    Shot("action-items", "/reviews/actions"),
    Shot("setup", "/setup", "admin"),
    Shot("home-lead", "/", "katrin"),
    Shot("catalog", "/catalog"),
    Shot("catalog-filtered", "/catalog?tier=1&health=exhausted"),
    Shot("catalog-nothing", "/catalog?q=nothing-is-called-so"),
    Shot("catalog-picked", "/catalog", "katrin", prepare=_pick_two),
    Shot("saved-views", "/catalog?tier=1", prepare=_open_saving),
    Shot("component", RUNNERS),
    *(Shot(f"component-{tab}", f"{RUNNERS}?tab={tab}") for tab in TABS),
    Shot("component-outsider", RUNNERS, "elena"),
    Shot("api", "/components/api/default/payments"),
    Shot("api-definition", "/components/api/default/payments?tab=definition"),
    Shot("resource", "/catalog?kind=resource", first=FIRST_ROW),
    Shot("blast-radius", f"{RUNNERS}?tab=blast-radius&view=graph"),
    Shot("blast-radius-wide", "/components/component/default/k8s-control-plane?tab=blast-radius&view=graph"),
    Shot("component-new", "/components/new"),
    Shot("component-new-open", "/components/new", prepare=_open_all),
    Shot("component-new-wrong", "/components/new", prepare=_send_empty),
    Shot("component-edit", f"{RUNNERS}/edit"),
    Shot("component-edit-refused", f"{RUNNERS}/edit", "elena"),
    Shot("paste", "/catalog/import"),
    Shot("teams", "/teams"),
    Shot("team", "/teams/default/build-ci"),
    Shot("team-relations", "/teams/default/build-ci?tab=relations"),
    Shot("team-yaml", "/teams/default/build-ci?tab=yaml"),
    Shot("team-edit", "/teams/default/build-ci/edit"),
    Shot("team-edit-refused", "/teams/default/build-ci/edit", "elena"),
    Shot("people", "/people"),
    Shot("person", "/people/default/linh"),
    Shot("person-edit", "/people/default/ada/edit"),
    Shot("person-edit-refused", "/people/default/ada/edit", "elena"),
    Shot("systems", "/systems"),
    Shot("system", "/systems", first=FIRST_ROW),
    Shot("system-new", "/systems/new"),
    Shot("domains", "/domains"),
    Shot("domain", "/domains", first=FIRST_ROW),
    Shot("domain-new", "/domains/new", "katrin"),
    Shot("changes", "/changes"),
    Shot("changes-import", "/changes?q=apply"),
    Shot("queue", "/catalog/queue"),
    Shot("queue-dangling", "/catalog/queue?trouble=dangling", "katrin"),
    Shot("on-call", "/on-call"),
    Shot("schedule", "/on-call/build-ci"),
    Shot("on-call-problems", "/on-call/problems"),
    Shot("on-call-fairness", "/on-call/fairness"),
    Shot("swaps", "/on-call/build-ci/swaps"),
    Shot("swap-ask", "/on-call/build-ci/swaps/new", "linh"),
    Shot("swap-ask-preview", "/on-call/build-ci/swaps/new", "linh", prepare=_a_swap),
    Shot("replace", "/on-call/build-ci/replace"),
    Shot("layers-order", "/on-call/build-ci/layers/order"),
    Shot("handoff-notes", "/on-call/build-ci/notes"),
    Shot("absences", "/people/default/ada/absences"),
    Shot("policies", "/escalation-policies"),
    Shot("policy", "/escalation-policies/build-ci"),
    Shot("policy-edit", "/escalation-policies/build-ci/edit"),
    Shot("policy-preview", "/escalation-policies/build-ci/edit", prepare=_preview_a_change),
    Shot("policy-new-wrong", "/escalation-policies/new", prepare=_send_empty),
    Shot("team-paging", "/teams/default/build-ci/paging"),
    Shot("catch-all", "/catch-all", "admin"),
    Shot("severity-rules", "/severity-rules?rule=page&component=ci-runners", "admin"),
    Shot("severity-rules-reader", "/severity-rules"),
    Shot("severity-rule", "/severity-rules/2", "admin"),
    Shot("scorecards", "/scorecards"),
    Shot("scorecards-components", "/scorecards/components"),
    Shot("imports", "/imports", "katrin"),
    Shot("import", "/imports", "katrin", prepare=_an_import),
    Shot("import-new", "/imports/new", "katrin"),
    Shot("imports-refused", "/imports/new", "elena", prepare=_a_refused_import),
    Shot("home-lead", "/", who="katrin"),
    Shot("home-of-a-lead", "/?as=me", who="katrin"),
    Shot("digest", "/digest"),
    Shot("digest-platform", "/digest?team=platform", who="katrin"),
    Shot("campaigns", "/scorecards/campaigns", who="katrin"),
    Shot("campaign", "/scorecards/campaigns", who="katrin", first="main table a"),
    Shot("campaign-new", "/scorecards/campaigns/new", who="admin"),
    Shot("component-scorecard", "/components/component/default/ci-runners/scorecard"),
    Shot("maintenance", "/maintenance"),
    Shot("maintenance-past", "/maintenance?show=past"),
    Shot("maintenance-new", "/maintenance/new?component=component:default/ci-runners"),
    Shot("integrations", "/integrations", "katrin"),
    Shot("integrations-none", "/integrations?show=retired", "katrin"),
    Shot("integration-kinds", "/integrations/new"),
    Shot("integration-new", "/integrations/new?kind=alertmanager", prepare=_open_all),
    Shot("integration-made", "/integrations/new?kind=alertmanager", "katrin", prepare=_an_integration),
    Shot("integration-preview", "/integrations/new?kind=generic", "katrin", prepare=_a_preview),
    Shot("integration-heartbeat", "/integrations/new?kind=heartbeat"),
    Shot("integration", "/integrations", "katrin", first=FIRST_ROW),
    Shot("deliveries", "/deliveries"),
    Shot("deliveries-rejected", "/deliveries?state=rejected"),
    Shot("delivery", "/deliveries", "katrin", first=FIRST_ROW),
    Shot("fleet", "/slos"),
    Shot("objective", "/slos/1"),
    Shot("objective-new", "/slos/new?preset=", prepare=_preview),
    Shot("backtest", "/slos/1/backtest", prepare=_try),
    Shot("exclusions", "/slos/exclusions"),
    Shot("sources", "/settings/sources"),
    Shot("alert-policies", "/alert-policies"),
    Shot("alert-policy", "/alert-policies/workbook"),
    Shot("budget-policies", "/budget-policies"),
    Shot("simulate", "/incidents/simulate?component=ci-runners&rule=page&alone=on"),
    Shot("pause", "/incidents/pause"),
    Shot("drills", "/drills"),
    Shot("drill", "/drills", first="main tbody a"),
    Shot("drill-plan", "/drills/plans/new"),
    Shot("coverage", "/coverage?catch_all=no"),
    Shot("tokens", "/settings/tokens"),
    Shot("plugins", "/settings/plugins"),
    Shot("sharings", "/sharing"),
    Shot("sharing", "/sharing/component:default/ci-runners"),
    Shot("embed-component", "/embed/component:default/ci-runners/overview"),
    Shot("embed-on-call", "/embed/component:default/ci-runners/on-call"),
    Shot("invitations", "/invitations", "katrin"),
    Shot("docs", "/docs"),
    Shot("docs-page", "/docs/slos"),
    Shot("demo", "/demo/break"),
    Shot("demo-inbox", "/demo/inbox"),
    Shot("sign-in", "/sign-in", ""),
    Shot("password-reset", "/password/forgotten", ""),
    Shot("password-change", "/password"),
    Shot("paged-how", "/me/paging"),
    Shot("paged-how-add", "/me/paging?add=ntfy"),
    Shot("paged-how-wrong", "/me/paging?add=email", prepare=_send_empty),
    Shot("inbox", "/inbox"),
    Shot("messages-sent", "/me/messages"),
    Shot("unreachable", "/paging/unreachable?among=all", "admin"),
    Shot("search", "/search?q=ci-runers"),
    Shot("search-nothing", "/search?q=zzzzqqqq"),
    Shot("palette", "/docs", prepare=_palette),
    Shot("docs", "/docs/concepts"),
    Shot("docs-found", "/docs?q=blast+raduis"),
    Shot("settings", "/settings", "admin"),
    Shot("api", "/api/?q=severity"),
    Shot("error-403", RUNNERS, prepare=_forge),
    Shot("error-404", "/components/component/default/nobody-made-this"),
)
