"""The template tags of the design language: `{% load portal %}`. Each is shown in templates/components/README.md."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.lib import drawn, durations, words
from portal.lib.links import safe_link
from portal.lib.markdown import to_html
from portal.lib.moments import local
from portal.lib.names import address, called
from portal.lib.own_clock import own_clock
from portal.lib.own_links import own_links
from portal.lib.sketch import sketch as first_paint
from portal.looks import COMPONENT_ICONS, SOURCES, look_of

register = template.Library()
register.filter("safe_link", safe_link)
register.filter("own_links", own_links)
register.filter("address", address)
register.filter("called", called)
register.filter("own_clock", own_clock)


# Icons, states, labels ----------------------------------------------------------------------------------------------


@register.simple_tag
@lru_cache(maxsize=500)  # fifty a page, of a few dozen kinds
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite; `size` lg or xl; with `label` it speaks, without it is decoration."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    css = f"icon icon-{size}" if size else "icon"
    return format_html('<svg class="{}" {}><use href="{}#i-{}"/></svg>', css, spoken, static("icons/sprite.svg"), name)


@register.simple_tag
def component_icon(type_: str) -> SafeString:
    """The icon of a component's type; a plain square box for a type nobody drew one for."""
    return icon(COMPONENT_ICONS.get(str(type_).lower(), "box"))


@register.simple_tag
def state(key: object, text: str = "", icon_name: str = "") -> SafeString:
    """A state as icon and word: `{% state "at-risk" %}`, `{% state page.state "No answer, 12 min" %}`."""
    look = look_of(key)
    return format_html(
        '<span class="state is-{}">{}{}</span>', look.tone, icon(icon_name or look.icon), text or look.word
    )


@register.simple_tag
def state_icon(key: object) -> SafeString:
    """A state as its icon alone, its word spoken; for lists where the words beside it say it."""
    look = look_of(key)
    return format_html('<span class="state is-{}">{}</span>', look.tone, icon(look.icon, label=look.word))


@register.filter
def state_word(key: object) -> str:
    """The word of a state alone: `{{ change.to_state|state_word }}`."""
    return look_of(key).word


@register.filter
def tone(key: object) -> str:
    """The colour class of a state: `is-bad`, `is-warn`, `is-good`, `is-none`, `is-accent`."""
    return f"is-{look_of(key).tone}"


@register.simple_tag
def sev(level: object, size: str = "") -> SafeString:
    """A severity badge from 1, "1", "P1" or "p1"; `size="lg"` beside a page title."""
    number = str(getattr(level, "value", level)).upper().removeprefix("P").removeprefix("SEV") or "5"
    large = " sev-lg" if size == "lg" else ""
    return format_html('<span class="sev sev-{}{}">P{}</span>', number, large, number)


@register.simple_tag
def pill(text: object, tone: str = "", icon_name: str = "") -> SafeString:
    """A neutral label, or a toned one: `{% pill "tier 1" %}`, `{% pill 4 tone="bad" %}`; nothing for nothing."""
    if text is None or text == "":
        return SafeString("")
    drawn_icon = icon(icon_name) if icon_name else SafeString("")
    return format_html('<span class="pill{}">{}{}</span>', f" is-{tone}" if tone else "", drawn_icon, text)


# People -------------------------------------------------------------------------------------------------------------


def _name(person: object) -> str:
    for attribute in ("label", "display_name", "name"):
        if value := getattr(person, attribute, ""):
            return str(value)
    return str(person or "")


def _initials(name: str) -> str:
    parts = name.replace("-", " ").replace(".", " ").replace("_", " ").split()
    return "".join(part[0] for part in (*parts[:1], *parts[1:][-1:])).upper() or "?"


def _href(thing: object) -> str:
    get_url = getattr(thing, "get_absolute_url", None)
    try:
        return str(get_url()) if callable(get_url) else ""
    except NoReverseMatch:  # a host project may leave pages out
        return ""


@register.simple_tag
def avatar(person: object, size: str = "") -> SafeString:
    """Initials in a circle, tinted by name; `size` xs or lg. Decoration: the name stands beside it."""
    name = _name(person)
    tint = zlib.crc32(name.encode()) % 4 + 1
    css = "avatar" + (f" avatar-{size}" if size else "") + (f" av-{tint}" if tint > 1 else "")
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css, _initials(name))


@register.simple_tag
def who(person: object, none: str = "", link: bool = True) -> SafeString:
    """A person in a line: initials and name, linked when the person has a page; `none` is said when there is nobody."""
    if not person:
        return state("nobody", none)
    name, url = called(_name(person)), _href(person) if link else ""
    said = format_html('<a class="plain" href="{}">{}</a>', url, name) if url else format_html("<span>{}</span>", name)
    return format_html('<span class="who">{}{}</span>', avatar(person, "xs"), said)


@register.inclusion_tag("components/star.html", takes_context=True)
def star(context: Mapping[str, object], entity: object) -> dict[str, object]:
    """A button that stars a component, team, system, domain or person, or takes the star away."""
    shell, ref = context.get("shell"), getattr(entity, "ref", "")
    starred = ref in {one.ref for one in getattr(shell, "starred", ())}
    return {"ref": ref, "name": _name(entity), "starred": starred, "shown": "user" in context and _known(context)}


def _known(context: Mapping[str, object]) -> bool:
    return getattr(context.get("user"), "person", None) is not None


@register.filter
def source(name: str) -> str:
    """Where an alert came from, in words: `{{ alert.source|source }}`."""
    return SOURCES.get(name, name)


@register.filter
def href(thing: object) -> str:
    """The address of a person, team, component or incident; empty when it has no page."""
    return _href(thing)


@register.simple_tag
def thing(entity: object, none: str = "—", css: str = "plain") -> SafeString:
    """A link to a team, component or anything with a label and a page; `none` when it is missing."""
    if not entity:
        return format_html('<span class="t-3">{}</span>', none)
    url, name = _href(entity), called(_name(entity))
    return format_html('<a class="{}" href="{}">{}</a>', css, url, name) if url else name


# Numbers ------------------------------------------------------------------------------------------------------------


def _with_unit(value: str, unit: str) -> SafeString:
    return format_html('{}<span class="unit">{}</span>', value, unit)


def _absent(value: object) -> SafeString:
    return format_html('<span class="t-3">{}</span>', words.absent(value))


@register.filter(name="words")
def in_words(value: object, instead: str = "") -> SafeString:
    """A value, or the word for its absence in grey: `None` is *no data* or what `instead` says; never 0 for unknown."""
    if value is None and instead:
        return _absent(instead)
    return _absent(value) if value is None or str(value) in words.ABSENT else format_html("{}", value)


@register.filter
def percent(value: object, target: object = None) -> SafeString:
    """A ratio (0..1) in per cent, as precise as the target (0..1) needs: `{{ sli|percent:objective.target }}`."""
    if not words.is_number(value):
        return _absent(value)
    goal = target if words.is_number(target) else None
    return _with_unit(words.percent(value, target=goal), "%")  # type: ignore[arg-type]  # both were just checked


@register.filter
def goal(value: object) -> SafeString:
    """A goal (0..1) with the digits it was given: 0.999 is 99.9 %."""
    return _with_unit(words.goal(value), "%") if words.is_number(value) else _absent(value)  # type: ignore[arg-type]


@register.filter
def burn(value: object) -> SafeString:
    """A burn rate with its ×: `44.4×`."""
    return _with_unit(words.burn(value), "×") if words.is_number(value) else _absent(value)  # type: ignore[arg-type]


@register.filter
def count(value: object, unit: str = "") -> SafeString:
    """A number of things, thousands set apart: `{{ n|count }}`, `{{ n|count:"late jobs" }}` with the unit in grey."""
    if not words.is_number(value):
        return _absent(value)
    text = words.fixed(value, 0 if float(value).is_integer() else 1)  # type: ignore[arg-type]
    return _with_unit(text, f" {unit}") if unit else format_html("{}", text)


@register.filter
def plural(value: object, word: str) -> str:
    """`{{ n|plural:"team" }}` → `1 team`, `9 teams`; `{{ n|plural:"person,people" }}` for the odd ones."""
    one, _, many = word.partition(",")
    return words.plural(value, one, many or None) if isinstance(value, int) else words.absent(value)


@register.filter
def duration(value: object) -> SafeString:
    """A timedelta or seconds, two units at the most: `3 min 27 s`, `2 h 44 min`."""
    if words.is_number(value):
        value = timedelta(seconds=float(value))  # type: ignore[arg-type]
    return format_html("{}", durations.words(value)) if isinstance(value, timedelta) else _absent(value)


# Times --------------------------------------------------------------------------------------------------------------


def _now(context: Mapping[str, object]) -> datetime:
    given = context.get("now")
    return given if isinstance(given, datetime) else timezone.now()


@register.simple_tag(takes_context=True)
def at(context: Mapping[str, object], when: datetime | None, none: str = "—", seconds: bool = False) -> SafeString:
    """A moment in the reader's zone: `14:02` today, `Wed 16:20` this week, `13 Nov 08:40` before."""
    if when is None:
        return _absent(none)
    local_now = local(_now(context))
    return drawn.timed(when, words.moment(local(when), now=local_now, seconds=seconds))


@register.simple_tag(takes_context=True)
def between(context: Mapping[str, object], start: datetime, end: datetime) -> SafeString:
    """From one moment to another, no day twice: `Sat 08:00 – 09:30`; as dates where it isn't all ahead and near."""
    begins, ends = words.between(local(start), local(end), now=local(_now(context)))
    return format_html("{} – {}", drawn.timed(start, begins), drawn.timed(end, ends))


@register.simple_tag(takes_context=True)
def ago(context: Mapping[str, object], when: datetime | None, none: str = "never") -> SafeString:
    """How long ago, kept current in the browser: `29 min ago`, `in 3 d` for what is to come."""
    if when is None:
        return _absent(none)
    now = _now(context)
    past = now - when
    text = f"in {words.ahead(local(when), local(now))}" if past < timedelta(0) else f"{words.rough(past)} ago"
    text = "just now" if abs(past) < timedelta(seconds=1) else text
    return drawn.timed(when, text, extra='data-time="ago"')


@register.simple_tag(takes_context=True)
def since(context: Mapping[str, object], when: datetime | None, none: str = "—") -> SafeString:
    """How long it lasts by now, kept current in the browser: `29 min`."""
    if when is None:
        return _absent(none)
    return drawn.timed(when, words.rough(_now(context) - when), extra='data-time="since"')


@register.simple_tag(takes_context=True)
def countdown(
    context: Mapping[str, object], when: datetime | None, none: str = "—", over: str = "now", before: str = ""
) -> SafeString:
    """Time left until a moment, by the second in the browser: `1:53`, with `before` in front, then what `over` says."""
    if when is None:
        return _absent(none)
    left = (when - _now(context)).total_seconds()
    extra = format_html('data-time="countdown" data-over="{}" data-before="{}"', over, before)
    return drawn.timed(when, f"{before}{words.clock(left)}" if left > 0 else over, extra=extra, css="countdown t-c")


@register.filter
def hour(when: datetime) -> str:
    """For mails: `14:05 CET` by the clock of whoever it is written for."""
    return words.hour(local(when))


@register.filter
def day_and_hour(when: datetime) -> str:
    """For mails: `Thu 26 Nov 14:05 CET`, likewise."""
    return words.day_and_hour(local(when))


@register.filter
def to(start: datetime, end: datetime) -> str:
    """For mails: `Thu 26 Nov 14:05 to 14:20 CET`, likewise."""
    return words.stretch(local(start), local(end))


@register.filter
def markdown(text: object) -> SafeString:
    """Markdown as safe HTML; put it inside `<div class="prose">`."""
    return to_html(str(text or ""))


# Forms --------------------------------------------------------------------------------------------------------------

CONTROLS = {"select": "form-select", "checkbox": "form-check-input", "radio": "form-check-input"}


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """A form field's own widget in the look of the house; Django adds `aria-invalid` and `aria-describedby` itself."""
    kind = getattr(field.field.widget, "input_type", "text")
    wanted = CONTROLS.get(kind, "form-control")
    given = str(field.field.widget.attrs.get("class", ""))
    return field.as_widget(attrs={"class": f"{wanted} {given}".strip()})


@register.filter
def name_in_ref(ref: str) -> str:
    """`group:default/docs-guild` as `docs-guild`, where the kind is clear and nothing of that name is there to link."""
    return ref.rpartition("/")[2]


@register.simple_tag
def explained(field: BoundField) -> str:
    """Where the documentation explains the field, as its form says in `explained`; empty for most.

    A form says `explained = {"tier": "catalog#what-a-component-says"}`; forms made from it say it too.
    """
    for cls in type(field.form).__mro__:
        place = vars(cls).get("explained", {}).get(field.name)
        if place:
            return f"/docs/{place}"
    return ""


# Drawings -----------------------------------------------------------------------------------------------------------


@register.simple_tag
def budget_bar(left: float | None, key: object = "healthy", size: str = "") -> SafeString:
    """The budget bar of an objective in this state; hatched when the state says there is no data. `size` s or wide."""
    look = look_of(key)
    return drawn.budget_bar(left, tone=look.tone, known=look.icon != "eye-off", size=f"bar-{size}" if size else "")


@register.simple_tag
def sparkline(values: Sequence[float | None], key: object = "healthy", label: str = "") -> SafeString:
    """Budget left over the period, oldest first; grey while healthy, coloured when not."""
    tone_ = look_of(key).tone
    return drawn.sparkline(values, tone=tone_ if tone_ in ("bad", "warn") else "", label=label)


@register.simple_tag
def sketch(figure: object) -> SafeString:
    """What a chart shows until it is drawn; empty where that can't be said in a line."""
    return first_paint(figure)


@register.simple_tag
def meter(part: float, tone: str = "none", label: str = "") -> SafeString:
    """A share (0..1) as a wide bar."""
    return drawn.meter(part, tone=tone, label=label)


@register.simple_tag
def heat(cells: Sequence[tuple[str, float | None]], label: str) -> SafeString:
    """A row of heat cells: (name, share of the period's budget or None)."""
    return drawn.heat(cells, label=label)


@register.simple_tag
def days(cells: Sequence[tuple[str, str]], label: str) -> SafeString:
    """A row of days: (what happened, ok | part | down | nil)."""
    return drawn.days(cells, label=label)


@register.simple_tag
def stacked(parts: Sequence[tuple[str, float, str]], label: str) -> SafeString:
    """One bar in parts: (tone, amount, name)."""
    return drawn.stacked(parts, label=label)
