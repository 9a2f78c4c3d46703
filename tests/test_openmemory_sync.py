"""All of OpenMemory against all of the embedded store: compared, or brought up to it."""

from dataclasses import replace

import pytest

from memory.openmemory.backend import BackendRefused, BackendUnreachable, Row
from memory.openmemory.sync import check, sync
from tests.memories import ANA, BEN, a_call
from tests.openmemory.fake import FakeBackend, unreachable, without_source
from tests.openmemory.mirroring import mirrored, rows_there, wanted_rows

CALLS = [
    a_call(said=["My cat is Tom.", "He is ill."], summary="A cat."),
    a_call("conv_2", caller=BEN, said=["My dog is Rex."]),
]


def silent(done, total):
    """Show no progress."""


async def run(mirror, store, *, prunes=False):
    return await sync(mirror, store, prunes=prunes, on_progress=silent)


async def test_an_empty_server_is_filled_and_then_there_is_nothing_to_do(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply(CALLS)
        before = await check(mirror, store, on_progress=silent)
        assert (before.wanted, before.there, before.counts) == (6, 0, {"missing": 6})
        assert not before.is_up_to_date
        assert backend.kept == {}
        done = await run(mirror, store)
        assert (done.callers, done.added, done.counts) == (2, 6, {"missing": 6})
        after = await check(mirror, store, on_progress=silent)
        assert (after.wanted, after.there, after.counts) == (6, 6, {})
        assert after.is_up_to_date
        assert (await run(mirror, store)).added == 0


async def test_progress_is_shown_by_callers(tmp_path):
    steps = []
    async with mirrored(tmp_path, FakeBackend()) as (store, mirror):
        await store.apply(CALLS)
        await sync(mirror, store, prunes=False, on_progress=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2)]


async def test_every_kind_of_difference_is_told_and_mended(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply(CALLS)
        await run(mirror, store)
        anas = backend.of(ANA)
        del backend.kept[anas["call/conv_1/utterance/0"].id]
        altered = anas["call/conv_1/utterance/1"]
        backend.kept[altered.id] = replace(altered, content="altered")
        summary = anas["call/conv_1/summary/"]
        backend.kept["again"] = replace(summary, id="again")
        old = replace(summary, id="old", metadata={**summary.metadata, "callspool_key": "gone"})
        backend.kept["old"] = old
        backend.kept["theirs"] = Row(id="theirs", user=ANA, content="not ours")
        report = await check(mirror, store, on_progress=silent)
        assert report.counts == {"changed": 1, "doubled": 1, "extra": 1, "missing": 1}
        assert report.foreign == 1
        assert {(d.what, d.key) for d in report.differences} == {
            ("missing", "call/conv_1/utterance/0"),
            ("changed", "call/conv_1/utterance/1"),
            ("doubled", "call/conv_1/summary/"),
            ("extra", "gone"),
        }
        await run(mirror, store)
        assert (await check(mirror, store, on_progress=silent)).counts == {"extra": 1}
        done = await run(mirror, store, prunes=True)
        assert done.removed == 1
        assert (await check(mirror, store, on_progress=silent)).is_up_to_date
        assert "theirs" in backend.kept
        del backend.kept["theirs"]
        assert rows_there(backend, ANA) == await wanted_rows(store, ANA)


async def test_what_was_dropped_is_explained_and_tried_again(tmp_path):
    backend = FakeBackend(duplicate_of=without_source)
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["Hello."]), a_call("conv_2", caller=BEN, said=["Hello."])])
        done = await run(mirror, store)
        assert done.counts["dropped"] == 1
        [difference] = [d for d in done.differences if d.what == "dropped"]
        assert "another caller" in difference.reason
        report = await check(mirror, store, on_progress=silent)
        assert (report.counts, report.is_up_to_date) == ({"dropped": 1}, True)
        other = ANA if difference.caller == BEN else BEN
        await backend.delete_user(other)
        await mirror.carrier.carry_out(difference.caller, looks=True, retries=True)
        report = await check(mirror, store, on_progress=silent)
        assert {d.caller for d in report.differences} == {other}


async def test_rows_of_a_caller_nobody_knows_any_more_are_extra_and_pruned(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply(CALLS)
        await run(mirror, store)
    for file in tmp_path.iterdir():
        file.unlink()
    backend.kept["theirs"] = Row(id="theirs", user="somebody else", content="not ours")
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply(CALLS[:1])
        report = await check(mirror, store, on_progress=silent)
        assert report.counts == {"extra": 2}
        await run(mirror, store)
        assert BEN in await backend.users()
        await run(mirror, store, prunes=True)
        assert await backend.users() == {ANA, "somebody else"}
        assert set(await mirror.ledger.stamps()) == {ANA}


async def test_an_interrupted_sync_goes_on_where_it_was(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply(CALLS)
        backend.fails["get"] = unreachable()
        with pytest.raises(BackendUnreachable):
            await run(mirror, store)
        await run(mirror, store)
        assert backend.calls["add"] == 6
        assert (await check(mirror, store, on_progress=silent)).is_up_to_date


async def test_a_backend_that_is_refused_is_not_touched(tmp_path):
    backend = FakeBackend()
    backend.fails["examine"] = [BackendRefused("use v1.3.0"), BackendRefused("use v1.3.0")]
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply(CALLS)
        with pytest.raises(BackendRefused, match=r"v1\.3\.0"):
            await run(mirror, store)
        with pytest.raises(BackendRefused, match=r"v1\.3\.0"):
            await check(mirror, store, on_progress=silent)
    assert set(backend.calls) == {"examine"}


async def test_what_a_killed_probe_has_left_is_removed(tmp_path):
    backend = FakeBackend()
    for user in ("callspool-probe-0a-a", "callspool-probe-0a-b"):
        backend.kept[user] = Row(id=user, user=user, content="Bake lomu.")
    async with mirrored(tmp_path, backend) as (store, mirror):
        assert (await check(mirror, store, on_progress=silent)).callers == 0
        assert len(backend.kept) == 2
        assert (await run(mirror, store)).removed == 2
        assert backend.kept == {}
