"""A data source by form. What is secret is written and never shown: left empty it stays."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.forms import BoundField

from portal.lib.errors import FieldError
from slo.models import DataSource
from slo.operations.sources import SourceDraft, draft_of

MONO = {"class": "mono", "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}

PLAIN = frozenset({"name", "url", "kind", "description", "is_default"})


def _line(label: str, help_text: str = "", most: int = 500) -> forms.CharField:
    return forms.CharField(
        required=False, max_length=most, label=label, help_text=help_text, widget=forms.TextInput(attrs=MONO)
    )


class SourceForm(forms.Form):
    """Where it is, who we are there, and how patient we are."""

    explained: ClassVar = {
        "url": "slos#data-sources",
        "delay": "slos#data-sources",
        "external_labels": "slos#data-sources",
    }

    name = forms.SlugField(max_length=63, help_text="For the API and for files, such as prometheus-eu. It stays.")
    url = forms.CharField(
        max_length=500, label="Address", widget=forms.URLInput(attrs=MONO),
        help_text="What /api/v1/query is added to, such as https://prometheus.example.org",
    )  # fmt: skip
    kind = forms.ChoiceField(
        choices=DataSource.Kind.choices, help_text="Who answers there; they are asked differently."
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    is_default = forms.BooleanField(required=False, label="Objectives that name none use this one")
    auth = forms.ChoiceField(choices=DataSource.Auth.choices, label="Authentication")
    username = _line("User", "For user and password.", 200)
    secret = forms.CharField(
        required=False, max_length=10_000, label="Password or token",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    forget_secret = forms.BooleanField(required=False, label="Forget the stored password or token")
    headers = forms.CharField(
        required=False, max_length=10_000, label="Extra headers",
        widget=forms.Textarea(attrs={**MONO, "rows": 2}),
    )  # fmt: skip
    forget_headers = forms.BooleanField(required=False, label="Forget the stored headers")
    cert_file = _line("Client certificate", "A file on the portal's machine, for a client certificate.")
    key_file = _line("Its key", "A file on the portal's machine.")
    ca_file = _line("Certificate authority", "A file on the portal's machine; empty: the system's.")
    verify = forms.BooleanField(required=False, initial=True, label="Verify its certificate")
    timeout = _line("Timeout", "Of every question, 1s to 60s.", 20)
    delay = _line("Delay", "How long a minute waits after its end for late samples.", 20)
    external_labels = _line(
        "Labels of replicas", "Separated by commas, such as replica; no part of a series' identity.", 1000
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, source: DataSource | None = None) -> None:
        """`source` is the one to be changed; without it a new one is written."""
        super().__init__(data)
        draft = draft_of(source) if source else SourceDraft(name="", url="")
        names = [name for name in self.fields if hasattr(draft, name) and name not in ("secret", "headers")]
        self.initial = {name: getattr(draft, name) for name in names}
        self.initial["external_labels"] = ", ".join(draft.external_labels)
        self.source = source
        kept = {"secret": bool(source and source.secret), "headers": bool(source and source.headers)}
        for name, there in kept.items():
            if there:
                self.fields[name].help_text = "Stored, and not shown again. Empty keeps it."
            else:
                del self.fields[f"forget_{name}"]
        if "forget_headers" in self.fields:
            self.fields[
                "headers"
            ].help_text = "Stored, and not shown again. Empty keeps them; what you write replaces all."
        else:
            self.fields["headers"].help_text = "One per line, such as X-Scope-OrgID: platform"
        if source:
            self.fields["name"].disabled = True

    @property
    def plain(self) -> list[BoundField]:
        """What every source has."""
        return [self[name] for name in self.fields if name in PLAIN]

    @property
    def more(self) -> list[BoundField]:
        """What some need: who we are there, and how patient we are."""
        return [self[name] for name in self.fields if name not in PLAIN]

    @property
    def needs_more(self) -> bool:
        """Whether any of that is in use, or wrong."""
        used = self["auth"].value() != DataSource.Auth.NONE or bool(self.source and self.source.headers)
        return used or any(field.errors for field in self.more)

    def clean_headers(self) -> dict[str, str] | None:
        """By name; None where nothing was written."""
        found: dict[str, str] = {}
        for line in self.cleaned_data["headers"].splitlines():
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon or not name.strip() or not name.strip().replace("-", "").replace("_", "").isalnum():
                raise forms.ValidationError(f"“{line.strip()[:60]}” is no header; write Name: value.")
            found[name.strip()] = value.strip()
        return found or None

    def draft(self) -> SourceDraft:
        """What was written. Call it on a valid form."""
        given = self.cleaned_data
        plain = (
            "name", "url", "kind", "description", "is_default", "auth", "username", "cert_file", "key_file", "ca_file",
            "verify",
        )  # fmt: skip
        labels = tuple(part.strip() for part in given["external_labels"].split(",") if part.strip())
        return SourceDraft(
            **{name: given[name] for name in plain},
            secret="" if given.get("forget_secret") else given["secret"] or None,
            headers={} if given.get("forget_headers") else given["headers"],
            timeout=given["timeout"] or "10s",
            delay=given["delay"] or "30s",
            external_labels=labels,
        )

    def show(self, error: FieldError) -> None:
        """Say an error of the operation beside its field."""
        field = error.field if error.field in self.fields else None
        self.add_error(field, f"{error.message[:1].upper()}{error.message[1:]}.")
