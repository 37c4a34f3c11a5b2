"""What an expected failure looks like, so that page, API and command line say it alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field; `code` is for programs, `message` says what to do."""

    field: str
    code: str
    message: str


class Expected(Exception):
    """Base of every expected failure. `status` is its HTTP status, `title` its name in problem details."""

    status = 409
    title = "This can't be done now"

    def __init__(self, detail: str = "", *, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail or (self.__doc__ or self.title).strip().splitlines()[0])
        self.errors = errors


class Invalid(Expected):
    """What was sent is not usable as it stands."""

    status = 400
    title = "Some fields need attention"


class Forbidden(Expected):
    """You are known, but this is not yours to do."""

    status = 403
    title = "Not allowed"


class Missing(Expected):
    """There is no such thing, or you may not know of it."""

    status = 404
    title = "Not found"


class PreconditionFailed(Expected):
    """Somebody else changed it since you read it; read it again and repeat your change."""

    status = 412
    title = "Changed meanwhile"
