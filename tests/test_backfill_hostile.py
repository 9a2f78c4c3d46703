"""Calls that can never be fetched, and other oddities, keep nobody else from being fetched."""

import asyncio
import gc
import json
import threading

import pytest

from cloud.client import open_client
from cloud.fetching.conversations import BrokenListing, Conversations
from cloud.fetching.intake import SpoolIntake, in_thread
from cloud.options import CloudOptions
from spool.committer import Committer
from spool.format import SpoolFull
from spool.writer import Spool
from tests.backfills import RECORDING, a_call, fetching, fill, quick_patience, saying
from tests.platform import samples

MANY = 60  # more than twice as many as end a run, if the platform is down


def refuse_json_of_python_alone(name):
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_many_empty_recordings_in_a_row_keep_no_later_call_waiting(tmp_path, concurrency):
    async with fetching(tmp_path) as fetched:
        empty = [a_call(fetched.held, number, audio=b"") for number in range(MANY)]
        for number in range(MANY, MANY + 10):
            a_call(fetched.held, number)
        report = await fetched.run(concurrency=concurrency)
        assert (report.broken_off, report.failures) == ("", [])
        assert (report.done, report.stored, report.recordings) == (MANY + 10, MANY + 10, 10)
        assert report.gone == MANY
        for conversation_id in empty:
            assert 1 <= len(fetched.asked(f"/v1/convai/conversations/{conversation_id}/audio")) <= 2


async def test_many_calls_that_fail_in_a_row_stop_nobody_while_the_platform_answers(tmp_path):
    async with fetching(tmp_path, patience=quick_patience(attempts=1)) as fetched:
        for number in range(MANY):
            broken = a_call(fetched.held, number)
            fetched.held.faults.add(path=f"/{broken}$", status=500, times=None)
        for number in range(MANY, MANY + 10):
            a_call(fetched.held, number)
        report = await fetched.run()
        assert (report.broken_off, report.failed, report.stored) == ("", MANY, 10)
        assert report.done == MANY + 10


class EmptyAtFirst(dict):
    """Recordings of which each is empty when it is first looked up."""

    def __getitem__(self, name):
        recording = super().__getitem__(name)
        self[name] = RECORDING
        return recording


async def test_a_recording_that_is_empty_once_is_asked_for_again(tmp_path):
    async with fetching(tmp_path) as fetched:
        conversation_id = a_call(fetched.held, audio=b"")
        fetched.held.audio = EmptyAtFirst(fetched.held.audio)
        report = await fetched.run()
        assert (report.recordings, report.gone) == (1, 0)
        assert len(fetched.asked(f"/v1/convai/conversations/{conversation_id}/audio")) == 2


async def test_what_is_in_flight_when_a_run_breaks_off_is_counted(tmp_path):
    async with fetching(tmp_path) as fetched:
        for number in range(40):
            a_call(fetched.held, number)
        fetched.held.faults.slow("/audio$", 0.05, times=None)
        spool = Spool.open(fetched.root)
        commit, room = spool.commit, 20

        def commit_while_there_is_room(arrivals):
            nonlocal room
            room -= len(arrivals)
            if room < 0:
                return [SpoolFull("no room; free some space") for _ in arrivals]
            return commit(arrivals)

        spool.commit = commit_while_there_is_room
        committer = Committer(spool)
        report = await fetched.run(intake=SpoolIntake(spool, committer), concurrency=12)
        await committer.close()
        spool.close()
        assert "free some space" in report.broken_off
        names = [file for file, _ in fetched.sources()]
        events = [name for name in names if name.endswith(".json")]
        assert report.stored == report.done == len(events) > 0
        assert report.recordings == len(names) - len(events)


async def test_a_full_disk_does_not_go_on_by_itself(tmp_path):
    async with fetching(tmp_path) as fetched:
        a_call(fetched.held)
        spool = Spool.open(fetched.root)
        text = "no room to store an event: [Errno 28]; free some space, it goes on by itself"
        spool.commit = lambda arrivals: [SpoolFull(text) for _ in arrivals]
        committer = Committer(spool)
        report = await fetched.run(intake=SpoolIntake(spool, committer))
        await committer.close()
        spool.close()
        assert report.broken_off == "no room to store an event: [Errno 28]; free some space"


async def test_an_error_in_a_thread_nobody_waits_for_any_more_is_no_traceback():
    said, may_go_on = [], threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: said.append(context))

    def fail():
        may_go_on.wait(5)
        raise OSError(28, "No space left on device")

    running = asyncio.create_task(in_thread(fail))
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.sleep(0.05)
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    del running
    gc.collect()
    await asyncio.sleep(0)
    loop.set_exception_handler(None)
    assert said == []


async def test_whether_running_it_again_helps_is_known(tmp_path):
    async with fetching(tmp_path, patience=quick_patience(attempts=1)) as fetched:
        fetched.held.add_conversation(samples.conversation(1, conversation_id="../../etc"))
        odd = a_call(fetched.held, 2)
        fetched.held.conversations[odd]["status"] = "of the future"
        a_call(fetched.held, 3)
        report = await fetched.run()
        assert (report.failed, report.may_help) == (2, False)
        passing = a_call(fetched.held, 4)
        fetched.held.faults.drop("GET", f"/{passing}$")
        report = await fetched.run()
        assert (report.failed, report.may_help) == (3, True)


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "-Infinity"])
async def test_what_is_stored_is_json_whatever_the_platform_writes(tmp_path, odd):
    text = '{"conversation_id": "conv_1", "status": "done", "transcript": [{"role": "user", '
    text += f'"message": "Hello", "time_in_call_secs": {odd}}}], "note": [{odd}]}}'
    row = {"conversation_id": "conv_1", "start_time_unix_secs": 1, "status": "done"}
    listing = json.dumps({"conversations": [row], "has_more": False})
    async with fetching(tmp_path) as fetched, saying(listing=listing, conversation=text) as url:
        fetched.held.url = url
        report = await fetched.run()
        assert (report.stored, report.failures) == (1, [])
        stored = (fetched.root / "conv_1/conv_1_transcription.json").read_bytes()
        data = json.loads(stored, parse_constant=refuse_json_of_python_alone)["data"]
        assert data["note"] == [None]
        assert data["transcript"][0]["message"] == "Hello"


@pytest.mark.parametrize("turns", ['"transcript": null, ', ""])
async def test_a_call_without_a_transcript_is_stored_like_its_webhook(tmp_path, turns):
    text = f'{{"conversation_id": "conv_1", {turns}"status": "done"}}'
    row = {"conversation_id": "conv_1", "start_time_unix_secs": 1, "status": "done"}
    listing = json.dumps({"conversations": [row], "has_more": False})
    async with fetching(tmp_path) as fetched, saying(listing=listing, conversation=text) as url:
        fetched.held.url = url
        report = await fetched.run()
        assert (report.stored, report.failures) == (1, [])


async def test_a_listing_that_expires_again_and_again_says_what_to_do(tmp_path):
    async with fetching(tmp_path) as fetched:
        for number in range(150):
            a_call(fetched.held, number, started_at=samples.STARTED_AT)
        cloud = CloudOptions(api_key=fetched.held.api_key, base_url=fetched.held.url)
        async with open_client(cloud) as client:
            rows = Conversations(client, quick_patience()).listed(
                since=0, until=None, agent_id=None
            )
            with pytest.raises(BrokenListing, match=r"expired too often.*shorter --since"):
                async for _ in rows:
                    fetched.held.expire_cursors()


async def test_a_call_whose_row_shows_that_nothing_was_said_is_not_fetched(tmp_path):
    async with fetching(tmp_path) as fetched:
        held = fetched.held
        silent = samples.conversation(1, status="failed", turns=0, has_audio=False)
        said = samples.conversation(2, status="failed", turns=4, has_audio=False)
        on_the_web = samples.conversation(3, status="failed", turns=0, caller=None, has_audio=False)
        for body in (silent, said, on_the_web, samples.failed_call(4)):
            held.add_conversation(body)
        report = await fetched.run()
        assert (report.stored, report.nothing_said, report.failed) == (2, 2, 0)
        asked = {path.rpartition("/")[2] for path in fetched.asked()}
        assert asked == set(held.conversations) - {silent["conversation_id"]}


async def test_agents_without_a_call_are_named(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 3)
        fill(fetched.held, 3, first=3, agent_id="agent_repairs")
        agents = ["agent_typo", "agent_books", "agent_none"]
        report = await fetched.run(agents=agents)
        assert report.silent_agents == ["agent_typo", "agent_none"]
        assert report.stored == 3
