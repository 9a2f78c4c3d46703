"""Who is turned away, with what, and who never is: over HTTP."""

import json
import time
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from memory.in_memory import InMemoryStore
from processor.derive import derive
from tests.factories import transcription_payload
from tests.receiving import SECRET, receiving
from voice.payload import parse_event
from voice.signature import sign

KEY, ADMIN_KEY = "the-live-key", "the-admin-key"
ANA = "+15005550042"
LOOPBACK = (ip_network("127.0.0.0/8"),)
MALLORY, OTHER = {"X-Forwarded-For": "198.51.100.66"}, {"X-Forwarded-For": "198.51.100.1"}
BODY = json.dumps(transcription_payload()).encode()


@asynccontextmanager
async def limited(tmp_path, **options):
    """Run a receiver behind a proxy on this machine, with a clock that stands still."""
    terms = {"trusted_proxies": LOOPBACK, **options}
    async with receiving(tmp_path, **terms) as running:
        now = [1000.0]
        running.receiver.limits.clock = lambda: now[0]
        yield running, now


async def post(running, path, body=b"{}", *, of=MALLORY, **headers):
    """Post and return the response, read to its end."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await running.client.post(path, data=body, headers={**of, **named})
    await response.read()
    return response


def plausible(body=b"another"):
    return {"ElevenLabs_Signature": sign(body, SECRET, timestamp=int(time.time()))}


async def code(response):
    return (await response.json())["error"]["code"]


async def test_an_address_that_asks_too_often_is_told_when_to_come_again(tmp_path):
    async with limited(tmp_path, limit_per_address=2) as (running, now):
        statuses = []
        for _ in range(6):
            response = await running.client.get("/health", headers=MALLORY)
            statuses.append(response.status)
        assert statuses == [200] * 4 + [429] * 2
        assert response.headers["Retry-After"] == "1"
        assert await code(response) == "too_many_requests"
        assert running.receiver.counts["limited_address"] == 2
        # Another address, and another endpoint, have tokens of their own.
        assert (await running.client.get("/health", headers=OTHER)).status == 200
        assert (await running.client.get("/nothing", headers=MALLORY)).status == 404
        now[0] += 0.5
        assert (await running.client.get("/health", headers=MALLORY)).status == 200
        assert (await running.client.get("/health", headers=MALLORY)).status == 429


async def test_paths_that_are_none_share_one_limit(tmp_path):
    async with limited(tmp_path, limit_per_address=1) as (running, _):
        answers = [await running.client.get(f"/wp-{n}.php", headers=MALLORY) for n in range(3)]
        assert [each.status for each in answers] == [404, 404, 429]


async def test_without_a_limit_nobody_is_turned_away(tmp_path):
    async with limited(tmp_path, failures_per_minute=0, client_data_key=KEY) as (running, _):
        for _ in range(30):
            assert (await running.client.get("/health", headers=MALLORY)).status == 200
            assert (await post(running, "/webhook/client-data", X_Api_Key="x")).status == 401


async def test_a_signed_event_is_never_refused_for_a_rate(tmp_path):
    async with limited(tmp_path, limit_per_address=1) as (running, _):
        for number in range(5):
            payload = transcription_payload(conversation_id=f"conv_{number}")
            response = await running.deliver(json.dumps(payload).encode(), headers=MALLORY)
            assert response.status == 200
        # They took no tokens for good: the first unsigned ones are still looked at.
        unsigned = [await post(running, "/webhook/post-call") for _ in range(3)]
        assert [each.status for each in unsigned] == [401, 401, 429]
        assert await code(unsigned[2]) == "too_many_requests"
        assert unsigned[2].headers["Retry-After"] == "1"
        payload = transcription_payload(conversation_id="conv_late")
        late = await running.deliver(json.dumps(payload).encode(), headers=MALLORY)
        assert late.status == 200
        assert len(running.receipts()) == 6
        assert running.receiver.counts["limited_address"] == 1
        assert running.receiver.counts["unsigned"] == 2


async def test_over_the_limit_a_wrong_signature_is_a_429_however_plausible(tmp_path):
    async with limited(tmp_path, limit_per_address=1) as (running, _):
        for status in (401, 401, 429):
            response = await post(running, "/webhook/post-call", BODY, **plausible())
            assert response.status == status
        assert running.files() == [".spool/ledger.jsonl"]


async def test_over_the_limit_a_signed_event_in_chunks_is_still_kept(tmp_path):
    async def chunks():
        yield BODY[:100]
        yield BODY[100:]

    async with limited(tmp_path, limit_per_address=1) as (running, _):
        for _ in range(3):
            await post(running, "/webhook/post-call")
        response = await post(running, "/webhook/post-call", chunks(), **plausible(BODY))
        assert response.status == 200
        assert len(running.receipts()) == 1


async def test_an_open_live_endpoint_is_limited_by_address(tmp_path):
    async with limited(tmp_path, limit_per_address=1) as (running, _):
        for path in ("/webhook/client-data", "/webhook/search-data"):
            answers = [await post(running, path, b'{"query":"x"}') for _ in range(3)]
            assert [each.status for each in answers] == [200, 200, 429]
            assert (await post(running, path, b'{"query":"x"}', of=OTHER)).status == 200


async def test_the_right_live_key_is_never_refused_for_its_address(tmp_path):
    keys = {"client_data_key": KEY, "search_data_key": KEY}
    async with limited(tmp_path, limit_per_address=1, **keys) as (running, _):
        for path in ("/webhook/client-data", "/webhook/search-data"):
            for _ in range(20):
                await post(running, path, X_Api_Key="guess")
            for _ in range(20):
                response = await post(running, path, b'{"query":"x"}', X_Api_Key=KEY)
                assert response.status == 200


async def test_wrong_live_keys_are_limited(tmp_path):
    async with limited(tmp_path, client_data_key=KEY) as (running, now):
        answers = [
            await post(running, "/webhook/client-data", X_Api_Key="guess") for _ in range(12)
        ]
        assert [each.status for each in answers] == [401] * 10 + [429] * 2
        assert await code(answers[-1]) == "too_many_failures"
        assert answers[-1].headers["Retry-After"] == "6"
        assert running.receiver.counts["wrong_key"] == 12
        assert running.receiver.counts["limited_failures"] == 2
        assert (await post(running, "/webhook/client-data", of=OTHER)).status == 401
        now[0] += 6
        assert (await post(running, "/webhook/client-data")).status == 401
        assert (await post(running, "/webhook/client-data")).status == 429


async def remembering_ana():
    store = InMemoryStore()
    payload = transcription_payload(
        conversation_id="conv_ana", caller=ANA, summary="Ana ordered olive trees.",
        collected={"first_name": "Ana"},
    )  # fmt: skip
    event = parse_event("transcription", json.dumps(payload).encode())
    await store.apply([derive(event, sha256="0" * 64)])
    return store


async def test_over_the_limit_of_a_caller_the_ring_is_answered_neutrally(tmp_path):
    options = {"memory": await remembering_ana(), "limit_per_caller": 2, "client_data_key": KEY}
    async with limited(tmp_path, **options) as (running, now):

        async def name(caller=ANA):
            body = json.dumps({"caller_id": caller, "conversation_id": "conv_now"}).encode()
            response = await post(running, "/webhook/client-data", body, X_Api_Key=KEY)
            assert response.status == 200
            answer = await response.json()
            assert "open_commitments" in answer["dynamic_variables"]
            return answer["dynamic_variables"]["user_name"]

        assert [await name() for _ in range(4)] == ["Ana", "Ana", "", ""]
        assert running.receiver.counts["limited_caller"] == 2
        assert running.receiver.recent_calls.caller("conv_now") == ANA
        assert await name("+15005550043") == ""
        assert running.receiver.counts["limited_caller"] == 2
        now[0] += 30
        assert [await name(), await name()] == ["Ana", ""]


async def test_over_the_limit_of_a_caller_a_question_is_a_429_and_the_call_goes_on(tmp_path):
    options = {"memory": await remembering_ana(), "limit_per_caller": 2, "search_data_key": KEY}
    async with limited(tmp_path, **options) as (running, _):
        body = json.dumps({"caller_id": ANA, "query": "olive trees"}).encode()
        answers = [
            await post(running, "/webhook/search-data", body, X_Api_Key=KEY) for _ in range(3)
        ]
        assert [each.status for each in answers] == [200, 200, 429]
        assert await code(answers[2]) == "too_many_questions"
        assert answers[2].headers["Retry-After"] == "30"
        assert running.receiver.counts["defects"] == 0
        nobody = await post(running, "/webhook/search-data", b'{"query":"x"}', X_Api_Key=KEY)
        assert nobody.status == 200


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


async def test_guesses_of_the_admin_key_are_limited_and_then_the_right_one_tells_nothing(tmp_path):
    async with limited(tmp_path, admin_key=ADMIN_KEY) as (running, now):

        async def status(key, *, of=MALLORY, path="/openapi.json"):
            headers = {**of, **(bearer(key) if key else {})}
            return (await running.client.get(path, headers=headers)).status

        assert [await status("") for _ in range(15)] == [401] * 15  # no guess
        assert await status(ADMIN_KEY) == 200
        assert [await status(f"guess {n}") for n in range(12)] == [401] * 10 + [429] * 2
        assert await status(ADMIN_KEY) == 429
        assert await status(ADMIN_KEY, path="/metrics") == 429
        assert await status(ADMIN_KEY, of=OTHER) == 200
        now[0] += 6.1
        assert await status(ADMIN_KEY) == 200
        assert running.receiver.counts["limited_failures"] == 4


async def test_the_admin_key_cannot_be_guessed_by_way_of_a_search(tmp_path):
    body = b'{"query":"x","explain":true}'
    async with limited(tmp_path, admin_key=ADMIN_KEY) as (running, _):
        answers = [
            await post(running, "/webhook/search-data", body, Authorization="Bearer guess")
            for _ in range(11)
        ]
        assert [each.status for each in answers] == [403] * 10 + [429]
        right = await post(running, "/webhook/search-data", body, **bearer(ADMIN_KEY))
        assert right.status == 429
        # Without a guess the open endpoint goes on.
        assert (await post(running, "/webhook/search-data", b'{"query":"x"}')).status == 200
    keys = {"admin_key": ADMIN_KEY, "search_data_key": KEY}
    async with limited(tmp_path / "keyed", **keys) as (running, _):
        for _ in range(11):
            await post(running, "/webhook/search-data", body, Authorization="Bearer guess")
        locked = await post(running, "/webhook/search-data", body, **bearer(ADMIN_KEY))
        assert locked.status == 429
        agent = await post(running, "/webhook/search-data", b'{"query":"x"}', **bearer(KEY))
        assert agent.status == 200


async def test_the_agents_key_is_no_guess_of_the_admin_key(tmp_path):
    keys = {"admin_key": ADMIN_KEY, "search_data_key": KEY}
    async with limited(tmp_path, **keys) as (running, _):
        for _ in range(12):
            response = await post(
                running, "/webhook/search-data", b'{"query":"x","explain":true}', **bearer(KEY)
            )
            assert response.status == 403
        right = await post(running, "/webhook/search-data", b'{"query":"x"}', **bearer(ADMIN_KEY))
        assert right.status == 200


async def test_only_who_is_allowed_may_send_to_the_webhooks(tmp_path):
    allowed = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
    async with limited(tmp_path, allow_from=allowed) as (running, _):
        for path in ("/webhook/client-data", "/webhook/search-data", "/webhook/post-call"):
            response = await post(running, path, BODY, **plausible(BODY))
            assert response.status == 403
            assert await code(response) == "not_allowed"
        assert running.receiver.counts["not_allowed"] == 3
        assert not running.receipts()
        assert (await running.client.get("/health", headers=MALLORY)).status == 200
        for address in ("203.0.113.9", "198.51.100.66, 203.0.113.9", "2001:db8::1"):
            response = await running.deliver(BODY, headers={"X-Forwarded-For": address})
            assert response.status == 200
        forged = {"X-Forwarded-For": "203.0.113.9, 198.51.100.66"}
        assert (await running.deliver(BODY, headers=forged)).status == 403


async def test_a_proxy_that_is_not_trusted_cannot_say_who_asks(tmp_path):
    allowed = (ip_network("203.0.113.0/24"),)
    async with limited(tmp_path, allow_from=allowed, trusted_proxies=()) as (running, _):
        response = await running.deliver(BODY, headers={"X-Forwarded-For": "203.0.113.9"})
        assert response.status == 403


def deep(levels):
    payload = transcription_payload(conversation_id="conv_deep")
    payload["data"]["analysis"]["nested"] = "HERE"
    nested = "[" * levels + "]" * levels
    return json.dumps(payload).replace('"HERE"', nested).encode()


@pytest.mark.parametrize("padding", [0, 400_000], ids=["small", "large"])
async def test_a_signed_body_that_is_nested_too_deeply_is_kept_with_the_reason(tmp_path, padding):
    async with limited(tmp_path) as (running, _):
        response = await running.deliver(deep(62) + b" " * padding)
        assert (await response.json())["status"] == "quarantined"
        assert "64 levels" in running.receipts()[0].reason
        assert running.receiver.counts["too_deep"] == 1
        response = await running.deliver(deep(61) + b" " * padding)
        assert (await response.json())["status"] == "stored"
        assert running.receiver.counts["too_deep"] == 1


async def test_a_live_request_that_is_nested_too_deeply_is_not_read(tmp_path):
    body = f'{{"query":"x","caller_id":"{ANA}","more":{"[" * 64 + "]" * 64}}}'.encode()
    async with limited(tmp_path, memory=await remembering_ana()) as (running, _):
        ring = await post(running, "/webhook/client-data", body)
        assert ring.status == 200
        assert (await ring.json())["dynamic_variables"]["user_name"] == ""
        assert (await post(running, "/webhook/search-data", body)).status == 400
        assert running.receiver.counts["too_deep"] == 2
        flat = body.replace(b"[]", b"1")
        ring = await post(running, "/webhook/client-data", flat)
        assert (await ring.json())["dynamic_variables"]["user_name"] == "Ana"


async def test_a_live_body_that_is_too_large_is_not_read(tmp_path):
    async def chunks():
        for _ in range(100):
            yield b" " * 1000

    async with limited(tmp_path) as (running, _):
        for body in (b" " * 70_000, chunks()):
            assert (await post(running, "/webhook/search-data", body)).status == 400
        ring = await post(running, "/webhook/client-data", b" " * 70_000)
        assert ring.status == 200
        assert running.receiver.counts["unreadable_live_requests"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/webhook/client-data", 200),
        ("POST", "/webhook/post-call", 401),
        ("GET", "/health", 200),
        ("HEAD", "/health", 200),
        ("PUT", "/health", 405),
        ("GET", "/nothing", 404),
        ("OPTIONS", "/health", 204),
        ("GET", "/stats", 401),
    ],
)
async def test_every_answer_has_the_security_headers(tmp_path, method, path, status):
    origins = {"cors_origins": ("https://example.com",), "admin_key": ADMIN_KEY}
    async with limited(tmp_path, **origins) as (running, _):
        asking = {"Origin": "https://example.com", "Access-Control-Request-Method": "GET"}
        response = await running.client.request(method, path, headers=asking)
        assert response.status == status
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Server"] == "callspool"
        policy = response.headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["Access-Control-Allow-Origin"] == "https://example.com"
