"""What an OpenMemory server is and does, found out by asking it."""

from typing import Protocol

from memory.openmemory.backend import Backend, Examined
from memory.openmemory.probe import Probed, probe_users
from memory.openmemory.server.address import is_loopback
from memory.openmemory.server.answers import (
    OK,
    Health,
    cannot_be_used,
    failure,
    is_longmemory,
    is_shaped,
    longmemory,
    not_openmemory,
)
from memory.openmemory.server.http import ServerHttp

_PRODUCT = "OpenMemory server 1.3"

_MIXES = "its queries return memories of other users too: they are not passed on"
_SHORTENS = (
    "it shortens texts: start it with OM_USE_SUMMARY_ONLY=false, so that it holds what was said"
)
_OPEN = "it answers everybody, without a key: start it with OM_API_KEY and set OPENMEMORY_KEY"
_PLAIN_HTTP = (
    "its address is another machine's, and http: use an address of this machine (127.0.0.1) or "
    "https, because keys and memories can be read on the way"
)
_TELEMETRY = (
    "start it with OM_TELEMETRY=false: by default it reports the name and the hardware of its "
    "machine to its makers"
)


class Examinable(Backend, Protocol):
    """A client that counts the rows it was listed and did not return, as they are others'."""

    strangers: int


async def examine_server(backend: Examinable, http: ServerHttp, *, mark: str = "") -> Examined:
    """
    Find out what answers at `http`, for which `backend` is the client; see `Backend.examine`.

    Raises as `Backend.examine` does: also for LongMemory, for a server that binds all users to
    its key, for one that lists others' rows, and for any that is no OpenMemory.
    """
    await _check_product(http)
    is_open = await _answers_without_key(http)
    strangers = backend.strangers
    probed = await probe_users(backend, mark=mark)
    if backend.strangers != strangers:
        raise cannot_be_used(http.name, because="lists the memories of other users")
    return Examined(
        product=_PRODUCT,
        keeps_users_apart=probed.keeps_users_apart,
        shortens=probed.shortens,
        is_open=is_open,
        advice=_advice(http.url, probed, is_open=is_open),
    )


async def _check_product(http: ServerHttp) -> None:
    answer = await http.ask("GET", "health")
    if is_longmemory(answer.value):
        raise longmemory(http.name)
    if answer.status != OK:
        raise failure(answer, name=http.name)
    if not is_shaped(Health, answer):
        raise not_openmemory(http.name)


async def _answers_without_key(http: ServerHttp) -> bool:
    answer = await http.ask("GET", "memory", "all", query={"l": 1}, with_key=False)
    return answer.status == OK


def _advice(url: str, probed: Probed, *, is_open: bool) -> tuple[str, ...]:
    advice = {
        _MIXES: not probed.keeps_users_apart,
        _SHORTENS: probed.shortens,
        _OPEN: is_open,
        _PLAIN_HTTP: url.startswith("http://") and not is_loopback(url),
        _TELEMETRY: True,
    }
    return tuple(sentence for sentence, applies in advice.items() if applies)
