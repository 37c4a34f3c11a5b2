"""The apps inside a Django site that exists, with accounts of its own and none of our settings but the public ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).parents[2]
NAME = "portico_bare_host"

FILES = {
    "host/__init__.py": "",
    "host/settings.py": """
        from pathlib import Path
        from urllib.parse import urlsplit
        import os
        import portal
        from portal.lib.env import database
        from portal.rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS

        SECRET_KEY = "a host's own"
        ALLOWED_HOSTS = ["*"]
        ROOT_URLCONF = "host.urls"
        AUTH_USER_MODEL = "staff.Employee"
        DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
        USE_TZ = True
        STATIC_URL = "/assets/"
        LOGIN_URL = "sign-in"
        DATABASES = {"default": database(urlsplit(os.environ["DATABASE_URL"]))}
        INSTALLED_APPS = [
            "staff",
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.humanize",
            "django.contrib.messages", "django.contrib.postgres", "django.contrib.sessions",
            "django.contrib.staticfiles", "django_htmx", "rest_framework", "drf_spectacular",
            "portal", "catalog", "slo", "incidents",
        ]
        MIDDLEWARE = [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django_htmx.middleware.HtmxMiddleware",
            "portal.middleware.ExpectedFailures",
        ]
        MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
        TEMPLATES = [{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(portal.__file__).parent.parent / "templates"],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.shell",
            ]},
        }]
    """,
    "host/urls.py": """
        from django.http import HttpResponse
        from django.urls import include, path

        urlpatterns = [path("ours", lambda request: HttpResponse("ours")), path("", include("portal.urls"))]
    """,
    "staff/__init__.py": "",
    "staff/models.py": """
        import uuid
        from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
        from django.db import models

        class Employees(BaseUserManager):
            def create_user(self, badge, password):
                found = self.model(badge=badge)
                found.set_password(password)
                found.save()
                return found

        class Employee(AbstractBaseUser, PermissionsMixin):
            id = models.UUIDField(primary_key=True, default=uuid.uuid4)
            badge = models.CharField(max_length=20, unique=True)
            is_staff = models.BooleanField(default=False)
            is_active = models.BooleanField(default=True)
            USERNAME_FIELD = "badge"
            REQUIRED_FIELDS = []
            objects = Employees()
    """,
    "staff/migrations/__init__.py": "",
    "use.py": """
        import re

        import django
        django.setup()
        from django.core.management import call_command
        from django.test import Client

        call_command("makemigrations", "staff", verbosity=0)
        call_command("migrate", verbosity=0)
        call_command("check", fail_level="WARNING", verbosity=0)
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
        call_command("portal_admin", "B-0042", "--password", "a long enough one")

        from staff.models import Employee
        employee = Employee.objects.get(badge="B-0042")
        assert str(employee.person) == "B-0042", employee.person
        assert Client().get("/ours").content == b"ours"
        assert Client().get("/healthz").status_code == 200
        assert Client().get("/catalog")["Location"] == "/sign-in?next=/catalog"
        assert Client().get("/api/v1/components").status_code == 401
        client = Client()
        assert client.get("/sign-in").status_code == 200
        answer = client.post("/sign-in", {"username": "B-0042", "password": "a long enough one", "next": "/catalog"})
        assert answer["Location"] == "/catalog", answer
        for path in ("/", "/catalog", "/teams", "/slos", "/incidents", "/on-call", "/settings/tokens", "/admin/"):
            answer = client.get(path)
            assert answer.status_code == (302 if path == "/admin/" and not employee.is_staff else 200), (path, answer)
        here = "/api/v1/components/component/default/ci-runners"
        answer = client.put(here, {"title": "CI runners"}, content_type="application/json")
        assert answer.status_code == 201, answer.content
        assert b"CI runners" in client.get("/components/component/default/ci-runners").content
        said = {"email": "carol@example.org", "role": "member"}
        shown = client.post("/invitations", said, follow=True).content.decode()
        link = re.search(r"/welcome/[\\w-]+", shown)[0]
        guest = Client()
        password = "a long enough one"
        said = {"display_name": "Carol", "username": "B-0077", "password": password, "again": password}
        answer = guest.post(link, said)
        assert answer.status_code == 302, answer.content
        assert Employee.objects.get(badge="B-0077").person.email == "carol@example.org"
        assert guest.get("/catalog").status_code == 200
        assert guest.post("/password/forgotten", {"email": "carol@example.org"}).status_code == 200
        print("served")
    """,
}


@pytest.fixture
def database_url() -> Iterator[str]:
    """A fresh, empty database beside the tests' own."""
    given = urlsplit(os.environ["DATABASE_URL"])
    name = sql.Identifier(f"{NAME}_{os.getpid()}")
    with psycopg.connect(urlunsplit(given._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield urlunsplit(given._replace(path=f"/{NAME}_{os.getpid()}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_a_host_with_accounts_of_its_own_migrates_and_serves_the_apps(tmp_path: Path, database_url: str) -> None:
    for path, text in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PORTAL_", "REDIS_", "DJANGO_"))},
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "host.settings",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
    }
    done = subprocess.run(
        [sys.executable, "use.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("served\n")
