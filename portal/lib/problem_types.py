"""The `type` of a refusal (RFC 9457): an address that explains it, in the product's own documentation."""

from portal.lib import conf

PAGE = "/docs/problems"
ANCHORS = {
    400: "some-fields-need-attention",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "this-cant-be-done-now",
    410: "no-longer-there",
    412: "changed-meanwhile",
    413: "too-large",
    415: "content-type-not-understood",
    422: "idempotency-key-used-for-another-request",
    429: "too-many-requests",
    500: "something-broke-on-our-side",
    503: "not-available-now",
}
"""By status, the heading of the page."""


def type_of(status: int) -> str:
    """An absolute address; RFC 9457's `about:blank` where there is nothing to say beyond the status."""
    anchor = ANCHORS.get(status)
    return f"{conf.base_url()}{PAGE}#{anchor}" if anchor else "about:blank"
