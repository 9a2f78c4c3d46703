"""Erasing a caller from OpenMemory: deleted, its query cache waited out, and read back."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta

import pytest

from memory.openmemory import ledger_file
from memory.openmemory.backend import BackendUnreachable, Match, Row
from memory.openmemory.server.backend import ServerBackend
from tests.memories import ANA, BEN, a_call
from tests.openmemory.fake import DyingBackend, FakeBackend, Killed, unreachable
from tests.openmemory.mirroring import Clock, mirrored, quick
from tests.openmemory.real import real_server, server_kinds
from tests.openmemory.server import openmemory_server


async def mirror_then_lose(folder, backend, *, options=None):
    """Mirror two callers, then let the embedded store begin anew with the second alone."""
    async with mirrored(folder, backend, options=options) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."]), a_call("conv_2", caller=BEN)])
        await mirror.catch_up()
    backend.kept["theirs"] = Row(id="theirs", user=ANA, content="Another agent wrote this.")
    for file in folder.glob("memory.db*"):
        file.unlink()
    async with mirrored(folder, backend, options=options) as (store, _):
        await store.apply([a_call("conv_2", caller=BEN)])


async def test_everything_under_the_number_goes_whoever_wrote_it(tmp_path):
    backend = FakeBackend()
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.erase(ANA)
        assert await mirror.ledger.erasures() == [(ANA, None)]
        await mirror.catch_up()
        await mirror.catch_up()
        assert await backend.users() == {BEN}
        assert await mirror.ledger.erasures() == []
        assert ANA not in await mirror.ledger.stamps()


async def test_it_is_complete_only_when_the_query_cache_has_forgotten(tmp_path):
    clock = Clock()
    options = quick(clock=clock, monotonic=clock.monotonic)
    backend = FakeBackend()
    backend.query_cache_seconds = 60.0
    await mirror_then_lose(tmp_path, backend, options=options)
    async with mirrored(tmp_path, backend, options=options) as (_, mirror):
        await mirror.erase(ANA)
        for seconds, is_complete in ((0, False), (59, False), (5, False), (1, True)):
            clock.pass_(seconds)
            await mirror.catch_up()
            assert (await mirror.ledger.erasures() == []) == is_complete


async def test_what_comes_back_is_deleted_again(tmp_path):
    """A server that is killed may undo a delete that it has answered."""
    backend = FakeBackend()
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.erase(ANA)
        await mirror.catch_up()
        backend.kept["back"] = Row(id="back", user=ANA, content="My cat is Tom.")
        await mirror.catch_up()
        assert "still returns" in mirror._work.problem
        await mirror.catch_up()
        await mirror.catch_up()
        assert await backend.users() == {BEN}
        assert await mirror.ledger.erasures() == []


async def test_a_server_that_keeps_what_it_was_told_to_delete_is_found_out(tmp_path):
    class Keeping(FakeBackend):
        async def delete_user(self, user):
            self._step("delete_user")

    backend = Keeping()
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.erase(ANA)
        await mirror.catch_up()
        assert "kept what it was told to delete" in mirror._work.problem
        assert await mirror.ledger.erasures() == [(ANA, None)]


async def test_a_server_that_still_finds_it_is_found_out(tmp_path):
    class Finding(FakeBackend):
        async def query(self, user, text, *, limit):
            return [Match(id="ghost", score=1.0)]

        async def get(self, user, row_id):
            if row_id == "ghost":
                return Row(id="ghost", user=user, content="My cat is Tom.")
            return await super().get(user, row_id)

    backend = Finding()
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.erase(ANA)
        await mirror.catch_up()
        await mirror.catch_up()
        assert "still returns" in mirror._work.problem


async def test_an_interrupted_erasure_goes_on_after_a_new_start(tmp_path):
    backend = FakeBackend()
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.erase(ANA)
        backend.loses["delete_user"] = unreachable()
        await mirror.catch_up()
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.catch_up()
        await mirror.catch_up()
        assert await mirror.ledger.erasures() == []
    assert await backend.users() == {BEN}


async def erase_wholly(mirror, caller=ANA):
    async with asyncio.timeout(10):
        while await mirror.erasure_state(caller) == "pending":
            await mirror.catch_up()


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_memory_comes_first(tmp_path):
    """It can be asked for before memory forgets: a crash in between loses nothing then."""
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."])])
        await mirror.catch_up()
        await mirror.erase(ANA)
        await mirror.catch_up()
        await mirror.catch_up()
        assert ANA in await backend.users()
        assert await mirror.erasure_state(ANA) == "pending"
        await store.apply([], replaced=["conv_1"])
    async with mirrored(tmp_path, backend) as (_, mirror):
        assert await mirror.erasure_state(ANA) == "pending"
        await erase_wholly(mirror)
        assert await backend.users() == set()


async def test_a_new_call_before_it_is_carried_out_does_not_hold_it_up(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."], facts={"pet": "cat"})])
        await mirror.catch_up()
        await mirror.erase(ANA)
        await store.apply([a_call("conv_9", said=["I am new here."])], replaced=["conv_1"])
        await mirror.erase(ANA)
        await erase_wholly(mirror)
        await mirror.catch_up()
        assert set(backend.of(ANA)) == {"call/conv_9/utterance/0", "profile"}


async def test_asked_for_again_with_what_is_to_be_forgotten_it_leaves_a_new_story(tmp_path):
    """As by who was killed and does not know how far it came; the ledger may be another by now."""
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call("conv_9", said=["I am new here."])])
        await mirror.catch_up()
        backend.kept["old"] = Row(id="old", user=ANA, content="My cat is Tom.")
        for _ in range(2):
            await mirror.erase(ANA, conversations=["conv_1"])
            await erase_wholly(mirror)
            await mirror.catch_up()
            assert set(backend.of(ANA)) == {"call/conv_9/utterance/0", "profile"}


async def test_how_far_it_is_can_be_asked(tmp_path):
    backend = FakeBackend()
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (_, mirror):
        assert await mirror.erasure_state(ANA) == "none"
        await mirror.erase(ANA)
        assert await mirror.erasure_state(ANA) == "pending"
        await mirror.erase_more()
        assert await mirror.erasure_state(ANA) == "pending"
        await mirror.erase_more()
        assert await mirror.erasure_state(ANA) == "complete"
        assert await mirror.erasure_state(BEN) == "none"
    async with mirrored(tmp_path, backend) as (_, mirror):
        assert await mirror.erasure_state(ANA) == "none"
        await mirror.erase(ANA)
        await erase_wholly(mirror)
        assert await mirror.erasure_state(ANA) == "complete"


async def test_when_it_is_complete_no_file_holds_the_number(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        calls = [a_call(f"conv_{n}", said=[f"My cat is Tom the {n}."]) for n in range(50)]
        await store.apply([*calls, a_call("conv_b", caller=BEN)])
        await mirror.catch_up()
        assert ANA.encode() in bytes_of(tmp_path)
        await mirror.erase(ANA)
        await store.apply([], replaced=[call.id for call in calls])
        await store.scrub()
        await erase_wholly(mirror)
        for _ in range(2):
            await mirror.purge(ANA, ["conv_1"])
            await mirror.catch_up()
            mirror.note([ANA])
            mirror.note_all()
        assert ANA.encode() not in bytes_of(tmp_path)
        assert BEN.encode() in bytes_of(tmp_path)
    assert ANA.encode() not in bytes_of(tmp_path)


async def test_it_is_not_complete_while_the_ledger_is_still_read_as_it_was(tmp_path, monkeypatch):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."])])
        await mirror.catch_up()
        await mirror.erase(ANA)
        await store.apply([], replaced=["conv_1"])
        await store.scrub()
        monkeypatch.setattr(ledger_file, "_READERS_S", 0.05)
        with closing(sqlite3.connect(mirror.ledger.path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM rows").fetchone()[0]
            for _ in range(3):
                await mirror.catch_up()
            assert await mirror.erasure_state(ANA) == "pending"
            assert "somebody is still reading" in mirror._work.problem
        await erase_wholly(mirror)
        assert ANA.encode() not in bytes_of(tmp_path)


@pytest.mark.parametrize("dies_at", range(1, 14))
async def test_killed_at_any_step_it_is_completed_by_doing_it_again(tmp_path, dies_at):
    """Asked for, memory emptied, deleted, read back: in this order, again from the beginning."""

    async def forget(store, mirror):
        await mirror.erase(ANA, conversations=["conv_1"])
        await store.apply([], replaced=["conv_1"])
        await store.scrub()
        while await mirror.erasure_state(ANA) == "pending":
            await mirror.erase_more()

    backend = DyingBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."]), a_call("conv_2", caller=BEN)])
        await mirror.catch_up()
        backend.steps, backend.dies_at = 0, dies_at
        with suppress(Killed):
            await forget(store, mirror)
    backend.dies_at = None
    async with mirrored(tmp_path, backend) as (store, mirror):
        await mirror.catch_up()
        await forget(store, mirror)
        await mirror.catch_up()
    assert await backend.users() == {BEN}
    assert ANA.encode() not in bytes_of(tmp_path)


async def test_a_call_that_is_replaced_by_nothing_goes_and_is_seen_to_be_gone(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."]), a_call("conv_2", said=["I am Ana."])])
        await mirror.catch_up()
        await store.apply([], replaced=["conv_1"])
        assert not await mirror.is_up_to_date(ANA)
        mirror.note_all()
        await mirror.catch_up()
        assert await mirror.is_up_to_date(ANA)
        assert set(backend.of(ANA)) == {"call/conv_2/utterance/0", "profile"}
        assert "Tom" not in "".join(row.content for row in backend.listed(ANA))


async def test_a_row_that_is_kept_although_it_was_deleted_is_found_out(tmp_path):
    class Keeping(FakeBackend):
        keeps = True

        async def delete(self, user, row_id):
            if self.keeps:
                self._step("delete")
            else:
                await super().delete(user, row_id)

    backend = Keeping()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."]), a_call("conv_2", said=["I am Ana."])])
        await mirror.catch_up()
        await store.apply([], replaced=["conv_1"])
        mirror.note_all()
        with pytest.raises(BackendUnreachable, match="kept what it was told to delete"):
            await mirror.catch_up()
        assert not await mirror.is_up_to_date(ANA)
        backend.keeps = False
        await mirror.catch_up()
        assert await mirror.is_up_to_date(ANA)
        assert set(backend.of(ANA)) == {"call/conv_2/utterance/0", "profile"}


async def test_rows_of_a_call_that_the_ledger_does_not_know_are_purged(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."]), a_call("conv_2", said=["I am Ana."])])
        await mirror.catch_up()
        path = mirror.ledger.path
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    backend.kept["theirs"] = Row(id="theirs", user=ANA, content="Another agent wrote this.")
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([], replaced=["conv_1"])
        for _ in range(2):
            await mirror.purge(ANA, ["conv_1"])
        await mirror.catch_up()
        assert set(backend.of(ANA)) == {"", "call/conv_2/utterance/0", "profile"}
        assert "Tom" not in "".join(row.content for row in backend.listed(ANA))


async def test_a_caller_whose_calls_become_anothers_moves_there_whole(tmp_path):
    """Merged: both sides are planned anew, and the old rows are not in the way of the new ones."""
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        said = ["My cat is Tom.", "Yes."]
        await store.apply([a_call(said=said), a_call("conv_2", caller=BEN, said=["Yes."])])
        await mirror.catch_up()
        await store.apply([a_call("conv_1", caller=BEN, said=said)], replaced=["conv_1"])
        mirror.note_all()
        await mirror.catch_up()
        assert await backend.users() == {BEN}
        assert set(await mirror.ledger.stamps()) == {BEN}
        assert {key for key in backend.of(BEN) if "conv_1" in key} == {
            "call/conv_1/utterance/0",
            "call/conv_1/utterance/1",
        }


async def test_a_call_during_the_erasure_begins_a_new_story_after_it(tmp_path):
    clock = Clock()
    options = quick(clock=clock, monotonic=clock.monotonic)
    backend = FakeBackend()
    backend.query_cache_seconds = 60.0
    await mirror_then_lose(tmp_path, backend, options=options)
    async with mirrored(tmp_path, backend, options=options) as (store, mirror):
        await mirror.erase(ANA)
        await mirror.catch_up()
        await store.apply([a_call("conv_9", said=["I am new here."])])
        mirror.note([ANA])
        await mirror.catch_up()
        await mirror.carrier.carry_out(ANA)
        assert await backend.users() == {BEN}
        clock.pass_(66)
        await mirror.catch_up()
        assert set(backend.of(ANA)) == {"call/conv_9/utterance/0", "profile"}


@asynccontextmanager
async def a_server(kind):
    """Yield (url, key, what lets a minute pass) of a stand-in, or of a real server."""
    if kind == "real":
        with real_server() as server:
            yield server.url, server.key, lambda: asyncio.sleep(66)
    else:
        async with openmemory_server() as server:

            async def later():
                server.later(66)

            yield server.url, server.key, later


@pytest.mark.timeout(150)
@pytest.mark.parametrize("kind", server_kinds())
async def test_nothing_of_an_erased_caller_is_returned_by_the_servers_own_api(tmp_path, kind):
    """Not by the very question either that was asked just before, and whose answer it keeps."""
    question = "what is the cat called"
    clock = Clock()
    options = quick(clock=clock, monotonic=clock.monotonic)
    async with a_server(kind) as (url, key, a_minute):
        backend = await ServerBackend.open(url, key)
        call = a_call(said=["My cat is Tom.", "He likes the blue bowl."], facts={"pet": "cat"})
        async with mirrored(tmp_path, backend, options=options) as (store, mirror):
            await store.apply([call, a_call("conv_2", caller=BEN, said=["My dog is Rex."])])
            await mirror.catch_up()
        ids = [row.id for row in await backend.rows(ANA)]
        assert await backend.query(ANA, question, limit=5)
        for file in tmp_path.glob("memory.db*"):
            file.unlink()
        async with mirrored(tmp_path, backend, options=options) as (store, mirror):
            await store.apply([a_call("conv_2", caller=BEN, said=["My dog is Rex."])])
            await mirror.erase(ANA)
            await mirror.catch_up()
            assert await backend.query(ANA, question, limit=5)  # as the server keeps it
            assert await mirror.ledger.erasures() != []
            await a_minute()
            clock.pass_(66)
            await mirror.catch_up()
            assert await mirror.ledger.erasures() == []
        assert await backend.rows(ANA) == []
        assert await backend.query(ANA, question, limit=5) == []
        assert [await backend.get(ANA, row_id) for row_id in ids] == [None] * len(ids)
        assert await backend.users() == {BEN}
        await backend.close()


async def test_an_erasure_outlasts_another_backend_in_between(tmp_path):
    backend = FakeBackend()
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.erase(ANA)
    async with mirrored(tmp_path, FakeBackend("another")) as (_, mirror):
        await mirror.catch_up()
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.catch_up()
        await mirror.catch_up()
    assert await backend.users() == {BEN}


async def test_an_erasure_does_not_wait_for_all_that_is_to_be_added(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    await mirror_then_lose(tmp_path, backend)
    async with mirrored(tmp_path, backend) as (store, mirror):
        callers = [f"+1555010{n:04}" for n in range(20)]
        await store.apply([a_call(f"conv_{c[-4:]}", caller=c, said=["Hi."]) for c in callers])
        carry_out = mirror.carrier.carry_out

        async def noted(caller, **given):
            if not await mirror.ledger.erasures() and ANA in await backend.users():
                await mirror.erase(ANA)
            return await carry_out(caller, **given)

        mirror.carrier.carry_out = noted
        add = backend.add
        left = []

        async def counted(user, content, **given):
            left.append(ANA in await backend.users())
            return await add(user, content, **given)

        backend.add = counted
        await mirror.catch_up()
        assert left.count(True) <= 2


async def test_an_erasure_that_fails_holds_up_nobody_else(tmp_path):
    backend = FakeBackend()
    options = quick(caller_pause=60)
    await mirror_then_lose(tmp_path, backend, options=options)
    backend.fails["delete_user"] = unreachable(100)
    async with mirrored(tmp_path, backend, options=options) as (store, mirror):
        await mirror.erase(ANA)
        await mirror.catch_up()
        await store.apply([a_call("conv_3", caller=BEN, said=["My dog is ill."])])
        mirror.note([BEN])
        await mirror.catch_up()
        assert "call/conv_3/utterance/0" in backend.of(BEN)


async def test_the_waiting_is_by_a_clock_that_nobody_sets(tmp_path):
    clock = Clock()
    options = quick(clock=clock, monotonic=clock.monotonic)
    backend = FakeBackend()
    backend.query_cache_seconds = 60.0
    await mirror_then_lose(tmp_path, backend, options=options)
    async with mirrored(tmp_path, backend, options=options) as (_, mirror):
        await mirror.erase(ANA)
        await mirror.catch_up()
        clock.now += timedelta(days=1)
        await mirror.catch_up()
        assert await mirror.ledger.erasures() != []
    async with mirrored(tmp_path, backend, options=options) as (_, mirror):
        await mirror.catch_up()
        clock.pass_(64)
        await mirror.catch_up()
        assert await mirror.ledger.erasures() != []
        clock.pass_(1)
        await mirror.catch_up()
        assert await mirror.ledger.erasures() == []
