"""The mirror: OpenMemory comes to hold what the embedded store holds, whatever happens."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from memory.embedded import EmbeddedStore
from memory.openmemory.backend import BackendRefused, BackendUnreachable, Row
from memory.openmemory.carry_out import MAX_ATTEMPTS
from tests.memories import ANA, BEN, MONDAY, a_call
from tests.openmemory.fake import (
    DyingBackend,
    FakeBackend,
    Killed,
    unreachable,
    without_source,
)
from tests.openmemory.mirroring import (
    Clock,
    mirrored,
    quick,
    rows_there,
    running,
    until,
    wanted_rows,
)

DAY = timedelta(days=1)
ANAS = a_call(said=["My cat is Tom.", "He is ill."], facts={"pet": "cat"}, summary="A cat.")
BENS = a_call("conv_2", caller=BEN, said=["My dog is Rex."])


async def assert_mirrored(store, backend, *callers):
    for caller in callers:
        assert rows_there(backend, caller) == await wanted_rows(store, caller)


async def test_everything_is_mirrored_under_the_callers_own_number(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS, BENS])
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA, BEN)
        assert set(await backend.users()) == {ANA, BEN}
        tally = await mirror.ledger.tally()
        assert (tally.stored, tally.waiting) == (7, 0)


async def test_a_second_pass_sends_nothing(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        before = backend.calls.copy()
        await store.apply([ANAS])
        mirror.note([ANA])
        await mirror.catch_up()
        assert backend.calls == before


async def test_what_changes_is_replaced_and_what_goes_is_removed(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        await store.apply([a_call("conv_3", facts={"pet": "dog"}, at=MONDAY + DAY)])
        mirror.note([ANA])
        await mirror.catch_up()
        [fact] = [row for key, row in backend.of(ANA).items() if key.startswith("fact/")]
        assert fact.content == "pet: dog"
        assert fact.metadata["previous_values"][0]["value"] == "cat"
        await store.apply([replace(ANAS, memories=(), version=(9e9, "ff"))])
        mirror.note([ANA])
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA)
        assert set(backend.of(ANA)) == {"fact/pet", "profile"}


async def test_a_call_that_turns_out_to_be_another_callers_moves(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([BENS])
        await mirror.catch_up()
        await store.apply([a_call("conv_2", said=["My dog is Rex."], version=(9e9, "ff"))])
        mirror.note_all()
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA, BEN)
        assert set(await backend.users()) == {ANA}
        assert set(await mirror.ledger.stamps()) == {ANA}


async def test_a_sentence_that_two_callers_say_is_there_for_both(tmp_path):
    """Sent again with what it is of, it has another hash."""
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["Yes."]), a_call("conv_2", caller=BEN, said=["Yes."])])
        await mirror.catch_up()
        kept = [backend.of(ANA)["call/conv_1/utterance/0"],
                backend.of(BEN)["call/conv_2/utterance/0"]]  # fmt: skip
        assert {row.content for row in kept} in ({"Yes.", "Yes. [conv_1]"},
                                                 {"Yes.", "Yes. [conv_2]"})  # fmt: skip
        assert (await mirror.ledger.tally()).stored == 4
        await mirror.ledger.distrust_all()
        await mirror.catch_up()
        assert (await mirror.ledger.tally()).stored == 4


async def test_a_sentence_that_is_dropped_for_one_caller_is_never_given_to_the_other(tmp_path):
    backend = FakeBackend(duplicate_of=without_source)
    sentence = "My door code is 4711."
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=[sentence])])
        await mirror.catch_up()
        await store.apply([a_call("conv_2", caller=BEN, said=[sentence])])
        mirror.note([BEN])
        await mirror.catch_up()
        entries, _ = await mirror.ledger.entries(BEN)
        assert entries["call/conv_2/utterance/0"].state == "dropped"
        anas = backend.of(ANA)["call/conv_1/utterance/0"]
        assert await mirror.ledger.places(BEN, [anas.id]) == {}
        assert (await mirror.ledger.tally()).dropped == 1
        assert [f.memory.caller for f in await store.search(BEN, "door code", limit=5)] == [BEN]


async def test_a_sentence_said_twice_is_kept_once_and_sent_again_when_the_first_goes(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        calls = [a_call(f"conv_{n}", said=["Hello there."]) for n in (1, 2)]
        await store.apply(calls)
        await mirror.catch_up()
        assert (await mirror.ledger.tally()).dropped == 1
        kept = next(key for key in backend.of(ANA) if key.endswith("utterance/0"))
        first = calls[0] if kept.startswith("call/conv_1/") else calls[1]
        await store.apply([replace(first, memories=(), version=(9e9, "ff"))])
        mirror.note([ANA])
        await mirror.catch_up()
        assert (await mirror.ledger.tally()).dropped == 0
        await assert_mirrored(store, backend, ANA)


async def test_a_shortened_row_is_known_to_be_one(tmp_path):
    backend = FakeBackend()
    backend.cuts_at = 10
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["A sentence that is longer."])])
        await mirror.catch_up()
        assert (await mirror.ledger.tally()).shortened == 2
        before = backend.calls["add"]
        await mirror.ledger.distrust_all()
        await mirror.catch_up()
        assert backend.calls["add"] == before


async def test_an_answer_that_got_lost_doubles_nothing(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    backend.loses["add"] = unreachable(2)
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA)
        assert backend.calls["add"] == 5


@pytest.mark.parametrize("dedupes", [True, False])
async def test_a_death_at_any_step_loses_and_doubles_nothing(tmp_path, dedupes):
    """The process dies before or after each step in turn, and goes on in a new one."""
    changes = [
        [ANAS, BENS],
        [a_call("conv_3", facts={"pet": "dog"}, said=["He is ill."], at=MONDAY + DAY)],
        [replace(ANAS, memories=ANAS.memories[:1], version=(9e9, "ff"))],
    ]
    given = {"duplicate_of": without_source if dedupes else None}
    dies_at = 0
    while True:
        dies_at += 1
        folder = tmp_path / f"{dies_at}"
        backend = DyingBackend(dies_at=dies_at, **given)
        for change in changes:
            async with mirrored(folder, backend) as (store, mirror):
                await store.apply(change)
                with suppress(Killed):
                    await mirror.catch_up()
        has_died = backend.steps >= dies_at
        backend.dies_at = None
        async with mirrored(folder, backend) as (store, mirror):
            await mirror.catch_up()
            for caller in (ANA, BEN):
                wanted = await wanted_rows(store, caller)
                there = rows_there(backend, caller)
                assert there.items() <= wanted.items()
                entries, is_unsure = await mirror.ledger.entries(caller)
                assert not is_unsure
                dropped = {key for key, entry in entries.items() if entry.state == "dropped"}
                assert wanted.keys() - there.keys() == dropped
                assert not dropped or dedupes
        if not has_died:
            break
    assert dies_at > 40


async def test_a_lost_ledger_is_derived_again_from_what_is_there(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS, BENS])
        await mirror.catch_up()
        before = {caller: await mirror.ledger.entries(caller) for caller in (ANA, BEN)}
    for file in tmp_path.glob("memory.mirror-*.db*"):
        file.unlink()
    added = backend.calls["add"]
    async with mirrored(tmp_path, backend) as (_, mirror):
        await mirror.catch_up()
        assert {caller: await mirror.ledger.entries(caller) for caller in (ANA, BEN)} == before
    assert backend.calls["add"] == added


async def test_a_database_that_lost_its_rows_is_filled_again(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS, BENS])
        await mirror.catch_up()
    backend.kept.clear()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA, BEN)


async def test_another_backend_is_filled_from_the_beginning(tmp_path):
    async with mirrored(tmp_path, FakeBackend()) as (store, mirror):
        await store.apply([ANAS, BENS])
        await mirror.catch_up()
    other = FakeBackend("another")
    async with mirrored(tmp_path, other) as (store, mirror):
        await mirror.catch_up()
        await assert_mirrored(store, other, ANA, BEN)


async def test_a_rebuild_that_changes_nothing_sends_nothing(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        before = backend.calls.copy()
        fresh = await store.fresh()
        await fresh.apply([ANAS, BENS])
        await store.adopt(fresh)
        mirror.note_all()
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA, BEN)
        assert backend.calls["add"] == before["add"] + len(backend.of(BEN))


async def test_what_another_program_wrote_about_a_caller_is_left_alone(tmp_path):
    backend = FakeBackend()
    theirs = Row(id="theirs", user=ANA, content="Written by another agent.", metadata={"x": 1})
    backend.kept["theirs"] = theirs
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        await store.apply([replace(ANAS, memories=(), version=(9e9, "ff"))])
        mirror.note([ANA])
        await mirror.catch_up()
    assert backend.kept["theirs"] == theirs


async def test_a_row_that_is_not_taken_holds_up_no_other(tmp_path):
    backend = FakeBackend()
    backend.refuses = lambda content: "cat" in content
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS, BENS])
        await mirror.catch_up()
        entries, _ = await mirror.ledger.entries(ANA)
        states = {key: entry.state for key, entry in entries.items()}
        assert states["call/conv_1/utterance/1"] == "stored"
        assert states["call/conv_1/utterance/0"] == "refused"
        backend.refuses = lambda content: False
        await mirror.carrier.carry_out(ANA, retries=True)
        await assert_mirrored(store, backend, ANA, BEN)


async def test_a_row_that_takes_the_server_down_each_time_is_given_up(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(said=["one"])])
        backend.fails["add"] = unreachable(2 * MAX_ATTEMPTS)  # there are two rows
        while (await mirror.ledger.tally()).waiting or not backend.calls["add"]:
            with suppress(BackendUnreachable):
                await mirror.catch_up()
        assert (await mirror.ledger.tally()).refused == 2
        assert backend.calls["add"] == 2 * MAX_ATTEMPTS
        assert (await mirror.ledger.tally()).waiting == 0


async def test_a_running_mirror_follows_what_is_applied(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror), running(mirror):
        await store.apply([ANAS])
        mirror.note([ANA])
        await until(lambda: everything_is_there(store, backend, ANA))
        await store.apply([BENS])
        mirror.note([BEN])
        await until(lambda: everything_is_there(store, backend, BEN))
        report = await until(mirror.ledger.report)
        assert (report.status, report.product) == ("ok", "a fake")


async def everything_is_there(store, backend, caller):
    return rows_there(backend, caller) == await wanted_rows(store, caller)


async def test_what_another_process_applies_is_noticed(tmp_path):
    backend = FakeBackend()
    options = quick(scan_every=0.05)
    async with mirrored(tmp_path, backend, options=options) as (_, mirror), running(mirror):
        other = await EmbeddedStore.open(tmp_path / "memory.db")
        await other.apply([ANAS])
        await until(lambda: everything_is_there(other, backend, ANA))
        await other.close()


async def test_while_it_cannot_be_reached_the_backlog_is_known_and_then_worked_off(
    tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    backend = FakeBackend()
    backend.fails["examine"] = unreachable(10_000)
    async with mirrored(tmp_path, backend) as (store, mirror), running(mirror):
        await until(mirror.ledger.report)
        await store.apply([ANAS])
        mirror.note([ANA])

        async def is_waiting():
            tally = await mirror.ledger.tally()
            return tally if tally.waiting else None

        assert (await until(is_waiting)).waiting == 5
        report = await mirror.ledger.report()
        assert (report.status, report.detail) == ("degraded", "the fake cannot be reached")
        backend.fails.clear()
        await until(lambda: everything_is_there(store, backend, ANA))

        async def is_back():
            report = await mirror.ledger.report()
            return report.status == "ok" and "mirror_back" in actions()

        def actions():
            return [record.action for record in caplog.records if hasattr(record, "action")]

        await until(is_back)
    assert actions().count("mirror_failing") == 1
    assert actions().count("mirror_back") == 1


async def test_what_changes_while_it_is_away_is_counted_whenever_it_is_noted(tmp_path):
    """Also in the very moment in which it is tried to be reached again."""
    backend = FakeBackend()
    async with mirrored(tmp_path, backend, options=quick(scan_every=3600)) as (store, mirror):

        async def away(*, mark=""):
            if backend.calls["examine"] == 3:
                await store.apply([BENS])
                mirror._work.note([BEN])
            backend.calls["examine"] += 1
            raise BackendUnreachable("the fake cannot be reached")

        backend.examine = away
        async with running(mirror):

            async def is_waiting():
                return (await mirror.ledger.tally()).waiting

            await until(is_waiting)


async def test_a_backend_that_is_refused_gets_nothing_until_it_is_another(tmp_path):
    backend = FakeBackend()
    backend.fails["examine"] = [BackendRefused("one key, one user: use v1.3.0")]
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        async with running(mirror):

            async def is_refused():
                report = await mirror.ledger.report()
                return report if report and report.status == "refused" else None

            assert (await until(is_refused)).detail == "one key, one user: use v1.3.0"
            assert backend.calls["add"] == 0
            await until(lambda: everything_is_there(store, backend, ANA))


async def test_a_defect_is_reported_by_its_type_alone(tmp_path, caplog):
    backend = FakeBackend()
    backend.fails["add"] = [ValueError("the caller said: my code is 4711")]
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        async with running(mirror):
            await until(lambda: everything_is_there(store, backend, ANA))
    assert "ValueError" in caplog.text
    assert "4711" not in caplog.text


async def test_it_stops_in_the_middle_and_goes_on_after_a_new_start(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([a_call(f"conv_{n}", said=[f"word{n}"]) for n in range(50)])
        async with running(mirror):

            async def has_begun():
                return backend.calls["add"] > 5

            await until(has_begun)
    async with mirrored(tmp_path, backend) as (store, mirror):
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA)


async def test_two_mirrors_of_one_memory_double_nothing(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    async with (
        mirrored(tmp_path, backend) as (store, one),
        mirrored(tmp_path, backend) as (_, other),
        running(one),
        running(other),
    ):
        for n in range(10):
            await store.apply([a_call(f"conv_{n}", said=[f"word{n}"])])
            one.note([ANA])
            other.note([ANA])
        await until(lambda: everything_is_there(store, backend, ANA))
    assert rows_there(backend, ANA)


# --- one caller, or one row, holds up none of the others


class Stubborn(FakeBackend):
    """Fails at every row of one user, in one method."""

    def __init__(self, method, user):
        super().__init__()
        self.method, self.user = method, user

    async def delete(self, user, row_id):
        self._refuse("delete", user)
        await super().delete(user, row_id)

    async def add(self, user, content, *, tags, metadata):
        self._refuse("add", user)
        return await super().add(user, content, tags=tags, metadata=metadata)

    def _refuse(self, method, user):
        if (method, user) == (self.method, self.user):
            raise BackendUnreachable("the fake answered 500")


@pytest.mark.parametrize("method", ["add", "delete"])
async def test_a_caller_for_whom_something_always_fails_holds_up_no_other(tmp_path, method):
    backend = Stubborn("", ANA)
    options = quick(caller_pause=0.2)
    async with mirrored(tmp_path, backend, options=options) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        backend.method = method
        await store.apply([replace(ANAS, memories=ANAS.memories[:1], version=(9e9, "ff")), BENS])
        await store.apply([a_call("conv_4", said=["More."])])
        async with running(mirror):
            mirror.note([ANA, BEN])
            await until(lambda: everything_is_there(store, backend, BEN))

            async def is_degraded():
                report = await mirror.ledger.report()
                return report if report.status == "degraded" else None

            assert (await until(is_degraded)).detail
            backend.method = ""
            await until(lambda: everything_is_there(store, backend, ANA))


async def test_many_callers_for_whom_something_always_fails_hold_up_no_other(tmp_path):
    bad = [f"+155501000{n:02}" for n in range(10)]
    backend = FakeBackend(duplicate_of=None)
    rows = backend.rows

    async def failing(user):
        if user in bad:
            raise BackendUnreachable("the fake answered 502")
        return await rows(user)

    backend.rows = failing
    options = quick(caller_pause=30.0, first_pause=0.01)
    async with mirrored(tmp_path, backend, options=options) as (store, mirror), running(mirror):
        calls = [a_call(f"conv_{c}", caller=c, said=["Hello."]) for c in bad]
        await store.apply([*calls, BENS])
        mirror.note([*bad, BEN])
        await until(lambda: everything_is_there(store, backend, BEN))
        await store.apply([ANAS])
        mirror.note([ANA])
        await until(lambda: everything_is_there(store, backend, ANA))


async def test_a_server_that_fails_now_and_then_is_kept_up_with(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    add = backend.add
    asked = iter(range(10_000))

    async def now_and_then(user, content, **given):
        if next(asked) % 6 == 5:
            raise BackendUnreachable("the fake answered 500")
        return await add(user, content, **given)

    backend.add = now_and_then
    options = quick(caller_pause=0.02, longest_caller_pause=600.0, longest_pause=600.0)
    async with mirrored(tmp_path, backend, options=options) as (store, mirror), running(mirror):
        await store.apply([a_call(said=[f"word {n}" for n in range(100)])])
        mirror.note([ANA])
        await until(lambda: everything_is_there(store, backend, ANA))


async def test_a_caller_who_cannot_be_planned_holds_up_no_other(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend, options=quick(caller_pause=9)) as (store, mirror):
        await store.apply([ANAS, BENS])
        plan = mirror.carrier.plan

        async def failing(caller):
            if caller == ANA:
                raise KeyError(caller)
            await plan(caller)

        mirror.carrier.plan = failing
        async with running(mirror):
            await until(lambda: everything_is_there(store, backend, BEN))


async def test_a_caller_with_much_to_say_does_not_keep_the_others_waiting(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    order = []
    add = backend.add

    async def noted(user, content, **given):
        order.append(user)
        return await add(user, content, **given)

    backend.add = noted
    async with mirrored(tmp_path, backend) as (store, mirror):
        long = a_call(said=[f"word {n}" for n in range(120)])
        await store.apply([long, BENS])
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA, BEN)
    assert BEN in order[:52]
    assert backend.calls["rows"] == 2  # the others' turns are no reason to look again


# --- what nobody says is noticed


async def test_a_server_that_is_emptied_while_nothing_happens_is_filled_again(tmp_path):
    backend = FakeBackend()
    options = quick(sample_every=0.05)
    async with mirrored(tmp_path, backend, options=options) as (store, mirror), running(mirror):
        await store.apply([ANAS])
        mirror.note([ANA])
        await until(lambda: everything_is_there(store, backend, ANA))
        backend.kept.clear()
        await until(lambda: everything_is_there(store, backend, ANA))


async def test_a_server_that_dies_while_nothing_happens_is_degraded(tmp_path):
    backend = FakeBackend()
    options = quick(sample_every=0.05)
    async with mirrored(tmp_path, backend, options=options) as (_, mirror), running(mirror):

        async def status():
            report = await mirror.ledger.report()
            return report.status if report else None

        await until(status)
        backend.fails["get"] = unreachable(10_000)
        backend.fails["examine"] = unreachable(10_000)

        async def is_degraded():
            return await status() == "degraded"

        await until(is_degraded)


async def test_deletes_that_a_killed_server_has_undone_are_made_again(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        old = backend.of(ANA)["fact/pet"]
        await store.apply([a_call("conv_3", facts={"pet": "dog"}, at=MONDAY + DAY)])
        mirror.note([ANA])
        await mirror.catch_up()
        backend.kept[old.id] = old
        await mirror.connect()
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA)


async def test_an_add_that_is_stored_long_after_its_time_out_is_not_there_twice(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    async with mirrored(tmp_path, backend, options=quick(late_after=0.3)) as (store, mirror):
        await store.apply([a_call(said=["one"])])
        late = {}
        add = backend.add

        async def too_late(user, content, **given):
            late.update(user=user, content=content, **given)
            backend.add = add
            raise BackendUnreachable("no answer within 10 s")

        backend.add = too_late
        async with running(mirror):
            await until(lambda: everything_is_there(store, backend, ANA))
            await add(late.pop("user"), late.pop("content"), **late)
            assert len(backend.listed(ANA)) == 3

            async def is_tidy():
                return len(backend.listed(ANA)) == 2

            await until(is_tidy)
            await assert_mirrored(store, backend, ANA)


async def test_what_was_refused_is_sent_again_by_and_by(tmp_path):
    backend = FakeBackend()
    backend.refuses = lambda content: "cat" in content
    async with mirrored(tmp_path, backend, options=quick(retry_every=0.05)) as (store, mirror):
        await store.apply([ANAS])
        async with running(mirror):
            mirror.note([ANA])

            async def are_refused():
                return (await mirror.ledger.tally()).refused

            await until(are_refused)
            backend.refuses = lambda content: False
            await until(lambda: everything_is_there(store, backend, ANA))


async def test_too_many_requests_are_not_held_against_the_row(tmp_path):
    backend = FakeBackend()
    busy = [BackendUnreachable("429", retry_after_seconds=0.01) for _ in range(3 * MAX_ATTEMPTS)]
    backend.fails["add"] = busy
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([BENS])
        async with running(mirror):
            await until(lambda: everything_is_there(store, backend, BEN))
        assert backend.calls["examine"] == 1


async def test_after_a_failure_it_is_found_out_what_answers_now(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend) as (store, mirror), running(mirror):
        await until(mirror.ledger.report)
        backend.fails["add"] = unreachable(3)
        backend.fails["examine"] = [BackendRefused("one key, one user") for _ in range(10_000)]
        await store.apply([ANAS])
        mirror.note([ANA])

        async def is_refused():
            return (await mirror.ledger.report()).status == "refused"

        await until(is_refused)
        assert backend.calls["add"] == 3


async def test_a_server_that_asks_for_patience_gets_it(tmp_path):
    backend = FakeBackend()
    backend.fails["add"] = [BackendUnreachable("429", retry_after_seconds=3600)]
    options = quick(refused_pause=600)
    async with mirrored(tmp_path, backend, options=options) as (store, mirror):
        await store.apply([ANAS])
        async with running(mirror):

            async def is_degraded():
                report = await mirror.ledger.report()
                return report is not None and report.status == "degraded"

            await until(is_degraded)
            mirror.note([ANA])
            await asyncio.sleep(0.1)  # ten times the pause that there would be else
            assert backend.calls["add"] == 1


async def test_a_death_while_doubles_are_removed_leaves_the_caller_unsure(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([ANAS])
        await mirror.catch_up()
        for row in backend.listed(ANA):
            backend.kept[f"{row.id}-again"] = replace(row, id=f"{row.id}-again")
        backend.loses["delete"] = unreachable()
        with pytest.raises(BackendUnreachable):
            await mirror.carrier.carry_out(ANA, looks=True)
    async with mirrored(tmp_path, backend) as (store, mirror):
        await mirror.catch_up()
        await assert_mirrored(store, backend, ANA)


async def test_a_change_that_is_noted_while_its_caller_is_planned_is_not_lost(tmp_path):
    backend = FakeBackend()
    async with mirrored(tmp_path, backend, options=quick(scan_every=3600)) as (store, mirror):
        await mirror.catch_up()
        plan = mirror.carrier.plan

        async def slow(caller):
            await plan(caller)
            mirror.carrier.plan = plan
            await store.apply([BENS])
            mirror.note([BEN])

        mirror.carrier.plan = slow
        mirror.note([BEN])
        async with running(mirror):
            await until(lambda: everything_is_there(store, backend, BEN))


async def test_two_mirrors_at_work_on_one_caller_take_turns(tmp_path):
    backend = FakeBackend(duplicate_of=None)
    add = backend.add

    async def slow(user, content, **given):
        await asyncio.sleep(0.01)
        return await add(user, content, **given)

    backend.add = slow
    async with (
        mirrored(tmp_path, backend) as (store, one),
        mirrored(tmp_path, backend) as (_, other),
    ):
        await store.apply([ANAS])
        await asyncio.gather(one.catch_up(), other.catch_up())
        await assert_mirrored(store, backend, ANA)


async def test_it_says_that_it_runs_while_one_caller_takes_long(tmp_path):
    backend = FakeBackend()
    release = asyncio.Event()
    add = backend.add

    async def stuck(user, content, **given):
        await release.wait()
        return await add(user, content, **given)

    backend.add = stuck
    clock = Clock()
    async with mirrored(tmp_path, backend, options=quick(clock=clock)) as (store, mirror):
        await store.apply([BENS])
        async with running(mirror):
            await until(mirror.ledger.report)
            clock.pass_(1000)

            async def is_fresh():
                return (await mirror.ledger.report()).at == clock.now

            await until(is_fresh)
            release.set()
            await until(lambda: everything_is_there(store, backend, BEN))


async def test_a_mirror_that_is_cancelled_leaves_nothing_running(tmp_path):
    backend = FakeBackend()

    async def stuck(user, content, **given):
        await asyncio.Event().wait()

    backend.add = stuck
    async with mirrored(tmp_path, backend) as (store, mirror):
        await store.apply([BENS])
        before = asyncio.all_tasks()
        task = asyncio.create_task(mirror.run(asyncio.Event()))

        async def is_waiting():
            return (await mirror.ledger.tally()).waiting

        await until(is_waiting)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == before
