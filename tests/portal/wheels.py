"""Distributions made and installed as packaging tools do (PEP 427), without a network and without a build backend."""

import base64
import hashlib
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path


def build(project: Path, into: Path) -> Path:
    """The wheel of a pure Python project, from its pyproject.toml and the packages this names."""
    told = tomllib.loads((project / "pyproject.toml").read_text())
    about = told["project"]
    files: dict[str, bytes] = {}
    for package in told["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        for path in sorted((project / package).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                files[path.relative_to(project).as_posix()] = path.read_bytes()
    metadata = f"Name: {about['name']}\nVersion: {about['version']}\nSummary: {about['description']}\n"
    return wheel(into, files, metadata=metadata, points=about["entry-points"])


def wheel(into: Path, files: Mapping[str, bytes], *, metadata: str, points: Mapping[str, Mapping[str, str]]) -> Path:
    """A wheel of these files; `metadata` is Name, Version and Summary, `points` entry points by group."""
    name, version = (line.partition(": ")[2] for line in metadata.splitlines()[:2])
    stem = f"{name.replace('-', '_')}-{version}"
    listed = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in some.items()) for group, some in points.items()
    )
    whole = {
        **files,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\n{metadata}".encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{stem}.dist-info/entry_points.txt": listed.encode(),
    }
    record = "".join(f"{path},sha256={_hash(body)},{len(body)}\n" for path, body in whole.items())
    whole[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n".encode()
    made = into / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, body in whole.items():
            archive.writestr(path, body)
    return made


def install(made: Path, target: Path) -> None:
    """Unpack it: all that installing a pure Python wheel into a folder is. Its RECORD must name its files."""
    with zipfile.ZipFile(made) as archive:
        stem = "-".join(made.name.split("-")[:2])
        recorded = {line.split(",")[0] for line in archive.read(f"{stem}.dist-info/RECORD").decode().splitlines()}
        assert recorded == set(archive.namelist())
        archive.extractall(target)


def _hash(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
