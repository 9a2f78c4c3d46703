"""What the platform has and the spool has not is fetched, once, whatever goes wrong between."""

import asyncio
import errno
import json

import pytest

from cloud.client import open_client
from cloud.fetching.conversations import Conversations
from cloud.fetching.intake import SpoolIntake
from cloud.options import CloudOptions
from spool.committer import Committer
from spool.format import SpoolFull
from spool.writer import Spool
from tests.backfills import (
    RECORDING,
    a_call,
    check_whole,
    expected_files,
    fetching,
    fill,
    memory_of,
    quick_patience,
    saying,
    undated,
)
from tests.platform import samples
from tests.receiving import receiving

ODD = ["[]", '"x"', "null", "12", "{}", "", "<html>", "[" * 5000]


async def memory_by_webhook(tmp_path, held):
    """What memory is when every event comes by webhook alone."""
    async with receiving(tmp_path / "by_webhook") as running:
        for conversation_id in held.conversations:
            response = await running.deliver(held.delivery(conversation_id))
            assert (await response.json())["status"] == "stored"
        return await memory_of(running.root)


def path_of(conversation_id, ending="$"):
    return f"/conversations/{conversation_id}{ending}"


async def test_three_hundred_calls_with_faults_are_all_there_once_and_remembered_alike(tmp_path):
    async with fetching(tmp_path) as fetched:
        held, faults = fetched.held, fetched.held.faults
        fill(held, 300)
        ids = list(held.conversations)
        recorded = list(held.audio)
        faults.cut_audio(recorded[5], 70_000, times=2)
        faults.cut_audio(recorded[50], len(held.audio[recorded[50]]) - 1, times=1)
        faults.add(path=path_of(ids[11]), status=500, times=3)
        faults.add(path=path_of(recorded[9], "/audio"), status=503, times=2)
        faults.drop("GET", path_of(ids[21]), times=2)
        faults.slow(path_of(ids[31]), 0.3)
        faults.add(path="/conversations$", status=502, times=2, skip=1)
        faults.every(50, 429, retry_after=0.05)
        report = await fetched.run()
        assert (report.broken_off, report.failures) == ("", [])
        assert report.listed == report.done == report.stored == 300
        assert report.recordings == len(held.audio)
        check_whole(fetched)
        assert {source for _, source in fetched.sources()} == {"backfill"}
        by_backfill, by_webhook = (
            await memory_of(fetched.root),
            await memory_by_webhook(tmp_path, held),
        )
        assert undated(by_backfill) == undated(by_webhook)
        assert len(by_backfill) == 300


async def test_a_second_run_fetches_nothing(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 30)
        await fetched.run()
        fetched.held.requests.clear()
        report = await fetched.run()
        assert (report.there, report.stored, report.recordings) == (30, 0, 0)
        assert fetched.asked() == []


async def test_a_recording_that_never_comes_whole_is_not_stored_and_keeps_nobody_waiting(tmp_path):
    async with fetching(tmp_path, patience=quick_patience(attempts=3)) as fetched:
        held = fetched.held
        fill(held, 20)
        broken = list(held.audio)[4]
        held.faults.cut_audio(broken, len(held.audio[broken]) - 1, times=3)
        report = await fetched.run()
        assert [conversation_id for conversation_id, _ in report.failures] == [broken]
        assert "ElevenLabs" in report.failures[0][1]
        missing = {f"{broken}/{broken}_audio.mp3"}
        assert fetched.files() == expected_files(held) - missing
        assert list((fetched.root / ".spool/incoming").iterdir()) == []
        again = await fetched.run()
        assert (again.stored, again.recordings, again.failed) == (0, 1, 0)
        check_whole(fetched)


async def test_an_empty_recording_is_none_and_no_failure(tmp_path):
    async with fetching(tmp_path) as fetched:
        a_call(fetched.held, audio=b"")
        report = await fetched.run()
        assert (report.stored, report.gone, report.failed) == (1, 1, 0)
        assert not list(fetched.root.glob("*/*.mp3"))
        assert list((fetched.root / ".spool/incoming").iterdir()) == []


async def test_a_call_that_fails_for_good_does_not_stop_the_others(tmp_path):
    async with fetching(tmp_path, patience=quick_patience(attempts=2)) as fetched:
        fill(fetched.held, 40)
        broken = next(iter(fetched.held.conversations))
        fetched.held.faults.add(path=path_of(broken), status=500, times=None)
        report = await fetched.run(concurrency=3)
        assert (report.stored, report.failed, report.broken_off) == (39, 1, "")
        assert report.failures[0][0] == broken


async def test_a_platform_that_is_down_is_not_asked_for_every_call(tmp_path):
    async with fetching(tmp_path, patience=quick_patience(attempts=1)) as fetched:
        fill(fetched.held, 100)
        fetched.held.faults.add(path="/conversations/", status=503, times=None)
        fetched.held.faults.add(path="/conversations$", status=503, times=None, skip=1)
        report = await fetched.run()
        assert "503" in report.broken_off
        assert len(fetched.asked()) < 40


@pytest.mark.parametrize("path", ["/conversations$", "/conversations/"])
@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_stops_at_once_with_one_line(tmp_path, path, status):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 50)
        fetched.held.faults.add(path=path, status=status, times=None)
        report = await fetched.run()
        assert "API key" in report.broken_off
        assert "\n" not in report.broken_off
        assert report.failed == 0
        assert len(fetched.asked("/v1")) <= 6


async def test_a_wrong_key_is_refused_by_the_platform_itself(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 5)
        report = await fetched.run(key="xi-wrong")
        assert "ELEVENLABS_API_KEY" in report.broken_off
        assert "xi-wrong" not in report.broken_off
        assert len(fetched.asked("/v1")) == 1


async def test_a_listing_that_shifts_and_repeats_makes_no_doubles(tmp_path):
    async with fetching(tmp_path) as fetched:
        held = fetched.held
        fill(held, 120)

        def shift(report):
            """A call of long ago appears after the first page, so that all that follow move on."""
            if report.done == 50:
                held.add_conversation(samples.conversation(900, started_at=1_700_000_000))
                held.expire_cursors()

        report = await fetched.run(on_progress=shift)
        assert (report.failed, report.broken_off) == (0, "")
        assert report.stored == 120
        listings = held.requested("GET", "/v1/convai/conversations")
        assert any(request.status == 400 for request in listings)
        assert len(fetched.asked()) == len(set(fetched.asked()))
        assert (await fetched.run()).stored == 1
        check_whole(fetched)


async def test_a_cursor_that_expires_is_no_end(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 450)
        cloud = CloudOptions(api_key=fetched.held.api_key, base_url=fetched.held.url)
        async with open_client(cloud) as client:
            found = []
            rows = Conversations(client, quick_patience()).listed(
                since=0, until=None, agent_id=None
            )
            async for row in rows:
                found.append(row.conversation_id)
                if len(found) % 130 == 0:
                    fetched.held.expire_cursors()
        assert list(dict.fromkeys(found)) == list(fetched.held.conversations)
        assert len(found) < 470


@pytest.mark.parametrize(
    "listing",
    [
        '{"conversations": [], "has_more": true, "next_cursor": null}',
        '{"conversations": [], "has_more": true}',
        '{"conversations": [{"agent_id": "a"}], "has_more": false}',
        '{"conversations": 7}',
        *ODD,
    ],
)
async def test_a_listing_that_makes_no_sense_is_no_silent_end(tmp_path, listing):
    async with fetching(tmp_path) as fetched, saying(listing=listing) as url:
        fetched.held.url = url
        report = await fetched.run()
        assert "ElevenLabs" in report.broken_off
        assert (report.stored, report.is_listed_to_the_end) == (0, False)


@pytest.mark.parametrize(
    "conversation",
    [
        '{"conversation_id": "conv_2", "transcript": [], "status": "done"}',
        '{"conversation_id": "conv_1", "transcript": [5]}',
        '{"conversation_id": "conv_1", "metadata": []}',
        '{"conversation_id": "conv_1", "transcript": 5, "status": "done"}',
        '{"conversation_id": "conv_1", "transcript": [], "status": "of the future"}',
        *ODD,
    ],
)
async def test_an_answer_that_makes_no_sense_fails_that_call_alone(tmp_path, conversation):
    row = {"conversation_id": "conv_1", "start_time_unix_secs": 1, "status": "done"}
    listing = json.dumps({"conversations": [row], "has_more": False})
    async with (
        fetching(tmp_path) as fetched,
        saying(listing=listing, conversation=conversation) as url,
    ):
        fetched.held.url = url
        report = await fetched.run()
        assert (report.failed, report.broken_off) == (1, "")
        assert fetched.files() == set()


async def test_only_the_agents_and_the_time_that_were_asked_for(tmp_path):
    async with fetching(tmp_path) as fetched:
        held = fetched.held
        old = a_call(held, 1, agent_id="agent_one", started_at=1_790_000_000)
        one = a_call(held, 2, agent_id="agent_one", started_at=1_790_000_100)
        two = a_call(held, 3, agent_id="agent_two", started_at=1_790_000_200)
        three = a_call(held, 4, agent_id="agent_three", started_at=1_790_000_300)
        late = a_call(held, 5, agent_id="agent_one", started_at=1_790_000_900)
        report = await fetched.run(
            since=1_790_000_050,
            until=1_790_000_800,
            agents=["agent_one", "agent_two"],
        )
        assert report.stored == 2
        stored = {path.name for path in fetched.root.iterdir()} - {".spool"}
        assert stored == {one, two}
        assert not stored & {old, three, late}


async def test_calls_that_are_not_over_and_calls_without_a_word_are_counted_not_stored(tmp_path):
    async with fetching(tmp_path) as fetched:
        held = fetched.held
        running = samples.conversation(1, status="in-progress", has_audio=False)
        held.add_conversation(running)
        silent = samples.conversation(2, status="failed", turns=0, has_audio=False)
        held.add_conversation(silent)
        a_call(held, 3)
        report = await fetched.run()
        assert (report.stored, report.nothing_said, report.failed) == (1, 1, 0)
        running["status"] = "done"
        assert (await fetched.run()).stored == 1


async def test_a_call_that_begins_again_between_listing_and_fetching_is_left_for_later(tmp_path):
    async with fetching(tmp_path) as fetched:
        held = fetched.held
        conversation_id = a_call(held)
        held.faults.slow(path_of(conversation_id), 0.1)
        running = asyncio.create_task(fetched.run())
        while not fetched.asked():
            await asyncio.sleep(0.01)
        held.conversations[conversation_id]["status"] = "processing"
        report = await running
        assert (report.still_running, report.stored, fetched.files()) == (1, 0, set())


async def test_calls_that_ended_a_moment_ago_are_left_to_their_webhooks(tmp_path):
    async with fetching(tmp_path) as fetched:
        body = samples.conversation(1, started_at=1_790_000_000)
        fetched.held.add_conversation(body, audio=RECORDING)
        ended = 1_790_000_000 + body["metadata"]["call_duration_secs"]
        report = await fetched.run(settled_before=ended - 1)
        assert (report.recent, report.stored, report.done) == (1, 0, 1)
        report = await fetched.run(settled_before=ended)
        assert (report.recent, report.stored) == (0, 1)


async def test_what_is_gone_is_no_failure_that_comes_back_for_ever(tmp_path):
    async with fetching(tmp_path) as fetched:
        held = fetched.held
        erased = a_call(held, 1)
        held.faults.add(path=path_of(erased), status=404, times=None)
        unrecorded = a_call(held, 2)
        del held.audio[unrecorded]
        report = await fetched.run()
        assert (report.gone, report.stored, report.failed) == (2, 1, 0)


async def test_an_id_that_could_leave_the_spool_is_refused(tmp_path):
    async with fetching(tmp_path) as fetched:
        fetched.held.add_conversation(samples.conversation(1, conversation_id="../../etc"))
        a_call(fetched.held, 2)
        report = await fetched.run()
        assert (report.stored, report.failed) == (1, 1)
        assert "cannot name a folder" in report.failures[0][1]
        assert {path.name for path in tmp_path.iterdir()} == {"spool"}


@pytest.mark.parametrize(("said", "requests"), [(True, 1), (False, 0), (None, 2)])
async def test_the_recording_of_a_call_that_came_by_webhook_is_fetched_alone(
    tmp_path, said, requests
):
    async with fetching(tmp_path) as fetched:
        held = fetched.held
        conversation_id = a_call(held, 1)
        payload = json.loads(held.delivery(conversation_id))
        payload["data"].pop("has_audio", None)
        if said is not None:
            payload["data"]["has_audio"] = said
        async with receiving(tmp_path) as running:
            await running.deliver_json(payload)
        report = await fetched.run()
        assert (report.there, report.stored) == (1, 0)
        assert report.recordings == (0 if said is False else 1)
        assert len(fetched.asked()) == requests


async def test_without_audio_no_recording_is_asked_for(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 10)
        await fetched.run(audio=False)
        assert not any(path.endswith("/audio") for path in fetched.asked())
        check_whole(fetched, audio=False)


async def test_two_backfills_at_the_same_moment_store_everything_once(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 60)
        spool = Spool.open(fetched.root)
        committer = Committer(spool)
        intake = SpoolIntake(spool, committer)
        reports = await asyncio.gather(*(fetched.run(intake=intake) for _ in range(2)))
        await committer.close()
        spool.close()
        assert sum(report.stored for report in reports) == 60
        assert sum(report.recordings for report in reports) == len(fetched.held.audio)
        check_whole(fetched)


async def test_told_to_stop_it_finishes_what_is_in_flight_and_the_next_run_goes_on(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 60)
        stop = asyncio.Event()

        def stop_after_ten(report):
            if report.stored >= 10:
                stop.set()

        report = await fetched.run(stop=stop, on_progress=stop_after_ten, concurrency=4)
        assert report.is_stopped
        assert 10 <= report.stored <= 14
        assert len(fetched.asked()) == len(fetched.sources())
        assert list((fetched.root / ".spool/incoming").iterdir()) == []
        report = await fetched.run()
        assert not report.is_stopped
        check_whole(fetched)


async def test_told_to_stop_while_the_platform_says_wait_it_does_not_wait(tmp_path):
    async with fetching(tmp_path) as fetched:
        fetched.held.faults.add(path="/conversations$", status=429, times=None, retry_after=60)
        stop = asyncio.Event()
        running = asyncio.create_task(fetched.run(stop=stop))
        while not fetched.asked("/v1"):
            await asyncio.sleep(0.01)
        stop.set()
        report = await asyncio.wait_for(running, 2)
        assert report.is_stopped


async def test_cancelled_it_leaves_nothing_half_stored(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 60)
        spool = Spool.open(fetched.root)
        committer = Committer(spool)
        running = asyncio.create_task(
            fetched.run(intake=SpoolIntake(spool, committer), concurrency=8)
        )
        while len(fetched.asked()) < 20:
            await asyncio.sleep(0.005)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await committer.close()
        assert list((fetched.root / ".spool/incoming").iterdir()) == []
        spool.close()
        await fetched.run()
        check_whole(fetched)


async def test_a_spool_without_room_ends_the_run_with_what_to_do(tmp_path):
    async with fetching(tmp_path) as fetched:
        fill(fetched.held, 30)
        spool = Spool.open(fetched.root)

        def full(arrivals):
            return [SpoolFull(f"no room ({errno.ENOSPC}); free some space") for _ in arrivals]

        spool.commit = full
        committer = Committer(spool)
        report = await fetched.run(intake=SpoolIntake(spool, committer))
        await committer.close()
        spool.close()
        assert "free some space" in report.broken_off
        assert report.stored == 0
        assert len(fetched.asked()) <= 8
