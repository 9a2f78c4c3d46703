"""Errors as the platform words them."""


class Answer(Exception):
    """Raised by a handler: this status and body are the answer."""

    def __init__(self, status, body, headers=None):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def detail(status, code, message):
    """Return an error in the platform's usual shape."""
    return Answer(status, {"detail": {"status": code, "message": message}})


def invalid(message, *location, kind="value_error"):
    """Return a 422 as FastAPI words it, naming where in the body."""
    error = {"loc": ["body", *location], "msg": message, "type": kind}
    return Answer(422, {"detail": [error]})


def not_found(what, identifier):
    """Return the 404 for what is not there, or belongs to another workspace."""
    return detail(404, "document_not_found", f"{what} with id {identifier} was not found")
