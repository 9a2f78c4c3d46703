"""What the stand-in answers to which request, as recorded of 1.3.0, the newest and LongMemory."""

import re
from urllib.parse import unquote

from tests.openmemory.server_reply import Answer

_UNKNOWN_ROUTE = "404: Not Found"
_HEALTH = {
    "ok": True,
    "version": "2.0-hsg-tiered",
    "embedding": {
        "provider": "synthetic",
        "fallback_chain": ["synthetic"],
        "dimensions": 1536,
        "mode": "simple",
        "batch_support": False,
        "advanced_parallel": False,
        "embed_delay_ms": 200,
        "configured": True,
        "type": "synthetic",
    },
    "tier": "hybrid",
    "dim": 1536,
    "cache": 3,
    "expected": {"recall": 98, "qps": "700-800", "ram": "0.5gb/10k", "use": "For high accuracy"},
}


_NOT_FOUND = Answer(404, {"err": "nf"})
_FORBIDDEN = Answer(403, {"err": "forbidden"})
_MISMATCH = Answer(
    403,
    {
        "error": "tenant_mismatch",
        "message": "user_id does not match authenticated tenant; user_id is derived from the API "
        "key and must not be supplied or must equal the tenant",
    },
)


def answer_1_3(server, asked, request):
    """Return the answer of 1.3.0; None if it dies of the request."""
    return _authorized(server, asked, request) or _routed(server, asked, request)


def answer_head(server, asked, request):
    """Return the answer of the newest server, for which every user but one is a mistake."""
    if not server.key and not request.path.startswith("/health"):
        message = "Server has no OM_API_KEY configured. Protected endpoints are unavailable."
        return Answer(503, {"error": "auth_not_configured", "message": message})
    refused = _authorized(server, asked, request)
    if refused is not None:
        return refused
    if asked.raw and asked.body is None:
        return Answer(400, {"error": "invalid_json"})
    body = asked.body if isinstance(asked.body, dict) else {}
    in_path = re.match("/users/([^/]+)/", asked.path)
    named = [
        body.get("user_id"),
        (body.get("filters") or {}).get("user_id"),
        request.query.get("user_id"),
        in_path and unquote(in_path[1]),
    ]
    if any(user and user != server.tenant for user in named):
        return _MISMATCH
    return _routed(server, asked, request, tenant=server.tenant)


def answer_longmemory(server, asked, request):
    """Return the answer of LongMemory, which has none of OpenMemory's routes."""
    meta = {"duration_ms": 0.2}
    if request.path == "/health":
        status = {"name": "openmemory-hydrograph", "ready": True, "store": "sqlite"}
        return Answer(200, {"data": {"ok": True, "status": status, "store": {}}, "meta": meta})
    error = {"code": "not_found", "message": "Route not found"}
    if request.path.startswith("/v1/") and _key_of(asked) != server.key:
        error = {"code": "unauthorized", "message": "A valid API key is required"}
        return Answer(401, {"error": error, "meta": meta})
    return Answer(404, {"error": error, "meta": meta})


def _authorized(server, asked, request):
    """Return the refusal of a request without the key; None if it has it."""
    if not server.key or request.path.startswith("/health"):
        return None
    key = _key_of(asked)
    if key is None:
        return Answer(401, {"error": "authentication_required", "message": "API key required"})
    return None if key == server.key else Answer(403, {"error": "invalid_api_key"})


def _key_of(asked):
    headers = {name.lower(): value for name, value in asked.headers.items()}
    bearer = re.fullmatch("(?:Bearer|ApiKey) (.*)", headers.get("authorization", ""))
    return headers.get("x-api-key", bearer[1] if bearer else None)


def _routed(server, asked, request, *, tenant=None):
    for method, path, handle in _ROUTES:
        found = re.fullmatch(path, asked.path.partition("?")[0])
        if method == request.method and found:
            return handle(server, asked, request, tenant, *map(unquote, found.groups()))
    return Answer(404, _UNKNOWN_ROUTE)


def _health(server, asked, request, tenant):
    return Answer(200, _HEALTH)


def _add(server, asked, request, tenant):
    is_json = asked.headers.get("Content-Type", "").startswith("application/json")
    body = asked.body if is_json and isinstance(asked.body, dict) else {}
    content = body.get("content")
    if not content:
        return Answer(400, {"err": "content"})
    if not isinstance(content, str):
        return Answer(500, {"err": "txt.split is not a function"})
    if server.faults.drops_everything:
        row_id = server.rows[0].id if server.rows else "00000000-0000-4000-8000-000000000000"
        return Answer(200, _duplicate(row_id))
    row, is_duplicate = server.heap.add(
        content,
        user_id=tenant or body.get("user_id") or None,
        tags=body.get("tags") or [],
        metadata=body.get("metadata") or {},
    )
    if is_duplicate:
        return Answer(200, _duplicate(row.id))
    stored = {"id": row.id, "primary_sector": "semantic", "sectors": ["semantic"], "chunks": 1}
    return Answer(200, stored)


def _duplicate(row_id):
    """Return the answer to a text whose hash is there: with the id of that row, whoever's."""
    return {
        "id": row_id,
        "primary_sector": "semantic",
        "sectors": ["semantic"],
        "deduplicated": True,
    }


def _query(server, asked, request, tenant):
    if not isinstance(asked.body, dict):
        return None  # the end of the process
    body = asked.body
    if "query" not in body:
        return Answer(200, {"matches": []})
    filters = body.get("filters") or {}
    user = tenant or filters.get("user_id") or body.get("user_id")
    matches = server.heap.query(body["query"], k=int(body.get("k") or 8), user_id=user)
    if filters.get("sector", "semantic") not in {"semantic", "episodic", "emotional"}:
        matches = []
    return Answer(200, {"query": body["query"], "matches": matches})


def _list(server, asked, request, tenant):
    try:
        limit, offset = (
            int(request.query.get(name, other)) for name, other in (("l", 100), ("u", 0))
        )
    except ValueError:
        return Answer(500, {"err": "internal"})
    if server.faults.ignores_offset:
        offset = 0
    user = tenant or request.query.get("user_id")
    rows = server.heap.page(user, limit=limit, offset=offset)
    return Answer(200, {"items": [row.item() for row in rows]})


def _get(server, asked, request, tenant, row_id):
    row = server.heap.find(row_id)
    if row is None:
        return _NOT_FOUND
    if _is_foreign(row, request):
        return _FORBIDDEN
    return Answer(200, {**row.item(), "sectors": ["semantic"]})


def _delete(server, asked, request, tenant, row_id):
    row = server.heap.find(row_id)
    if row is None:
        return _NOT_FOUND
    if _is_foreign(row, request):
        return _FORBIDDEN
    server.heap.delete(row)
    return Answer(200, {"ok": True})


def _delete_user(server, asked, request, tenant, user):
    return Answer(200, {"ok": True, "deleted": server.heap.delete_of(user)})


def _is_foreign(row, request):
    user = request.query.get("user_id")
    return bool(user) and row.user_id != user


_ROUTES = (
    ("GET", "/health", _health),
    ("POST", "/memory/add", _add),
    ("POST", "/memory/query", _query),
    ("GET", "/memory/all", _list),
    ("GET", "/memory/([^/]+)", _get),
    ("DELETE", "/memory/([^/]+)", _delete),
    ("DELETE", "/users/([^/]+)/memories", _delete_user),
)
