"""Every endpoint: its path, its methods, and who answers."""

import functools
from collections.abc import Mapping

import msgspec
from aiohttp import web

from receiver.activity import for_whoever_watches, show_activity
from receiver.body import wait_to_be_asked
from receiver.callers import list_callers, show_caller
from receiver.calls import list_calls, start_call
from receiver.errors import Handler
from receiver.export import export_caller
from receiver.health import health
from receiver.history import (
    list_conversations,
    list_functions,
    list_memories,
    play_recording,
    show_conversation,
    show_transcript,
)
from receiver.keeping import show_stats
from receiver.letting_go import forget_caller, forget_conversation, forget_memory, show_erasure
from receiver.live import client_data, search_data
from receiver.metrics import metrics
from receiver.openapi.document import describe
from receiver.owner import for_the_owner
from receiver.post_call import post_call


async def description(_: web.Request) -> web.Response:
    """Answer with the description of them all."""
    return web.Response(body=_description(), content_type="application/json", charset="utf-8")


# Whoever has the key of the one in question, if it has one.
OPEN: Mapping[str, Mapping[str, Handler]] = {
    "/webhook/client-data": {"POST": client_data},
    "/webhook/search-data": {"POST": search_data},
    "/webhook/post-call": {"POST": post_call},
    "/health": {"GET": health},
    # Whoever is near, or the owner.
    "/metrics": {"GET": metrics},
}
# The owner alone, with ADMIN_KEY.
OWNED: Mapping[str, Mapping[str, Handler]] = {
    "/calls": {"GET": list_calls, "POST": start_call},
    "/history": {"GET": list_conversations},
    "/history/{conversation_id}": {"GET": show_conversation, "DELETE": forget_conversation},
    "/history/{conversation_id}/transcript": {"GET": show_transcript},
    "/history/{conversation_id}/audio": {"GET": play_recording},
    "/history/{conversation_id}/functions": {"GET": list_functions},
    "/history/{conversation_id}/memories": {"GET": list_memories},
    "/callers": {"GET": list_callers},
    "/callers/{caller}": {"GET": show_caller, "DELETE": forget_caller},
    "/callers/{caller}/export": {"GET": export_caller},
    "/callers/{caller}/memories/{memory_id}": {"DELETE": forget_memory},
    "/erasures/{erasure_id}": {"GET": show_erasure},
    "/stats": {"GET": show_stats},
    "/activity": {"GET": show_activity},
    "/openapi.json": {"GET": description},
}


def add_endpoints(router: web.UrlDispatcher) -> None:
    """Route all of them."""
    for path, by_method in OPEN.items():
        for method, handler in by_method.items():
            if method == "GET":
                router.add_get(path, handler, expect_handler=wait_to_be_asked)  # and HEAD
                continue
            router.add_route(method, path, handler, expect_handler=wait_to_be_asked)
    for path, by_method in OWNED.items():
        # The ids of memories have slashes in them.
        routed = path.replace("{memory_id}", "{memory_id:.+}")
        guard = for_whoever_watches if path == "/activity" else for_the_owner
        router.add_route("*", routed, guard(by_method), expect_handler=wait_to_be_asked)


@functools.cache
def _description() -> bytes:
    return msgspec.json.encode(describe())
