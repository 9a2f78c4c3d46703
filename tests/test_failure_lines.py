"""What is logged of events that fail: each by its id, and an error only when somebody must act."""

import asyncio
import logging

from memory.in_memory import InMemoryStore
from processor.service import run_processor
from spool.reader import read_receipts
from tests.spools import QUICK, a_spool, poison, until


async def test_an_event_that_fails_is_a_warning_until_it_is_given_up(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        file = poison(spool)
    [(receipt, _)] = read_receipts(tmp_path)
    store, stop = InMemoryStore(), asyncio.Event()

    async def is_parked():
        return [each for each in await store.failures() if each.next_attempt_at is None]

    work = asyncio.create_task(run_processor(tmp_path, store, stop=stop, options=QUICK))
    await until(is_parked)
    stop.set()
    await work
    lines = [r for r in caplog.records if r.name == "processor.failure_log"]
    assert [(r.levelno, r.action, r.attempts) for r in lines] == [
        (logging.WARNING, "event_failed", 1),
        (logging.WARNING, "retry_failed", 2),
        (logging.ERROR, "event_parked", 3),
    ]
    assert {(r.file, r.event_id) for r in lines} == {(file, receipt.sha256[:16])}
