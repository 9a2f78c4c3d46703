"""The index of the history: what it finds, how it follows the spool, and that it is never truth."""

import asyncio
import dataclasses
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.database import writing_lock
from history.errors import HistoryDamaged, HistoryError, HistoryUnavailable, InvalidCursor
from history.follow import follow_history
from history.index import History
from history.queries import decode_cursor, encode_cursor
from history.values import Filters
from memory.embedded import EmbeddedStore
from spool.standing_orders import Orders
from tests.factories import AGENT_ID, audio_payload, failure_payload
from tests.histories import BEA, CALLER, RULES, a_history, a_payload, at, caught_up, ids, indexed
from tests.spools import RECEIVED, a_spool, deliver, poison, until
from voice.rules import Rules


def mixed_calls():
    """Twelve calls that differ in all that can be asked for."""
    payloads = []
    for n in range(12):
        payload = a_payload(
            n,
            caller=CALLER if n % 2 else BEA,
            direction="outbound" if n % 3 == 0 else "inbound",
            messages=[("agent", "Hello?"), ("user", f"The {'green' if n % 4 else 'blue'} bike")],
            summary=f"Call number{n} about a bike.",
        )
        payload["data"]["agent_id"] = f"agent_{n % 5}"
        payload["data"]["analysis"]["call_successful"] = "failure" if n % 7 == 0 else "success"
        payloads.append(payload)
    return payloads


async def test_the_newest_conversation_comes_first_and_a_cursor_leads_on(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(n) for n in (3, 0, 4, 1, 2)))
    async with indexed(tmp_path) as history:
        first = await history.page(Filters(), limit=2)
        second = await history.page(Filters(), limit=2, cursor=first.next_cursor)
        last = await history.page(Filters(), limit=2, cursor=second.next_cursor)
    pages = [[entry.id for entry in page.entries] for page in (first, second, last)]
    assert pages == [["conv_00004", "conv_00003"], ["conv_00002", "conv_00001"], ["conv_00000"]]
    assert last.next_cursor is None


async def test_an_entry_tells_what_the_call_was(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(), audio_payload(conversation_id="conv_00000", mp3=b"ID3 sound"))
    async with indexed(tmp_path) as history:
        entry = await history.entry("conv_00000")
        files = await history.files("conv_00000")
        assert await history.entry("conv_nobody") is None
    assert (entry.kind, entry.caller, entry.line) == ("call", CALLER, CALLER)
    assert (entry.channel, entry.direction, entry.agent_id) == ("phone", "inbound", AGENT_ID)
    assert (entry.started_at, entry.duration_secs) == (at(0), 120.0)
    assert (entry.language, entry.outcome) == ("en", "success")
    assert entry.summary.startswith("The caller booked a service")
    assert entry.has_transcript
    assert entry.has_audio
    assert entry.size_bytes == sum(stored.size for stored in files)
    assert {stored.kind for stored in files} == {"transcription", "audio"}
    assert all(stored.received_at == RECEIVED and not stored.dropped for stored in files)


FILTERS = {
    "caller": CALLER,
    "agent": "agent_1",
    "since": at(2),
    "until": at(9),
    "outcome": "success",
    "direction": "inbound",
    "text": "green bik",
    "kind": "call",
}


def is_wanted(n, wanted):
    facts = {
        "caller": n % 2 == 1,
        "agent": n % 5 == 1,
        "since": n >= 2,
        "until": n < 9,
        "outcome": n % 7 != 0,
        "direction": n % 3 != 0,
        "text": n % 4 != 0,
        "kind": True,
    }
    return all(facts[name] for name in wanted)


async def test_every_combination_of_filters_finds_what_it_says(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *mixed_calls())
    async with indexed(tmp_path) as history:
        for count in range(len(FILTERS) + 1):
            for wanted in combinations(FILTERS, count):
                filters = Filters(**{name: FILTERS[name] for name in wanted})
                expected = [f"conv_{n:05}" for n in range(11, -1, -1) if is_wanted(n, wanted)]
                assert await ids(history, filters) == expected, wanted
                assert await ids(history, filters, limit=2) == expected, wanted


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("SQUEALING brake", True),
        ("brake squealing", True),
        ("squeal", True),
        ("squeal brake", False),  # only the last word may be cut
        ("Müller", True),
        ("muller", True),
        ("12-34 b", True),
        ("naïve' OR tags:x*", False),
        ('"', False),
        ("", False),
        ("予約", True),
        ("s", False),
        ("zebra", False),
    ],
)
async def test_words_are_found_in_transcript_and_summary(tmp_path, text, is_found):
    payload = a_payload(
        messages=[
            ("user", "The brake is squealing, says Müller, order 12-34 B"),
            ("agent", "予約"),
        ],
        summary="Someone rang.",
    )
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, payload)
    async with indexed(tmp_path) as history:
        assert bool(await ids(history, Filters(text=text))) is is_found


async def test_a_summary_is_searched_too(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(summary="A zebra crossed."))
    async with indexed(tmp_path) as history:
        assert await ids(history, Filters(text="zebr")) == ["conv_00000"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(), max_size=60), cursor=st.text(max_size=40))
async def test_any_text_is_a_question_and_any_cursor_is_answered(history_of_one, text, cursor):
    async with a_history(history_of_one) as history:
        await history.page(Filters(text=text, caller=text, agent=text), limit=5)
        try:
            await history.page(Filters(), limit=5, cursor=cursor)
            await history.callers(limit=5, cursor=cursor)
        except InvalidCursor as error:
            assert "page before" in str(error)


@pytest.fixture(scope="module")
def history_of_one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")

    async def make():
        with a_spool(folder / "spool") as spool:
            deliver(spool, a_payload())
        async with indexed(folder):
            pass

    asyncio.run(make())
    return folder / "memory.history.db"


def test_a_cursor_of_another_list_is_refused():
    assert decode_cursor(encode_cursor(5), int) == [5]
    for cursor in (
        encode_cursor("5"),
        encode_cursor(1, "c_"),
        encode_cursor(2**70),
        "",
        "%",
        "W10",
    ):
        with pytest.raises(InvalidCursor):
            decode_cursor(cursor, int)


def test_times_without_a_zone_are_refused():
    with pytest.raises(ValueError, match="time zone"):
        Filters(since=datetime(2026, 11, 1))  # noqa: DTZ001


async def test_calls_of_the_same_moment_are_all_listed_once(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(0, conversation_id=f"conv_{n:05}") for n in range(40)))
    async with indexed(tmp_path) as history:
        found = await ids(history, Filters(), limit=7)
        within = await ids(history, Filters(since=at(0), until=at(0) + timedelta(seconds=1)))
    assert sorted(found) == [f"conv_{n:05}" for n in range(40)] == sorted(within)


async def test_times_are_compared_to_the_microsecond(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
    moment = timedelta(microseconds=1)
    async with indexed(tmp_path) as history:
        assert await ids(history, Filters(since=at(0))) == ["conv_00000"]
        assert await ids(history, Filters(since=at(0) + moment)) == []
        assert await ids(history, Filters(until=at(0))) == []
        assert await ids(history, Filters(until=at(0) + moment)) == ["conv_00000"]


async def test_a_withheld_number_has_an_entry_and_is_no_caller(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0, caller="anonymous"))
    async with indexed(tmp_path) as history:
        (entry,) = (await history.page(Filters(), limit=5)).entries
        assert (entry.caller, entry.line, entry.caller_id) == (None, None, None)
        assert (await history.callers(limit=5)).callers == ()


async def test_what_cannot_be_understood_still_has_an_entry(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        poison(spool)
    async with indexed(tmp_path) as history:
        entry = await history.entry("conv_poison")
    assert (entry.kind, entry.caller, entry.started_at) == ("call", None, RECEIVED)
    assert entry.has_transcript


async def test_a_recording_alone_has_an_entry_until_its_transcript_comes(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, audio_payload(conversation_id="conv_00000"))
        async with indexed(tmp_path) as history:
            before = await history.entry("conv_00000")
            deliver(spool, a_payload(0))
            assert await caught_up(history, tmp_path) == 1
            after = await history.entry("conv_00000")
            assert await ids(history, Filters()) == ["conv_00000"]
    assert (before.has_transcript, before.has_audio, before.caller) == (False, True, None)
    assert (after.has_transcript, after.has_audio, after.caller) == (True, True, CALLER)


async def test_a_failed_call_is_found_by_kind_and_reason(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0), failure_payload(conversation_id="conv_f", reason="busy"))
    async with indexed(tmp_path) as history:
        assert await ids(history, Filters(kind="failure")) == ["conv_f"]
        assert await ids(history, Filters(outcome="busy", direction="outbound")) == ["conv_f"]
        entry = await history.entry("conv_f")
        (caller,) = (await history.callers(limit=5)).callers
    assert (entry.kind, entry.outcome, entry.caller) == ("failure", "busy", CALLER)
    assert caller.calls == 1  # an attempt is none


async def test_of_several_revisions_the_latest_counts_whichever_came_first(tmp_path):
    older, newer = (
        a_payload(0, summary=text, event_timestamp=at(0).timestamp() + late)
        for text, late in (("Older words.", 200), ("Newer words.", 300))
    )
    for name, order in (("a", (older, newer)), ("b", (newer, older))):
        with a_spool(tmp_path / name / "spool") as spool:
            deliver(spool, *order)
        async with indexed(tmp_path / name) as history:
            assert (await history.entry("conv_00000")).summary == "Newer words."
            assert await ids(history, Filters(text="older")) == []


async def test_callers_are_listed_latest_first_with_ids_that_tell_nothing(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(n, caller=f"+1555010010{n}") for n in range(5)))
        deliver(spool, a_payload(9, caller="+15550100100"))
    async with indexed(tmp_path) as history:
        first = await history.callers(limit=3)
        second = await history.callers(limit=3, cursor=first.next_cursor)
        rows = first.callers + second.callers
        assert [row.caller[-1] for row in rows] == ["0", "4", "3", "2", "1"]
        assert second.next_cursor is None
        assert (rows[0].calls, rows[0].first_at, rows[0].last_at) == (2, at(0), at(9))
        for row in rows:
            assert row.id.startswith("c_")
            assert len(row.id) == 22
            assert row.caller[-7:] not in row.id
            assert await history.caller_of(row.id) == row.caller
        assert await history.caller_of("c_nobody") is None
        assert await history.conversations_of("+15550100100") == ["conv_00000", "conv_00009"]
        entry = await history.entry("conv_00009")
        assert entry.caller_id == rows[0].id


async def test_totals_count_everything_that_is_there(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0), a_payload(1, caller=BEA))
        deliver(spool, audio_payload(conversation_id="conv_00000", mp3=b"ID3 sound"))
        day_after = RECEIVED + timedelta(days=1)
        deliver(spool, failure_payload(conversation_id="conv_f"), received_at=day_after)
    async with indexed(tmp_path) as history:
        totals = await history.totals()
        page = await history.page(Filters(), limit=9)
    assert (totals.conversations, totals.failures, totals.callers) == (2, 1, 2)
    assert {kind: found.files for kind, found in totals.kept.items()} == {
        "audio": 1, "failure": 1, "transcription": 2,
    }  # fmt: skip
    assert sum(found.size_bytes for found in totals.kept.values()) == sum(
        entry.size_bytes for entry in page.entries
    )
    assert [(day.day, day.conversations) for day in totals.days] == [
        (RECEIVED.date(), 2), (day_after.date(), 1),
    ]  # fmt: skip
    assert (totals.oldest, totals.newest) == (at(0), at(1))
    assert not totals.dropped


async def test_what_arrives_later_is_added_and_nothing_is_read_twice(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
        async with indexed(tmp_path) as history:
            assert await caught_up(history, tmp_path) == 0
            deliver(spool, a_payload(1))
            assert await caught_up(history, tmp_path) == 1
            assert await ids(history, Filters()) == ["conv_00001", "conv_00000"]
            size = (tmp_path / "spool/.spool/ledger.jsonl").stat().st_size
            assert await history.position() == size


async def test_an_index_kept_up_step_by_step_equals_one_made_at_once(tmp_path):
    bodies = [
        *mixed_calls(),
        audio_payload(conversation_id="conv_00003"),
        a_payload(3, summary="R"),
    ]
    with a_spool(tmp_path / "spool") as spool:
        async with a_history(tmp_path / "steps.db") as steps:
            for body in bodies:
                deliver(spool, body)
                await caught_up(steps, tmp_path)
            stepwise = await everything(steps)
            async with indexed(tmp_path) as at_once:
                assert await everything(at_once) == stepwise
                await at_once.rebuild(tmp_path / "spool", Orders(tmp_path / "spool"), RULES)
                assert await everything(at_once) == stepwise


async def everything(history):
    page = await history.page(Filters(), limit=1000)
    found = [dataclasses.asdict(entry) for entry in page.entries]
    return found, await history.totals(), await history.callers(limit=100), await history.position()


async def test_a_deleted_index_is_made_again_under_a_running_one(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0), a_payload(1))
    async with indexed(tmp_path) as history:
        assert len(await ids(history, Filters())) == 2
        for path in tmp_path.glob("memory.history.db*"):
            path.unlink()
        with pytest.raises(HistoryUnavailable, match="history index"):
            await history.page(Filters(), limit=5)
        assert await caught_up(history, tmp_path) == 2
        assert len(await ids(history, Filters())) == 2


@pytest.mark.parametrize("damage", [b"not a database at all" * 400, b""])
async def test_a_damaged_index_is_made_again(tmp_path, damage):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
    async with indexed(tmp_path):
        pass
    (tmp_path / "memory.history.db").write_bytes(damage)
    async with indexed(tmp_path) as history:
        assert await ids(history, Filters(text="bike")) == ["conv_00000"]


async def test_an_index_of_another_version_is_made_again(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
    async with indexed(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / "memory.history.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    async with indexed(tmp_path) as history:
        assert await ids(history, Filters()) == ["conv_00000"]


async def test_somebody_elses_database_is_left_alone(tmp_path):
    path = tmp_path / "memory.history.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="not a Callspool history index"):
        async with a_history(path):
            pass
    assert path.read_bytes()[100:] == before[100:]  # all but the header is as it was


async def test_a_missing_index_is_refused_where_it_must_exist(tmp_path):
    with pytest.raises(HistoryUnavailable, match="history index"):
        async with a_history(tmp_path / "memory.history.db", must_exist=True):
            pass
    assert not list(tmp_path.iterdir())


async def test_other_rules_or_another_ledger_make_the_index_anew(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0, caller="5550100142"))
    async with indexed(tmp_path) as history:
        assert (await history.entry("conv_00000")).line == "line:5550100142"
        assert await caught_up(history, tmp_path, rules=Rules(region="US")) == 1
        assert (await history.entry("conv_00000")).line == CALLER
        assert [row.caller for row in (await history.callers(limit=5)).callers] == [CALLER]
        other = tmp_path / "other"
        with a_spool(other / "spool") as spool:
            deliver(spool, a_payload(7))
        assert await caught_up(history, other) == 1
        assert await ids(history, Filters()) == ["conv_00007"]


async def test_a_spool_that_is_not_there_empties_nothing(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
    async with indexed(tmp_path) as history:
        (tmp_path / "spool").rename(tmp_path / "elsewhere")
        assert await caught_up(history, tmp_path) == 0
        assert await ids(history, Filters()) == ["conv_00000"]


async def test_secrets_are_not_indexed(tmp_path):
    payload = a_payload(
        0,
        messages=[("agent", "The card number?"), ("user", "It is 4242 4242 4242 4242.")],
        summary="Card 4242424242424242 was given.",
    )
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, payload)
    async with indexed(tmp_path, rules=Rules(redact=("card",))) as history:
        assert "4242" not in (await history.entry("conv_00000")).summary
        assert await ids(history, Filters(text="4242")) == []
    for path in tmp_path.glob("memory.history.db*"):
        assert b"4242" not in path.read_bytes()


async def test_a_stop_ends_the_work_between_two_steps_and_the_next_call_goes_on(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(n) for n in range(120)))
    stop = asyncio.Event()
    seen = []

    def stop_soon(done, total):
        seen.append((done, total))
        stop.set()

    async with a_history(tmp_path / "memory.history.db") as history:
        done = await caught_up(history, tmp_path, on_progress=stop_soon, stop=stop)
        assert 0 < done < 120
        assert seen == [(done, 120)]
        assert await history.waiting() == 120 - done
        assert await history.position() < (tmp_path / "spool/.spool/ledger.jsonl").stat().st_size
        assert await caught_up(history, tmp_path) == 120 - done
        assert len(await ids(history, Filters())) == 120


async def test_the_old_index_answers_during_a_rebuild_and_stays_after_a_stop(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(n) for n in range(60)))
    async with indexed(tmp_path) as history:
        root, stop = tmp_path / "spool", asyncio.Event()
        before = await everything(history)
        await history.rebuild(
            root, Orders(root), RULES, on_progress=lambda *_: stop.set(), stop=stop
        )
        assert await everything(history) == before
        assert await history.rebuild(root, Orders(root), RULES) == 60
        assert await everything(history) == before
        names = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert [name for name in names if "rebuild" in name] == []


async def test_another_process_sees_what_one_has_written(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
        async with indexed(tmp_path) as one, a_history(tmp_path / "memory.history.db") as other:
            assert await ids(other, Filters()) == ["conv_00000"]
            deliver(spool, a_payload(1))
            both = await asyncio.gather(caught_up(one, tmp_path), caught_up(other, tmp_path))
            assert sorted(both) == [0, 1]
            assert await ids(other, Filters()) == await ids(one, Filters())


async def test_the_index_follows_the_spool_until_it_is_told_to_stop(tmp_path):
    stop = asyncio.Event()
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        async with a_history(tmp_path / "memory.history.db") as history:
            following = asyncio.create_task(follow_history(history, Orders(root), RULES, stop=stop))
            for n in range(2):
                deliver(spool, a_payload(n))

                async def has_come(n=n):
                    return len(await ids(history, Filters())) == n + 1

                await until(has_come)
            stop.set()
            await following


async def test_following_survives_what_goes_wrong(tmp_path, caplog):
    stop, root = asyncio.Event(), tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_payload(0))
    async with a_history(tmp_path / "memory.history.db") as history:
        (root / ".spool/decisions").mkdir()
        (root / ".spool/decisions/20261101T000000000000Z-ab.json").write_text("{")
        orders = Orders.__new__(Orders)  # as they were before the decision was damaged
        orders.root = root
        good = root / ".spool/decisions"
        good.rename(root / ".spool/aside")
        orders.__init__(root)
        (root / ".spool/aside").rename(good)
        following = asyncio.create_task(follow_history(history, orders, RULES, stop=stop))

        async def has_warned():
            return "the history cannot be kept up now" in caplog.text

        await until(has_warned)
        (good / "20261101T000000000000Z-ab.json").unlink()

        async def has_come():
            return bool(await ids(history, Filters()))

        await until(has_come)
        stop.set()
        await following


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from history.index import History
from spool.standing_orders import Orders
from voice.rules import Rules

async def main():
    root = Path(sys.argv[1])
    history = await History.open(Path(sys.argv[2]))
    work = history.rebuild if sys.argv[3] == "rebuild" else history.catch_up
    await work(root, Orders(root), Rules(),
               on_progress=lambda done, total: os.kill(os.getpid(), signal.SIGKILL))

asyncio.run(main())
"""


@pytest.mark.parametrize("work", ["rebuild", "catch_up"])
async def test_a_kill_in_the_middle_is_gone_on_from(tmp_path, work):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(n) for n in range(120)))
    if work == "rebuild":
        async with indexed(tmp_path):
            pass
    arguments = [str(tmp_path / "spool"), str(tmp_path / "memory.history.db"), work]
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED, *arguments], check=False, cwd=Path.cwd()
    )
    assert killed.returncode == -signal.SIGKILL
    async with indexed(tmp_path) as history:
        assert len(await ids(history, Filters(text="bike"))) == 120
        await history.scrub()
    assert [path.name for path in tmp_path.glob("*rebuild*")] == []


async def test_the_file_is_for_its_owner_alone(tmp_path):
    async with a_history(tmp_path / "deep" / "memory.history.db"):
        assert (tmp_path / "deep/memory.history.db").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o700


async def test_events_without_any_time_are_dated_at_the_epoch(tmp_path):
    payloads = [a_payload(0, conversation_id=f"conv_{n}", event_timestamp=None) for n in range(3)]
    for payload in payloads:
        for name in ("start_time_unix_secs", "accepted_time_unix_secs"):
            del payload["data"]["metadata"][name]
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *payloads)
    async with indexed(tmp_path) as history:
        assert len(await ids(history, Filters(until=datetime(1971, 1, 1, tzinfo=UTC)))) == 3


async def test_damage_that_is_met_on_the_way_has_the_index_made_anew(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
        async with indexed(tmp_path) as history:
            for table in ("conversations", "files"):
                other = sqlite3.connect(tmp_path / "memory.history.db")
                other.execute(f"DROP TABLE {table}")
                other.close()
            with pytest.raises(HistoryDamaged, match="history index --rebuild"):
                await history.page(Filters(), limit=5)
            deliver(spool, a_payload(1))
            assert await caught_up(history, tmp_path) == 2
            assert await ids(history, Filters()) == ["conv_00001", "conv_00000"]


async def test_conversations_that_would_have_one_place_are_all_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("history.rows.place_of", lambda *_: 7)
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(n) for n in range(3)))
        async with indexed(tmp_path) as history:
            assert len(await ids(history, Filters(text="bike"), limit=1)) == 3
            deliver(spool, audio_payload(conversation_id="conv_00002"))
            await caught_up(history, tmp_path)
            assert (await history.entry("conv_00002")).has_audio
            assert len(await ids(history, Filters())) == 3


async def test_damaged_lines_of_the_ledger_hold_nothing_up(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *(a_payload(n) for n in range(3)))
    ledger = tmp_path / "spool/.spool/ledger.jsonl"
    first, second, third = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(first + second.replace(b"conv_", b"c0nv_") + third)
    (tmp_path / "spool/.spool/dropped.jsonl").write_bytes(b"no drop\n")
    async with indexed(tmp_path) as history:
        assert await ids(history, Filters()) == ["conv_00002", "conv_00000"]
        assert await history.position() == ledger.stat().st_size


async def test_a_stop_while_another_writes_leaves_the_work_to_that(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0))
    stop = asyncio.Event()
    root = tmp_path / "spool"
    async with a_history(tmp_path / "memory.history.db") as history:
        async with writing_lock(tmp_path / "memory.history.db", None):
            waiting = asyncio.create_task(caught_up(history, tmp_path, stop=stop))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            stop.set()
            assert await waiting == 0
            assert await history.rebuild(root, Orders(root), RULES, stop=stop) == 0
        assert await caught_up(history, tmp_path) == 1


async def test_orders_of_another_spool_are_refused(tmp_path):
    async with a_history(tmp_path / "memory.history.db") as history:
        with pytest.raises(ValueError, match="the orders are of"):
            await history.catch_up(tmp_path / "a", Orders(tmp_path / "b"), RULES)


async def test_a_closed_history_says_so(tmp_path):
    async with a_history(tmp_path / "memory.history.db") as history:
        pass
    with pytest.raises(HistoryUnavailable, match="closed"):
        await history.totals()


@pytest.mark.parametrize("opened", ["history", "memory"])
async def test_opening_a_file_again_here_lets_nobody_else_delete_its_log(tmp_path, opened):
    """SQLite's locks are the process's: closing the file anywhere in it gives them back."""
    path = tmp_path / "opened.db"
    table = "state" if opened == "history" else "position"
    code = (
        f"import sqlite3; c = sqlite3.connect({str(path)!r}); "
        f"c.execute('SELECT * FROM {table}').fetchall(); c.close()"
    )
    store = History if opened == "history" else EmbeddedStore
    first = await store.open(path)
    second = await store.open(path)
    try:
        subprocess.run([sys.executable, "-c", code], check=True)
        assert path.with_name(f"{path.name}-wal").exists()
        assert path.with_name(f"{path.name}-shm").exists()
    finally:
        await second.close()
        await first.close()
