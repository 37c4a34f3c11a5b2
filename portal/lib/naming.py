"""PURE: names for addresses and files, made of what people call things; `static/js/name.js` does it while one types."""

import re
import unicodedata

LONGEST = 63
_OTHER = re.compile(r"[^a-z0-9]+")
_SPELLED = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})


def name_of(*titles: str) -> str:
    """A name that the catalog takes for an entity, such as `build-ci` for “Build & CI”.

    Of several, such as a component's name and a promise's title, each once: what the next one begins with is not said
    twice. Empty where no letter or digit of the Latin alphabet is left.
    """
    made = ""
    for title in titles:
        part = _slug(title)
        made = part if f"{part}-".startswith(f"{made}-") else f"{made}-{part}".strip("-")
    return made[:LONGEST].rstrip("-")


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.lower().translate(_SPELLED))
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    return _OTHER.sub("-", bare).strip("-")
