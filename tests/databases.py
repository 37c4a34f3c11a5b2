"""Test databases that cost little: copies of one that was migrated once, and emptied where something was written."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.core.management.color import Style
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
MIGRATIONS = ("catalog", "slo", "incidents", "portal", "uv.lock")
KEPT = ("django_content_type", "auth_permission")
"""What Django would fill again after each of them was emptied, and the same."""
EMPTY = """
DO $$
DECLARE name text; written boolean;
BEGIN
  FOREACH name IN ARRAY ARRAY[{tables}] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO written;
    IF written THEN EXECUTE format('DELETE FROM %I', name); END IF;
  END LOOP;
END $$
"""


def template() -> str:
    """The name of a database with all migrations; one of those who ask for it makes it, where there is none yet.

    It is named by what the migrations say, so another branch on the same server has another one.
    """
    url = os.environ["DATABASE_URL"]
    name = f"portico_migrated_{_migrations()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            building = f"{name}_unfinished"
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(building)))
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
            _migrate(urlsplit(url)._replace(path=f"/{building}").geturl())
            renaming = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            server.execute(renaming.format(sql.Identifier(building), sql.Identifier(name)))
    return name


def only_what_is_there(
    self: DatabaseOperations,
    style: Style,
    tables: Sequence[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """In place of `sql_flush`: to truncate a hundred empty tables takes a second, to find them empty a few ms."""
    names = ", ".join(f"'{table}'" for table in tables if table not in KEPT)
    # the order does not matter to who looks at no key; needs a superuser, as the server of the tests has
    return ["SET LOCAL session_replication_role = replica", EMPTY.format(tables=names)] if names else []


def _migrations() -> str:
    files = sorted(path for folder in MIGRATIONS for path in (ROOT / folder).glob("migrations/*.py"))
    said = hashlib.sha256((ROOT / "uv.lock").read_bytes())
    for path in files:
        said.update(path.name.encode() + path.read_bytes())
    return said.hexdigest()[:12]


def _migrate(url: str) -> None:
    words = [sys.executable, "-m", "portal.cli", "migrate", "--verbosity", "0"]
    subprocess.run(words, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)
