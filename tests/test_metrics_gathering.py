"""What the metrics look up in the background: pending events, spool bytes, disk, last look."""

import asyncio
import json
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from cli.assembly.openmemory import OpenMemory
from cli.assembly.store import OpenedMemory
from cli.serving.metrics_lookup import Gathering, gather_metrics, metrics_services
from cli.serving.metrics_server import serve_metrics
from cloud.fetching.last_run import LastRun, write_last_run
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from memory.openmemory.backend import BackendUnreachable
from memory.openmemory.ledger import Ledger
from memory.openmemory.recall import Recall
from processor.service import catch_up
from receiver.server import CannotListen
from settings import Settings
from spool.backup.backup import note_place
from spool.backup.small_files import BACKUPS_FILE
from spool.standing_orders import Orders
from telemetry.collectors import LastLook, Mirrored
from telemetry.metrics import Metrics
from tests.factories import CALLER
from tests.measurements import Shown
from tests.program import free_port
from tests.recalls import AskedBackend, AskedLedger
from tests.spools import QUICK, RECEIVED, a_spool, calls, commit, deliver, not_understood, poison


def settings_for(root, **given):
    return Settings(payload_storage_path=root, phone_region="", redact="none", **given)


def gathering(root, store, **given):
    return Gathering(settings_for(root, **given), OpenedMemory(store=store))


async def apply_all(root, store):
    await catch_up(root, store, QUICK, orders=Orders(root), stop=asyncio.Event())


async def test_everything_that_can_be_known_is_gathered(tmp_path):
    store = InMemoryStore()
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
        commit(spool, not_understood(b"? one"), not_understood(b"? two"))
        await apply_all(tmp_path, store)
        came = RECEIVED + timedelta(minutes=1)
        deliver(spool, *calls(3, first=5), received_at=came)
    now = came + timedelta(seconds=42)
    found = await gathering(tmp_path, store).gather(now=now)
    assert (found.at, found.pending, found.oldest_pending_seconds) == (now, 3, 42)
    assert (found.retrying, found.parked, found.quarantined) == (0, 0, 2)
    assert 0 < found.disk_free_bytes < found.disk_size_bytes
    assert (found.reconcile_every_seconds, found.reconciled, found.mirrored) == (0, None, None)
    await apply_all(tmp_path, store)
    found = await gathering(tmp_path, store).gather(now=now)
    assert (found.pending, found.oldest_pending_seconds) == (0, 0)


async def test_a_failed_event_is_as_old_as_its_file_and_no_longer_pending_once_parked(tmp_path):
    store = InMemoryStore()
    with a_spool(tmp_path) as spool:
        file = poison(spool)
    await apply_all(tmp_path, store)
    came = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    os.utime(tmp_path / file, (came.timestamp(), came.timestamp()))
    look = gathering(tmp_path, store)
    found = await look.gather(now=came + timedelta(minutes=2))
    assert (found.pending, found.retrying, found.oldest_pending_seconds) == (1, 1, 120)
    (tmp_path / file).unlink()
    found = await look.gather(now=came + timedelta(minutes=2))
    assert (found.pending, found.oldest_pending_seconds) == (1, 0)
    [failure] = await store.failures()
    parked = [type(failure)(file=failure.file, error="no", attempts=9, next_attempt_at=None)]
    await store.apply([], failed=parked)
    found = await look.gather(now=came)
    assert (found.pending, found.retrying, found.parked) == (0, 0, 1)


async def test_what_cannot_be_found_out_is_left_out_and_logged_once(tmp_path, caplog):
    class Broken(InMemoryStore):
        async def position(self):
            raise MemoryUnavailable("the disk is gone")

    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(1))
    look, metrics = gathering(tmp_path, Broken()), Metrics()
    metrics.gathered = await look.gather(now=RECEIVED)
    await look.gather(now=RECEIVED)
    shown = Shown(metrics.exposition("")[0].decode())
    assert shown.value("pending_events") is None
    assert shown.value("oldest_pending_age_seconds") is None
    assert shown.value("spool_bytes", kind="transcription") > 0
    assert caplog.text.count("the disk is gone") == 1


async def test_the_last_look_for_missed_calls_is_told_whichever_process_took_it(tmp_path):
    with a_spool(tmp_path):
        pass
    run = LastRun(
        started_at=RECEIVED, finished_at=RECEIVED, status="failed", error="no answer", listed=4,
        stored=2, recordings=1, failed=1, since=RECEIVED, complete_until=RECEIVED,
    )  # fmt: skip
    write_last_run(tmp_path, run)
    look = gathering(tmp_path, InMemoryStore(), elevenlabs_api_key="sk_test", reconcile_every="15m")
    found = await look.gather(now=RECEIVED)
    assert found.reconciled == LastLook(at=RECEIVED, is_ok=False, stored=2, failed=1)
    metrics = Metrics()
    metrics.gathered = found
    shown = Shown(metrics.exposition("")[0].decode())
    assert shown.value("reconciliation_enabled") == 1
    # The platform refused the key, say: no call failed, and still nothing was looked at.
    assert shown.value("reconciliation_last_run_ok") == 0
    assert shown.value("reconciliation_interval_seconds") == 900
    assert shown.value("reconciliation_last_run_timestamp_seconds") == RECEIVED.timestamp()


async def test_the_newest_backup_is_told_wherever_it_was_put(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root):
        pass
    look, metrics = gathering(root, InMemoryStore()), Metrics()

    async def shown():
        metrics.gathered = await look.gather(now=RECEIVED)
        return Shown(metrics.exposition("")[0].decode()).value("backup_last_timestamp_seconds")

    assert await shown() is None
    note_place(root, tmp_path / "nightly", RECEIVED)
    note_place(root, tmp_path / "drawer", RECEIVED - timedelta(days=30))
    assert await shown() == RECEIVED.timestamp()
    note_place(root, tmp_path / "drawer", RECEIVED + timedelta(hours=1))
    assert await shown() == (RECEIVED + timedelta(hours=1)).timestamp()
    # What no one could have written there does not hide the rest of the metrics.
    odd = {"/a": "yesterday", "/b": "2026-11-16T09:00:00"}
    (root / BACKUPS_FILE).write_text(json.dumps({"backups": odd}))
    assert await shown() == (RECEIVED - timedelta(hours=1)).timestamp()


async def test_an_openmemory_that_fails_is_shown_as_spared(tmp_path):
    with a_spool(tmp_path / "spool"):
        pass
    backend, known = AskedBackend(), AskedLedger()
    ledger = await Ledger.open(tmp_path / "mirror.db")
    recall = Recall(backend, known, wait_seconds=5.0)
    await recall.look()
    opened = OpenMemory(backend=backend, ledger=ledger, recall=recall, mirror=None)
    memory = OpenedMemory(store=InMemoryStore(), openmemory=opened)
    look = Gathering(settings_for(tmp_path / "spool"), memory)
    found = await look.gather(now=RECEIVED)
    assert found.mirrored == Mirrored(pending=0, is_breaker_open=False)
    backend.problem = BackendUnreachable("nothing listens")
    await recall.matches(recall.ask(CALLER, "a table?", limit=5))
    found = await look.gather(now=RECEIVED)
    assert found.mirrored == Mirrored(pending=0, is_breaker_open=True)
    await recall.close()
    await ledger.close()


async def test_it_goes_on_looking_until_it_is_told_to_stop(tmp_path):
    store, metrics, stop = InMemoryStore(), Metrics(), asyncio.Event()
    with a_spool(tmp_path) as spool:
        looking = asyncio.create_task(
            gather_metrics(
                settings_for(tmp_path), OpenedMemory(store=store), metrics, stop=stop,
                every_seconds=0.01,
            )
        )  # fmt: skip
        async with asyncio.timeout(5):
            while metrics.gathered is None or metrics.gathered.pending != 0:
                await asyncio.sleep(0.01)
            deliver(spool, *calls(2))
            while metrics.gathered.pending != 2:
                await asyncio.sleep(0.01)
            stop.set()
            await looking


async def test_a_defect_while_looking_ends_neither_the_look_nor_the_program(tmp_path, caplog):
    class Defective(InMemoryStore):
        looks = 0

        async def position(self):
            self.looks += 1
            if self.looks == 1:
                raise RuntimeError("nobody thought of this")
            return await super().position()

    store, metrics, stop = Defective(), Metrics(), asyncio.Event()
    with a_spool(tmp_path):
        looking = asyncio.create_task(
            gather_metrics(
                settings_for(tmp_path), OpenedMemory(store=store), metrics, stop=stop,
                every_seconds=0.01,
            )
        )  # fmt: skip
        async with asyncio.timeout(5):
            while metrics.gathered is None and not looking.done():
                await asyncio.sleep(0.01)
        stop.set()
        await looking
    assert [each.action for each in caplog.records] == ["metrics_failed"]


def fetched(port, **headers):
    """Return status and text of /metrics, from another thread."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            assert response.headers["Server"] == "callspool"  # not what it is made of
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


async def test_a_processor_that_runs_alone_shows_its_metrics_on_a_port_of_its_own(tmp_path):
    port, stop, metrics = free_port(), asyncio.Event(), Metrics()
    settings = settings_for(tmp_path, host="127.0.0.1", metrics_port=port)
    memory = OpenedMemory(store=InMemoryStore())
    with a_spool(tmp_path):
        services = metrics_services(settings, memory, metrics, stop, serves=True)
        tasks = [asyncio.create_task(each) for each in services]
        async with asyncio.timeout(5):
            while True:
                try:
                    status, text = await asyncio.to_thread(fetched, port)
                    break
                except OSError:
                    await asyncio.sleep(0.01)
        assert status == 200
        assert Shown(text).value("applied_events_total", outcome="applied") == 0
        forwarded = await asyncio.to_thread(fetched, port, **{"X-Forwarded-For": "127.0.0.1"})
        assert forwarded == (404, "")
        with pytest.raises(CannotListen, match="METRICS_PORT"):
            await serve_metrics(settings, metrics, stop=stop)
        stop.set()
        await asyncio.gather(*tasks)
