"""What happens is told to whoever looks on, without the calls noticing that anybody does."""

import asyncio
import json
import logging
import threading
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from receiver.activity import watch_token
from telemetry.activity import MAX_WATCHERS, TOLD_EACH_SECOND, Activity, TooManyWatchers
from telemetry.activity_logs import told_of_warnings
from tests.factories import audio_payload, encoded, failure_payload, transcription_payload
from tests.receiving import SECRET, receiving

CALLER = "+15550100142"
TOKEN = {"Authorization": f"Bearer {watch_token(SECRET)}"}


class Clock:
    """A clock that a test turns."""

    def __init__(self):
        self.time = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self):
        return self.time


def events_in(lines):
    return [json.loads(line) for line in lines.splitlines()]


@contextmanager
def looking(activity):
    with activity.looked_at(nullcontext) as watcher:
        yield watcher


async def test_what_nobody_looks_at_is_not_even_made_into_a_line():
    class Unspeakable:
        pass

    activity = Activity()
    activity.publish("ring", {"caller": Unspeakable()})  # msgspec would refuse it
    assert activity.take_counts() == ({}, {})
    with looking(activity) as watcher:
        activity.publish("ring", {"caller": "x"})
        (event,) = events_in(await watcher.take())
        assert event["caller"] == "x"
    activity.publish("ring", {"caller": Unspeakable()})
    assert activity.watchers == 0


async def test_who_reads_too_slowly_loses_the_oldest_and_is_told_and_nobody_else_does():
    activity = Activity(max_waiting=3)
    with looking(activity) as slow, looking(activity) as quick:
        told = []
        for number in range(5):
            activity.publish("ring", {"number": number})
            told += events_in(await quick.take())
        assert [event["number"] for event in told] == [0, 1, 2, 3, 4]
        dropped, *kept = events_in(await slow.take())
        assert dropped == {"event": "dropped", "count": 2}
        assert [event["number"] for event in kept] == [2, 3, 4]
        activity.publish("ring", {"number": 5})
        assert [event["number"] for event in events_in(await slow.take())] == [5]


async def test_of_a_flood_only_the_number_is_told():
    clock = Clock()
    activity = Activity(now=clock)
    limit = TOLD_EACH_SECOND["refused"]
    with looking(activity) as watcher:
        for _ in range(limit + 7):
            activity.publish("refused", {})
        activity.publish("ring", {})
        told = [event["event"] for event in events_in(await watcher.take())]
        assert told == ["refused"] * limit + ["ring"]
        published, left_out = activity.take_counts()
        assert published == {"refused": limit + 7, "ring": 1}
        assert left_out == {"refused": 7}
        clock.time += timedelta(seconds=1)
        activity.publish("refused", {})
        assert [event["event"] for event in events_in(await watcher.take())] == ["refused"]
        assert activity.take_counts() == ({"refused": 1}, {})


async def test_a_thread_may_tell_something_too():
    activity = Activity()
    with looking(activity) as watcher:
        taking = asyncio.create_task(watcher.take())
        await asyncio.sleep(0)
        threads = [
            threading.Thread(target=activity.publish, args=("ring", {"n": n})) for n in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = events_in(await taking)
        while len(found) < 5:
            found += events_in(await watcher.take())
        assert sorted(event["n"] for event in found) == [0, 1, 2, 3, 4]


async def test_no_more_than_so_many_look_on_and_what_they_need_is_there_only_meanwhile():
    entered = []

    @contextmanager
    def meanwhile():
        entered.append("in")
        yield
        entered.append("out")

    activity = Activity(max_watchers=2)
    with activity.looked_at(meanwhile):
        with activity.looked_at(meanwhile):
            with pytest.raises(TooManyWatchers), activity.looked_at(meanwhile):
                pass
            assert activity.watchers == 2
        assert entered == ["in"]
    assert entered == ["in", "out"]
    with activity.looked_at(meanwhile):
        assert entered == ["in", "out", "in"]


async def test_once_it_is_over_whoever_looks_on_is_let_go_and_so_is_who_comes_later():
    activity = Activity()
    with looking(activity) as watcher:
        activity.close()
        assert [event["event"] for event in events_in(await watcher.take())] == ["bye"]
        assert await watcher.take() == b""
    with looking(activity) as late:
        assert await late.take() == b""


async def test_warnings_are_told_in_a_few_words_and_without_what_an_exception_quotes():
    activity, logger = Activity(), logging.getLogger("receiver.test")
    handlers = list(logging.getLogger().handlers)
    with looking(activity) as watcher, told_of_warnings(activity):
        logger.info("not worth it")
        # Given to the handler alone: who runs the tests keeps log lines, and must encode them.
        (teller,) = set(logging.getLogger().handlers) - set(handlers)
        odd = {"levelno": 30, "levelname": "WARNING", "name": logger.name, "action": "odd"}
        odd |= {"msg": "odd: %s", "args": ("\udce4" * 1000,), "error": "disk"}
        teller.handle(logging.makeLogRecord(odd))
        try:
            raise ValueError("what the caller said")
        except ValueError:
            logger.exception("broken", extra={"event_id": "0123456789abcdef"})
        odd, broken = events_in(await watcher.take())
    assert (odd["level"], odd["logger"], odd["action"]) == ("WARNING", "receiver.test", "odd")
    assert len(odd["message"]) <= 300
    assert odd["error"] == "disk"
    assert (broken["error"], broken["event_id"]) == ("ValueError", "0123456789abcdef")
    assert "caller said" not in json.dumps(broken)
    assert logging.getLogger().handlers == handlers


class Look:
    """One who looks on over HTTP."""

    def __init__(self, response):
        self.response = response

    async def next(self, *names):
        """Return the next event of these names."""
        while line := await self.response.content.readline():
            event = json.loads(line)
            if event["event"] in names:
                return event
        raise AssertionError("the stream has ended")

    async def rest(self):
        return [json.loads(line) async for line in self.response.content]


@asynccontextmanager
async def watching(running, **options):
    async with running.client.get("/activity", headers=TOKEN, **options) as response:
        assert response.status == 200, await response.text()
        yield Look(response)


async def nobody_looks(running):
    while running.receiver.activity.watchers:
        await asyncio.sleep(0.01)


async def test_a_call_is_told_as_it_rings_asks_and_ends_and_no_number_with_it(tmp_path):
    body = {"caller_id": CALLER, "conversation_id": "conv_one", "called_number": "+15550100100"}
    async with receiving(tmp_path, search_data_key="right") as running, watching(running) as look:
        await running.client.post("/webhook/client-data", json=body)
        ring = await look.next("ring")
        headers = {"X-Api-Key": "right"}
        question = {**body, "query": "when?"}
        await running.client.post("/webhook/search-data", json=question, headers=headers)
        search = await look.next("search")
        await running.client.post("/webhook/search-data", json=question)
        refused = await look.next("refused")
        ended = transcription_payload(conversation_id="conv_one", caller=CALLER)
        await running.deliver_json(ended)
        end = await look.next("end")
        await running.deliver_json(ended)
        again = await look.next("end")
        await running.deliver_json(audio_payload(conversation_id="conv_one"))
        recording = await look.next("end")
        await running.deliver_json(failure_payload(conversation_id="conv_two"))
        failure = await look.next("end")
        await running.deliver(b"[]")
        odd = await look.next("end")
    assert (ring["is_known"], ring["answer"]) == (False, "stranger")
    for event in (ring, search, end):
        assert event["conversation_id"] == "conv_one"
        assert event["caller"] == "+1 *** *** 0142"
        assert event["who"] == ring["who"] != ""
        assert event["milliseconds"] > 0
    assert search["found"] == 0
    assert (refused["status"], refused["path"]) == (401, "/webhook/search-data")
    assert (end["kind"], end["outcome"]) == ("transcription", "stored")
    assert again["outcome"] == "duplicate"
    assert (recording["kind"], recording["conversation_id"]) == ("audio", "conv_one")
    assert (failure["kind"], failure["conversation_id"]) == ("failure", "conv_two")
    assert (odd["kind"], odd["outcome"]) == ("quarantine", "quarantined")
    everything = json.dumps([ring, search, refused, end, again, recording, failure, odd])
    assert CALLER[1:] not in everything


async def test_the_post_call_secret_opens_it_and_so_does_the_admin_key_and_nothing_else(tmp_path):
    secrets = ("wsec_old", "wsec_new")
    async with receiving(tmp_path, post_call_secrets=secrets) as running:
        for secret, status in (("wsec_old", 200), ("wsec_new", 200), ("wsec_other", 404)):
            headers = {"Authorization": f"Bearer {watch_token(secret)}"}
            async with running.client.get("/activity", headers=headers) as response:
                assert response.status == status
        for headers in ({}, {"Authorization": "Bearer wsec_new"}):
            async with running.client.get("/activity", headers=headers) as response:
                assert response.status == 404
    async with receiving(tmp_path / "2", admin_key="the-key") as running:
        for key, status in (("the-key", 200), ("wrong", 401), (SECRET, 401)):
            headers = {"Authorization": f"Bearer {key}"}
            async with running.client.get("/activity", headers=headers) as response:
                assert response.status == status
        async with running.client.head("/activity", headers={"Authorization": "Bearer the-key"}):
            assert running.receiver.activity.watchers <= 2
        await nobody_looks(running)


async def test_one_more_than_may_look_on_is_asked_to_come_again(tmp_path):
    async with receiving(tmp_path) as running, AsyncExitStack() as stack:
        for _ in range(MAX_WATCHERS):
            await stack.enter_async_context(watching(running))
        async with running.client.get("/activity", headers=TOKEN) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
            assert (await response.json())["error"]["code"] == "too_many_watchers"


async def test_when_the_last_one_has_gone_nothing_is_left_of_it(tmp_path, caplog):
    handlers = list(logging.getLogger().handlers)
    async with receiving(tmp_path) as running:
        tasks = len(asyncio.all_tasks())
        async with watching(running), watching(running):
            assert running.receiver.activity.watchers == 2
            assert logging.getLogger().handlers != handlers
        await nobody_looks(running)
        assert logging.getLogger().handlers == handlers
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.01)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def test_who_looks_on_and_reads_nothing_holds_up_no_call(tmp_path):
    async with receiving(tmp_path) as running:
        activity = running.receiver.activity
        async with running.client.get("/activity", headers=TOKEN, read_bufsize=1024):
            long = "x" * 300
            while not activity._watchers[0]._dropped:
                for _ in range(200):
                    activity.publish("ring", {"caller": long})
                await asyncio.sleep(0)
            answer = await running.deliver_json(transcription_payload())
            assert answer["status"] == "stored"
            assert len(activity._watchers[0]._waiting) <= 1000


async def test_how_it_stands_is_told_once_a_second(tmp_path):
    async with receiving(tmp_path) as running:
        await running.deliver(encoded(transcription_payload()))
        async with running.client.get("/activity", headers=TOKEN) as response:
            look = Look(response)
            pulse = await look.next("pulse")
            assert pulse["backlog"] == 1
            assert (pulse["in_flight"], pulse["watchers"], pulse["spool"]) == (0, 1, "ok")
            await running.client.get("/nothing/here")
            counts = [(await look.next("pulse"))["counts"] for _ in range(2)]
            assert sum(each.get("refused", 0) for each in counts) == 1


async def test_a_server_that_stops_does_not_wait_for_who_looks_on(tmp_path, caplog):
    async with receiving(tmp_path) as running, watching(running) as look:
        running.stop.set()
        told = await look.rest()
        assert told[-1]["event"] == "bye"
    assert "requests_dropped" not in [getattr(each, "action", "") for each in caplog.records]
