"""The status: what is in quarantine, and which memory counts as derived."""

import os

from memory.in_memory import InMemoryStore
from processor.status import count_backlog, read_status
from spool.format import sidecar_path
from spool.writer import Arrival
from tests.spools import QUICK, RECEIVED, a_spool, calls, commit, deliver, running, until
from voice.rules import Rules


def quarantine(spool, number):
    return commit(
        spool,
        Arrival(
            kind="quarantine",
            conversation_id=None,
            content=b"body %d" % number,
            event_timestamp=None,
            signature="t=1,v0=ab",
            source="webhook",
            received_at=RECEIVED,
            reason=f"unknown type {number}",
        ),
    )[0]


async def test_a_spool_without_quarantine_has_none(tmp_path):
    status = await read_status(tmp_path / "missing", InMemoryStore(), rules=Rules())
    assert (status.quarantine.count, status.quarantine.newest) == (0, ())
    assert not list(tmp_path.iterdir())


async def test_what_is_in_quarantine_is_counted_and_the_newest_are_named(tmp_path):
    with a_spool(tmp_path) as spool:
        files = [quarantine(spool, n) for n in range(12)]
    for age, file in enumerate(files):
        os.utime(tmp_path / file, (1_790_000_000 + age,) * 2)
    (tmp_path / ".spool" / "quarantine" / "notes.txt").write_text("by hand")
    found = (await read_status(tmp_path, InMemoryStore(), rules=Rules())).quarantine
    assert found.count == 12
    assert [body.file for body in found.newest] == files[:1:-1]
    assert found.newest[0].reason == "unknown type 11"
    assert found.newest[0].received_at == RECEIVED


async def test_a_body_whose_sidecar_is_unreadable_is_named_all_the_same(tmp_path):
    with a_spool(tmp_path) as spool:
        file = quarantine(spool, 1)
    sha256 = file.rpartition("/")[2].removesuffix(".body")
    for harm in (b"[]", b"\xff", b'{"reason": "x"}', None):
        path = tmp_path / sidecar_path(sha256)
        path.unlink() if harm is None else path.write_bytes(harm)
        [body] = (await read_status(tmp_path, InMemoryStore(), rules=Rules())).quarantine.newest
        assert (body.file, body.reason, body.received_at) == (file, "", None)


async def test_memory_derived_otherwise_is_all_backlog(tmp_path, monkeypatch):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(3))
    store = InMemoryStore()
    async with running(tmp_path, store, options=QUICK):

        async def is_there():
            return await count_backlog(tmp_path, store, rules=Rules(region="")) == 0

        await until(is_there)
    assert await count_backlog(tmp_path, store, rules=Rules()) == 0
    assert await count_backlog(tmp_path, store, rules=Rules(region="US")) == 3
    assert (await read_status(tmp_path, store, rules=Rules(region="US"))).backlog == 3
    monkeypatch.setattr("processor.derive.DERIVATION", 99)
    assert await count_backlog(tmp_path, store, rules=Rules()) == 3
