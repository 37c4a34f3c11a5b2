"""How an integration's words are read: settings checked by field, rules and words that match."""

from datetime import timedelta

import pytest

from incidents.intake.config import Config, as_json, read
from portal.lib.errors import Invalid


def fields_of(said: object, kind: str = "alertmanager") -> list[str]:
    with pytest.raises(Invalid) as caught:
        read(said, kind=kind)
    return [error.field for error in caught.value.errors]


def test_nothing_said_is_the_default() -> None:
    assert read(None, kind="alertmanager") == read({}, kind="alertmanager") == Config()


@pytest.mark.parametrize("kind", ["alertmanager", "pagerduty", "generic", "heartbeat", "own"])
def test_what_is_written_is_read_back(kind: str) -> None:
    said = {
        "grouping": ["alertname", "cluster"],
        "component_labels": ["service"],
        "component_rules": [{"labels": {"job": "runner-*"}, "component": "ci-runners"}],
        "default_component": "k8s",
        "severity_label": "level",
        "rules": {"Urgent": "page"},
        "default_rule": "ticket",
    }
    mapping = {"key": "/id", "links": ["/url"], "statuses": {"Gone": "resolved"}}
    said |= {"mapping": mapping} if kind == "generic" else {}
    said |= {"every": "90s", "grace": "0s"} if kind == "heartbeat" else {}
    config = read(said, kind=kind)
    assert read(as_json(config, kind=kind), kind=kind) == config
    assert config.rule("URGENT") == "page"
    if kind == "heartbeat":
        assert config.every == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ([], "settings"),
        ({"groping": "none"}, "settings.groping"),
        ({"grouping": "all"}, "settings.grouping"),
        ({"grouping": [7]}, "settings.grouping[0]"),
        ({"component_labels": "component"}, "settings.component_labels"),
        ({"component_rules": [{"labels": {}, "component": "x"}]}, "settings.component_rules[0].labels"),
        ({"component_rules": [{"labels": {"a": "b"}}]}, "settings.component_rules[0].component"),
        ({"component_rules": ["x"]}, "settings.component_rules[0]"),
        ({"default_component": "x" * 201}, "settings.default_component"),
        ({"rules": {"loud": "scream"}}, "settings.rules.loud"),
        ({"default_rule": "scream"}, "settings.default_rule"),
        ({"mapping": {"key": "/id"}}, "settings.mapping"),
        ({"every": "5m"}, "settings.every"),
    ],
)
def test_a_wrong_setting_is_named(said: object, field: str) -> None:
    assert fields_of(said)[0] == field


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({}, "settings.mapping.key"),
        ({"key": "id"}, "settings.mapping.key"),
        ({"key": "/id", "status": "/a~2"}, "settings.mapping.status"),
        ({"key": "/id", "links": ["url"]}, "settings.mapping.links[0]"),
        ({"key": "/id", "statuses": {"x": "gone"}}, "settings.mapping.statuses.x"),
        ({"key": "/id", "severities": {"x": "loud"}}, "settings.mapping.severities.x"),
        ({"key": "/id", "titel": "/x"}, "settings.mapping.titel"),
    ],
)
def test_a_wrong_mapping_is_named(mapping: object, field: str) -> None:
    assert field in fields_of({"mapping": mapping}, "generic")


@pytest.mark.parametrize("said", [{"every": "soon"}, {"every": "1s"}, {"every": "400d"}, {"grace": "-1m"}])
def test_a_heartbeat_needs_sound_times(said: dict[str, str]) -> None:
    assert fields_of(said, "heartbeat") == [f"settings.{next(iter(said))}"]


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("runner-*", "runner-7", True),
        ("runner-*", "arunner-7", False),
        ("RUNNER", "runner", True),
        ("a[b]?", "a[b]?", True),
        ("a[b]", "ab", False),
        ("a?", "ab", False),
        ("*", "", True),
    ],
)
def test_a_star_stands_for_anything_and_nothing_else_is_special(pattern: str, value: str, fits: bool) -> None:
    rule = read({"component_rules": [{"labels": {"job": pattern}, "component": "x"}]}, kind="own").component_rules[0]
    assert rule.fits({"job": value}) is fits
    assert not rule.fits({})


@pytest.mark.parametrize(
    ("level", "rule"),
    [("critical", "page"), ("PAGE", "page"), ("warning", "ticket"), ("info", "info"), ("", "page"), ("odd", "page")],
)
def test_words_for_loudness_are_known(level: str, rule: str) -> None:
    assert Config().rule(level) == rule
