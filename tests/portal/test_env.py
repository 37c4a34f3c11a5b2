"""Reading the environment: what makes sense is taken, what doesn't is refused aloud."""

from pathlib import Path

import pytest

from portal.lib.env import BadEnvironment, Env, database, mailer


def test_a_flag_that_is_neither_yes_nor_no_stops_the_start_and_names_itself() -> None:
    with pytest.raises(BadEnvironment, match="PORTAL_DEBUG='maybe'"):
        Env({"PORTAL_DEBUG": "maybe"}).flag("PORTAL_DEBUG")


@pytest.mark.parametrize("value", ["80x", "-1", "1.5"])
def test_a_port_must_be_a_whole_number(value: str) -> None:
    with pytest.raises(BadEnvironment, match="PORTAL_PORT"):
        Env({"PORTAL_PORT": value}).number("PORTAL_PORT", 8000, minimum=1)


def test_an_empty_variable_is_the_default() -> None:
    env = Env({"A": " ", "B": "", "C": ""})
    assert env.text("A", "x") == "x"
    assert env.number("B", 7) == 7
    assert env.path("C", Path("/tmp/data")) == Path("/tmp/data")


def test_a_database_of_another_kind_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadEnvironment, match="postgres://"):
        Env({"DATABASE_URL": "mysql://x"}).url("DATABASE_URL", ("postgres", "postgresql"))


def test_a_socket_folder_may_stand_in_the_query_and_passwords_may_hold_anything() -> None:
    parts = Env({"U": "postgresql://ada:p%40ss@/portal?host=/run/pg&application_name=x"}).url("U", ("postgresql",))
    assert parts is not None
    made = database(parts)
    assert (made["HOST"], made["PASSWORD"], made["NAME"]) == ("/run/pg", "p@ss", "portal")
    assert made["OPTIONS"] == {"connect_timeout": 5, "application_name": "x"}


def test_mail_has_a_timeout_and_goes_to_the_console_without_a_server() -> None:
    parts = Env({"EMAIL_URL": "smtps://u:p@mail.example"}).url("EMAIL_URL", ("smtp", "smtps"))
    options = mailer(parts)["OPTIONS"]
    assert isinstance(options, dict)
    assert (options["timeout"], options["port"], options["use_ssl"]) == (10, 465, True)
    assert "console" in str(mailer(None)["BACKEND"])
