"""/callers: who has called, and everything that is known of each."""

from aiohttp import web

from history.values import Filters
from receiver.asked import flag_of, limit_of, parameters
from receiver.errors import Refusal, json_response
from receiver.looking_back import Looking, looking_back
from receiver.request_log import CALLER
from receiver.shown import caller_json, entry_json, memories_json, profile_json, showing

DEFAULT_CALLERS = 50
MAX_CALLERS = 500
# The rest is at GET /history with the caller as its filter.
CONVERSATIONS_OF_A_CALLER = 100


@looking_back
async def list_callers(looking: Looking) -> web.Response:
    """Answer GET /callers."""
    asked = parameters(looking.request, known=("limit", "cursor", "full"))
    limit = limit_of(asked, default=DEFAULT_CALLERS, most=MAX_CALLERS)
    show = showing(full=flag_of(asked, "full"))
    page = await looking.history.callers(limit=limit, cursor=asked.get("cursor"))
    forgotten = looking.view.forgotten
    shown = [
        caller_json(row, show)
        for row in page.callers
        if not forgotten.is_caller(row.caller, began_at=row.last_at)
    ]
    return json_response({"callers": shown, "next_cursor": page.next_cursor})


@looking_back
async def show_caller(looking: Looking) -> web.Response:
    """Answer GET /callers/{caller}."""
    asked = parameters(looking.request, known=("full",))
    show = showing(full=flag_of(asked, "full"))
    caller = await known_caller(looking)
    holdings = None
    if not looking.view.is_pending(caller):  # memory has what is not to be told any more
        holdings = await looking.archive.memory.holdings(caller)
    profile = holdings.profile if holdings else None
    memories = [memory for _, memory in holdings.memories] if holdings else []
    filters = Filters(caller=caller)
    page = await looking.history.page(filters, limit=CONVERSATIONS_OF_A_CALLER)
    person = looking.view.people.person
    # A line may be that of several people, of whom one is asked for.
    entries = [
        entry
        for entry in looking.view.kept(page.entries)
        if entry.caller is not None and person(entry.caller) == caller
    ]
    if not entries and profile is None and not memories:
        raise unknown_caller()
    answer = {
        "id": looking.view.id_of(caller),
        "caller": show(caller),
        "lines": sorted(map(show, looking.view.people.lines(caller))),
        "profile": profile_json(profile) if profile else None,
        "memories": memories_json(memories),
        "conversations": [entry_json(each, show, looking.view.id_of) for each in entries],
        "next_cursor": page.next_cursor,
    }
    return json_response(answer)


async def known_caller(looking: Looking) -> str:
    """Return the key of the person that the path names; raises Refusal if there can be none."""
    caller = await looking.caller(looking.request.match_info["caller"])
    if caller is None:
        raise unknown_caller()
    looking.request[CALLER] = caller
    return caller


def unknown_caller() -> Refusal:
    """Return what is answered of somebody of whom nothing is known."""
    return Refusal(
        404,
        "unknown_caller",
        "Nothing is known of this caller: GET /callers lists those who have called.",
    )
