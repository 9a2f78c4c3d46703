"""Our tool among others: which one it is, and what must be put right in it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from cloud.connecting.edits import Json, look_up, same

_PROPERTIES = ("api_schema", "request_body_schema", "properties")
_HEADERS = ("api_schema", "request_headers")
_URL = ("tool_config", "api_schema", "url")


def tool_url(tool: Json) -> str:
    """Return where a tool of the workspace leads, "" if it is no webhook."""
    return str(look_up(tool, _URL) or "")


def tool_name(tool: Json) -> str:
    """Return the name that the model calls it by."""
    return str(look_up(tool, ("tool_config", "name")) or "")


def mended(there: Json, wanted: Json) -> Json:
    """Return the tool's configuration with what is wanted in it; all else stays."""
    return {**there, **_mended(there, wanted, ())}


def differing(there: Json, wanted: Json) -> list[str]:
    """Return the names of the settings in which a tool is not as wanted."""
    return sorted(_differing(there, mended(there, wanted), ""))


def _mended(there: Any, wanted: Any, path: tuple[str, ...]) -> Any:
    if isinstance(wanted, list):
        known = there if isinstance(there, list) else []
        return [*known, *(item for item in wanted if item not in known)]
    if not isinstance(wanted, Mapping) or not isinstance(there, Mapping):
        return wanted
    # A property takes its value from one source: another source beside ours is an error, so
    # what differs is replaced whole. The same goes for a header.
    if path[:-1] in {_PROPERTIES, _HEADERS}:
        return there if same(there, wanted) else wanted
    merged = {key: _mended(there.get(key), value, (*path, key)) for key, value in wanted.items()}
    if path == _HEADERS:
        ours = {key.lower() for key in wanted}
        return {**{key: v for key, v in there.items() if key.lower() not in ours}, **merged}
    return {**there, **merged}


def _differing(there: Any, wanted: Any, name: str) -> Iterable[str]:
    if isinstance(there, Mapping) and isinstance(wanted, Mapping):
        for key in {**there, **wanted}:
            if not same(there.get(key), wanted.get(key)):
                yield from _differing(there.get(key), wanted.get(key), key)
    elif not same(there, wanted):
        yield name
