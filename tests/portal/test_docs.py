"""The docs say what the code does."""

import re
from pathlib import Path

from portal import settings
from portal.pages.setup import PARTS

DOCS = Path(settings.ROOT, "templates/docs")


def test_every_variable_that_settings_read_is_explained() -> None:
    read = set(re.findall(r'env\.\w+\("([A-Z_]+)"', Path(settings.ROOT, "portal/settings.py").read_text()))
    told = set(re.findall(r"`([A-Z_]+)`", (DOCS / "operating.md").read_text()))
    assert read
    assert read <= told


def test_every_step_of_the_setup_leads_to_its_explanation() -> None:
    for part in PARTS:
        page, _, place = part.docs.partition("#")
        headings = re.findall(r"^## (.+)$", (DOCS / f"{page}.md").read_text(), flags=re.M)
        assert not place or place in {heading.lower().replace(" ", "-") for heading in headings}


def test_no_page_of_the_docs_leads_nowhere() -> None:
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(/docs/([a-z0-9/-]+)", page.read_text()):
            assert (DOCS / f"{target}.md").is_file(), f"{page.name} leads to {target}"
