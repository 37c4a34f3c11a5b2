"""Microsoft Teams, by a workflow that waits for a webhook."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from incidents.channels.services.kept import kept
from incidents.channels.ways import Field, Filled, Way, matched, web_address, wrong

PATH = (
    r"(?P<pa>/powerautomate/automations/direct(?:/cu/(?P<cu>[0-9]+))?)?"
    r"/workflows/(?P<workflow>[A-Za-z0-9_-]+)/triggers/manual/paths/invoke/?"
)
HOSTS = (".logic.azure.com", ".powerplatform.com", ".azure-api.net")


def fill(given: Mapping[str, str]) -> Filled:
    """The address of the workflow. Raises Invalid."""
    parts = web_address(given["url"], "url", https=True)
    host = parts.hostname or ""
    if not host.endswith(HOSTS):
        raise wrong("url", "This is not an address of Microsoft's workflows; copy it from the workflow's first step.")
    found = matched(PATH, parts.path, "url", "Copy the whole address of the workflow's first step.")
    signature = parse_qs(urlsplit(given["url"]).query).get("sig", [""])[0]
    matched(r"[A-Za-z0-9_-]+", signature, "url", "The address is cut off: its part sig=… is missing.")
    sealed = kept(
        "workflows", secure=True, host=host, port=parts.port, workflow=found["workflow"], signature=signature,
        power_automate=bool(found["pa"]), routing_id=found["cu"], include_image=False,
    )  # fmt: skip
    return Filled(f"workflow …{found['workflow'][-6:]}", sealed)


TEAMS = Way(
    channel="teams",
    title="Microsoft Teams",
    icon="users",
    about="A message in a channel, or in a chat.",
    fields=(
        Field(
            "url", "Workflow address", "Of a workflow “when a webhook request is received”.", kind="url", secret=True
        ),
    ),
    fill=fill,
)
