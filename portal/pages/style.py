"""The living style page, in development only: every component with made-up data, for both themes and all widths."""

from datetime import timedelta
from types import SimpleNamespace

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.lib.clock import db_now
from portal.looks import LOOKS


class Sample(forms.Form):
    """One field of each kind."""

    name = forms.CharField(help_text="As your pipelines write it: letters, digits and dashes.")
    target = forms.DecimalField(required=False, help_text="In per cent, below 100.")
    kind = forms.ChoiceField(choices=[("events", "Events"), ("uptime", "Uptime")])
    query = forms.CharField(widget=forms.Textarea, required=False)


def show(request: HttpRequest) -> HttpResponse:
    """Every component once."""
    now = db_now()
    left = [1 - i * 0.012 - (0.3 if i > 18 else 0) for i in range(30)]
    hours = [(now - timedelta(hours=30 - i)).isoformat() for i in range(31)]
    figure = {
        "data": [
            {"x": hours, "y": [*left, left[-1]], "meta": {"role": "main", "area": True}, "name": "left"},
            {"x": [hours[0], hours[-1]], "y": [1, 0], "meta": {"role": "dashed"}, "name": "even spending"},
        ],
        "layout": {
            "yaxis": {"tickformat": ".0%"},
            "shapes": [
                {"type": "line", "x0": hours[19], "x1": hours[19], "yref": "paper", "y0": 0, "y1": 1, "name": "bad"}
            ],
            "annotations": [
                {"x": hours[19], "y": 1, "yref": "paper", "xanchor": "left", "text": "INC-1042", "name": "bad"}
            ],
        },
    }
    context = {
        "now": now,
        "looks": list(LOOKS),
        "moments": [
            now - timedelta(seconds=8),
            now - timedelta(minutes=29),
            now - timedelta(days=2),
            now - timedelta(days=20),
        ],
        "soon": now + timedelta(minutes=2, seconds=13),
        "people": [SimpleNamespace(label=n) for n in ("Linh Tran", "Jonas Lindqvist", "Mateusz Wójcik", "Priya Nair")],
        "left": left,
        "gappy": [*left[:10], None, None, *left[12:]],
        "cells": [(f"day {i}", None if i == 7 else (i % 6) * 0.05) for i in range(30)],
        "days": [(f"day {i}", ("ok", "ok", "ok", "part", "ok", "down", "nil")[i % 7]) for i in range(90)],
        "parts": [("bad", 3, "burning"), ("warn", 3, "at risk"), ("none", 1, "no data"), ("good", 18, "healthy")],
        "figure": figure,
        "table": {
            "head": ["Hour", "Left"],
            "rows": [[h[11:16], f"{v:.1%}"] for h, v in zip(hours[1:], left, strict=True)],
        },
        "form": Sample({"name": "", "target": "abc", "kind": "events"}),
        "tabs": [
            {"title": "All", "url": "#", "count": 60, "active": True},
            {"title": "My teams", "url": "#", "count": 35},
            {"title": "Drills", "url": "#"},
        ],
        "trail": [("Catalog", "/"), ("build", "/"), ("ci-runners", "")],
    }
    return render(request, "portal/style.html", context)
