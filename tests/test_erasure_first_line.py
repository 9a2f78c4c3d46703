"""An erasure that blanks the first line of the ledger has nothing derived or indexed anew."""

import asyncio

from history.index import History
from processor.apply import why_not_from
from processor.erasure.carry_out import carry_out
from processor.erasure.parts import Parts
from processor.service import catch_up
from spool.erasing import ask_to_forget
from spool.reader import ledger_identity, ledger_path
from spool.standing_orders import Orders
from tests.erasures import ANA, anas_events, bens_events, deliver_one, recording
from tests.spools import QUICK, a_spool, a_store


async def test_memory_and_history_go_on_where_they_were(tmp_path):
    root, stop = tmp_path / "spool", asyncio.Event()
    with a_spool(root) as spool:
        deliver_one(spool, recording("conv_ana1", b"ID3 agent_voice_print", of=ANA))
        for payload in (*anas_events()[:2], *bens_events()):
            deliver_one(spool, payload)
    before, orders = ledger_identity(root), Orders(root)
    async with a_store(tmp_path / "m.db") as store:
        await catch_up(root, store, QUICK, orders=orders, stop=stop)
        history = await History.open(tmp_path / "h.db")
        await history.catch_up(root, orders, QUICK.rules)
        was_at = await history.position()

        tombstone = ask_to_forget(root, callers=[ANA])
        parts = Parts(root=root, store=store, orders=orders, rules=QUICK.rules, history=history)
        certificate = await carry_out(tombstone, parts)
        assert certificate.completed_at is not None
        assert ANA.encode() not in ledger_path(root).read_bytes()

        assert ledger_identity(root) == before
        assert why_not_from(root, await store.position(), rules=QUICK.rules) == ""
        assert await history.position() == was_at
        read = []
        await history.catch_up(
            root, orders, QUICK.rules, on_progress=lambda done, _: read.append(done)
        )
        assert await history.position() == was_at
        assert not any(read)
        await history.close()
