"""PURE: what a target means: relative to the file that names it, and where the file behind a page of its host is.

People copy the address of the page on which they look at a file. The hosts' rules, by their own documentation: GitHub
`/owner/repo/blob/ref/path`, GitLab `/group/project/-/blob/ref/path`, Bitbucket `/workspace/repo/src/ref/path`,
Bitbucket Server `/projects/P/repos/r/browse/path?at=ref`, Gitea and Forgejo `/owner/repo/src/branch/ref/path`.
"""

import fnmatch
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit, urlunsplit

WEB = ("http://", "https://")
GLOB = re.compile(r"[*?\[]")
GITHUB_BLOB = re.compile(r"/([^/]+)/([^/]+)/(?:blob|raw)/(.+)")
GITLAB_BLOB = re.compile(r"(/.+)/-/blob/(.+)")
ANY_BLOB = re.compile(r"(/[^/]+(?:/[^/]+)+)/blob/(.+)")
GITEA_SRC = re.compile(r"(/[^/]+/[^/]+)/src/(branch|tag|commit)/(.+)")
BITBUCKET_SRC = re.compile(r"(/[^/]+/[^/]+)/src/([^/]+/.+)")
BITBUCKET_SERVER = re.compile(r"(.*/(?:projects|users)/[^/]+/repos/[^/]+)/browse/(.+)")
FOLDER_PAGE = re.compile(r"/[^/]+/[^/]+/(?:-/)?tree/.+")


class BadTarget(Exception):
    """The target names nothing that can be read; the message says what to write instead."""


def is_web(target: str) -> bool:
    """Whether it is an address, rather than a path."""
    return target.lower().startswith(WEB)


def has_glob(target: str) -> bool:
    """Whether it stands for several files."""
    return GLOB.search(target) is not None


def matches(glob: str, path: str) -> bool:
    """Whether `**/catalog-info.yaml` stands for `path`, both relative to the same folder; `**` is any folders."""
    wanted = glob.strip("/").split("/")

    def onward(places: set[int]) -> set[int]:
        found = set(places)
        for place in sorted(places):
            while place < len(wanted) and wanted[place] == "**":
                place += 1
                found.add(place)
        return found

    here = onward({0})
    for part in path.split("/"):  # all ways at once, so that many ** cost no more than one
        inside = [place for place in here if place < len(wanted)]
        stays = {place for place in inside if wanted[place] == "**"}
        here = onward(stays | {place + 1 for place in inside if fnmatch.fnmatchcase(part, wanted[place])})
    return len(wanted) in here


def against(target: str, *, base: str) -> str:
    """The address or path that `target` means in the file `base`. Raises BadTarget.

    A relative one is beside the file; Bitbucket Server's `?at=` comes along, for it says the branch.
    """
    target = target.strip()
    if not target:
        raise BadTarget("The target is empty.")
    if is_web(target):
        return _web(target)
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", target):
        raise BadTarget(f"{target!r}: only https:// and http:// addresses and relative paths are read.")
    if is_web(base):
        if target.startswith("/"):
            raise BadTarget(f"{target!r}: a path that begins with / can't be read from an address; write ./path.")
        if has_glob(target):
            raise BadTarget(f"{target!r}: files can't be listed over HTTP; name each one.")
        return _web(_beside(target, base))
    return target


def raw(address: str) -> str:
    """Where the text of the file is whose page `address` may be; other addresses stay as they are. Idempotent."""
    parts = urlsplit(address)
    host, path = (parts.hostname or "").lower(), parts.path
    if host in {"github.com", "www.github.com"} and (found := GITHUB_BLOB.fullmatch(path)):
        there = parts._replace(netloc="raw.githubusercontent.com", path="/" + "/".join(found.groups()), query="")
        return urlunsplit(there)
    if host == "bitbucket.org" and (found := BITBUCKET_SRC.fullmatch(path)):
        return _at(parts, f"{found[1]}/raw/{found[2]}")
    if found := BITBUCKET_SERVER.fullmatch(path):
        return _at(parts, f"{found[1]}/raw/{found[2]}")
    if found := GITEA_SRC.fullmatch(path):
        return _at(parts, f"{found[1]}/raw/{found[2]}/{found[3]}")
    if found := GITLAB_BLOB.fullmatch(path):
        return _at(parts, f"{found[1]}/-/raw/{found[2]}")
    if found := ANY_BLOB.fullmatch(path):  # GitHub Enterprise, and GitLab before it had /-/
        return _at(parts, f"{found[1]}/raw/{found[2]}")
    return address


def line_link(address: str, line: int) -> str:
    """The address that shows this line, where the host can; else the address; empty for a path."""
    if not is_web(address):
        return ""
    shows_lines = raw(address) != address and line > 0
    if not shows_lines:
        return address
    if BITBUCKET_SERVER.fullmatch(urlsplit(address).path):
        return f"{address}#{line}"
    return f"{address}#lines-{line}" if urlsplit(address).hostname == "bitbucket.org" else f"{address}#L{line}"


def hosts(targets: Iterable[str]) -> set[str]:
    """Origins (`https://host:port`) that the addresses among `targets` are read from, as pages and as files."""
    both = [address for target in targets if is_web(target) for address in (target, raw(target))]
    return {_origin(address) for address in both}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').rstrip('.')}:{port}"


def _web(address: str) -> str:
    address = urldefrag(address)[0]
    if has_glob(urlsplit(address).path):
        raise BadTarget(f"{address!r}: files can't be listed over HTTP; name each one.")
    if FOLDER_PAGE.fullmatch(urlsplit(address).path):
        raise BadTarget(f"{address!r} is the page of a folder; name the file, such as …/blob/main/catalog-info.yaml.")
    return address


def _beside(target: str, base: str) -> str:
    joined = urljoin(base, target)
    query = urlsplit(base).query
    if not query or urlsplit(joined).query or urlsplit(base).path == urlsplit(joined).path:
        return joined
    return urlunsplit(urlsplit(joined)._replace(query=query))


def _at(parts: SplitResult, path: str) -> str:
    return urlunsplit(parts._replace(path=path, fragment=""))
