"""Plugins: Django apps of other distributions, found by the entry-point group `portico.plugins`.

`find()` is called by the settings, so it runs before Django is set up and imports no app of ours. What a plugin does
wrong (its import, its models, its `ready()`, its addresses) is kept and shown: in the log, at /settings/plugins, by
`portal doctor`, in /healthz and /metrics. The portal runs on without it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points
from typing import Any

import structlog
from django.apps import AppConfig
from django.urls import URLPattern, URLResolver, include, path

GROUP = "portico.plugins"
ALL = "*"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Added:
    """One entry of a registry: what it is in words, its key, how people know it; whether it took an own one's place."""

    what: str
    key: str
    title: str = ""
    replaces: bool = False


@dataclass(slots=True)
class Plugin:
    """One entry point. `error` is what went wrong with it, in one line; empty while all is well."""

    name: str
    target: str
    distribution: str = ""
    version: str = ""
    summary: str = ""
    app: str = ""
    error: str = ""
    off: bool = False
    added: list[Added] = field(default_factory=list)

    @property
    def state(self) -> str:
        """`off` (by a setting), `failed` or `loaded`."""
        return "off" if self.off else "failed" if self.error else "loaded"


@dataclass(frozen=True, slots=True)
class Registry:
    """A plain dict that plugins fill, named by its module, so that it is imported once models may be."""

    what: str
    module: str
    name: str

    def entries(self) -> MutableMapping[Any, Any]:
        """The dict itself."""
        found: MutableMapping[Any, Any] = getattr(import_module(self.module), self.name)
        return found


REGISTRIES = (
    Registry("Component panel", "catalog.registries", "component_panels"),
    Registry("Team panel", "catalog.registries", "team_panels"),
    Registry("Scorecard check", "catalog.registries", "scorecard_checks"),
    Registry("SLI source", "slo.indicators", "kinds"),
    Registry("SLI answers", "slo.sources", "registry"),
    Registry("Way in", "incidents.intake.ways", "WAYS"),
    Registry("Channel", "incidents.channels.ways", "ways"),
    Registry("Sender of a channel", "incidents.channels.base", "channels"),
    Registry("Navigation entry", "catalog.registries", "navigation"),
    Registry("Kind of document", "catalog.registries", "apply_kinds"),
    Registry("Search", "catalog.registries", "search"),
    Registry("Fact of the frame", "catalog.registries", "frame"),
    Registry("Subject of the change log", "catalog.registries", "subjects"),
    Registry("What happened to objectives", "slo.happened", "registry"),
    Registry("Reason to hold deployments", "slo.gates", "registry"),
    Registry("Pages", "catalog.registries", "pages"),
    Registry("API", "catalog.registries", "api"),
)
"""All that a plugin may fill in its `ready()`; see templates/docs/plugins.md."""

BESIDE = {"SLI answers": "SLI source", "Sender of a channel": "Channel"}
"""Registered beside another entry under the same key, so told of only where that is not there."""

_found: dict[str, Plugin] = {}


def find(*, off: Collection[str] = (), beside: Collection[str] = ()) -> list[str]:
    """What belongs into INSTALLED_APPS, after all that is there already (`beside`); also the next time it is asked.

    `off` are names of plugins that are left out, `*` for all.
    """
    labels = {entry.rpartition(".")[2] for entry in beside}
    _found.clear()
    apps = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        plugin = _plugin(point, off)
        if plugin.off or plugin.error:
            continue
        try:
            config = _config(point, labels)
        except (Exception, SystemExit) as error:  # whatever a stranger's module does when it is imported
            _fail(plugin, "it can't be imported", error)
            continue
        labels.add(config.label)
        plugin.app = f"{config.__module__}.{config.__qualname__}"
        _guard(config, plugin)
        apps.append(plugin.app)
    return apps


def installed() -> list[Plugin]:
    """All that was found, by name."""
    return [_found[name] for name in sorted(_found)]


def failed() -> dict[str, str]:
    """What is wrong, by name of the plugin."""
    return {one.name: one.error for one in installed() if one.error}


def report() -> None:
    """Say in the log what went wrong before there was one."""
    for name, error in failed().items():
        log.error("plugin_failed", plugin=name, error=error)


def pages() -> Iterator[URLPattern | URLResolver]:
    """The pages of plugins, each below `x/<key>/` and in the namespace `<key>`."""
    yield from _addresses("pages", "{}")


def api() -> Iterator[URLPattern | URLResolver]:
    """The API of plugins, each below `x/<key>/` of ours and in the namespace `<key>-api`."""
    yield from _addresses("api", "{}-api")


def _addresses(registry: str, namespace: str) -> Iterator[URLPattern | URLResolver]:
    named: Mapping[str, str] = getattr(import_module("catalog.registries"), registry)
    for key, urlconf in sorted(named.items()):
        try:
            patterns = import_module(urlconf).urlpatterns
            yield path(f"x/{key}/", include((patterns, namespace.format(key))))
        except Exception as error:  # one plugin's addresses must not take all others with them
            owner = next((one for one in installed() if any(_names(one, registry, key))), None)
            plugin = owner or _found.setdefault(key, Plugin(key, urlconf))
            _fail(plugin, f"its addresses ({urlconf}) can't be read", error)
            log.exception("plugin_failed", plugin=plugin.name, urlconf=urlconf)


def _names(plugin: Plugin, registry: str, key: str) -> Iterator[bool]:
    words = next(one.what for one in REGISTRIES if one.name == registry and one.module == "catalog.registries")
    yield from (one.key == key and one.what == words for one in plugin.added)


def _plugin(point: EntryPoint, off: Collection[str]) -> Plugin:
    plugin = Plugin(point.name, point.value, off=bool({point.name, ALL} & set(off)))
    with suppress(PackageNotFoundError, AttributeError, KeyError):  # metadata may be cut short
        dist = point.dist
        if dist is not None:
            plugin.distribution, plugin.version = dist.name or "", dist.version or ""
            plugin.summary = str(dist.metadata["Summary"] or "")
    if point.name in _found:
        plugin.error = f"{_found[point.name].distribution or 'another distribution'} has a plugin of the same name"
    _found[point.name if not plugin.error else f"{point.name} ({plugin.distribution})"] = plugin
    return plugin


def _config(point: EntryPoint, labels: Collection[str]) -> type[AppConfig]:
    found = point.load()
    if not (isinstance(found, type) and issubclass(found, AppConfig)):
        raise TypeError(f"{point.value} is no subclass of django.apps.AppConfig")
    made = AppConfig.create(f"{found.__module__}.{found.__qualname__}")  # Django's own look at it, before it matters
    if made.label in labels:
        raise ValueError(f"there is an app with the label {made.label!r} already; set another in {found.__name__}")
    found.label = made.label
    return found


def _guard(config: type[AppConfig], plugin: Plugin) -> None:
    """Let neither its models nor its `ready()` end the start, and note what it registers."""
    if "portico_guarded" in vars(config):  # found before, in this process
        config.portico_guarded = plugin  # type: ignore[attr-defined]
        return
    config.portico_guarded = plugin  # type: ignore[attr-defined]
    load, ready = config.import_models, config.ready

    def import_models(self: AppConfig) -> None:
        _try(self, "its models can't be imported", lambda: load(self))

    def guarded(self: AppConfig) -> None:
        if not _of(self).error:
            before = [(registry, registry.entries(), dict(registry.entries())) for registry in REGISTRIES]
            if _try(self, "it could not be made ready", lambda: ready(self)):
                _of(self).added = list(_added(before))
            else:
                for _, entries, kept in before:
                    entries.clear()
                    entries.update(kept)

    config.import_models, config.ready = import_models, guarded  # type: ignore[method-assign]


def _of(config: AppConfig) -> Plugin:
    plugin: Plugin = config.portico_guarded  # type: ignore[attr-defined]
    return plugin


def _try(config: AppConfig, what: str, act: Callable[[], None]) -> bool:
    try:
        act()
    except (Exception, SystemExit) as error:  # as in `find`
        _fail(_of(config), what, error)
        log.exception("plugin_failed", plugin=_of(config).name, what=what)
        return False
    return True


def _fail(plugin: Plugin, what: str, error: BaseException) -> None:
    said = " ".join(f"{type(error).__name__}: {error}".split())
    plugin.error = f"{what}: {said}"[:300]


Before = list[tuple[Registry, MutableMapping[Any, Any], dict[Any, Any]]]


def _added(before: Before) -> Iterator[Added]:
    told = set()
    for registry, entries, kept in before:
        for key, value in entries.items():
            if key in kept and kept[key] is value:
                continue
            name = "/".join(key) if isinstance(key, tuple) else str(key)
            told.add((registry.what, name))
            if (BESIDE.get(registry.what), name) not in told:
                yield Added(registry.what, name, _title(value), replaces=key in kept)


def _title(value: object) -> str:
    return value if isinstance(value, str) else str(getattr(value, "title", "") or "")
