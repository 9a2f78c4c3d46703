"""The readable index of an export: one page, complete in itself, in which nothing can run. Pure."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from html import escape

from cli.callers.held import Conversed, Held
from memory.port import Memory, Profile

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; media-src 'self'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What is held of {title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto }}
table {{ border-collapse: collapse; width: 100%; margin-bottom: 2rem }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .6rem }}
tr {{ border-bottom: 1px solid #ddd }}
td.when {{ white-space: nowrap }}
</style>
</head>
<body>
"""


def render_page(
    held: Held, names: Collection[str], problems: Sequence[str], *, made_at: datetime
) -> str:
    """Return the page; `names` are the files beside it, `problems` what could not be read."""
    title = escape(", ".join(held.keys))
    parts = [
        _HEAD.format(title=title),
        f"<h1>What is held of {title}</h1>\n",
        f"<p>Made {escape(_when(made_at))} by Callspool.</p>\n",
        *(_profile(each) for each in held.profiles),
        _conversations(held.conversations, names),
        _memories(held.memories),
        _rest(held, names),
    ]
    if problems:
        parts.append(_list("What could not be read", map(escape, problems)))
    return "".join(parts) + "</body>\n</html>\n"


def _profile(profile: Profile) -> str:
    rows = [
        ("Name", profile.full_name or profile.name),
        ("Calls", str(profile.call_count)),
        ("Language", profile.language),
        ("Summary", profile.summary),
    ]
    text = _table(
        f"Profile of {profile.caller}", ("", ""), [row for row in rows if row[1] and row[1] != "0"]
    )
    facts = [
        (each.key, each.value, _when(each.occurred_at), each.conversation_id)
        for fact in profile.facts
        for each in (fact, *fact.previous)
    ]
    if facts:
        text += _table("Facts", ("What", "Value", "Said", "In the conversation"), facts)
    noted = [
        (each.note.kind, each.note.text, _when(each.occurred_at), each.conversation_id)
        for each in (*profile.preferences, *profile.commitments)
    ]
    if noted:
        text += _table("Notes", ("Kind", "Text", "Said", "In the conversation"), noted)
    return text


def _conversations(conversations: Sequence[Conversed], names: Collection[str]) -> str:
    rows = []
    for each in conversations:
        entry = each.entry
        prefix = f"conversations/{each.id}/"
        links = [
            f'<a href="{escape(name)}">{escape(name.removeprefix(prefix))}</a>'
            for name in names
            if name.startswith(prefix)
        ]
        gone = [
            f"{escape(stored.kind)}: deleted ({escape(stored.dropped)})"
            for stored in each.files
            if stored.dropped
        ]
        rows.append(
            "<tr>"
            f'<td class="when">{escape(_when(entry.started_at) if entry else "")}</td>'
            f"<td>{escape(each.id)}</td>"
            f"<td>{escape(entry.summary or entry.outcome if entry else '')}</td>"
            f"<td>{'<br>'.join([*links, *gone])}</td></tr>\n"
        )
    return _html_table("Conversations", ("Began", "Id", "Summary", "Files"), rows)


def _memories(memories: Iterable[Memory]) -> str:
    rows = [
        (_when(each.occurred_at), each.kind, each.content, each.conversation_id)
        for each in memories
    ]
    return _table("Memories", ("Said", "Kind", "Text", "In the conversation"), rows)


def _rest(held: Held, names: Collection[str]) -> str:
    lines = [
        f"{len(held.calls)} calls that were started from here: calls.json",
        f"{len(held.decisions)} decisions of the owner: decisions.json",
        f"{sum(name.startswith('quarantine/') for name in names)} files in quarantine that "
        "mention the caller: quarantine/",
        f"{held.logged_requests} requests in the payload log: payload-log.jsonl",
    ]
    return _list("Elsewhere", map(escape, lines))


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    return _html_table(title, heads, [f"<tr>{row}</tr>\n" for row in cells])


def _html_table(title: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    nothing = "<tr><td>none</td></tr>\n"
    return (
        f"<h2>{escape(title)}</h2>\n<table>\n<tr>{head}</tr>\n{''.join(rows) or nothing}</table>\n"
    )


def _list(title: str, items: Iterable[str]) -> str:
    return f"<h2>{title}</h2>\n<ul>\n" + "".join(f"<li>{each}</li>\n" for each in items) + "</ul>\n"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
