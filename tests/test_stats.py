"""The numbers of what is kept: what is counted, and how it is printed."""

import json
from datetime import UTC, date, datetime

import pytest

from cli.keeping.retention import size_text
from history.index import History
from history.values import Day, FileTotal, Totals
from memory.in_memory import InMemoryStore
from processor.stats import as_json, read_stats
from spool.dropped import kept_path
from spool.reader import ledger_path
from spool.standing_orders import Orders
from tests.retentions import (
    MP3,
    NOW,
    an_event,
    days,
    files_of,
    process,
    retain,
    store_call,
    store_failure,
)
from tests.spools import QUICK, a_spool, commit, poison


async def stats_of(root, store, history, *, now=NOW, folder=None):
    return await read_stats(
        root,
        store,
        history,
        rules=QUICK.rules,
        memory_path=(folder or root.parent) / "memory.db",
        history_path=(folder or root.parent) / "memory.history.db",
        now=now,
    )


@pytest.fixture
async def history(tmp_path):
    history = await History.open(tmp_path / "memory.history.db")
    yield history
    await history.close()


async def test_an_empty_spool_has_a_nought_for_everything(tmp_path, history):
    root = tmp_path / "spool"
    with a_spool(root):
        stats = await stats_of(root, InMemoryStore(), history)
    assert (stats.conversations, stats.callers, stats.backlog) == (0, 0, 0)
    assert stats.oldest is None
    assert stats.retention is None
    assert len(stats.days) == 30
    assert not any(each.size_bytes for each in stats.days)
    assert stats.kept["recordings"] == FileTotal()
    assert stats.kept["history"].size_bytes > 0


async def test_what_is_there_is_counted_by_kind(tmp_path, history):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        store_call(spool, "conv_1", age=40)
        store_call(spool, "conv_2", age=2, caller="+15550100177", audio=False)
        store_failure(spool, "conv_3", age=1)
        poison(spool)
        stamp = (NOW - days(3)).timestamp()
        commit(spool, an_event(None, b"[", stamp, kind="quarantine"))
    store = InMemoryStore()
    await process(root, store)
    await history.catch_up(root, Orders(root), QUICK.rules)
    stats = await stats_of(root, store, history)
    assert (stats.failed_calls, stats.callers) == (1, 2)
    assert stats.kept["recordings"] == FileTotal(files=1, size_bytes=len(MP3))
    assert stats.kept["transcripts"].files == 3
    assert stats.kept["failed_calls"].files == 1
    assert stats.kept["quarantine"] == FileTotal(files=1, size_bytes=1)
    assert stats.kept["ledger"].size_bytes == ledger_path(root).stat().st_size
    assert stats.total_bytes == sum(each.size_bytes for each in stats.kept.values())
    assert stats.memories == (await store.counts()).memories
    assert (stats.backlog, stats.retrying, stats.parked, stats.quarantine) == (1, 1, 0, 1)
    assert sum(each.conversations for each in stats.days) == 2  # the others are older
    assert stats.days[-1].period == NOW.date().isoformat()
    assert sum(each.conversations for each in stats.months) == 4
    assert stats.oldest <= NOW - days(39)


async def test_what_was_dropped_is_counted_by_reason_and_what_stays_of_it(tmp_path, history):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        old = store_call(spool, "conv_old", age=100)
        store_call(spool, "conv_older", age=200)
    store = InMemoryStore()
    await process(root, store)
    await retain(root, store, transcripts=days(50), audio=days(150), memories=days(150))
    await history.catch_up(root, Orders(root), QUICK.rules)
    stats = await stats_of(root, store, history)
    assert files_of(root) == [old[1], kept_path(old[0])]
    size_bytes = (root / kept_path(old[0])).stat().st_size
    assert stats.kept["remembered"] == FileTotal(files=1, size_bytes=size_bytes)
    assert stats.kept["transcripts"] == FileTotal()
    assert stats.dropped["retention"].files == 3
    assert stats.memories_expired == 1
    assert stats.retention.finished_at == NOW
    assert stats.retention.gone == 4


class Counted:
    """A history of given days."""

    def __init__(self, *days):
        self.days = days

    async def totals(self):
        return Totals(
            conversations=0, failures=0, callers=0, kept={}, dropped={}, days=self.days,
            oldest=None, newest=None,
        )  # fmt: skip


async def test_growth_is_told_by_day_and_month_and_as_plain_json(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root):
        pass
    counted = Counted(
        Day(day=date(2026, 9, 30), conversations=1, size_bytes=10),
        Day(day=date(2026, 10, 1), conversations=2, size_bytes=20),
        Day(day=date(2026, 10, 30), conversations=3, size_bytes=30),
    )
    now = datetime(2026, 10, 30, 12, tzinfo=UTC)
    stats = await stats_of(root, InMemoryStore(), counted, now=now)
    told = json.loads(json.dumps(as_json(stats)))
    assert told["months"] == [
        {"period": "2026-09", "conversations": 1, "size_bytes": 10},
        {"period": "2026-10", "conversations": 5, "size_bytes": 50},
    ]
    assert told["days"][0] == {"period": "2026-10-01", "conversations": 2, "size_bytes": 20}
    assert told["days"][-1]["size_bytes"] == 30
    assert [each["conversations"] for each in told["days"][1:-1]] == [0] * 28
    assert told["at"] == "2026-10-30T12:00:00+00:00"


def test_sizes_are_told_in_the_unit_that_suits():
    told = [size_text(size) for size in (0, 1023, 1024, 1536, 5 * 1024**2, 3 * 1024**4, 1024**5)]
    assert told == ["0 B", "1023 B", "1.0 KB", "1.5 KB", "5.0 MB", "3.0 TB", "1024.0 TB"]
