"""Which addresses that people or programs wrote down may become links."""

from urllib.parse import urlsplit


def safe_url(url: str) -> str:
    """`url` where it may be rendered as a link (http, https, mailto), else the empty text."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    known = (parts.scheme in {"http", "https"} and parts.netloc) or (parts.scheme == "mailto" and parts.path)
    return url.strip() if known else ""


def safe_link(url: str) -> str:
    """As `safe_url`, and a path of our own too."""
    own = url.startswith("/") and not url.startswith(("//", "/\\"))
    return url if own else safe_url(url)
