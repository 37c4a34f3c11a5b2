"""What the change log says of values: words for people, never the structure that was kept."""

import pytest
from django.template import Context, Template
from django.utils import timezone

from catalog.templatetags.changes import is_long, whole
from catalog.worded import in_words, line_by_line, refs_in

ROTATION = {
    "from": "2026-11-23T08:00:00+00:00",
    "every": "1 week",
    "people": ["user:default/linh", "user:ops/mateusz"],
    "handoff": "09:00",
    "weekday": 0,
}
MEMBERS = [{"role": "member", "person": "user:default/admin"}, {"role": "lead", "person": "user:default/katrin"}]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (ROTATION, "every week on Monday at 09:00 from 23 Nov 2026: linh, ops/mateusz"),
        ({**ROTATION, "every": "12 hour"}, "every 12 hours from 23 Nov 2026: linh, ops/mateusz"),
        ({**ROTATION, "every": "2 day", "n": 1}, "every 2 days at 09:00 from 23 Nov 2026: linh, ops/mateusz; n 1"),
        ([{"name": "a", "title": "Fast", "factor": 2}, {"name": "b", "title": ""}], "Fast, name b, title "),
        (MEMBERS, "admin, katrin (lead)"),
        ([{"url": "https://a.example", "title": "Pools"}, {"url": "https://b.example"}], "Pools (https://a.example), https://b.example"),
        ({"my_key": "x", "github.com/project-slug": "a/b"}, "my_key x, github.com/project-slug a/b"),
        ([{"min_bad": 1, "weekday": "none"}], "at least bad 1, weekday none"),
        ("component:default/ci", "ci"),
        ("component: nothing", "component: nothing"),
        (
            {"every": "month", "weekday": 2, "at": "10:00", "time_zone": "Europe/Berlin"},
            "every month on its first Wednesday at 10:00, Europe/Berlin",
        ),
        ("group:default/build-ci", "build-ci"),
        ("user: nobody in particular", "user: nobody in particular"),
        ("2026-11-23", "2026-11-23"),
        ("two words", "two words"),
        (True, "yes"),
        (None, "nothing"),
        (0.5, "0.5"),
        ([], ""),
    ],
)  # fmt: skip
def test_a_value_is_said_in_words(value: object, words: str) -> None:
    with timezone.override("UTC"):
        assert in_words(value) == words


def test_a_reference_is_called_what_it_is_called() -> None:
    names = {"user:default/linh": "Linh Tran", "user:default/katrin": "Katrin Vogt"}
    assert in_words(ROTATION, names).endswith(": Linh Tran, ops/mateusz")
    assert in_words(MEMBERS, names) == "admin, Katrin Vogt (lead)"
    assert sorted(refs_in({"members": [[], MEMBERS], "n": 1})) == ["user:default/admin", "user:default/katrin"]


def test_records_that_differ_in_what_a_line_leaves_out_unfold() -> None:
    before, after = ([{"name": "fast", "title": "Page, fast", "factor": n}] for n in (14, 20))
    assert is_long([before, after])
    assert whole(after) == "Page, fast: factor 20"


def test_moments_are_told_in_the_zone_of_the_reader() -> None:
    with timezone.override("Europe/Berlin"):
        assert in_words("2026-11-23T23:30:00+00:00") == "24 Nov 2026 00:30"


def test_what_is_long_unfolds_into_lines_and_not_into_json() -> None:
    page = Template("{% load changes %}{{ value|whole }}").render(Context({"value": [*MEMBERS, "a" * 100]}))
    assert page.splitlines() == ["admin", "katrin (lead)", "a" * 100]
    assert line_by_line({"tier": 1, "weekday": 6}) == "tier: 1\nweekday: Sunday"
    assert line_by_line("# As\n  it is") == "# As\n  it is"
