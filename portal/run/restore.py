"""`portal restore FILE`: a backup put in the place of what is there, which is kept aside."""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portal.embedded import Server, home_for
from portal.run import backup as backups
from portal.run import swap
from portal.run.archive import Backup, NotABackup, fingerprint, member_of, opened, version
from portal.run.backup import NAMES, NoSpace, connected, in_words, megabytes
from portal.run.dumping import clients, load
from portal.run.folder import CHECKOUT, DataFolder

_ROOM = 1.3  # times what the database took up: beside it, PostgreSQL needs room to work in
_SPARE = 128 * 2**20  # bytes
_TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


class TooNew(Exception):
    """The backup holds migrations that this version doesn't know; the message says which and what to do."""


class OtherKey(Exception):
    """What the backup holds sealed can't be opened with the secret key given here; the message says what to do."""


class NotEmpty(Exception):
    """DATABASE_URL names a database that is in use."""


class NotMigrated(Exception):
    """A command of Portico's own failed on the restored database; the message is the end of what it said."""


EXPECTED = (*backups.EXPECTED, NotEmpty, NotMigrated, OtherKey, TooNew)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for beside the file."""

    check: bool = False
    pause_paging: bool = False
    without_secrets: bool = False


def main(argv: list[str]) -> int:
    """Run `portal restore` with its arguments; 0 when it is done, 1 when nothing was changed, and why."""
    parser = argparse.ArgumentParser(prog="portal restore", description=__doc__)
    parser.add_argument("file", help="a backup, or a folder that an earlier restore kept aside")
    parser.add_argument("--check", action="store_true", help="only say whether it could be restored")
    parser.add_argument("--pause-paging", action="store_true", help="page nobody for 24 hours, or until it is resumed")
    parser.add_argument("--without-secrets", action="store_true", help="go on without the key of the stored secrets")
    options = parser.parse_args(argv)
    asked = Asked(options.check, options.pause_paging, options.without_secrets)
    try:
        said = restore(Path(options.file), asked)
    except EXPECTED as error:
        print(f"portal restore: {in_words(error)}", file=sys.stderr)
        return 1
    print(said)
    return 0


def restore(source: Path, asked: Asked) -> str:
    """Restore and answer what was done, in a sentence or two. Raises what `EXPECTED` lists; then all is as it was."""
    folder = DataFolder.of(os.environ)
    source = source.expanduser().absolute()
    external = os.environ.get("DATABASE_URL", "").strip()
    if source.is_dir():
        return _bring_back(source, folder)
    with opened(source) as backup:
        backup.verify()
        _refuse_other_names(backup)
        behind = _behind(backup)
        if not asked.without_secrets:
            _refuse_other_key(backup, folder if external else None)
        if asked.check:
            return f"{source} is whole and can be restored: {_describe(backup)}."
        if external:
            _fill(backup, "main", external, behind, asked)
            return f"Restored {_describe(backup)} into the database of DATABASE_URL."
        with contextlib.closing(folder.lock()):
            kept = _replace(backup, folder, behind, asked)
    return f"Restored {_describe(backup)}.{_kept(kept)} Start it with bin/up."


def _describe(backup: Backup) -> str:
    said = backup.manifest
    what = " and ".join(f"{NAMES[role]} ({megabytes(one.size)})" for role, one in said.databases.items())
    return f"{what} as of {said.made_at}, from Portico {said.portico}"


def _kept(kept: Path | None) -> str:
    return f" What was there before is in {kept}; portal restore {kept} brings it back." if kept else ""


def _bring_back(aside: Path, folder: DataFolder) -> str:
    home = home_for(folder)
    if not swap.is_kept_aside(home, aside):
        raise NotABackup(f"{aside} is neither a backup nor a folder that portal restore kept aside.")
    with contextlib.closing(folder.lock()):
        swap.finish(home, folder)
        kept = swap.commit(home, folder, staged=aside.name)
    return f"Brought back {aside}.{_kept(kept)} Start it with bin/up."


def _replace(backup: Backup, folder: DataFolder, behind: set[str], asked: Asked) -> Path | None:
    """Make a new server's folder beside the present one, then swap."""
    home = home_for(folder)
    swap.finish(home, folder)
    _refuse_full(home, sum(one.size for one in backup.manifest.databases.values()))
    staged = Server(home=home / swap.STAGED, log=folder.sub("logs") / "restore.log")
    staged.programs.hand_over(home)
    try:
        for role in backup.manifest.databases:
            if not staged.alive():
                staged.start(NAMES[role])
            staged.create(NAMES[role])
            _fill(backup, role, staged.url(NAMES[role]), behind, asked)
        staged.stop()
        swap.stage_files(home, backup.files())
        return swap.commit(home, folder)
    finally:
        staged.stop()
        swap.finish(home, folder)  # forgets what is staged, unless the step was taken


def _fill(backup: Backup, role: str, url: str, behind: set[str], asked: Asked) -> None:
    """Load one database into an empty one, gather statistics, and bring it up to this version."""
    if role not in backup.manifest.databases:
        raise NotABackup(f"{backup.path} holds no database but the demo's, which bin/up makes anew.")
    with connected(url) as connection:
        server = connection.info.server_version // 10000
        if connection.execute(_TABLES).fetchone() != (0,):
            raise NotEmpty("The database of DATABASE_URL is in use; restore into an empty one.")
    with backup.stream(member_of(role)) as archive:
        load(url, archive, using=clients(server))
    with connected(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    if role in behind:
        _portal("migrate", "--no-input", url=url, backup=backup)
    if asked.pause_paging and role == "main":
        _portal("pause_paging", f"Restored from a backup of {backup.manifest.made_at}", url=url, backup=backup)


def _refuse_full(home: Path, size: int) -> None:
    free, needed = shutil.disk_usage(home).free, size * _ROOM + _SPARE
    if free < needed:
        raise NoSpace(f"{home} has {megabytes(free)} free, and this may take {megabytes(needed)}; make room first.")


def _refuse_other_names(backup: Backup) -> None:
    for name in backup.files():
        if not swap.may_be_kept(name):
            raise NotABackup(f"{backup.path} holds {name}, which Portico puts into no backup.")
    for role in backup.manifest.databases:
        if role not in NAMES or member_of(role) not in backup.manifest.members:
            raise NotABackup(f"{backup.path} names a database that it doesn't hold: {role}.")


def _behind(backup: Backup) -> set[str]:
    """The databases that this version has migrations for. Raises TooNew when they have some that it doesn't know."""
    known = set(_portal("schema", url="postgres:///", backup=backup).split())
    for database in backup.manifest.databases.values():
        unknown = [name for name in database.migrations if name not in known]
        if unknown:
            others = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise TooNew(
                f"{backup.path} was made by Portico {backup.manifest.portico} and holds {unknown[0]}{others}, unknown "
                f"to this one ({version()}). Upgrade Portico, or install the plugin it came from, then restore."
            )
    return {role for role, one in backup.manifest.databases.items() if known - set(one.migrations)}


def _refuse_other_key(backup: Backup, shared: DataFolder | None) -> None:
    """`shared`: the data folder whose key stays, because only the database is restored."""
    inside = backup.files().get("secret-key", b"").decode().strip()
    own = shared.path / "secret-key" if shared else None
    given = _keys_given() or ([own.read_text().strip()] if own and own.exists() else [inside])
    if backup.manifest.key not in map(fingerprint, given):
        where = f"the one in the backup (unzip -p {backup.path} files/secret-key)" if inside else "the one it had"
        raise OtherKey(
            f"The secrets in {backup.path} are sealed with another PORTAL_SECRET_KEY. Set {where}, or add it to "
            f"PORTAL_SECRET_KEY_FALLBACKS; with --without-secrets they have to be entered again."
        )


def _keys_given() -> list[str]:
    if not (key := os.environ.get("PORTAL_SECRET_KEY", "").strip()):
        return []
    return [key, *(one.strip() for one in os.environ.get("PORTAL_SECRET_KEY_FALLBACKS", "").split(","))]


def _portal(*command: str, url: str, backup: Backup) -> str:
    """What one of Portico's own commands says when it is run on a database; nothing here knows Django."""
    environment = _environment(url, backup.files().get("secret-key", b"").decode().strip())
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", *command],
        env=environment,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotMigrated(f"portal {command[0]} failed on what was restored: {_last(done.stderr.splitlines())}")
    return done.stdout


def _environment(url: str, key: str) -> dict[str, str]:
    environment = {**os.environ, "DATABASE_URL": url}
    if key:
        environment.setdefault("PORTAL_SECRET_KEY", key)
    return environment


def _last(lines: Iterable[str]) -> str:
    said = [line for line in lines if line.strip()]
    return said[-1] if said else "it said nothing"
