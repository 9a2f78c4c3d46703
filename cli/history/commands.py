"""The commands that look back: each is a few lines that delegate."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.start import AsJson, start

history_app = typer.Typer(help="Look back at the conversations.", no_args_is_help=True)

Conversation = Annotated[str, typer.Argument(help="The conversation's id.")]
Full = Annotated[bool, typer.Option("--full", help="Show numbers in full, not masked.")]
Caller = Annotated[
    str | None, typer.Option(help="Only this caller's: a number in E.164, or an id as shown.")
]
Agent = Annotated[str | None, typer.Option(help="Only this agent's.")]
Since = Annotated[
    str | None, typer.Option(help="From then on: 12h, 30d, or a date, 2026-11-01 (UTC).")
]
Until = Annotated[
    str | None, typer.Option(help="Until then: 12h, 30d, or a date, whose day is included.")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")]
Cursor = Annotated[
    str | None, typer.Option(help="Go on where an earlier list ended: what it printed last.")
]


@history_app.command("list")
def history_list(
    *,
    caller: Caller = None,
    agent: Agent = None,
    since: Since = None,
    until: Until = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only with this outcome: success, failure, unknown, busy …")
    ] = None,
    direction: Annotated[
        Literal["inbound", "outbound"] | None, typer.Option(help="Only calls of this direction.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(help="Only with these words in transcript or summary; the last may be cut."),
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """List conversations, newest first."""
    from cli.history.filters import Typed
    from cli.history.run import list_history

    typed = Typed(
        caller=caller, agent=agent, since=since, until=until, outcome=outcome,
        direction=direction, text=text,
    )  # fmt: skip
    code = list_history(start(), typed, limit=limit, cursor=cursor, full=full, as_json=as_json)
    raise typer.Exit(code)


@history_app.command("failures")
def history_failures(
    *,
    caller: Caller = None,
    agent: Agent = None,
    since: Since = None,
    until: Until = None,
    reason: Annotated[
        str | None, typer.Option(help="Only for this reason: busy, no-answer, unknown …")
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """List the outbound calls that never came about, newest first."""
    from cli.history.filters import Typed
    from cli.history.run import list_failures

    typed = Typed(caller=caller, agent=agent, since=since, until=until, outcome=reason)
    code = list_failures(start(), typed, limit=limit, cursor=cursor, full=full, as_json=as_json)
    raise typer.Exit(code)


@history_app.command("show")
def history_show(
    conversation: Conversation, *, full: Full = False, as_json: AsJson = False
) -> None:
    """Show one conversation: what it was, its files, and the agent's tool calls with results."""
    from cli.history.run import show_conversation

    raise typer.Exit(show_conversation(start(), conversation, full=full, as_json=as_json))


@history_app.command("transcript")
def history_transcript(conversation: Conversation, *, as_json: AsJson = False) -> None:
    """Print what was said in one conversation."""
    from cli.history.run import show_transcript

    raise typer.Exit(show_transcript(start(), conversation, as_json=as_json))


@history_app.command("audio")
def history_audio(
    conversation: Conversation,
    *,
    to: Annotated[
        Path | None, typer.Option(help="The file to write; default: stdout, for a pipe.")
    ] = None,
) -> None:
    """Write the recording of one conversation."""
    from cli.history.run import save_audio

    raise typer.Exit(save_audio(start(), conversation, to=to))


@history_app.command("index")
def history_index(
    *,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make it anew from the whole spool.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the index of the history up to the spool. It is derived: deleting it loses nothing."""
    from cli.history.run import index_history

    raise typer.Exit(index_history(start(), rebuild=rebuild, as_json=as_json))
