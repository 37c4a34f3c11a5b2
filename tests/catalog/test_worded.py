"""What the change log says of values: words for people, never the structure that was kept."""

import pytest
from django.template import Context, Template
from django.utils import timezone

from catalog.worded import in_words, line_by_line

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
        (ROTATION, "from 23 Nov 2026 08:00, every 1 week, people linh, ops/mateusz, handoff 09:00, weekday Monday"),
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


def test_moments_are_told_in_the_zone_of_the_reader() -> None:
    with timezone.override("Europe/Berlin"):
        assert in_words("2026-11-23T23:30:00+00:00") == "24 Nov 2026 00:30"


def test_what_is_long_unfolds_into_lines_and_not_into_json() -> None:
    page = Template("{% load changes %}{{ value|whole }}").render(Context({"value": [*MEMBERS, "a" * 100]}))
    assert page.splitlines() == ["admin", "katrin (lead)", "a" * 100]
    assert line_by_line({"tier": 1, "weekday": 6}) == "tier: 1\nweekday: Sunday"
    assert line_by_line("# As\n  it is") == "# As\n  it is"
