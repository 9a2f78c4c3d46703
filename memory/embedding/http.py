"""What the encoders that ask a server have in common: its failures, in the user's terms."""

import re
from urllib.parse import urlsplit

import anyio

from memory.embedding.encoder import EncoderError, TextRefused

TIMEOUT_S = 30.0  # for a batch; who asks for a single question waits less

_REFUSED = frozenset([400, 413, 422])
_NOT_ALLOWED = frozenset([401, 403])
_NOT_FOUND = 404
_TOO_MANY = 429

_SERVER = re.compile(r"[\w.:\[\]-]+")


def warm_up() -> None:
    """Load now, in this thread, what the clients would load with their first request."""
    anyio.run(anyio.sleep, 0)


def of_status(
    status: int, *, server: str, model: str, if_not_allowed: str, if_not_found: str
) -> EncoderError:
    """
    Return the error for a status other than 200.

    What the server wrote is left out: it may quote the caller, or a key.
    """
    answered = f"the embedding server {server} answered {status}"
    if status in _REFUSED:
        return TextRefused(f"{answered}: it does not take this request for the model {model!r}")
    if status in _NOT_ALLOWED:
        return EncoderError(f"{answered}: {if_not_allowed}")
    if status == _NOT_FOUND:
        return EncoderError(f"{answered} for the model {model!r}: {if_not_found}")
    if status == _TOO_MANY:
        return EncoderError(f"{answered}: too many requests, or the quota is used up")
    return EncoderError(answered)


def unreachable(server: str, *, setting: str) -> EncoderError:
    """Return the error for a server that cannot be connected to."""
    return EncoderError(f"no embedding server answers at {server}: start it, or correct {setting}")


def too_slow(server: str) -> EncoderError:
    """Return the error for a server that did not answer in time."""
    return EncoderError(f"the embedding server {server} did not answer within {TIMEOUT_S:.0f} s")


def not_understood(server: str) -> EncoderError:
    """Return the error for an answer that is not what the API promises."""
    return EncoderError(
        f"the embedding server {server} sent an answer that cannot be understood: is that the "
        "right address?"
    )


def server_of(url: str, *, setting: str) -> str:
    """
    Return the server's part of a URL, without any password in it.

    Raises `EncoderError` if it is none.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises if it is no number
    except ValueError:
        parts = urlsplit("")
    server = parts.netloc.rpartition("@")[2]
    if parts.scheme not in ("http", "https") or not _SERVER.fullmatch(server):
        raise EncoderError(f"{setting} is no address, such as http://127.0.0.1:8000")
    return f"{parts.scheme}://{server}"
