"""The live answers: quick, neutral when in doubt, and never another caller's."""

import asyncio
import io
import json

import pytest

from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from processor.derive import derive
from tests.factories import transcription_payload
from tests.receiving import receiving
from voice.payload import parse_event

ANA, BOB = "+12025550142", "+12025550177"
AGENT_LINE = "+15005550006"
KEYS = {
    "user_name", "caller_name", "user_profile_summary", "last_call_summary", "caller_history",
    "caller_preferences", "is_returning_caller", "call_count", "last_call_date",
    "preferred_name", "first_name", "full_name", "open_commitments",
}  # fmt: skip


class SlowStore(InMemoryStore):
    """A memory that hangs."""

    async def profile(self, caller):
        await asyncio.sleep(60)

    async def search(self, caller, query, *, limit, now=None, explain=False):
        await asyncio.sleep(60)


class BrokenStore(InMemoryStore):
    """A memory that fails in the given way."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    async def profile(self, caller):
        raise self.error


class WaitingStore(InMemoryStore):
    """A memory that tells whose line it is once somebody asks for the profile."""

    def __init__(self):
        super().__init__()
        self.is_asked = asyncio.Event()

    async def profile(self, caller):
        self.is_asked.set()
        return await super().profile(caller)

    async def is_agent_line(self, number):
        await self.is_asked.wait()
        return await super().is_agent_line(number)


async def remembering(*payloads, store=None):
    store = store or InMemoryStore()
    for number, payload in enumerate(payloads):
        event = parse_event("transcription", json.dumps(payload).encode())
        await store.apply([derive(event, sha256=f"{number:064x}")])
    return store


def call_of_ana(**changes):
    return transcription_payload(
        **{
            "conversation_id": "conv_ana", "caller": ANA, "summary": "Ana ordered olive trees.",
            "collected": {"first_name": "Ana"}, "agent_line": AGENT_LINE, **changes,
        }
    )  # fmt: skip


async def ring(running, **body):
    response = await running.client.post("/webhook/client-data", json=body)
    assert response.status == 200
    return await response.json()


async def ask(running, **body):
    response = await running.client.post("/webhook/search-data", json=body)
    assert response.status == 200
    return await response.json()


async def test_a_stranger_gets_every_variable_empty_and_no_override(tmp_path):
    async with receiving(tmp_path) as running:
        answer = await ring(running, caller_id=ANA, agent_id="agent_x", called_number=AGENT_LINE)
    assert answer["type"] == "conversation_initiation_client_data"
    assert set(answer["dynamic_variables"]) == KEYS
    assert not any(answer["dynamic_variables"].values())
    assert answer["conversation_config_override"] == {}


async def test_a_known_caller_is_greeted_by_name(tmp_path):
    async with receiving(tmp_path, memory=await remembering(call_of_ana())) as running:
        answer = await ring(running, caller_id="+1 (202) 555-0142", called_number=AGENT_LINE)
    assert "Ana" in answer["conversation_config_override"]["agent"]["first_message"]
    variables = answer["dynamic_variables"]
    assert set(variables) == KEYS
    assert variables["user_name"] == "Ana"
    assert "olive trees" in variables["last_call_summary"]
    assert variables["is_returning_caller"] is True
    assert variables["call_count"] == 1


async def test_on_an_outbound_call_the_human_is_the_called_number(tmp_path):
    async with receiving(tmp_path, memory=await remembering(call_of_ana())) as running:
        answer = await ring(
            running, caller_id=AGENT_LINE, called_number=ANA, conversation_id="conv_out"
        )
        assert answer["dynamic_variables"]["user_name"] == "Ana"
        # Mid-call the platform's caller id is the agent's own line again.
        found = await ask(
            running, query="olive trees", caller_id=AGENT_LINE, conversation_id="conv_out"
        )
        assert found["profile"]["name"] == "Ana"
        unknown = await ask(running, query="olive trees", caller_id=AGENT_LINE)
        assert unknown == {"profile": None, "memories": []}
        told = await ask(running, query="olive", caller_id=AGENT_LINE, called_number=ANA)
        assert told["profile"]["name"] == "Ana"


async def test_a_whatsapp_user_is_the_same_person_at_the_ring_and_in_the_call(tmp_path):
    async with receiving(tmp_path, memory=await remembering(call_of_ana())) as running:
        answer = await ring(
            running, caller_id=ANA.removeprefix("+"), call_sid="", conversation_id="conv_wa"
        )
        assert answer["dynamic_variables"]["user_name"] == "Ana"
        digits = ANA.removeprefix("+")
        found = await ask(running, query="olive", caller_id=digits, conversation_id="conv_wa")
        assert found["profile"]["name"] == "Ana"
        # Without the ring, digits without a country are not taken for anybody's number.
        assert (await ask(running, query="olive", caller_id=digits))["profile"] is None


@pytest.mark.parametrize("withheld", ["anonymous", "", "+266696687", "Restricted", None])
async def test_a_withheld_number_is_nobody(tmp_path, withheld):
    store = await remembering(call_of_ana(caller=withheld or "anonymous"))
    async with receiving(tmp_path, memory=store) as running:
        answer = await ring(running, caller_id=withheld)
        found = await ask(running, query="olive trees", caller_id=withheld)
    assert not any(answer["dynamic_variables"].values())
    assert found == {"profile": None, "memories": []}


async def test_the_question_is_answered_from_this_callers_memory_alone(tmp_path):
    bobs = call_of_ana(conversation_id="conv_bob", caller=BOB, collected={"first_name": "Bob"})
    async with receiving(tmp_path, memory=await remembering(call_of_ana(), bobs)) as running:
        anas = await ask(running, query="olive trees", caller_id=ANA, limit=50)
        bobs_answer = await ask(running, query="olive trees", caller_id=BOB, limit=50)
        nobody = await ask(running, query="olive trees", caller_id="+12025550199")
    assert {each["conversation_id"] for each in anas["memories"]} == {"conv_ana"}
    assert {each["conversation_id"] for each in bobs_answer["memories"]} == {"conv_bob"}
    assert nobody == {"profile": None, "memories": []}


async def test_a_browsers_user_id_never_equals_a_phone_number(tmp_path):
    async with receiving(tmp_path, memory=await remembering(call_of_ana())) as running:
        found = await ask(running, query="olive trees", user_id=ANA)
    assert found == {"profile": None, "memories": []}


@pytest.mark.parametrize("limit", [1, "1", 0, -5, 1.0])
async def test_the_limit_is_kept_whatever_the_model_sends(tmp_path, limit):
    async with receiving(tmp_path, memory=await remembering(call_of_ana())) as running:
        found = await ask(running, query="olive trees Ana", caller_id=ANA, limit=limit)
    assert len(found["memories"]) == 1


async def test_a_limit_that_is_no_number_is_the_usual_one(tmp_path):
    async with receiving(tmp_path, memory=await remembering(call_of_ana())) as running:
        found = await ask(running, query="olive trees Ana", caller_id=ANA, limit=float("nan"))
        assert not running.receiver.counts["defects"]
    assert found["memories"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": "search"},
        {"X-Api-Key": "owner"},
        {"X-Api-Key": "search", "Authorization": "Bearer wrong"},
        {"X-Api-Key": "search", "Authorization": "owner"},
    ],
)
@pytest.mark.parametrize("admin_key", ["owner", ""])
async def test_nobody_but_the_owner_is_told_how_a_result_came_about(tmp_path, headers, admin_key):
    memory = await remembering(call_of_ana())
    options = {"search_data_key": "search", "admin_key": admin_key}
    async with receiving(tmp_path, memory=memory, **options) as running:
        body = {"query": "olive trees", "caller_id": ANA, "explain": True}
        response = await running.client.post("/webhook/search-data", json=body, headers=headers)
        assert response.status == (403 if headers.get("X-Api-Key") == "search" else 401)
        assert "olive" not in await response.text()


async def test_the_owner_is_told_how_a_result_came_about(tmp_path):
    memory = await remembering(call_of_ana())
    async with receiving(tmp_path, memory=memory, search_data_key="s", admin_key="o") as running:
        body = {"query": "olive trees", "caller_id": ANA, "explain": True}
        owner = {"Authorization": "Bearer o"}
        response = await running.client.post("/webhook/search-data", json=body, headers=owner)
        assert response.status == 200
        first = (await response.json())["memories"][0]
        response = await running.client.post(
            "/webhook/search-data", json=body | {"explain": False}, headers=owner
        )
        plain = (await response.json())["memories"][0]
    score = sum(part["value"] for part in first["explanation"] if part["effect"] == "points")
    for part in first["explanation"]:
        score *= part["value"] if part["effect"] == "factor" else 1
    assert score == pytest.approx(first["score"], rel=1e-4)
    assert "explanation" not in plain
    assert plain["score"] == first["score"]


async def test_memory_that_hangs_costs_no_more_than_the_deadline(tmp_path):
    async with receiving(tmp_path, memory=SlowStore(), live_deadline_seconds=0.2) as running:
        answer = await ring(running, caller_id=ANA)
        found = await ask(running, query="olive trees", caller_id=ANA)
        assert running.receiver.counts["live_answers_late"] == 2
    assert not any(answer["dynamic_variables"].values())
    assert found == {"profile": None, "memories": []}


@pytest.mark.parametrize(
    ("error", "counted"),
    [(MemoryUnavailable("gone"), "live_answers_failed"), (ValueError("a defect"), "defects")],
)
async def test_memory_that_fails_gives_the_neutral_answer(tmp_path, error, counted):
    async with receiving(tmp_path, memory=BrokenStore(error)) as running:
        answer = await ring(running, caller_id=ANA)
        assert running.receiver.counts[counted] == 1
    assert set(answer["dynamic_variables"]) == KEYS
    assert answer["conversation_config_override"] == {}


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"[" * 100_000, b"\xff", b'{"caller_id": 5}', b"x" * 1_100_000]
)
async def test_a_ring_that_cannot_be_read_gets_the_neutral_answer(tmp_path, body):
    async with receiving(tmp_path) as running:
        response = await running.client.post("/webhook/client-data", data=io.BytesIO(body))
        assert response.status == 200
        assert set((await response.json())["dynamic_variables"]) == KEYS


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"[" * 100_000, b"\xff", b"{}", b'{"query":1}']
)
async def test_a_question_that_cannot_be_read_is_refused_with_a_reason(tmp_path, body):
    async with receiving(tmp_path) as running:
        response = await running.client.post("/webhook/search-data", data=body)
        assert response.status == 400
        error = (await response.json())["error"]
    assert error["code"]
    assert error["message"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Api-Key": "wrong"}, {"Authorization": "Bearer wrong"}, {"Authorization": "right"},
     {"X-Api-Key": "right\u00e9"}],
)  # fmt: skip
async def test_without_the_right_key_the_live_endpoints_say_nothing(tmp_path, headers):
    options = {"client_data_key": "right", "search_data_key": "right"}
    async with receiving(tmp_path, **options) as running:
        for name in ("client-data", "search-data"):
            response = await running.client.post(
                f"/webhook/{name}", json={"query": "x", "caller_id": ANA}, headers=headers
            )
            assert response.status == 401


@pytest.mark.parametrize("headers", [{"X-Api-Key": "right"}, {"Authorization": "Bearer right"}])
async def test_the_right_key_opens(tmp_path, headers):
    async with receiving(tmp_path, client_data_key="right") as running:
        response = await running.client.post("/webhook/client-data", json={}, headers=headers)
        assert response.status == 200


async def test_a_body_that_is_not_what_its_header_says_is_no_error(tmp_path):
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with receiving(tmp_path) as running:
        ringing = await running.client.post("/webhook/client-data", data=b"hello", headers=headers)
        assert ringing.status == 200
        assert set((await ringing.json())["dynamic_variables"]) == KEYS
        asked = await running.client.post("/webhook/search-data", data=b"hello", headers=headers)
        assert asked.status == 400
        assert not running.receiver.counts["defects"]


@pytest.mark.parametrize(("name", "status"), [("client-data", 200), ("search-data", 200)])
async def test_a_body_that_never_ends_is_answered_within_the_deadline(tmp_path, name, status):
    async with receiving(tmp_path, live_deadline_seconds=0.3) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        head = f"POST /webhook/{name} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b'{"caller_id"')
        line = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        await writer.wait_closed()
    assert line.startswith(f"HTTP/1.1 {status} ".encode())


async def test_a_whatsapp_user_without_a_number_can_be_asked_about_in_the_call(tmp_path):
    payload = call_of_ana()
    payload["data"]["metadata"]["phone_call"] = None
    payload["data"]["metadata"]["whatsapp"] = {
        "direction": "inbound", "whatsapp_user_id": "US.13491208655302741918",
    }  # fmt: skip
    user = "US.13491208655302741918"
    async with receiving(tmp_path, memory=await remembering(payload)) as running:
        answer = await ring(running, caller_id=user, call_sid="", conversation_id="conv_wa")
        assert answer["dynamic_variables"]["user_name"] == "Ana"
        found = await ask(running, query="olive", caller_id=user, conversation_id="conv_wa")
        assert found["profile"]["name"] == "Ana"


async def test_an_answer_that_cannot_be_made_is_the_neutral_one(tmp_path, monkeypatch):
    def fail(profile, greeting):
        raise ValueError("a defect")

    store = await remembering(call_of_ana())
    async with receiving(tmp_path, memory=store) as running:
        monkeypatch.setattr("voice.answer._override", fail)
        response = await running.client.post("/webhook/client-data", json={"caller_id": ANA})
        assert response.status == 200
        answer = await response.json()
        assert running.receiver.counts["defects"] == 1
    assert answer["dynamic_variables"]["user_name"] == ""
    assert answer["conversation_config_override"] == {}


async def test_at_a_ring_memory_is_asked_for_all_at_once(tmp_path):
    memory = await remembering(call_of_ana(), store=WaitingStore())
    async with receiving(tmp_path, memory=memory) as running:
        response = await running.client.post("/webhook/client-data", json={"caller_id": ANA})
        assert (await response.json())["dynamic_variables"]["user_name"] == "Ana"
