"""What the metrics look up in the background: pending events, spool bytes, disk, last look."""

import asyncio
import json
import os
import urllib.error
import urllib.request
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from cli.metrics import Gathering, gather_metrics, metrics_services
from cli.metrics_server import serve_metrics
from cli.openmemory import OpenMemory
from cli.store import OpenedMemory
from cloud.fetching.last_run import LastRun, write_last_run
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from memory.openmemory.backend import BackendUnreachable
from memory.openmemory.ledger import Ledger
from memory.openmemory.recall import Recall
from processor.service import catch_up
from receiver.server import CannotListen
from settings import Settings
from spool.dropped import DROPPED_FILE, Drop, note_dropped
from spool.ledger import LEDGER_FILE
from spool.sizes import Sizes
from spool.standing_orders import Orders
from spool.writer import Arrival
from telemetry.collecting import LastLook, Mirrored
from telemetry.metrics import Metrics
from tests.factories import CALLER
from tests.measurements import Shown
from tests.program import free_port
from tests.recalls import AskedBackend, AskedLedger
from tests.retentions import an_event
from tests.spools import QUICK, RECEIVED, a_spool, calls, commit, deliver, poison

NOTHING = {"transcription": 0, "audio": 0, "failure": 0, "quarantine": 0}


def settings_for(root, **given):
    return Settings(payload_storage_path=root, phone_region="", redact="none", **given)


def gathering(root, store, **given):
    return Gathering(settings_for(root, **given), OpenedMemory(store=store))


async def apply_all(root, store):
    await catch_up(root, store, QUICK, orders=Orders(root), stop=asyncio.Event())


def dropped(*files, reason="retention"):
    return [Drop(file=file, what="file", reason=reason, at=RECEIVED) for file in files]


def quarantined(body):
    return Arrival(
        kind="quarantine", conversation_id=None, content=body, event_timestamp=None,
        signature="t=1", source="webhook", received_at=RECEIVED, reason='"size":1,"kind":"audio"',
    )  # fmt: skip


def on_disk(root, *files):
    return sum((root / file).stat().st_size for file in files)


def test_sizes_are_those_of_the_files_less_what_was_dropped(tmp_path):
    sizes = Sizes(tmp_path)
    sizes.refresh()
    assert sizes.bytes_by_kind == NOTHING
    with a_spool(tmp_path) as spool:
        first = deliver(spool, *calls(3))
        audio = commit(spool, an_event("conv_00001", b"ID3" + b"x" * 500, None, kind="audio"))
        sizes.refresh()
        in_all = on_disk(tmp_path, *first)
        assert sizes.bytes_by_kind == NOTHING | {"transcription": in_all, "audio": 503}
        [body] = commit(spool, quarantined(b"?" * 77))
        note_dropped(tmp_path, dropped(*audio))
        sizes.refresh()
        assert sizes.bytes_by_kind == NOTHING | {"transcription": in_all, "quarantine": 77}
        # Let go of before it was counted, and named twice: it counts once all the same.
        later = deliver(spool, *calls(1, first=9))
        note_dropped(tmp_path, [*dropped(*later), *dropped(first[0]), *dropped(*audio)])
        note_dropped(tmp_path, dropped(first[0], body, reason="erased"))
        note_dropped(tmp_path, [Drop(file=first[1], what="memories", reason="erased", at=RECEIVED)])
        sizes.refresh()
    kept = on_disk(tmp_path, *first[1:])
    assert sizes.bytes_by_kind == NOTHING | {"transcription": kept}
    assert sizes.files_by_kind == NOTHING | {"transcription": 2}
    fresh = Sizes(tmp_path)
    fresh.refresh()
    assert fresh.bytes_by_kind == sizes.bytes_by_kind


def test_what_has_been_counted_is_not_read_again(tmp_path):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(3))
    sizes = Sizes(tmp_path)
    sizes.refresh()
    ledger = tmp_path / LEDGER_FILE
    content = ledger.read_bytes()
    ledger.write_bytes(b"\n" * len(content))
    sizes.refresh()
    assert sizes.files_by_kind["transcription"] == len(files)


@pytest.mark.parametrize("name", [LEDGER_FILE, DROPPED_FILE])
def test_a_spool_that_was_put_back_from_a_copy_is_counted_anew(tmp_path, name):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(3))
        note_dropped(tmp_path, dropped(files[0]))
    sizes = Sizes(tmp_path)
    sizes.refresh()
    path = tmp_path / name
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    sizes.refresh()
    fresh = Sizes(tmp_path)
    fresh.refresh()
    assert sizes.bytes_by_kind == fresh.bytes_by_kind != NOTHING


def test_a_line_that_is_written_otherwise_counts_and_a_damaged_one_does_not(tmp_path):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(2))
    path = tmp_path / LEDGER_FILE
    first, second = path.read_bytes().splitlines(keepends=True)
    members = json.loads(second)
    del members["crc"]
    body = json.dumps({"size": members.pop("size"), **members})[:-1].encode()
    otherwise = body + b',"crc":"%08x"}\n' % zlib.crc32(body)
    path.write_bytes(first.replace(b'"size":', b'"size":9') + otherwise)
    sizes = Sizes(tmp_path)
    sizes.refresh()
    assert sizes.files_by_kind["transcription"] == 1
    assert sizes.bytes_by_kind["transcription"] == on_disk(tmp_path, files[1])


async def test_everything_that_can_be_known_is_gathered(tmp_path):
    store = InMemoryStore()
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
        commit(spool, quarantined(b"? one"), quarantined(b"? two"))
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
    assert found.reconciled == LastLook(at=RECEIVED, stored=2, failed=1)
    metrics = Metrics()
    metrics.gathered = found
    shown = Shown(metrics.exposition("")[0].decode())
    assert shown.value("reconciliation_enabled") == 1
    assert shown.value("reconciliation_interval_seconds") == 900
    assert shown.value("reconciliation_last_run_timestamp_seconds") == RECEIVED.timestamp()


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


def fetched(port, **headers):
    """Return status and text of /metrics, from another thread."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
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
