"""Recorded pairs against ours: their answers to our client, their requests to the stand-in."""

import io
import json

import aiohttp
from yarl import URL

from memory.openmemory.backend import BackendRefused, BackendUnreachable, Row, RowRefused
from tests.openmemory.recorded import is_ours, kind_of, template, user_of
from tests.openmemory.server_reply import Answer

_A_USER = "+15550100142"
# What a PATCH did: the client sends none, so the stand-in knows none.
CHANGED_OTHERWISE = {"get after patch"}
_SAME = ("content", "tags", "metadata", "user_id", "deduplicated", "ok", "err", "error")


def call_of(pair):
    """Return the call of the client to which such an answer may come."""
    body = pair["request_body"] if isinstance(pair["request_body"], dict) else {}
    user, row_id = user_of(pair) or _A_USER, pair["path"].split("?")[0].rpartition("/")[2]
    calls = {
        ("POST", "/memory/add"): lambda backend: backend.add(
            user, str(body.get("content")), tags=[], metadata={}
        ),
        ("POST", "/memory/query"): lambda backend: backend.query(
            user, str(body.get("query")), limit=50
        ),
        ("GET", "/memory/all"): lambda backend: (
            backend.rows(user) if "user_id" in pair["path"] else backend.users()
        ),
        ("GET", "/health"): lambda backend: backend.examine(),
        ("GET", "/memory/:id"): lambda backend: backend.get(user, row_id),
        ("DELETE", "/memory/:id"): lambda backend: backend.delete(user, row_id),
        ("DELETE", "/users/:user/memories"): lambda backend: backend.delete_user(user),
    }
    return calls[pair["method"], template(pair["path"])]


def error_of(pair):
    """Return the error that the client has to raise for a recorded answer; None for none."""
    status, body = pair["status"], pair["response_body"]
    body = body if isinstance(body, dict) else {}
    reason = body.get("err") if "err" in body else str(body.get("error"))
    if status == 200:
        return BackendRefused if "meta" in body else None
    if (status, reason) in {(404, "nf"), (403, "forbidden")}:
        return None
    if status in {401, 403, 404} or reason == "auth_not_configured":
        return BackendRefused
    if template(pair["path"]) == "/memory/add" and status in {400, 413}:
        return RowRefused
    return BackendUnreachable


def value_of(pair):
    """Return what the client has to make of a recorded answer without an error."""
    body = pair["response_body"]
    match pair["method"], template(pair["path"]):
        case "POST", "/memory/add":
            return body["id"]
        case "POST", "/memory/query":
            return [(one["id"], one["score"]) for one in body["matches"]]
        case "GET", "/memory/all" if "user_id" not in pair["path"]:
            return {item["user_id"] for item in body["items"]}
        case "GET", "/memory/all":
            return [item["id"] for item in body["items"]]
        case "GET", "/memory/:id" if pair["status"] == 200:
            return body["id"], body["content"], body["metadata"]
        case _:
            return None


def simplified(value):
    """Return what the client returned in the terms of `value_of`."""
    if isinstance(value, Row):
        return value.id, value.content, value.metadata
    if isinstance(value, list) and value and isinstance(value[0], Row):
        return [row.id for row in value]
    if isinstance(value, list):
        return [(match.id, match.score) for match in value]
    return value


def replay(pair):
    """Return what answers as recorded: to the first page of a listing, which then ends."""

    def instead(asked):
        same = (asked.method, template(asked.path)) == (pair["method"], template(pair["path"]))
        if not same:
            return None if pair["method"] == "GET" else Answer(200, {"items": []})
        body = pair["response_body"]
        if isinstance(body, dict) and body.get("items") and "u=0" not in asked.path:
            body = {"items": body["items"][-1:]}
        return Answer(pair["status"], body)

    return instead


async def differences(server, pairs):
    """Send what was recorded and return in which cases the answer differs from that recorded."""
    different, ids = [], {}
    async with aiohttp.ClientSession() as session:
        for pair in pairs:
            if not is_ours(pair) or pair["case"] in CHANGED_OTHERWISE:
                continue
            status, body = await _send(session, server, pair, ids)
            theirs = pair["response_body"] if pair["status"] is not None else None
            if isinstance(theirs, dict) and "id" in theirs and isinstance(body, dict):
                ids.setdefault(theirs["id"], body.get("id"))
            ours = (status, kind_of(_told(body)), _known(body, {}))
            if ours != (pair["status"], kind_of(_told(theirs)), _known(theirs, ids)):
                different.append((pair["case"], status, body))
    return different


async def _send(session, server, pair, ids):
    """Return status and JSON of the answer; the status is None if there is none."""
    raw, headers = pair["request_body"], dict(pair["request_headers"])
    headers = {name: value.replace("<right key>", server.key) for name, value in headers.items()}
    if isinstance(raw, dict) and "raw" in raw:
        raw = raw["raw"] if "…" not in raw["raw"] else "y" * 1_100_000
    elif raw is not None:
        raw = json.dumps(raw)
    path = pair["path"]
    for theirs, ours in ids.items():
        path = path.replace(theirs, ours)
    try:
        async with session.request(
            pair["method"],
            _as_is(server, path),
            data=None if raw is None else io.BytesIO(raw.encode()),
            headers=headers,
        ) as response:
            content = await response.read()
    except aiohttp.ClientError:
        return None, None
    try:
        return response.status, json.loads(content)
    except ValueError:
        return response.status, content.decode()


def _as_is(server, path):
    return URL(server.url + path, encoded=True)


def _told(body):
    """Return a body without what depends on a real embedding: which and how many matches."""
    if isinstance(body, dict) and body.get("matches"):
        return {**body, "matches": body["matches"][:1]}
    return body


def _known(body, ids):
    """Return what must be the same in a body, with our ids in place of the recorded ones."""
    if not isinstance(body, dict):
        return None
    rows = body.get("items", [body])
    return [
        {
            **{name: row[name] for name in _SAME if name in row},
            "id": ids.get(row.get("id"), row.get("id")),
            "query": body.get("query"),
        }
        for row in rows
    ]
