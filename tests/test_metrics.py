"""GET /metrics: what is counted where, who may read it, and what is never in it."""

import asyncio
import io
import re
import time
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace

import pytest

from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from processor.derive import derive
from receiver.connections import REASONS
from receiver.endpoints import OPEN, OWNED
from receiver.metrics import comes_from
from telemetry import metrics_labels
from telemetry.metrics import Metrics
from telemetry.version import VERSION
from tests.factories import audio_payload, encoded, failure_payload, transcription_payload
from tests.measurements import Shown, scrape
from tests.receiving import SECRET, receiving
from voice.payload import parse_event
from voice.signature import sign

ROOT = Path(__file__).parent.parent
LOCAL = (ip_network("127.0.0.0/8"),)
KEY = "the-admin-key"
ADMIN = {"Authorization": f"Bearer {KEY}"}
ANA, BOB = "+15005550042", "+15005550077"
RING, SEARCH = "/webhook/client-data", "/webhook/search-data"
SECRETIVE = "conv_of_somebody"


class Failing(InMemoryStore):
    """A memory that answers for nobody but fails, or hangs, for these two."""

    async def profile(self, caller):
        if caller == ANA:
            raise MemoryUnavailable("the disk is gone")
        if caller == BOB:
            await asyncio.sleep(60)
        return await super().profile(caller)


async def knowing_ana():
    payload = transcription_payload(caller=ANA, summary="Ana ordered olive trees.")
    store = InMemoryStore()
    await store.apply([derive(parse_event("transcription", encoded(payload)), sha256="0" * 64)])
    return store


async def test_events_are_counted_by_kind_and_by_what_became_of_them(tmp_path):
    async with receiving(tmp_path, metrics_from=LOCAL) as running:
        for payload in (transcription_payload(), transcription_payload(), audio_payload()):
            await running.deliver_json(payload)
        await running.deliver_json(failure_payload())
        await running.deliver(b'{"type": "something_new"}')
        unsigned = await running.client.post("/webhook/post-call", data=io.BytesIO(b"{}"))
        assert unsigned.status == 401
        shown = await scrape(running)
    assert shown.value("events_total", kind="transcription", outcome="stored") == 1
    assert shown.value("events_total", kind="transcription", outcome="duplicate") == 1
    assert shown.value("events_total", kind="audio", outcome="stored") == 1
    assert shown.value("events_total", kind="failure", outcome="stored") == 1
    assert shown.value("events_total", kind="quarantine", outcome="quarantined") == 1
    assert shown.value("refused_total", reason="unsigned") == 1
    post_call = {"endpoint": "/webhook/post-call", "method": "POST"}
    assert shown.value("requests_total", **post_call, status="200") == 5
    assert shown.value("requests_total", **post_call, status="401") == 1
    assert shown.value("request_duration_seconds_count", endpoint="/webhook/post-call") == 6


async def test_live_answers_are_counted_by_what_the_agent_was_told(tmp_path):
    keys = {"client_data_key": "ring-key", "search_data_key": "search-key"}
    async with receiving(
        tmp_path, memory=await knowing_ana(), metrics_from=LOCAL, **keys
    ) as running:

        async def post(path, body, key):
            headers = {"X-Api-Key": key}
            return await running.client.post(path, data=io.BytesIO(body), headers=headers)

        for caller in (ANA, ANA, BOB):
            await post(RING, encoded({"caller_id": caller}), "ring-key")
        await post(RING, b"no JSON", "ring-key")
        await post(RING, b"{}", "wrong")
        for caller, query in ((ANA, "olive trees"), (ANA, "quasar"), (BOB, "olive trees")):
            body = encoded({"caller_id": caller, "query": query})
            assert (await post(SEARCH, body, "search-key")).status == 200
        await post(SEARCH, b"no JSON", "search-key")
        await post(SEARCH, b"{}", "search-key")
        shown = await scrape(running)
    wanted = {
        (RING, "personal"): 2, (RING, "stranger"): 1, (RING, "unreadable"): 1,
        (RING, "wrong_key"): 1, (SEARCH, "personal"): 1, (SEARCH, "empty"): 1,
        (SEARCH, "stranger"): 1, (SEARCH, "unreadable"): 1, (SEARCH, "invalid"): 1,
    }  # fmt: skip
    for endpoint in (RING, SEARCH):
        for answer in metrics_labels.ANSWERS:
            count = shown.value("live_answers_total", endpoint=endpoint, answer=answer)
            assert count == wanted.get((endpoint, answer), 0), (endpoint, answer)


async def test_neutral_answers_say_why_they_are_neutral(tmp_path):
    async with receiving(
        tmp_path, memory=Failing(), metrics_from=LOCAL, live_deadline_seconds=0.1
    ) as running:
        for caller in (ANA, BOB):
            assert (await running.client.post(RING, json={"caller_id": caller})).status == 200
        shown = await scrape(running)
    assert shown.value("live_answers_total", endpoint=RING, answer="failed") == 1
    assert shown.value("live_answers_total", endpoint=RING, answer="late") == 1
    assert shown.value("live_answers_total", endpoint=RING, answer="stranger") == 0


async def test_no_label_holds_anything_that_a_client_sent(tmp_path):
    async with receiving(tmp_path, metrics_from=LOCAL, admin_key=KEY) as running:
        client = running.client
        await running.deliver_json(transcription_payload(conversation_id=SECRETIVE, caller=ANA))
        await client.post(RING, json={"caller_id": ANA, "conversation_id": SECRETIVE})
        await client.get(f"/callers/{ANA}", headers=ADMIN)
        await client.get(f"/history/{SECRETIVE}/transcript?since=yesteryear", headers=ADMIN)
        await client.get(f"/nothing/{ANA}")
        await client.request("PROPFIND", f"/{SECRETIVE}")
        await client.request("PROPFIND", "/health")
        shown = await scrape(running)
    labels = metrics_labels
    words = {
        *OPEN, *OWNED, "none", *labels.METHODS, "other", *labels.KINDS, *labels.ANSWERS,
        *(outcome for _, outcome in labels.ACKNOWLEDGED), *labels.REFUSED.values(),
        *labels.CALLS.values(), *labels.APPLIED, *labels.MEMORY_OUTCOMES,
    }  # fmt: skip
    unknown = {
        value
        for value in shown.label_values() - words
        if not re.fullmatch(r"[1-5]\d\d|gone|\d\.\d+\.\d+\S*|", value)
    }
    assert unknown <= {*REASONS}
    assert shown.value("requests_total", endpoint="none", method="other", status="404") == 1
    for text in (ANA, SECRETIVE, "PROPFIND", "yesteryear"):
        assert text not in shown.text


@pytest.mark.parametrize(
    ("options", "headers", "status"),
    [
        ({"metrics_from": LOCAL}, {}, 200),
        ({"metrics_from": LOCAL}, {"X-Forwarded-For": "127.0.0.1"}, 404),
        ({"metrics_from": LOCAL}, {"Forwarded": "for=127.0.0.1"}, 404),
        ({"metrics_from": LOCAL}, {"X-Forwarded-Host": "callspool.example.com"}, 404),
        ({"metrics_from": LOCAL}, {"CF-Connecting-IP": "192.0.2.1"}, 404),
        ({"metrics_from": (ip_network("10.0.0.0/8"),)}, {}, 404),
        ({}, {}, 404),
        ({}, ADMIN, 404),
        ({"admin_key": KEY}, ADMIN, 200),
        ({"admin_key": KEY}, ADMIN | {"X-Forwarded-For": "10.0.0.9"}, 200),
        ({"admin_key": KEY}, {"Authorization": "Bearer wrong"}, 404),
        ({"admin_key": KEY}, {}, 404),
    ],
)
async def test_it_answers_who_is_near_or_the_owner_and_is_not_there_for_others(
    tmp_path, options, headers, status
):
    async with receiving(tmp_path, **options) as running:
        response = await running.client.get("/metrics", headers=headers)
        assert response.status == status
        if status == 404:
            nothing = await running.client.get("/nothing", headers=headers)
            assert await response.json() == await nothing.json()


@pytest.mark.parametrize(
    ("remote", "is_near"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("::1", False),
        ("10.0.0.1", False),
        ("/run/a.sock", False),
        (None, False),
    ],
)
def test_who_is_near_is_told_by_the_address_of_the_connection(remote, is_near):
    assert comes_from(SimpleNamespace(remote=remote, headers={}), LOCAL) is is_near


async def test_a_prometheus_that_wants_openmetrics_gets_it(tmp_path):
    async with receiving(tmp_path, metrics_from=LOCAL) as running:
        plain = await running.client.get("/metrics")
        assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
        modern = await running.client.get("/metrics", headers=accept)
        assert modern.content_type == "application/openmetrics-text"
        assert (await modern.text()).endswith("# EOF\n")


async def test_a_scrape_asks_neither_memory_nor_disk(tmp_path):
    async with receiving(tmp_path, memory=Failing(), metrics_from=LOCAL) as running:
        (tmp_path / "spool").rename(tmp_path / "elsewhere")
        try:
            shown = await scrape(running)
        finally:
            (tmp_path / "elsewhere").rename(tmp_path / "spool")
    assert shown.value("pending_events") is None
    assert shown.value("spool_bytes", kind="audio") is None


async def test_a_body_that_ends_too_early_is_counted(tmp_path):
    body = encoded(transcription_payload())
    header = sign(body, SECRET, timestamp=int(time.time()))
    head = (
        f"POST /webhook/post-call HTTP/1.1\r\nHost: here\r\nElevenLabs-Signature: {header}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    async with receiving(tmp_path, metrics_from=LOCAL) as running:
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(head.encode() + body[:100])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(5):
            while not (shown := await scrape(running)).value("refused_total", reason="incomplete"):
                await asyncio.sleep(0.01)
    assert shown.value("requests_total", endpoint="/webhook/post-call", method="POST") == 1


def test_two_receivers_in_one_process_count_apart():
    one, other = Metrics(), Metrics()
    one.acknowledged(kind="audio", outcome="stored")
    shown = Shown(other.exposition("")[0].decode())
    assert shown.value("events_total", kind="audio", outcome="stored") == 0


def test_whatever_the_receiver_counts_is_in_the_metrics():
    found = set()
    for path in (ROOT / "receiver").rglob("*.py"):
        text = path.read_text("utf-8")
        for inside in re.findall(r"counts\[([^\]]+)\]", text):
            found |= set(re.findall(r'"(\w+)"', inside))
    labels = metrics_labels
    known = {*labels.REFUSED, *labels.CALLS, labels.DEFECTS, *labels.COUNTED_ELSEWHERE}
    assert found <= known, found - known


def test_the_version_it_shows_is_that_of_the_project():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{VERSION}"\n' in text
