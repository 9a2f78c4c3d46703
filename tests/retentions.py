"""Spools with calls of known ages, and runs of retention over them."""

import asyncio
from datetime import timedelta

from memory.in_memory import InMemoryStore
from processor.retention.expired import forget_expired
from processor.retention.policy import RetentionPolicy
from processor.retention.run import Retention, run_retention
from processor.service import catch_up
from spool.dropped import Dropped
from spool.format import Receipt
from spool.reader import read_receipts
from spool.standing_orders import Orders
from spool.verify import verify
from spool.writer import Arrival
from tests.factories import encoded, failure_payload, transcription_payload
from tests.memories import exported
from tests.spools import QUICK, RECEIVED, commit

NOW = RECEIVED + timedelta(days=400)
MP3 = b"ID3\x04" + b"a recording " * 100


def days(count):
    return timedelta(days=count)


def store_call(spool, conversation_id, *, age, audio=True, source="webhook", **given):
    """Store a call that began `age` days before NOW, and its recording; return the files."""
    began = (NOW - days(age)).timestamp()
    stamp = None if source == "backfill" else began + 130
    payload = transcription_payload(
        conversation_id=conversation_id, started_at=began, event_timestamp=stamp, turns=4, **given
    )
    if source == "backfill":
        payload["source"] = "backfill"
    arrivals = [an_event(conversation_id, encoded(payload), stamp, source=source)]
    if audio:
        arrivals.append(an_event(conversation_id, MP3, stamp, kind="audio", source=source))
    return commit(spool, *arrivals)


def store_failure(spool, conversation_id, *, age):
    stamp = (NOW - days(age)).timestamp()
    payload = failure_payload(conversation_id=conversation_id, event_timestamp=stamp)
    return commit(spool, an_event(conversation_id, encoded(payload), stamp, kind="failure"))


def an_event(conversation_id, content, stamp, *, kind="transcription", source="webhook"):
    received_at = (
        NOW - days(1) if stamp is None else RECEIVED.fromtimestamp(stamp + 5, RECEIVED.tzinfo)
    )
    return Arrival(
        kind=kind,
        conversation_id=conversation_id,
        content=content,
        event_timestamp=stamp,
        signature="",
        source=source,
        received_at=received_at,
    )


def a_job(root, store, *, history=None, now=NOW, **policy):
    return Retention(
        root=root,
        store=store,
        policy=RetentionPolicy(**policy),
        rules=QUICK.rules,
        history=history,
        clock=lambda: now,
    )


async def process(root, store, *, options=QUICK):
    """Bring `store` up to the spool."""
    orders = Orders(root)
    await catch_up(root, store, options, orders=orders, stop=asyncio.Event())


async def retain(root, store, *, now=NOW, history=None, **policy):
    """A whole run, memory included, as the command does it where no processor runs."""
    job = a_job(root, store, now=now, history=history, **policy)
    report = await run_retention(job)
    dropped = Dropped(root)
    files = dropped.all_without_memories()
    await forget_expired(root, store, dropped, files=files, now=now)
    return report


async def rebuilt(root):
    """Everything that a memory made anew from the spool holds."""
    store = InMemoryStore()
    await process(root, store)
    return await exported(store)


def files_of(root):
    """Every file in a conversation's folder."""
    return sorted(
        str(path.relative_to(root)) for path in root.glob("*/*") if path.parent.name != ".spool"
    )


def receipts(root):
    return [each for each, _ in read_receipts(root) if isinstance(each, Receipt)]


def findings(root):
    return [(each.problem, each.file) for each in verify(root, pause=lambda _: None).findings]
