"""What the design language promises about numbers, words, times and drawings, seen through templates."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from portal.lib import drawn, words
from tests import make

NOW = datetime(2026, 11, 19, 13, 31, 0, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context({"now": NOW, **context}))


def text(source: str, **context: object) -> str:
    return re.sub(r"<[^>]+>", "", render(source, **context))


# Numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "target", "shown"),
    [
        (0.9907, 0.99, "99.07%"),
        (0.999968, 0.9999, "99.9968%"),
        (0.99934, 0.999, "99.934%"),
        (0.99981, 0.9995, "99.981%"),
        (0.9941, 0.995, "99.41%"),
        (0.9611, 0.95, "96.11%"),
        (1, 0.99, "100.00%"),
        (0.999975, 0.995, "99.99%"),
        (0, 0.99, "0.00%"),
        (Decimal("0.98999"), Decimal("0.99"), "98.99%"),
    ],
)
def test_a_percentage_is_as_precise_as_its_target_needs(ratio: float, target: float, shown: str) -> None:
    assert text("{{ ratio|percent:target }}", ratio=ratio, target=target) == shown


@given(st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.97, 0.99, 0.995, 0.999, 0.9995, 0.9999]))
def test_a_missed_target_is_never_rounded_up_to_look_kept(ratio: float, target: float) -> None:
    shown = Decimal(words.percent(ratio, target=target))
    goal = Decimal(str(target)) * 100
    assert (shown >= goal) == (Decimal(str(ratio)) * 100 >= goal)


@given(st.floats(0, 1, exclude_max=True), st.sampled_from([None, 0.9, 0.995, 0.9999]))
def test_what_is_not_all_is_never_rounded_up_to_all(ratio: float, target: float | None) -> None:
    assert Decimal(words.percent(ratio, target=target)) < 100


def test_overspending_has_a_true_minus_and_rounding_leaves_no_minus_zero() -> None:
    assert text("{{ left|percent }}", left=-0.184) == "−18.4%"
    assert text("{{ left|percent }}", left=-0.0001) == "0.0%"


@pytest.mark.parametrize("name", ["percent", "goal", "burn", "count", "duration"])
def test_unknown_is_said_in_words_by_every_number_filter(name: str) -> None:
    assert text(f"{{{{ value|{name} }}}}", value=None) == "no data"
    assert text(f"{{{{ value|{name} }}}}", value="no-traffic") == "no traffic"
    assert text(f"{{{{ value|{name} }}}}", value=float("nan") if name != "duration" else "") != "0"


def test_zero_is_a_number_and_not_an_absence() -> None:
    assert text("{{ 0|percent }} {{ 0|burn }} {{ 0|count }} {{ 0|duration }} {{ 0|words }}") == "0.0% 0.0× 0 0 s 0"


def test_counts_have_their_thousands_set_apart_and_their_units_behind() -> None:
    assert text('{{ n|count:"jobs" }}, {{ one|plural:"person,people" }}', n=96840, one=1) == "96,840 jobs, 1 person"
    assert text('{{ 31|plural:"person,people" }}, {{ 9|plural:"team" }}') == "31 people, 9 teams"


def test_a_goal_keeps_the_digits_it_was_given() -> None:
    assert [words.goal(t) for t in (0.99, 0.9995, Decimal("0.5"), Decimal("0.90"))] == ["99", "99.95", "50", "90"]


# Times --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def _berlin() -> object:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        yield


@pytest.mark.usefixtures("_berlin")
@pytest.mark.parametrize(
    ("when", "shown"),
    [
        (datetime(2026, 11, 19, 13, 2, 4, tzinfo=UTC), "14:02"),
        (datetime(2026, 11, 18, 23, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 11, 18, 22, 30, tzinfo=UTC), "Wed 23:30"),
        (datetime(2026, 11, 12, 7, 40, tzinfo=UTC), "12 Nov 08:40"),
        (datetime(2025, 11, 19, 13, 0, tzinfo=UTC), "19 Nov 2025 14:00"),
    ],
)
def test_a_moment_is_told_in_the_readers_zone_and_as_short_as_it_stays_clear(when: datetime, shown: str) -> None:
    assert text("{% at when %}", when=when) == shown


@pytest.mark.parametrize(
    ("zone", "end", "shown"),
    [
        ("Europe/Berlin", NOW + timedelta(hours=1), "Thu 19 Nov 14:31 to 15:31 CET"),
        ("Europe/Berlin", NOW + timedelta(hours=12), "Thu 19 Nov 14:31 CET to Fri 20 Nov 02:31 CET"),
        ("America/Sao_Paulo", NOW + timedelta(hours=1), "Thu 19 Nov 10:31 to 11:31 UTC-03"),
    ],
)
def test_in_mails_a_stretch_names_its_zone_and_no_day_twice(zone: str, end: datetime, shown: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert text("{{ start|to:end }}", start=NOW, end=end) == shown


@pytest.mark.usefixtures("_berlin")
@pytest.mark.parametrize(
    ("start", "hours", "shown"),
    [
        ((19, 15), 1, "15:00 – 16:00"),
        ((19, 15), 15, "15:00 – Fri 06:00"),
        ((22, 8), 1.5, "Sun 08:00 – 09:30"),
        ((14, 5), 2, "14 Nov 05:00 – 07:00"),
        ((18, 22), 20, "18 Nov 22:00 – 19 Nov 18:00"),
        ((25, 22), 20, "25 Nov 22:00 – 26 Nov 18:00"),
    ],
)
def test_a_stretch_names_no_day_twice_and_no_weekday_that_is_past_or_far(
    start: tuple[int, int], hours: float, shown: str
) -> None:
    day, hour = start
    begins = datetime(2026, 11, day, hour, tzinfo=ZoneInfo("Europe/Berlin"))
    assert text("{% between start end %}", start=begins, end=begins + timedelta(hours=hours)) == shown


@pytest.mark.usefixtures("_berlin")
def test_every_time_carries_its_exact_moment() -> None:
    html = render("{% ago when %}", when=datetime(2026, 11, 19, 13, 2, 4, tzinfo=UTC))
    assert 'datetime="2026-11-19T14:02:04+01:00"' in html
    assert 'title="Thu 19 Nov 2026, 14:02:04 CET"' in html


def test_times_are_told_from_the_given_now() -> None:
    when = NOW - timedelta(minutes=29)
    assert text("{% ago when %}, {% since when %}", when=when) == "29 min ago, 29 min"
    assert text("{% ago when %}", when=NOW + timedelta(days=3)) == "in 3 d"
    assert text("{% ago when %}", when=NOW + timedelta(days=2, hours=21)) == "in 3 d", "as the calendar says"
    assert text("{% ago when %}", when=NOW + timedelta(days=1, hours=21)) == "in 1 d 21 h"
    hours = {23: "23 h", 24: "1 d", 30: "1 d 6 h", 47: "1 d 23 h", 48: "2 d", 71: "2 d"}
    for many, said in hours.items():
        assert text("{% since when %}", when=NOW - timedelta(hours=many)) == said
    assert text("{% ago when %}", when=NOW + timedelta(milliseconds=300)) == "just now", "a sweep is never to come"
    assert text("{% ago when %}", when=NOW - timedelta(milliseconds=300)) == "just now"
    assert text("{% ago when %}", when=NOW - timedelta(seconds=1)) == "1 s ago"
    assert text("{% ago when %}", when=None) == "never"


def test_a_countdown_ends_in_words() -> None:
    assert text("{% countdown when %}", when=NOW + timedelta(seconds=113)) == "1:53"
    assert text('{% countdown when over="any moment" %}', when=NOW - timedelta(seconds=1)) == "any moment"


# States and people --------------------------------------------------------------------------------------------------


def test_a_state_is_never_colour_alone() -> None:
    html = render('{% state "at_risk" %}')
    assert "is-warn" in html
    assert "#i-alert-triangle" in html
    assert "At risk" in html


def test_a_state_nobody_drew_is_still_said() -> None:
    assert text('{% state "HALF_OPEN" %}') == "Half open"


def test_a_severity_is_one_badge_however_it_is_written() -> None:
    assert {render("{% sev level %}", level=level) for level in (2, "2", "P2", "p2")} == {
        '<span class="sev sev-2">P2</span>'
    }


def test_names_from_outside_are_escaped() -> None:
    hostile = SimpleNamespace(label='<script>alert("x")</script>')
    html = render('{% who person %}{% pill name %}{% state "down" name %}', person=hostile, name=hostile.label)
    assert "<script" not in html


def test_nobody_is_a_state_of_its_own() -> None:
    assert text('{% who None %}, {% who None "not taken" %}') == "nobody yet, not taken"


def test_an_address_breaks_behind_its_at_sign_and_escapes_the_rest() -> None:
    assert render("{{ mail|address }}", mail="ci@<x>") == "ci@<wbr>&lt;x&gt;"


# Drawings -----------------------------------------------------------------------------------------------------------


@given(st.floats(-5, 5) | st.none())
def test_a_budget_bar_never_leaves_its_box(left: float | None) -> None:
    html = str(drawn.budget_bar(left, tone="bad"))
    lengths = [float(number) for number in re.findall(r'(?:x|width|x1)="(-?[\d.]+)%"', html)]
    assert all(0 <= length <= 100 for length in lengths)


def test_overspending_fills_what_is_left_of_zero() -> None:
    assert 'x="0.00%" y="1" width="20.00%"' in drawn.budget_bar(-0.125, tone="bad"), "as long as of -400 %"
    assert 'x="20.00%" y="1" width="40.00%"' in drawn.budget_bar(0.5, tone="good")


def test_a_bar_without_data_is_hatched_and_says_so() -> None:
    html = render('{% budget_bar 0.5 "no-data" %}')
    assert 'class="unsure"' in html
    assert "last known" in html
    assert 'class="ink"' not in html


def test_a_gap_in_a_sparkline_stays_a_gap() -> None:
    path = re.findall(r' d="(M[^"]*)"', drawn.sparkline([1, 0.9, None, 0.7, None, 0.5, 0.4]))[-1]
    assert path.count("M") == 3


def test_heat_steps_are_half_open_and_no_data_is_not_nothing() -> None:
    assert [drawn.heat_step(v) for v in (None, 0, 0.0099, 0.01, 0.04, 0.08, 0.2, 3)] == [
        "dx", "d0", "d0", "d1", "d2", "d3", "d4", "d4",
    ]  # fmt: skip


def test_drawings_pass_the_strictest_csp() -> None:
    html = render(
        '{% budget_bar 0.4 %}{% sparkline values "burning" %}{% heat cells "x" %}{% days days "x" %}{% meter 0.3 %}'
        '{% stacked parts "x" %}{% icon "flame" %}',
        values=[1, 0.5],
        cells=[("mon", 0.1), ("tue", None)],
        days=[("ok", "ok")],
        parts=[("bad", 1, "burning"), ("good", 0, "healthy")],
    )
    assert "style=" not in html


# Forms --------------------------------------------------------------------------------------------------------------


class Named(forms.Form):
    name = forms.CharField(help_text="Letters and dashes.", widget=forms.TextInput(attrs={"class": "mono"}))
    kind = forms.ChoiceField(choices=[("a", "A")])


def test_a_wrong_field_keeps_its_text_and_points_to_its_error() -> None:
    form = Named({"name": "x" * 3, "kind": "nonsense"})
    html = render('{% include "components/field.html" with field=form.kind only %}', form=form)
    assert 'aria-invalid="true"' in html
    assert re.search(r'aria-describedby="[^"]*id_kind_error', html)
    assert 'id="id_kind_error"' in html
    assert 'value="xxx"' in render("{% control form.name %}", form=form)
    assert 'class="form-control mono"' in render("{% control form.name %}", form=form)


@pytest.mark.parametrize(
    ("name", "said"), [("slo", "Objective"), ("manual", "Declared by hand"), ("grafana", "grafana")]
)
def test_where_an_alert_came_from_is_said_in_words_or_as_its_sender_says(name: str, said: str) -> None:
    assert Template("{% load portal %}{{ name|source }}").render(Context({"name": name})) == said


def test_what_was_written_for_a_mail_has_links_in_words_where_they_lead_into_the_portal(
    settings: make.Settings,
) -> None:
    settings.PORTAL_BASE_URL = "https://portal.example.org"
    said = (
        "<b>Read</b> https://portal.example.org/reviews/27.\nhttps://portal.example.org.evil/x https://evil.example/y"
    )
    assert render("{{ said|own_links|linebreaksbr }}", said=said) == (
        '&lt;b&gt;Read&lt;/b&gt; <a href="https://portal.example.org/reviews/27">Open the review</a>.<br>'
        "https://portal.example.org.evil/x https://evil.example/y"
    )
    shown = text("{{ said|own_links }}", said="Which: https://portal.example.org/campaigns/3?a=1&b=2")
    assert shown == "Which: Open the page"
