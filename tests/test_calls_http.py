"""/calls over HTTP: for the owner alone, and in the shape that every client can rely on."""

import asyncio
import json
import logging
import time
from contextlib import asynccontextmanager
from functools import partial

import pytest

from cli.assembly.call_desk import call_desk
from cli.assembly.options import receiver_options
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from settings import Settings
from spool.format import SpoolFailed
from tests.factories import transcription_payload
from tests.outbound import (
    AGENT,
    ANA,
    BOB,
    LINE,
    calling_platform,
    memory_of_ana,
    outbound_requests,
)
from tests.receiving import receiving

KEY = "the-admin-key"
ADMIN = {"Authorization": f"Bearer {KEY}"}
WANTED = {"to": ANA, "agent_id": AGENT}


def desk(state, tmp_path, *, store=None, **changes):
    """Return a call desk as the program makes it, over the test's folder and platform."""
    plain = {
        "elevenlabs_api_key": state.api_key, "elevenlabs_base_url": state.url,
        "payload_storage_path": tmp_path / "spool", "openmemory_db_path": tmp_path / "memory.db",
    }  # fmt: skip
    settings = Settings(**{**plain, **changes})
    read_options = partial(receiver_options, settings)
    return call_desk(settings, store or InMemoryStore(), read_options=read_options)


@asynccontextmanager
async def serving_calls(tmp_path, **changes):
    """Run a platform, and a receiver that starts calls there."""
    async with calling_platform() as state, receiving(tmp_path, admin_key=KEY) as running:
        object.__setattr__(running.receiver, "calls", desk(state, tmp_path, **changes))
        yield state, running


class Owner:
    """Asks /calls as the owner of the key."""

    def __init__(self, running):
        self.client = running.client

    async def post(self, *, headers=None, **changes):
        return await self.send(json.dumps({**WANTED, **changes}).encode(), headers=headers)

    async def send(self, body, *, headers=None):
        response = await self.client.post("/calls", data=body, headers={**ADMIN, **(headers or {})})
        return response.status, await response.json(), response.headers

    async def list(self, **query):
        response = await self.client.get("/calls", headers=ADMIN, params=query)
        return response.status, await response.json()


async def test_without_an_admin_key_there_is_nothing_at_calls(tmp_path):
    async with receiving(tmp_path) as running:
        unknown = await (await running.client.get("/nothing/here", headers=ADMIN)).json()
        for method in ("GET", "POST", "PUT", "DELETE"):
            response = await running.client.request(method, "/calls", headers=ADMIN)
            assert response.status == 404
            assert await response.json() == unknown
            assert "Allow" not in response.headers
    assert unknown["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": KEY}, {"Authorization": f"Basic {KEY}"}],
)
async def test_only_the_admin_key_opens_calls(tmp_path, headers):
    async with serving_calls(tmp_path) as (state, running):
        for method in ("GET", "POST", "PUT"):
            response = await running.client.request(method, "/calls", headers=headers, json=WANTED)
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert (await response.json())["error"]["code"] == "unauthorized"
    assert state.requests == []


async def test_other_methods_say_which_there_are(tmp_path):
    async with receiving(tmp_path, admin_key=KEY) as running:
        response = await running.client.put("/calls", headers=ADMIN)
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD,POST"


async def test_a_call_is_started_once_and_told_again(tmp_path):
    store = await memory_of_ana()
    async with serving_calls(tmp_path, store=store) as (state, running):
        owner = Owner(running)
        status, first, _ = await owner.post(idempotency_key="k")
        again_status, again, _ = await owner.post(headers={"Idempotency-Key": "k"})
        assert running.receiver.counts["calls_started"] == 1
        assert running.receiver.counts["calls_repeated"] == 1
        # The agent asks in the call, and the platform then names only the conversation.
        assert running.receiver.recent_calls.caller(first["conversation_id"]) == ANA
    (body,) = state.dialled
    assert (status, again_status) == (201, 200)
    assert first == {
        "status": "started", "conversation_id": body["conversation_id"], "provider": "twilio",
        "call_sid": first["call_sid"], "idempotency_key": "k", "warnings": [],
    }  # fmt: skip
    assert first["call_sid"].startswith("CA")
    assert again == {**first, "repeated": True}
    agent = body["conversation_initiation_client_data"]["conversation_config_override"]["agent"]
    assert "Ana" in agent["first_message"]
    assert state.complaints == []


async def test_a_sip_call_has_its_own_id_and_a_made_key(tmp_path):
    async with serving_calls(tmp_path) as (state, running):
        body = {"from": "phnum_sip", "variables": {"n": 1, "yes": True}, "first_message": "Hi"}
        status, answer, _ = await Owner(running).post(**body)
    assert status == 201
    assert answer["sip_call_id"].startswith("SCL")
    assert "call_sid" not in answer
    assert len(answer["idempotency_key"]) > 20
    sent = state.dialled[0]["conversation_initiation_client_data"]["dynamic_variables"]
    assert (sent["n"], sent["yes"]) == (1, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"), (b"[]", "invalid_json"), (b"{", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b'{"agent_id": "a"}', "invalid_to"),
        (b'{"to": 12025550142, "agent_id": "a"}', "invalid_to"),
        (b'{"to": "+12025550142"}', "invalid_agent_id"),
        (b'{"to": "+12025550142", "agent_id": null}', "invalid_agent_id"),
        (b'{"to": "12025550142", "agent_id": "a"}', "invalid_number"),
        (b'{"to": "+12025550142", "agent_id": "a", "first_mesage": "Hi"}', "unknown_member"),
        (b'{"to": "+12025550142", "agent_id": "a", "\\ud800": 1}', "unknown_member"),
        (b'{"to": "+12025550142", "agent_id": "a", "variables": []}', "invalid_variables"),
        (b'{"to": "+12025550142", "agent_id": "a", "variables": {"a": null}}', "invalid_variables"),
        (b'{"to": "+12025550142", "agent_id": "a", "variables": {"a": NaN}}', "invalid_variable"),
        (b'{"to": "+12025550142", "agent_id": "a", "variables": {"a": "\\ud800"}}',
         "invalid_variable"),
        (b'{"to": "+12025550142", "agent_id": "a", "variables": {"\\ud800": ""}}',
         "invalid_variable"),
        (b'{"to": "+12025550142", "agent_id": "a", "idempotency_key": ""}', "invalid_key"),
        (b'{"to": "+12025550142", "agent_id": "a", "from": 7}', "invalid_from"),
        (b'{"to": "\\ud800", "agent_id": "\\ud800"}', "invalid_agent_id"),
    ],
)  # fmt: skip
async def test_a_body_that_asks_for_no_call_is_told_what_is_wrong(tmp_path, body, code):
    async with serving_calls(tmp_path) as (state, running):
        status, answer, _ = await Owner(running).send(body)
        assert running.receiver.counts["defects"] == 0
    assert (status, answer["error"]["code"]) == (400, code)
    assert answer["error"]["message"]
    assert state.requests == []


async def test_two_different_keys_are_refused_and_a_strange_header_too(tmp_path):
    async with serving_calls(tmp_path) as (state, running):
        owner = Owner(running)
        two = await owner.post(idempotency_key="a", headers={"Idempotency-Key": "b"})
        empty = await owner.post(headers={"Idempotency-Key": ""})
        long = await owner.post(headers={"Idempotency-Key": "k" * 201})
    assert (two[0], two[1]["error"]["code"]) == (400, "two_keys")
    assert empty[1]["error"]["code"] == long[1]["error"]["code"] == "invalid_key"
    assert state.requests == []


async def test_a_large_body_is_refused(tmp_path):
    async with serving_calls(tmp_path) as (_, running):
        owner = Owner(running)
        status, answer, _ = await owner.post(variables={"a": "x" * 64 * 1024})
        fits, _, _ = await owner.post(variables={"a": "x" * 63 * 1024})
    assert (status, answer["error"]["code"]) == (413, "body_too_large")
    assert fits == 201


async def test_the_platforms_refusals_have_their_own_codes(tmp_path):
    async with serving_calls(tmp_path) as (state, running):
        owner = Owner(running)
        unknown = await owner.post(agent_id="agent_other")
        state.outcomes[ANA] = "invalid"
        invalid = await owner.post()
        state.outcomes.clear()
        state.faults.add(method="POST", path="/outbound-call", status=429, retry_after=2.5)
        limited = await owner.post()
        state.faults.add(method="POST", path="/outbound-call", status=503)
        lost = await owner.post()
        held_back = await owner.post()
        assert running.receiver.counts["calls_refused"] == 5
    shapes = [(status, body["error"]["code"]) for status, body, _ in
              (unknown, invalid, limited, lost, held_back)]  # fmt: skip
    assert shapes == [
        (404, "unknown_agent"), (502, "call_refused"), (429, "rate_limited"),
        (504, "outcome_unknown"), (409, "call_under_way"),
    ]  # fmt: skip
    assert "not a valid phone number" in invalid[1]["error"]["message"]
    assert limited[2]["Retry-After"] == "3"
    assert "Retry-After" not in lost[2]
    assert "Retry-After" in held_back[2]
    assert state.dialled == []


async def test_without_an_api_key_calls_are_listed_but_not_started(tmp_path):
    async with serving_calls(tmp_path, elevenlabs_api_key="") as (_, running):
        status, answer, _ = await Owner(running).post()
        listed = await Owner(running).list()
    assert (status, answer["error"]["code"]) == (503, "not_configured")
    assert "ELEVENLABS_API_KEY" in answer["error"]["message"]
    assert listed == (200, {"calls": []})


async def test_a_receiver_without_a_desk_says_so(tmp_path):
    async with receiving(tmp_path, admin_key=KEY) as running:
        status, answer, _ = await Owner(running).post()
    assert (status, answer["error"]["code"]) == (503, "not_configured")


class LateStore(InMemoryStore):
    async def profile(self, caller):
        await asyncio.sleep(60)


class BrokenStore(InMemoryStore):
    async def profile(self, caller):
        raise MemoryUnavailable("the file is gone")


@pytest.mark.parametrize(("store", "words"), [(LateStore(), "in time"), (BrokenStore(), "be read")])
async def test_memory_that_is_late_or_broken_costs_the_name_and_is_said(tmp_path, store, words):
    async with serving_calls(tmp_path, store=store, live_deadline_ms=60) as (state, running):
        status, answer, _ = await Owner(running).post()
    assert status == 201
    (warning,) = answer["warnings"]
    assert words in warning
    data = state.dialled[0]["conversation_initiation_client_data"]
    assert data["dynamic_variables"]["first_name"] == ""
    assert "conversation_config_override" not in data


async def test_a_live_answer_is_quick_while_a_call_is_being_dialled(tmp_path):
    async with serving_calls(tmp_path) as (state, running):
        state.faults.slow("/outbound-call", 1.0)
        dialling = asyncio.create_task(Owner(running).post())
        slowest = 0.0
        while not dialling.done():
            began = time.monotonic()
            response = await running.client.post("/webhook/client-data", json={"caller_id": ANA})
            assert response.status == 200
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.01)
        assert (await dialling)[0] == 201
    assert slowest < 0.5


async def test_a_record_that_cannot_be_kept_stops_the_call(tmp_path, monkeypatch):
    def fail(log, record, *, quiet):
        raise SpoolFailed("cannot write: the disk is gone")

    monkeypatch.setattr("cloud.calling.call_log.CallLog.reserve", fail)
    async with serving_calls(tmp_path) as (state, running):
        status, answer, headers = await Owner(running).post()
    assert (status, answer["error"]["code"]) == (503, "storage_failed")
    assert "Nothing was dialled" in answer["error"]["message"]
    assert headers["Retry-After"] == "30"
    assert outbound_requests(state) == []


async def test_calls_are_listed_with_what_became_of_them(tmp_path):
    async with serving_calls(tmp_path) as (state, running):
        owner = Owner(running)
        _, answered, _ = await owner.post(idempotency_key="answered")
        _, missed, _ = await owner.post(idempotency_key="missed")
        await owner.post(idempotency_key="open")
        state.outcomes[BOB] = {"success": False, "message": f"{BOB} is busy"}
        await owner.post(idempotency_key="refused", to=BOB)
        call = transcription_payload(
            conversation_id=answered["conversation_id"], caller=ANA, direction="outbound",
            agent_line=LINE, duration_secs=61,
        )  # fmt: skip
        await running.deliver_json(call)
        failure = {"from_number": LINE, "to_number": ANA, "sip_status_code": 480}
        await running.deliver_json(
            {
                "type": "call_initiation_failure", "event_timestamp": 1_790_000_000,
                "data": {
                    "agent_id": AGENT, "conversation_id": missed["conversation_id"],
                    "failure_reason": "no-answer", "metadata": {"type": "sip", "body": failure},
                },
            }
        )  # fmt: skip
        status, listed = await owner.list(limit="10")
        one = await owner.list(limit="1")
    assert status == 200
    calls = {call["key"]: call for call in listed["calls"]}
    assert [call["key"] for call in listed["calls"]] == ["refused", "open", "missed", "answered"]
    assert [call["key"] for call in one[1]["calls"]] == ["refused"]
    assert calls["answered"]["outcome"]["what"] == "answered"
    assert calls["answered"]["outcome"]["duration_secs"] == 61
    assert calls["answered"]["outcome"]["call_successful"] == "success"
    assert calls["missed"]["outcome"]["what"] == "no-answer"
    assert calls["open"]["outcome"]["what"] == "no_word_yet"
    assert calls["refused"]["outcome"] is None
    assert calls["refused"]["error"]["code"] == "call_refused"
    assert calls["open"]["to"] == "+1 *** *** 0142"
    assert ANA not in json.dumps(listed)
    assert BOB not in json.dumps(listed)


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "", "1.5", "\u0663", "9" * 5000])
async def test_a_limit_that_is_none_is_refused(tmp_path, limit):
    async with serving_calls(tmp_path) as (_, running):
        status, answer = await Owner(running).list(limit=limit)
    assert (status, answer["error"]["code"]) == (400, "invalid_limit")


async def test_the_log_line_of_a_call_masks_the_number(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    async with serving_calls(tmp_path) as (_, running):
        _, answer, _ = await Owner(running).post()
    (line,) = [each for each in caplog.records if getattr(each, "path", "") == "/calls"]
    assert line.caller == "+1 *** *** 0142"
    assert line.conversation_id == answer["conversation_id"]
    assert not [each for each in caplog.records if ANA in f"{each.getMessage()} {vars(each)}"]


async def test_the_desk_knows_whom_a_conversation_calls(tmp_path):
    async with serving_calls(tmp_path) as (state, running):
        _, answer, _ = await Owner(running).post()
        # Another process, or this one after a restart, knows it as well.
        fresh = desk(state, tmp_path)
        assert await fresh.callee(answer["conversation_id"]) == ANA
        assert await fresh.callee("conv_other") is None
        assert await fresh.callee("../../etc") is None
        link = tmp_path / f"spool/.spool/calls/by-conversation/{answer['conversation_id']}.json"
        link.write_bytes(b"damaged")
        assert await fresh.callee(answer["conversation_id"]) is None
