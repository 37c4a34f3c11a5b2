"""`portal tick`, `doctor`, `prepare`, `first_sign_in` and `run-with-db`."""

import io
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import shared_task
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command

from catalog.models import Person
from portal.beat import BeatEntry
from portal.management.commands import prepare
from portal.management.commands.tick import walk
from portal.run.folder import DataFolder
from portal.run.up import _first_sign_in
from slo.models import DataSource
from tests import make

ran: list[str] = []


@shared_task(name="tests.often")
def often() -> None:
    """A task that only notes that it ran."""
    ran.append("often")


@shared_task(name="tests.seldom")
def seldom() -> None:
    """Another."""
    ran.append("seldom")


@shared_task(name="tests.broken")
def broken() -> None:
    """A task that always fails."""
    ran.append("broken")
    raise RuntimeError("broken on purpose")


def _walk_until(entries: list[BeatEntry], enough: Callable[[], bool]) -> None:
    ran.clear()
    told = threading.Event()
    walker = threading.Thread(target=walk, args=(entries,), kwargs={"until": told})
    walker.start()
    deadline = time.monotonic() + 10
    while not enough() and time.monotonic() < deadline:
        time.sleep(0.01)
    told.set()
    walker.join(5)
    assert not walker.is_alive()


def test_tick_does_each_task_at_its_own_pace() -> None:
    entries = [BeatEntry("tests.often", 0.05, "page"), BeatEntry("tests.seldom", 60, "default")]
    _walk_until(entries, lambda: ran.count("often") >= 5)
    assert ran.count("often") >= 5
    assert ran.count("seldom") == 1


def test_a_task_that_fails_or_does_not_exist_does_not_stop_the_walk() -> None:
    entries = [
        BeatEntry("tests.broken", 0.05, "page"),
        BeatEntry("tests.nowhere", 0.05, "page"),
        BeatEntry("tests.often", 0.05, "page"),
    ]
    _walk_until(entries, lambda: ran.count("often") >= 3 and ran.count("broken") >= 3)
    assert ran.count("often") >= 3
    assert ran.count("broken") >= 3


@pytest.mark.django_db
def test_the_doctor_says_what_is_well(settings: "make.Settings") -> None:
    settings.PROMETHEUS_URL = ""
    said = io.StringIO()
    call_command("doctor", stdout=said)
    assert "✓ database: PostgreSQL 1" in said.getvalue()
    assert "✓ migrations: all applied" in said.getvalue()
    assert said.getvalue().endswith("All is well.\n")


@pytest.mark.django_db
def test_the_doctor_names_what_is_not_well_and_still_checks_the_rest(settings: "make.Settings") -> None:
    settings.PROMETHEUS_URL = "http://127.0.0.1:9"
    said = io.StringIO()
    with pytest.raises(CommandError, match="not well: Prometheus"):
        call_command("doctor", stdout=said)
    assert "✗ Prometheus: " in said.getvalue()
    assert "✓ mail: " in said.getvalue()


@pytest.mark.django_db
def test_who_signs_in_first_finds_the_data_source_of_the_settings(
    settings: "make.Settings", monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROMETHEUS_URL = "http://127.0.0.1:9090"
    monkeypatch.setattr(prepare.Command, "_collect", lambda *_, **__: None)
    call_command("prepare", stdout=io.StringIO())
    call_command("prepare", stdout=io.StringIO())
    assert [(one.name, one.url) for one in DataSource.objects.all()] == [("prometheus", "http://127.0.0.1:9090")]


@pytest.mark.django_db
def test_the_first_account_may_do_everything_and_is_made_only_once(settings: "make.Settings", tmp_path: Path) -> None:
    settings.PORTAL_DATA = tmp_path
    call_command("first_sign_in", stdout=io.StringIO())
    file = tmp_path / "first-sign-in"
    name, password = file.read_text().split()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    account = authenticate(username=name, password=password)
    assert account is not None
    assert Person.objects.get(account=account).platform_admin
    call_command("first_sign_in", stdout=io.StringIO())
    assert file.read_text().split() == [name, password]
    assert get_user_model()._default_manager.count() == 1


@pytest.mark.django_db
def test_where_people_can_sign_in_already_no_account_is_added(settings: "make.Settings", tmp_path: Path) -> None:
    settings.PORTAL_DATA = tmp_path
    make.account_of(make.person("ada"))
    call_command("first_sign_in", stdout=io.StringIO())
    assert not (tmp_path / "first-sign-in").exists()
    assert get_user_model()._default_manager.count() == 1


@pytest.mark.live
def test_a_program_gets_a_database_of_its_own_and_its_exit_code_is_ours() -> None:
    code = "import os, sys, psycopg; psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1'); sys.exit(7)"
    hidden = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "portal", "run-with-db", "--", sys.executable, "-c", code], env=hidden, timeout=120
    )
    assert done.returncode == 7


def test_commands_know_the_broker_that_workers_listen_to(tmp_path: Path) -> None:
    code = "import sys, portal.cli, celery; print(celery.current_app.conf.broker_url)"
    hidden = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    said = subprocess.run([sys.executable, "-c", code], env=hidden, capture_output=True, text=True, timeout=60)
    assert said.stdout.strip() == "files://localhost//"


def test_the_terminal_says_where_the_first_password_is_changed(tmp_path: Path) -> None:
    (tmp_path / "first-sign-in").write_text("admin secret\n")
    said = " ".join(_first_sign_in(DataFolder(tmp_path)))
    assert "Sign in as admin with the password secret" in said
    assert "the initials at the top right, then Change password" in said
