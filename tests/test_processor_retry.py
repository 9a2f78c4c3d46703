"""Retries: the policy, the timed job, and what is parked."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.in_memory import InMemoryStore
from processor.parked import mark_parked, parked_folder, retry_parked
from processor.retry import RetryPolicy, next_attempt
from processor.schedule import Retries, find_receipts
from processor.status import read_status
from spool.format import DamagedLine
from spool.reader import ledger_path
from spool.standing_orders import Orders
from tests.factories import encoded
from tests.memories import MONDAY, a_failure, exported
from tests.spools import POISON, QUICK, a_spool, a_store, calls, deliver, poison, running, until
from voice.rules import Rules

POLICY = RetryPolicy(base_seconds=5, max_seconds=60, max_attempts=6)


def test_the_pause_doubles_up_to_its_limit_and_then_the_event_is_parked():
    pauses = [next_attempt(n, now=MONDAY, policy=POLICY, jitter=0.5) for n in range(1, 7)]
    assert [p and (p - MONDAY).total_seconds() for p in pauses] == [5, 10, 20, 40, 60, None]


def test_a_policy_has_no_numbers_of_its_own():
    with pytest.raises(TypeError, match="3 required"):
        RetryPolicy()


@given(attempts=st.integers(1, 5), jitter=st.floats(0, 1))
def test_jitter_stays_within_half_of_the_pause(attempts, jitter):
    pause = next_attempt(attempts, now=MONDAY, policy=POLICY, jitter=jitter) - MONDAY
    middle = next_attempt(attempts, now=MONDAY, policy=POLICY, jitter=0.5) - MONDAY
    assert (
        middle / 2 - timedelta(milliseconds=1) <= pause <= middle * 1.5 + timedelta(milliseconds=1)
    )


async def test_a_poisoned_event_is_tried_again_and_parked_and_blocks_none(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        file = poison(spool)
        deliver(spool, *calls(2))
        async with a_store(tmp_path / "m.db") as store, running(tmp_path, store):

            async def is_parked():
                return [f.next_attempt_at for f in await store.failures()] == [None]

            await until(is_parked)
            assert (await store.counts()).conversations == 2
            [failure] = await store.failures()
            assert (failure.file, failure.attempts) == (file, 3)
            marker = parked_folder(tmp_path) / f"{file.rpartition('/')[2]}.parked.json"

            async def is_marked():
                return marker.exists()

            await until(is_marked)
            content = json.loads(marker.read_text())
            assert content.keys() == {"file", "error", "attempts", "parked_at"}
            assert (content["file"], content["attempts"]) == (file, 3)
            assert datetime.fromisoformat(content["parked_at"]).tzinfo is not None
            assert marker.stat().st_mode & 0o777 == 0o600
            deliver(spool, *calls(1, first=7))

            async def has_gone_on():
                return (await store.counts()).conversations == 3

            await until(has_gone_on)
    assert "not an object" not in caplog.text


async def test_what_was_parked_is_put_back_and_a_mended_event_leaves_no_trace(tmp_path):
    with a_spool(tmp_path) as spool:
        [file] = deliver(spool, *calls(1))
    whole = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(POISON)
    async with a_store(tmp_path / "m.db") as store, running(tmp_path, store):

        async def is_parked():
            return bool((await read_status(tmp_path, store, rules=Rules())).parked)

        await until(is_parked)
        (tmp_path / file).write_bytes(whole)
        assert await retry_parked(tmp_path, store) == 1

        async def is_mended():
            return not await store.failures() and not list(parked_folder(tmp_path).iterdir())

        await until(is_mended)
        assert (await store.counts()).conversations == 1
        assert await retry_parked(tmp_path, store) == 0


async def test_a_retry_survives_a_restart(tmp_path):
    with a_spool(tmp_path) as spool:
        [file] = deliver(spool, *calls(1))
    whole = (tmp_path / file).read_bytes()
    (tmp_path / file).unlink()
    async with a_store(tmp_path / "m.db") as store:
        async with running(tmp_path, store):

            async def is_parked():
                return bool((await read_status(tmp_path, store, rules=Rules())).parked)

            await until(is_parked)
        await retry_parked(tmp_path, store)  # while no processor runs
        (tmp_path / file).write_bytes(whole)
        async with running(tmp_path, store):

            async def is_mended():
                return not await store.failures()

            await until(is_mended)
        assert (await store.counts()).conversations == 1


async def test_markers_follow_the_store(tmp_path):
    store = InMemoryStore()
    await mark_parked(tmp_path, store, now=MONDAY)
    assert not parked_folder(tmp_path).exists()
    parked = a_failure("conv_1/conv_1_transcription.json", next_attempt_at=None)
    await store.apply([], failed=[parked, a_failure("ledger@120", next_attempt_at=None)])
    await mark_parked(tmp_path, store, now=MONDAY)
    await mark_parked(tmp_path, store, now=MONDAY)
    names = {path.name for path in parked_folder(tmp_path).iterdir()}
    assert names == {"conv_1_transcription.json.parked.json", "ledger@120.parked.json"}
    await store.apply([], resolved=["ledger@120"])
    await mark_parked(tmp_path, store, now=MONDAY)
    assert len(list(parked_folder(tmp_path).iterdir())) == 1


async def test_putting_back_starts_the_attempts_anew(tmp_path):
    store = InMemoryStore()
    waiting = a_failure("conv_2/x", attempts=2)
    await store.apply([], failed=[a_failure(attempts=6, next_attempt_at=None), waiting])
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert await retry_parked(tmp_path, store, now=now) == 1
    assert await store.failures() == [waiting, a_failure(attempts=0, next_attempt_at=now)]


async def test_what_the_ledger_says_is_read_anew_each_time(tmp_path):
    with a_spool(tmp_path) as spool:
        _, file = deliver(spool, *calls(2))
    [changed] = calls(1, first=1, summary="Another.")
    (tmp_path / file).write_bytes(encoded(changed))
    store = InMemoryStore()
    retries = Retries(tmp_path, store, QUICK, Orders(tmp_path))
    await store.apply([], failed=[a_failure(file)])
    await retries._run()
    assert [f.attempts for f in await store.failures()] == [2]
    first, _ = ledger_path(tmp_path).read_bytes().splitlines(keepends=True)
    ledger_path(tmp_path).write_bytes(first)
    with a_spool(tmp_path):  # enters the file again, as it is now
        pass
    await store.apply([], failed=[a_failure(file)])
    await retries._run()
    await retries.close()
    assert await store.failures() == []
    assert '"summary":"Another."' in "".join(await exported(store))


async def test_an_unforeseen_error_in_a_retry_is_logged_without_its_text(tmp_path, caplog):
    store = InMemoryStore()
    with a_spool(tmp_path), caplog.at_level("ERROR"):
        await store.apply([], failed=[a_failure()])

        async def buggy(*given, **more):
            raise KeyError("my bike was stolen")

        store.apply = buggy
        async with running(tmp_path, store):

            async def is_logged():
                return any(hasattr(record, "error") for record in caplog.records)

            await until(is_logged)
    [error] = {record.error for record in caplog.records if record.levelname == "ERROR"}
    assert error.startswith("KeyError at test_processor_retry.py:")
    assert "bike" not in caplog.text


def test_receipts_are_found_by_file_and_by_place(tmp_path):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(3))
    found = find_receipts(tmp_path, [files[2], "ledger@0", "conv_x/conv_x_failure.json"])
    assert found[files[2]].file == files[2]
    assert found["ledger@0"].file == files[0]
    assert isinstance(found["conv_x/conv_x_failure.json"], DamagedLine)


@pytest.mark.parametrize("body", [b"[]", encoded({"data": None}), b"\xff"])
async def test_anything_stored_that_is_no_event_is_a_failure_not_a_crash(tmp_path, body):
    with a_spool(tmp_path) as spool:
        poison(spool, content=body)
    async with a_store(tmp_path / "m.db") as store, running(tmp_path, store):

        async def is_noted():
            return bool(await store.failures())

        await until(is_noted)
