"""What was recorded of real servers: requests and answers, and how ours compare to them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

_SAMPLES = Path(__file__).parent.parent / "samples" / "openmemory"
NAMES = ("v1.3.0", "client", "head", "longmemory")

_OURS = {
    ("GET", "/health"),
    ("POST", "/memory/add"),
    ("POST", "/memory/query"),
    ("GET", "/memory/all"),
    ("GET", "/memory/:id"),
    ("DELETE", "/memory/:id"),
    ("DELETE", "/users/:user/memories"),
}


def recorded(name):
    """Return the pairs of `v1.3.0`, `head`, `longmemory` or `client` (1.3.0 and our client)."""
    return json.loads((_SAMPLES / f"{name}.json").read_text("utf-8"))["pairs"]


def recorded_text(name):
    """Return the whole file as text."""
    return (_SAMPLES / f"{name}.json").read_text("utf-8")


@dataclass(frozen=True)
class Shape:
    """What a request looks like, whatever it is about."""

    method: str
    path: str
    query: frozenset
    body: frozenset
    has_key: bool


def template(path):
    """Return a path with names in place of what differs."""
    plain = urlsplit(path).path
    if re.fullmatch("/memory/[^/]+", plain) and plain.split("/")[2] not in {"add", "all", "query"}:
        return "/memory/:id"
    return re.sub("^/users/[^/]+/", "/users/:user/", plain)


def is_ours(pair):
    """True for a request to something that our client asks as well."""
    return (pair["method"], template(pair["path"])) in _OURS


def shape_of(method, path, headers, body):
    """Return the shape of a request; of its body, the names of members, `filters.` inside."""
    names = set(body or {})
    if isinstance((body or {}).get("filters"), dict):
        names = (names - {"filters"}) | {f"filters.{name}" for name in body["filters"]}
    keys = {name.lower() for name in headers} & {"x-api-key", "authorization"}
    query = frozenset(name for name, _ in _query(path))
    return Shape(method, template(path), query, frozenset(names), bool(keys))


def shapes_answered(pairs):
    """Return the shapes of all requests that the server took as they were meant."""
    return {
        shape_of(pair["method"], pair["path"], pair["request_headers"], pair["request_body"])
        for pair in pairs
        if pair["status"] == 200
    }


def unrecorded(requests, pairs):
    """Return the shapes of those requests (see `Server.requests`) that nobody has recorded."""
    known = shapes_answered(pairs)
    shapes = {shape_of(one.method, one.path, one.headers, one.body) for one in requests}
    return shapes - known


def user_of(pair):
    """Return the user that a recorded request is about, an answer's own one without any."""
    body = pair["request_body"] if isinstance(pair["request_body"], dict) else {}
    query = dict(_query(pair["path"]))
    in_path = re.match("/users/([^/]+)/", pair["path"])
    answered = pair["response_body"] if isinstance(pair["response_body"], dict) else {}
    return (
        (body.get("filters") or {}).get("user_id")
        or body.get("user_id")
        or query.get("user_id", "").strip()
        or (unquote(in_path[1]) if in_path else None)
        or answered.get("user_id")
    )


def kind_of(value):
    """Return the shape of JSON: names and types; of a list, that of what is in it."""
    if isinstance(value, dict):
        return {name: kind_of(member) for name, member in value.items()}
    if isinstance(value, list):
        return [kind_of(value[0])] if value else []
    if isinstance(value, bool) or value is None:
        return repr(type(value))
    return "number" if isinstance(value, int | float) else "text"


def _query(path):
    return parse_qsl(urlsplit(path).query, keep_blank_values=True)
