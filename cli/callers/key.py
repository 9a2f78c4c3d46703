"""Which caller is meant: a number in any spelling, a key as it is shown, or an opaque id."""

from history.index import History
from processor.errors import ProcessorError
from settings import Settings
from voice.identity import caller_of_search


class NoSuchCaller(ProcessorError):
    """What was given names no caller, or nothing is held of that caller."""


async def key_of(settings: Settings, history: History, given: str) -> str:
    """Return the memory key that `given` stands for; raises NoSuchCaller."""
    if given.startswith("c_"):
        found = await history.caller_of(given)
        if found is None:
            raise NoSuchCaller(f"there is no caller {given}: `run.py callers list` names them")
        return found
    return typed_key(settings, given)


def typed_key(settings: Settings, given: str) -> str:
    """Return the memory key of a number, or of a key as it is shown in full; see `key_of`."""
    line, tilde, number = given.strip().partition("~")
    space, colon, _ = line.partition(":")
    is_key = colon and space in ("web", "whatsapp", "line")
    key = line if is_key else caller_of_search(line, None, region=settings.phone_region or None)
    if not key:
        raise NoSuchCaller(
            f"{given!r} is no caller: give the number with + and country, or the key that "
            "`run.py callers list --full` shows"
        )
    return f"{key}{tilde}{number}"
