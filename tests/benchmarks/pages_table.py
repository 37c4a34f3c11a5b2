"""What `bin/bench pages` measured of each page, held against the bars of the design, as a table and as rows."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.table import Row
from tests.crawling import ROLES, Visit

FIRST_BYTE, WEIGHT, QUERIES = 150.0, 250.0, 30
TABLE = (
    "/", "/catalog", "components/", "teams/", "/slos", "slos/<int:pk>", "/slos/new", "/incidents", "incidents/<int",
    "/on-call", "/reviews", "/analytics", "/status", "/settings",
)  # fmt: skip
"""The pages of the design's own table come first."""
WIDTH = 52


@dataclass(slots=True)
class Measured:
    """One page of one role: milliseconds of each run, bytes of its HTML and on the wire, requests and queries.

    `busy` are the milliseconds that a processor worked for it, which other programs on the machine hardly change.
    What could not be measured is None, and `trouble` says why.
    """

    visit: Visit
    took: list[float] = field(default_factory=list)
    html: int = 0
    wire: int = 0
    queries: int | None = None
    busy: float | None = None
    requests: int | None = None
    fetched: int = 0
    library: int = 0
    trouble: str = ""

    @property
    def p50(self) -> float:
        """The middle of the runs, in ms."""
        return statistics.median(self.took)

    @property
    def p95(self) -> float:
        """The slowest twentieth of the runs, in ms; between the two slowest where there are fewer than twenty."""
        return statistics.quantiles(self.took, n=20, method="inclusive")[-1] if len(self.took) > 1 else self.took[0]

    @property
    def kilobytes(self) -> float | None:
        """All that an empty browser fetches before the first chart."""
        return None if self.requests is None else (self.fetched - self.library) / 1000

    @property
    def misses(self) -> list[str]:
        """The bars that it breaks, in words."""
        found = [f"first byte p95 {self.p95:.0f} ms"] if self.p95 > FIRST_BYTE else []
        found += [f"{self.kilobytes:.0f} kB"] if (self.kilobytes or 0) > WEIGHT else []
        return found + ([f"{self.queries} queries"] if (self.queries or 0) > QUERIES else [])


HEAD = (
    f"bars: first byte p95 {FIRST_BYTE:.0f} ms, {QUERIES} queries, {WEIGHT:.0f} kB before the first chart\n"
    f"  {'role':<10} {'page':<{WIDTH}} {'p50 ms':>6} {'p95 ms':>6} {'busy ms':>7} {'queries':>7} {'HTML kB':>8} "
    f"{'gzip kB':>8} {'requests':>8} {'all kB':>7} {'+ charts':>8}"
)


def table(pages: Iterable[Measured]) -> Iterator[str]:
    """The head, then a line for each page, then once more those that break a bar."""
    pages = sorted(pages, key=_order)
    yield HEAD
    for one in pages:
        yield _line(one)
    missing = [one for one in pages if one.misses]
    yield f"{len(missing)} of {len(pages)} pages miss a bar{':' if missing else '.'}"
    for one in missing:
        yield f"  {one.visit.role:<10} {one.visit.address}: {', '.join(one.misses)}"


def summary(pages: Sequence[Measured]) -> list[Row]:
    """Against the bars of the design: the worst page of each role, and of all."""
    rows = []
    for role in dict.fromkeys(one.visit.role for one in pages):
        own = [one for one in pages if one.visit.role == role]
        worst = max(own, key=lambda one: one.p95)
        rows.append(Row(f"{role}, {len(own)} pages: middle first byte", statistics.median(x.p50 for x in own), "ms"))
        rows.append(_row(f"{role}: slowest first byte p95, {worst.visit.look}", worst.p95, "ms", FIRST_BYTE))
    weighed = [(one.kilobytes, one.visit.look) for one in pages if one.kilobytes is not None]
    if weighed:
        heaviest, look = max(weighed)
        rows.append(_row(f"heaviest page before the first chart, {look}", heaviest, "kB", WEIGHT))
    counted = [(one.queries, one.visit.look) for one in pages if one.queries is not None]
    if counted:
        most, look = max(counted)
        rows.append(_row(f"most questions to the database, {look}", most, "queries", QUERIES))
    return rows


def details(pages: Iterable[Measured]) -> Iterator[Row]:
    """Each page's own figures."""
    for one in pages:
        name = f"{one.visit.role} {one.visit.address}"
        yield Row(f"{name}: first byte p50", one.p50, "ms")
        yield _row(f"{name}: first byte p95", one.p95, "ms", FIRST_BYTE)
        yield Row(f"{name}: HTML, gzipped", one.wire / 1000, "kB")
        if one.kilobytes is not None:
            yield _row(f"{name}: weight", one.kilobytes, "kB", WEIGHT)
            yield Row(f"{name}: requests", one.requests or 0, "requests")
        if one.queries is not None:
            yield _row(f"{name}: queries", one.queries, "queries", QUERIES)
        if one.busy is not None:
            yield Row(f"{name}: processor time", one.busy, "ms")


def _line(one: Measured) -> str:
    """A row of the table; what breaks a bar is marked."""
    address = one.visit.address if len(one.visit.address) <= WIDTH else f"{one.visit.address[: WIDTH - 1]}…"
    charts = f"{one.library / 1000:.0f}" if one.library else ""
    return (
        f"  {one.visit.role:<10} {address:<{WIDTH}} {one.p50:>6.0f} {one.p95:>6.0f} {_whole(one.busy):>7} "
        f"{_whole(one.queries):>7} {one.html / 1000:>8.1f} {one.wire / 1000:>8.1f} {_whole(one.requests):>8} "
        f"{_whole(one.kilobytes):>7} {charts:>8} {'MISSED' if one.misses else ''}"
    ).rstrip()


def _whole(figure: float | None) -> str:
    return "—" if figure is None else f"{figure:.0f}"


def _row(name: str, value: float, unit: str, bar: float) -> Row:
    return Row(name, value, unit, f"at most {bar:.0f} {unit}", value <= bar)


def _order(one: Measured) -> tuple[int, int, str]:
    look = one.visit.look
    place = next((n for n, name in enumerate(TABLE) if look == name.lstrip("/") or look.startswith(name + "<")), 99)
    return list(ROLES).index(one.visit.role), place, one.visit.address
