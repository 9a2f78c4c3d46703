"""The embedded store with an OpenMemory beside it."""

import asyncio
from datetime import timedelta

import pytest

from memory.embedded import EmbeddedStore
from memory.errors import MemoryUnavailable
from memory.openmemory.backend import BackendUnreachable
from memory.openmemory.recall import Recall
from memory.openmemory.store import MirroredStore
from memory.port import START, Position
from tests.memories import ANA, BEN, MONDAY, a_call, a_failure, exported
from tests.recalls import AskedBackend, AskedLedger, Clock, a_report, place_of

SOON = 30.0  # nothing here waits that long
AT_ONCE = 0.01

CALLS = [
    a_call(f"conv_{name}", said=[text], at=MONDAY - place * timedelta(days=7))
    for place, (name, text) in enumerate(
        [("table", "A table for two."), ("terrace", "The terrace."), ("dog", "My dog comes along.")]
    )
]
TABLE, TERRACE, DOG = (call.memories[0] for call in CALLS)


class Noted:
    """A mirror that only writes down what it is told."""

    def __init__(self):
        self.calls = []

    def note(self, callers):
        self.calls.append(list(callers))

    def note_all(self):
        self.calls.append("all")

    async def scrub(self):
        self.calls.append("scrub")


class Parts:
    """A mirrored store with a real embedded one, and what else it is made of."""

    def __init__(self, embedded, *, wait_seconds):
        self.embedded = embedded
        self.backend = AskedBackend()
        self.ledger = AskedLedger()
        self.clock = Clock()
        self.mirror = Noted()
        self.recall = Recall(self.backend, self.ledger, wait_seconds=wait_seconds, clock=self.clock)
        self.store = MirroredStore(embedded, self.recall, self.mirror)

    async def search(self, query="A table?", **given):
        return await self.store.search(ANA, query, **({"limit": 5} | given))


@pytest.fixture
async def composed(tmp_path):
    """Makes mirrored stores over one embedded store that holds three calls."""
    embedded = await EmbeddedStore.open(tmp_path / "memory.db")
    await embedded.apply(CALLS)
    made = []

    async def make(wait_seconds=SOON):
        parts = Parts(embedded, wait_seconds=wait_seconds)
        made.append(parts)
        parts.ledger.know(ANA, **{"row-table": TABLE, "row-terrace": TERRACE, "row-dog": DOG})
        await parts.recall.look()
        return parts

    yield make
    for parts in made:
        parts.backend.gate.set()
        await parts.store.close()
    await embedded.close()


def memories(found):
    return [each.memory for each in found]


async def test_what_openmemory_singles_out_comes_in_from_the_embedded_store(composed):
    parts = await composed()
    [ours] = await parts.embedded.search(ANA, "A table?", limit=5)
    parts.backend.single_out("row-dog", "row-table")
    found = await parts.search()
    assert memories(found) == [TABLE, DOG]
    assert found[0].score > ours.score
    assert 0 < found[1].score < ours.score


async def test_it_is_asked_while_the_embedded_store_looks(composed):
    parts = await composed()
    searching = asyncio.Event()

    class Slow:
        async def search(self, *_, **__):
            searching.set()
            await asyncio.wait_for(until_asked(parts), SOON)
            return []

    async def until_asked(parts):
        while not parts.backend.asked:
            await asyncio.sleep(0)

    store = MirroredStore(Slow(), parts.recall, None)
    assert await store.search(ANA, "A table?", limit=5) == []
    assert searching.is_set()


async def test_the_explanation_of_a_fused_answer_sums_up(composed):
    parts = await composed()
    parts.backend.single_out("row-dog", "row-table")
    found = await parts.search(now=MONDAY + timedelta(days=3), explain=True)
    assert memories(found) == [TABLE, DOG]
    for each in found:
        score = sum(part.value for part in each.parts if part.effect == "points")
        for part in each.parts:
            if part.effect == "factor":
                score *= part.value
        score += sum(part.value for part in each.parts if part.effect == "added")
        assert each.score == pytest.approx(score)
    assert found[1].parts[0].what == "OpenMemory ranks it 1st"


async def test_now_and_explain_reach_the_embedded_store(composed):
    parts = await composed(wait_seconds=0)
    later = MONDAY + timedelta(days=1)
    given = {"limit": 5, "now": later, "explain": True}
    expected = await parts.embedded.search(ANA, "the terrace yesterday", **given)
    assert await parts.search("the terrace yesterday", **given) == expected
    assert expected[0].parts


@pytest.mark.parametrize("scores", [[9.0], [9.0, 1.0], [0.5] * 20])
async def test_an_answer_in_which_nothing_stands_out_changes_nothing(composed, scores):
    parts = await composed()
    names = ["row-dog", "row-terrace", *(f"row-{place}" for place in range(18))]
    parts.backend.answer(*zip(names, scores, strict=False))
    assert memories(await parts.search()) == [TABLE]
    assert await parts.search("unheard of") == []


async def test_another_callers_rows_never_come_in(composed):
    parts = await composed()
    bens = a_call("conv_2", caller=BEN, said=["A table for ten."])
    await parts.embedded.apply([bens])
    parts.ledger.know(BEN, **{"row-ben": bens.memories[0]})
    parts.backend.single_out("row-ben")
    assert memories(await parts.search()) == [TABLE]
    assert parts.recall.counts["unmapped"] == 1


async def test_a_profile_that_is_ranked_first_takes_nothing_from_the_memory_behind_it(composed):
    parts = await composed()
    parts.backend.single_out("row-dog")
    alone = await parts.search(explain=True)
    parts.backend.single_out("row-profile", "row-dog")
    behind = await parts.search(explain=True)
    assert behind[1].memory == DOG
    assert [each.parts for each in behind] == [each.parts for each in alone]


async def test_a_place_that_leads_to_another_caller_is_no_way_in(composed):
    parts = await composed()
    bens = a_call("conv_2", caller=BEN, said=["A table for ten."])
    await parts.embedded.apply([bens])
    parts.ledger.know(ANA, **{"row-ben": bens.memories[0]})
    parts.backend.single_out("row-ben")
    assert memories(await parts.search()) == [TABLE]


async def test_what_a_store_returns_of_another_caller_is_dropped(composed):
    parts = await composed()
    parts.ledger.know(ANA, **{"row-ben": a_call("conv_2", caller=BEN, said=["ten"]).memories[0]})
    parts.backend.single_out("row-ben", "row-dog")

    class Careless:
        async def search(self, *_, **__):
            return []

        async def memories_at(self, caller, places):
            return [*a_call("conv_2", caller=BEN, said=["ten"]).memories, DOG]

    store = MirroredStore(Careless(), parts.recall, None)
    assert memories(await store.search(ANA, "ten", limit=5)) == [DOG]


async def test_a_memory_that_is_gone_does_not_come_back(composed):
    parts = await composed()
    await parts.embedded.apply([a_call("conv_dog", version=(9e9, "ff"))])
    parts.backend.single_out("row-dog")
    assert memories(await parts.search()) == [TABLE]


async def test_the_answer_does_not_wait_for_a_backend_that_hangs(composed):
    parts = await composed(AT_ONCE)
    parts.backend.gate.clear()
    assert memories(await parts.search()) == [TABLE]
    assert memories(await parts.search()) == [TABLE]
    assert len(parts.backend.asked) == 1


@pytest.mark.parametrize("problem", [BackendUnreachable("no answer"), ZeroDivisionError("defect")])
async def test_nothing_that_openmemory_does_is_an_error(composed, problem):
    parts = await composed()
    parts.backend.problem = problem
    assert memories(await parts.search()) == [TABLE]


@pytest.mark.parametrize("wait_seconds", [0, SOON])
async def test_a_refused_backend_or_no_budget_leave_the_embedded_answer(composed, wait_seconds):
    parts = await composed(wait_seconds)
    parts.ledger.said = a_report(status="refused")
    await parts.recall.look()
    parts.backend.gate.clear()
    assert memories(await parts.search()) == [TABLE]
    assert parts.backend.asked == []


async def test_memories_that_cannot_be_read_in_time_are_done_without(composed, caplog):
    parts = await composed()
    parts.backend.single_out("row-dog")

    class Failing:
        problem = MemoryUnavailable("the disk is gone")

        async def search(self, *args, **given):
            return await parts.embedded.search(*args, **given)

        async def memories_at(self, caller, places):
            if self.problem:
                raise self.problem
            await asyncio.Event().wait()

    failing = Failing()
    store = MirroredStore(failing, parts.recall, None)
    assert memories(await store.search(ANA, "A table?", limit=5)) == [TABLE]
    failing.problem = None
    assert memories(await store.search(ANA, "A table?", limit=5)) == [TABLE]
    assert [r.action for r in caplog.records] == ["openmemory_matches_unread"] * 2


async def test_no_results_are_wanted_none_are_returned(composed):
    parts = await composed()
    assert await parts.search(limit=0) == []
    assert await parts.search(limit=-1) == []
    assert parts.backend.asked == []


async def test_what_is_applied_is_stored_first_and_then_the_mirror_is_told(composed):
    parts = await composed()
    withheld = a_call("conv_3", caller=None)
    await parts.store.apply(
        [a_call("conv_2", caller=BEN), withheld],
        failed=[a_failure()],
        advance=(START, Position(ledger="abc", offset=5)),
    )
    assert parts.mirror.calls == [[BEN]]
    assert await parts.store.position() == Position(ledger="abc", offset=5)
    assert await parts.store.failures() == [a_failure()]
    assert (await parts.store.counts()).conversations == 5
    assert await parts.store.is_agent_line("+15550100100")
    assert (await parts.store.profile(BEN)).call_count == 1
    assert await parts.store.embed_pending(limit=5) == 0
    assert await exported(parts.store) == await exported(parts.embedded)


async def test_calls_of_nobody_known_are_nothing_to_mirror(composed):
    parts = await composed()
    await parts.store.apply([a_call("conv_3", caller=None)])
    assert parts.mirror.calls == []


async def test_the_mirror_is_not_told_of_what_was_not_stored(composed):
    parts = await composed()
    await parts.store.apply([], advance=(START, Position(ledger="abc", offset=5)))
    with pytest.raises(Exception, match="conv_dog"):
        await parts.store.apply([a_call("conv_dog", memories=(DOG, DOG))])
    assert parts.mirror.calls == []


async def test_a_rebuild_is_mirrored_when_it_is_adopted(composed):
    parts = await composed()
    fresh = await parts.store.fresh()
    await fresh.apply([a_call("conv_new", said=["A window seat."])])
    assert parts.mirror.calls == []
    await parts.store.adopt(fresh)
    assert parts.mirror.calls == ["all"]
    parts.backend.single_out("row-dog")
    assert len(await parts.search("window")) == 1


async def test_a_process_that_only_reads_has_no_mirror_to_tell(composed):
    parts = await composed()
    store = MirroredStore(parts.embedded, parts.recall, None)
    await store.apply([a_call("conv_2")])
    await store.adopt(await store.fresh())
    assert (await store.counts()).conversations == 0


async def test_closing_it_closes_the_embedded_store_too_and_twice_does_no_harm(composed):
    parts = await composed()
    await parts.store.close()
    await parts.store.close()
    with pytest.raises(MemoryUnavailable):
        await parts.embedded.counts()


async def test_two_records_of_one_id_do_not_disturb_each_other(composed):
    parts = await composed()
    parts.ledger.rows[ANA]["row-failed"] = place_of(DOG, source="failure")
    parts.backend.single_out("row-dog", "row-failed")
    assert memories(await parts.search()) == [TABLE, DOG]


async def test_whose_calls_were_replaced_is_for_the_mirror_to_find_out(composed):
    parts = await composed()
    moved = a_call("conv_dog", caller=BEN, said=["My dog comes along."])
    await parts.store.apply([moved], replaced=["conv_dog"], settled=["d1"])
    assert parts.mirror.calls == ["all", [BEN]]
    assert await parts.store.settled() == {"d1"}
    assert await parts.store.conversation_ids(ANA) == ["conv_table", "conv_terrace"]
    assert await parts.store.holdings(ANA) == await parts.embedded.holdings(ANA)


async def test_the_mirrors_files_are_scrubbed_with_the_stores(composed):
    parts = await composed()
    await parts.store.scrub()
    assert parts.mirror.calls == ["scrub"]
    await MirroredStore(parts.embedded, parts.recall, None).scrub()


async def test_memory_that_was_replaced_is_not_found_through_openmemory(composed):
    """It is still there, and ranked first: what is told comes from the embedded store."""
    parts = await composed()
    await parts.store.apply([], replaced=["conv_dog"])
    parts.backend.single_out("row-dog")
    assert DOG not in memories(await parts.search("A table? My dog?"))
