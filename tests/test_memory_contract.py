"""What every memory store must do: one suite, every adapter."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import permutations

import pytest

from memory.check import UnsoundConversation
from memory.embedded import EmbeddedStore
from memory.errors import MemoryStoreError, PositionMoved
from memory.facts import MAX_FACTS
from memory.holdings import place_of
from memory.in_memory import InMemoryStore
from memory.instrumented import InstrumentedStore
from memory.moments import EPOCH
from memory.port import START, Counts, Fact, Position
from memory.profile import profile_of
from tests.memories import ANA, BEN, MONDAY, a_call, a_failure, a_memory, a_note, exported
from tests.openmemory.composed import KINDS, composed

DAY = timedelta(days=1)


@asynccontextmanager
async def _in_memory(folder):
    yield InMemoryStore()


@asynccontextmanager
async def _embedded(folder):
    store = await EmbeddedStore.open(folder / "memory.db")
    yield store
    await store.close()


@asynccontextmanager
async def _measured(folder):
    yield InstrumentedStore(InMemoryStore(), lambda *_: None)


BACKENDS = {"in_memory": _in_memory, "embedded": _embedded, "measured": _measured} | {
    f"with OpenMemory, {kind}": partial(composed, kind=kind) for kind in KINDS
}


@pytest.fixture(params=BACKENDS)
async def store(request, tmp_path):
    async with BACKENDS[request.param](tmp_path) as store:
        yield store


async def test_an_empty_store_knows_nobody(store):
    assert await store.position() == START
    assert await store.failures() == []
    assert await store.profile(ANA) is None
    assert await store.search(ANA, "table", limit=5) == []
    assert not await store.is_agent_line("+15550100100")
    assert await store.counts() == Counts(callers=0, conversations=0, memories=0)
    assert await exported(store) == []


async def test_what_was_stored_is_found_whole(store):
    call = a_call(said=["Caller: “A table for two, please.”"])
    await store.apply([call])
    [found] = await store.search(ANA, "Which table?", limit=5)
    assert found.memory == call.memories[0]
    assert found.score > 0


async def test_applying_twice_changes_nothing(store):
    call = a_call(said=["one", "two"], facts={"name": "Ana"}, summary="Ana called.")
    await store.apply([call, call])
    before = await exported(store)
    await store.apply([call])
    assert await exported(store) == before
    assert await store.counts() == Counts(callers=1, conversations=1, memories=4)


async def test_two_callers_saying_the_same_keep_it_and_never_see_each_others(store):
    sentence = "My door code is 4711."
    await store.apply(
        [a_call("conv_a", said=[sentence]), a_call("conv_b", caller=BEN, said=[sentence])]
    )
    for caller, conversation in ((ANA, "conv_a"), (BEN, "conv_b")):
        found = await store.search(caller, "door code", limit=10)
        assert [(f.memory.caller, f.memory.conversation_id) for f in found] == [
            (caller, conversation)
        ]
        assert (await store.profile(caller)).call_count == 1
    assert await store.search("+1555010014", "door code", limit=10) == []
    assert await store.search("", "door code", limit=10) == []


async def test_facts_of_one_caller_do_not_reach_anothers_profile(store):
    await store.apply(
        [
            a_call("conv_a", facts={"name": "Ana"}),
            a_call("conv_b", caller=BEN, facts={"pet": "cat"}),
        ]
    )
    assert (await store.profile(ANA)).facts == (
        Fact(key="name", value="Ana", occurred_at=MONDAY, conversation_id="conv_a"),
    )
    assert (await store.profile(BEN)).name == ""


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_greatest_version_counts_whatever_the_order(store, order):
    revisions = [
        a_call(said=["first draft"], facts={"a": "1", "b": "2"}, version=(10.0, "aa")),
        a_call(
            said=["second", "third"], caller=BEN, version=(20.0, "aa"), agent_line="+15550100111"
        ),
        a_call(said=["final"], facts={"c": "3"}, version=(20.0, "bb"), agent_line="+15550100122"),
    ]
    for index in order:
        await store.apply([revisions[index]])
    reference = InMemoryStore()
    await reference.apply([revisions[2]])
    assert await exported(store) == await exported(reference)
    assert await store.profile(BEN) is None
    assert await store.search(BEN, "second", limit=5) == []
    assert await store.is_agent_line("+15550100122")
    assert not await store.is_agent_line("+15550100111")
    assert await store.counts() == Counts(callers=1, conversations=1, memories=2)


async def test_a_call_and_a_failure_of_one_id_are_two_records(store):
    failure = a_call(kind="failure", outcome="busy", memories=())
    await store.apply([a_call(said=["hello"]), failure])
    await store.apply([replace(failure, version=(2e9, "ff"))])
    assert (await store.counts()).conversations == 2
    assert len(await store.search(ANA, "hello", limit=5)) == 1
    assert [json.loads(line)["kind"] for line in await exported(store)] == ["call", "failure"]


async def test_a_call_that_never_came_about_is_no_call(store):
    await store.apply([a_call(kind="failure")])
    profile = await store.profile(ANA)
    assert (profile.call_count, profile.last_call_at) == (0, EPOCH)
    assert [attempt.conversation_id for attempt in profile.attempts] == ["conv_1"]
    await store.apply([a_call("conv_2", at=MONDAY - DAY)])
    profile = await store.profile(ANA)
    assert (profile.call_count, profile.last_call_at) == (1, MONDAY - DAY)


async def test_the_same_in_another_envelope_is_exported_the_same(store, tmp_path):
    other = InMemoryStore()
    call, failure = a_call(said=["hello"], summary="Ana called."), a_call("conv_2", kind="failure")
    await store.apply([call, failure])
    await other.apply([replace(each, version=(-1.0, "ff")) for each in (call, failure)])
    assert await exported(store) == await exported(other)
    await other.apply([replace(call, summary="Ana wrote.", version=(9e9, "ff"))])
    assert await exported(store) != await exported(other)


async def test_a_withheld_number_leaves_history_and_nobodys_memory(store):
    await store.apply([a_call(caller=None), a_call("conv_2", caller=None)])
    assert await store.counts() == Counts(callers=0, conversations=2, memories=0)
    assert len(await exported(store)) == 2


async def test_position_moves_with_what_was_stored(store):
    first, second = Position(ledger="abc", offset=100), Position(ledger="abc", offset=200)
    await store.apply([a_call()], advance=(START, first))
    await store.apply([], advance=(first, second))
    assert await store.position() == second


async def test_a_position_that_has_moved_stores_nothing(store):
    there = Position(ledger="abc", offset=100)
    await store.apply([], advance=(START, there))
    for wrong in (START, Position(ledger="abc", offset=99), Position(ledger="abd", offset=100)):
        with pytest.raises(PositionMoved):
            await store.apply(
                [a_call(said=["hi"])], failed=[a_failure()], advance=(wrong, Position(offset=300))
            )
    assert await store.position() == there
    assert await store.failures() == []
    assert (await store.counts()).conversations == 0


async def test_failures_are_noted_replaced_and_resolved(store):
    parked = a_failure("conv_1/x", attempts=6, next_attempt_at=None)
    await store.apply([], failed=[a_failure("conv_2/x"), a_failure("conv_1/x")])
    await store.apply([], failed=[parked])
    assert await store.failures() == [parked, a_failure("conv_2/x")]
    await store.apply([], resolved=["conv_1/x", "conv_3/never-noted"])
    assert await store.failures() == [a_failure("conv_2/x")]


@pytest.mark.parametrize(
    "unsound",
    [
        a_call(memories=(a_memory(caller=BEN),)),
        a_call(memories=(a_memory(conversation_id="conv_2"),)),
        a_call(caller=None, memories=(a_memory(),)),
        a_call(memories=(a_memory(), a_memory("again"))),
        a_call(memories=(a_memory(occurred_at=datetime(2026, 1, 1)),)),  # noqa: DTZ001
        a_call(started_at=datetime(2026, 1, 1)),  # noqa: DTZ001
        a_call(version=(float("nan"), "ab")),
        a_call(duration_secs=float("inf")),
        a_call(language="\ud800"),
        a_call(notes=(a_note("\udc00"),)),
        replace(a_call(caller=None), notes=(a_note(),)),
    ],
)
async def test_an_unsound_conversation_is_refused_with_all_that_came_with_it(store, unsound):
    with pytest.raises(UnsoundConversation, match="conv_1"):
        await store.apply([a_call("conv_0"), unsound], advance=(START, Position(offset=5)))
    assert (await store.counts()).conversations == 0
    assert await store.position() == START


async def test_the_profile_follows_from_the_calls(store):
    await store.apply(
        [
            a_call("conv_2", at=MONDAY + DAY, facts={"name": "Anna", "city": "Rome"}, language=""),
            a_call("conv_1", facts={"name": "Ana"}, summary="Ana booked a table.", language="it"),
            a_call("conv_0", at=MONDAY - DAY, facts={"preferred_day": "Friday"}, language="de"),
        ]
    )
    profile = await store.profile(ANA)
    assert profile.name == "Anna"
    assert profile.language == "it"
    assert [each.note.text for each in profile.preferences] == ["preferred day: Friday"]
    assert profile.last_call_summary == "Ana booked a table."
    assert profile.summary == "16 November 2026: Ana booked a table."
    assert (profile.first_call_at, profile.last_call_at) == (MONDAY - DAY, MONDAY + DAY)
    assert [(f.key, f.value, f.conversation_id) for f in profile.facts] == [
        ("city", "Rome", "conv_2"),
        ("name", "Anna", "conv_2"),
        ("preferred_day", "Friday", "conv_0"),
    ]


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_a_fact_keeps_its_history_whatever_the_order(store, order):
    values = ["Rome", "rome ", "Milan", "Turin"]
    calls = [
        a_call(f"conv_{n}", at=MONDAY + n * DAY, facts={"city": value})
        for n, value in enumerate(values)
    ]
    for index in order:
        await store.apply([calls[index]])
    [fact] = (await store.profile(ANA)).facts
    assert [(each.value, each.conversation_id) for each in (fact, *fact.previous)] == [
        ("Turin", "conv_3"),
        ("Milan", "conv_2"),
        ("rome", "conv_1"),
    ]


async def test_a_revision_takes_its_old_facts_and_notes_out_of_the_profile(store):
    calls = [
        a_call(
            f"conv_{n}",
            at=MONDAY + n * DAY,
            facts={"city": city},
            notes=(a_note(f"Ana prefers {city}."), a_note(f"Visit {city}.", kind="commitment")),
        )
        for n, city in enumerate(["Rome", "Milan", "Rome"])
    ]
    await store.apply(calls)
    revised = replace(calls[1], memories=(), notes=(), version=(9e9, "ff"))
    await store.apply([revised])
    profile = await store.profile(ANA)
    assert [(fact.value, fact.previous) for fact in profile.facts] == [("Rome", ())]
    assert [each.note.text for each in profile.preferences] == ["Ana prefers Rome."]
    assert [each.conversation_id for each in profile.commitments] == ["conv_2"]
    moved = replace(calls[2], caller=BEN, memories=(), version=(9e9, "ff"))
    await store.apply([moved])
    [fact] = (await store.profile(ANA)).facts
    assert (fact.value, fact.conversation_id) == ("Rome", "conv_0")
    assert [each.conversation_id for each in (await store.profile(BEN)).commitments] == ["conv_2"]


async def test_notes_are_exported_in_their_order(store):
    notes = (a_note("one", kind="done", by="agent"), a_note("two", source="fact", key="k"))
    await store.apply([a_call(notes=notes), a_call("conv_0")])
    [without, line] = [json.loads(line)["notes"] for line in await exported(store)]
    assert without == []
    assert line == [
        {"kind": "done", "text": "one", "by": "agent", "source": "summary", "key": ""},
        {"kind": "preference", "text": "two", "by": "caller", "source": "fact", "key": "k"},
    ]


async def test_a_hostile_history_has_a_bounded_profile_that_every_store_agrees_on(store):
    calls = [
        a_call(
            f"conv_{n:03}",
            at=MONDAY + (n % 7) * DAY,
            facts={f"Key {n * 5 + i}": f"value {n % 3} " * 300 for i in range(5)}
            | {
                "first_name": "x" * 1_000,
                "FIRST_NAME": f"Ana{n}",
                "first name": "She will not say",
            },
            summary="One sentence. " * 600,
            notes=tuple(
                a_note(f"{kind} {n}-{i} " * 20, kind=kind)
                for i, kind in enumerate(["preference", "commitment", "done"] * 3)
            ),
        )
        for n in range(60)
    ]
    await store.apply(calls)
    profile = await store.profile(ANA)
    assert profile == profile_of(ANA, calls)
    assert len(profile.facts) == MAX_FACTS
    assert profile.name == "Ana55"
    assert len(repr(profile)) < 300_000
    await store.apply([replace(c, memories=(), notes=(), version=(9e9, "ff")) for c in calls[::2]])
    kept = [c for n, c in enumerate(calls) if n % 2]
    remaining = await store.profile(ANA)
    assert remaining.facts == profile_of(ANA, kept).facts
    assert remaining.commitments == profile_of(ANA, kept).commitments


async def test_what_somebody_else_said_stays_beside_what_the_owner_said(store):
    calls = [
        a_call(facts={"first_name": "Ana", "city": "Rome"}, summary="Ana booked."),
        a_call("conv_2", facts={"first_name": "Bea", "city": "Paris"}, at=MONDAY + DAY),
        a_call("conv_3", facts={"city": "Turin"}, at=MONDAY + 2 * DAY),
    ]
    await store.apply(calls)
    known = await store.profile(ANA)
    assert known == profile_of(ANA, calls)
    assert (known.name, known.call_count) == ("Ana", 3)
    assert [(each.name, [fact.value for fact in each.facts]) for each in known.others] == [
        ("Bea", ["Paris", "Bea"])
    ]
    found = {each.memory.content for each in await store.search(ANA, "city Paris Rome", limit=9)}
    assert {"city: Rome", "city: Paris"} <= found
    assert (await store.holdings(ANA)).others == {"conv_2": "Bea"}
    speakers = [json.loads(line)["speaker"] for line in await exported(store)]
    assert speakers == ["Ana", "Bea", ""]


async def test_a_revision_in_which_another_name_is_given_changes_whose_call_it_was(store):
    ana, bea = ({"first_name": name, "city": "Rome"} for name in ("Ana", "Bea"))
    calls = [a_call(f"conv_{n}", facts=ana, at=MONDAY + n * DAY) for n in range(3)]
    await store.apply(calls)
    revised = [a_call(c.id, facts=bea, at=c.started_at, version=(9e9, "ff")) for c in calls[1:]]
    await store.apply(revised)
    known = await store.profile(ANA)
    assert known == profile_of(ANA, [calls[0], *revised])
    assert (known.name, [each.name for each in known.others]) == ("Bea", ["Ana"])
    await store.apply([], replaced=["conv_1", "conv_2"])
    assert await store.profile(ANA) == profile_of(ANA, calls[:1])


async def test_search_is_limited_and_newest_first_among_equals(store):
    await store.apply(
        [a_call(f"conv_{n}", said=["A table."], at=MONDAY + n * DAY) for n in range(5)]
    )
    found = await store.search(ANA, "table", limit=3)
    assert [f.memory.conversation_id for f in found] == ["conv_4", "conv_3", "conv_2"]
    assert await store.search(ANA, "table", limit=0) == []


async def test_odd_text_comes_back_as_it_was(store):
    odd = "nul \x00, quote ' \" %, line\nbreak\u2028, 漢字 🙂 "
    call = a_call("conv_1", said=[odd], summary=odd)
    await store.apply([call])
    assert {f.memory for f in await store.search(ANA, "quote", limit=5)} == set(call.memories)
    [line] = await exported(store)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["summary"] == odd


async def test_a_fresh_store_is_empty_and_apart(store):
    await store.apply([a_call()])
    fresh = await store.fresh()
    assert await exported(fresh) == []
    await fresh.apply([a_call("conv_2"), a_call("conv_3")])
    assert (await store.counts()).conversations == 1
    await fresh.close()


async def test_adopting_switches_to_everything_in_the_fresh_store(store):
    there = Position(ledger="abc", offset=7)
    await store.apply([a_call("conv_old", said=["old"])], failed=[a_failure("conv_old/x")])
    fresh = await store.fresh()
    await fresh.apply(
        [a_call("conv_new", said=["new"])], failed=[a_failure()], advance=(START, there)
    )
    expected = await exported(fresh)
    await store.adopt(fresh)
    assert await exported(store) == expected
    assert await store.position() == there
    assert await store.failures() == [a_failure()]
    assert await store.search(ANA, "old", limit=5) == []
    await store.apply([a_call("conv_next")])
    assert (await store.counts()).conversations == 2


async def test_a_foreign_store_cannot_be_adopted(store, tmp_path):
    class Foreign:
        pass

    with pytest.raises(MemoryStoreError, match="fresh"):
        await store.adopt(Foreign())


WHOLE = {
    "said": ["My cat is Tom."],
    "facts": {"name": "Ana", "pet": "cat"},
    "notes": (a_note("Ana likes tea."), a_note("Send the bill.", kind="commitment", by="agent")),
    "summary": "Ana called about her cat.",
}


async def test_what_is_replaced_is_gone_with_all_that_came_with_it(store):
    kept = a_call("conv_2", said=["My dog is Rex."], facts={"pet": "dog"}, at=MONDAY + DAY)
    others = a_call("conv_3", caller=BEN, **WHOLE)
    await store.apply([a_call(**WHOLE), a_call(kind="failure", **WHOLE), kept, others])
    await store.apply([], replaced=["conv_1"])
    assert await store.profile(ANA) == profile_of(ANA, [kept])
    assert await store.profile(BEN) == profile_of(BEN, [others])
    assert [f.memory for f in await store.search(ANA, "cat Tom dog Rex", limit=9)] == [
        *(m for m in kept.memories if m.kind == "utterance"),
        *(m for m in kept.memories if m.kind == "fact"),
    ]
    assert await store.conversation_ids(ANA) == ["conv_2"]
    assert (await store.counts()).conversations == 2


async def test_what_replaces_need_not_be_newer(store):
    old = a_call(said=["My cat is Tom."], version=(1.0, "aa"))
    await store.apply([a_call(**WHOLE)])
    await store.apply([old], replaced=["conv_1"])
    assert await store.profile(ANA) == profile_of(ANA, [old])
    assert [f.memory for f in await store.search(ANA, "cat", limit=9)] == list(old.memories)


async def test_a_conversation_can_become_another_callers(store):
    await store.apply([a_call(**WHOLE), a_call("conv_2", said=["My dog is Rex."])])
    bens = a_call(caller=BEN, **WHOLE)
    await store.apply([bens], replaced=["conv_1"])
    assert await store.conversation_ids(ANA) == ["conv_2"]
    found = await store.search(ANA, "My cat is Tom.", limit=9)
    assert {f.memory.conversation_id for f in found} == {"conv_2"}
    assert await store.profile(BEN) == profile_of(BEN, [bens])
    assert await store.search(BEN, "cat", limit=1)


async def test_replacing_what_is_not_there_or_nobodys_changes_nothing_else(store):
    await store.apply([a_call(), a_call("conv_2", caller=None)])
    before = await exported(store)
    await store.apply([], replaced=["conv_7"])
    assert await exported(store) == before
    await store.apply([], replaced=["conv_2"])
    assert await exported(store) == before[:1]


async def test_nothing_is_replaced_or_settled_if_the_position_has_moved(store):
    await store.apply([a_call()], settled=["d1"])
    before = await exported(store)
    elsewhere = Position(ledger="abc", offset=5), Position(ledger="abc", offset=9)
    with pytest.raises(PositionMoved):
        await store.apply([], replaced=["conv_1"], settled=["d2"], advance=elsewhere)
    assert await exported(store) == before
    assert await store.settled() == {"d1"}


async def test_nothing_is_replaced_if_a_conversation_is_unsound(store):
    await store.apply([a_call()])
    before = await exported(store)
    with pytest.raises(UnsoundConversation):
        await store.apply([a_call(summary="\ud800")], replaced=["conv_1"], settled=["d1"])
    assert await exported(store) == before
    assert await store.settled() == frozenset()


async def test_decisions_that_memory_includes_are_known_and_travel_with_a_rebuild(store):
    assert await store.settled() == frozenset()
    await store.apply([], settled=["d1", "d2"])
    await store.apply([], settled=["d2"])
    assert await store.settled() == {"d1", "d2"}
    fresh = await store.fresh()
    assert await fresh.settled() == frozenset()
    await fresh.apply([a_call()], settled=["d3"])
    await store.adopt(fresh)
    assert await store.settled() == {"d3"}


async def test_the_conversations_of_a_caller_are_known_whatever_became_of_them(store):
    await store.apply(
        [
            a_call("conv_b"),
            a_call("conv_a", kind="failure", outcome="busy"),
            a_call("conv_b", kind="failure"),
            a_call("conv_c", caller=BEN),
            a_call("conv_d", caller=None),
        ]
    )
    assert await store.conversation_ids(ANA) == ["conv_a", "conv_b"]
    assert await store.conversation_ids("+15550100199") == []


async def test_all_that_is_held_of_a_caller_is_told_at_once(store):
    call, failure = a_call(**WHOLE), a_call(kind="failure", summary="Nobody answered.")
    await store.apply([call, failure, a_call("conv_2", caller=BEN, **WHOLE)])
    holdings = await store.holdings(ANA)
    assert holdings.profile == await store.profile(ANA)
    assert list(holdings.memories) == sorted(
        ((place_of(m, c.kind), m) for c in (call, failure) for m in c.memories),
        key=lambda held: (held[0].kind, held[0].conversation_id, held[0].source, held[0].id),
    )


async def test_what_is_held_of_one_conversation_is_told_alone(store):
    call, failure = a_call(**WHOLE), a_call(kind="failure", summary="Nobody answered.")
    await store.apply([call, failure, a_call("conv_2", **WHOLE), a_call("conv_3", caller=BEN)])
    holdings = await store.holdings(ANA)
    for id_ in (call.id, "conv_2"):
        expected = [each for _, each in holdings.memories if each.conversation_id == id_]
        assert expected
        assert await store.memories_of(ANA, id_) == expected
    assert await store.memories_of(ANA, "conv_3") == []
    assert await store.memories_of(BEN, call.id) == []


async def test_any_change_of_what_is_held_is_seen_by_its_stamp(store):
    seen = [(await store.holdings(ANA)).stamp]
    assert seen == [""]
    for change in (
        {"conversations": [a_call(said=["one"])]},
        {"conversations": [a_call(said=["two"], version=(9e9, "ff"))]},
        {"conversations": [], "replaced": ["conv_1"]},
        {"conversations": [a_call(said=["one"])]},
        {"conversations": [a_call(caller=BEN)], "replaced": ["conv_1"]},
    ):
        await store.apply(**change)
        seen.append((await store.holdings(ANA)).stamp)
    assert seen[3] == seen[5] == ""
    assert len(set(seen)) == 4
    fresh = await store.fresh()
    await fresh.apply([a_call(said=["other"])])
    await store.adopt(fresh)
    assert (await store.holdings(ANA)).stamp not in seen


async def test_scrubbing_changes_nothing_that_is_held(store):
    calls = [a_call(**WHOLE), a_call("conv_2", caller=BEN, **WHOLE)]
    there = Position(ledger="abc", offset=7)
    await store.apply(calls, failed=[a_failure()], advance=(START, there), settled=["d1"])
    before = await exported(store)
    await store.scrub()
    await store.scrub()
    assert await exported(store) == before
    assert await store.profile(ANA) == profile_of(ANA, calls[:1])
    assert await store.position() == there
    assert await store.failures() == [a_failure()]
    assert await store.settled() == {"d1"}
    assert await store.search(ANA, "cat", limit=1)
    await store.apply([], replaced=["conv_1"])
    await store.scrub()
    assert await store.search(ANA, "cat", limit=1) == []
    assert await exported(store) == before[1:]
    again = a_call("conv_9", said=["A new cat."])
    await store.apply([again])
    assert [f.memory for f in await store.search(ANA, "cat", limit=9)] == list(again.memories)
