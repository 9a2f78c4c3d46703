"""One conversation that comes by webhook and by backfill is one event, in whatever order."""

import asyncio
import base64
import hashlib
import itertools
import json
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.in_memory import InMemoryStore
from processor.apply import read_batch
from receiver.intake import came_by_backfill
from spool.reader import read_receipts
from spool.standing_orders import Orders
from spool.verify import verify
from spool.writer import Arrival
from tests.factories import AGENT_ID, STARTED_AT, encoded, failure_payload, transcription_payload
from tests.receiving import receiving
from tests.spools import QUICK, RECEIVED, a_spool, commit
from voice.delivery import identify
from voice.retrieved import audio_event, event_of


def a_call(conversation_id, *, analysed_again="", **given):
    """The body that a webhook brings, and the one that a backfill makes of the API's answer."""
    payload = transcription_payload(conversation_id=conversation_id, turns=3, **given)
    signed = encoded(payload)
    answer = {**payload["data"], "tag_ids": [], "user_message_count": 1}
    if analysed_again:
        answer["analysis"]["transcript_summary"] = analysed_again
    return signed, event_of(answer).body


def a_failure(conversation_id, *, event_timestamp=STARTED_AT):
    answer = transcription_payload(conversation_id=conversation_id, turns=0, direction="outbound")
    answer["data"] |= {"status": "failed"}
    answer["data"]["metadata"]["phone_call"]["call_result"] = "no_answer"
    sent = failure_payload(conversation_id=conversation_id, event_timestamp=event_timestamp)
    return encoded(sent), event_of(answer["data"]).body


EQUAL = {
    "conv_call": a_call("conv_call", collected={"first_name": "Ana"}),
    "conv_undated": a_call("conv_undated", event_timestamp=None),
    "conv_web": a_call("conv_web", caller=None, user_id="member-1"),
    "conv_failed": a_failure("conv_failed"),
}
DIFFERENT = {
    "conv_other": a_call("conv_other", analysed_again="Something else."),
    "conv_late": a_failure("conv_late", event_timestamp=STARTED_AT + 40),
}
WEBHOOK, BACKFILL = 0, 1
PLAN = st.fixed_dictionaries(
    {
        name: st.lists(st.sampled_from([WEBHOOK, BACKFILL]), min_size=1, max_size=4)
        for name in (*EQUAL, *DIFFERENT)
    }
)


def arrival(body):
    """What the receiver makes of a body."""
    delivery = identify(body)
    return Arrival(
        kind=delivery.kind,
        conversation_id=delivery.conversation_id,
        content=body,
        event_timestamp=delivery.event_timestamp,
        signature="",
        source=delivery.source,
        received_at=RECEIVED,
        is_same_event=partial(came_by_backfill, delivery.kind, body),
    )


async def memory_of(root):
    store = InMemoryStore()
    while (
        batch := read_batch(root, await store.position(), QUICK, orders=Orders(root))
    ) is not None:
        assert not await batch.store_in(store, QUICK)
    return [line async for line in store.export()]


def run(bodies, *, sizes=(1,)):
    """Return what memory and the spool hold after all of this, committed in groups."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with a_spool(root) as spool:
            left, size = list(bodies), itertools.cycle(sizes)
            while left:
                group = [left.pop(0) for _ in range(min(next(size), len(left)))]
                commit(spool, *map(arrival, group))
        assert verify(root).findings == ()
        files = sorted(path.name for path in root.glob("conv_*/*"))
        return asyncio.run(memory_of(root)), files


def test_a_backfill_alone_gives_the_memory_of_the_webhooks_alone():
    by_webhook = run([bodies[WEBHOOK] for bodies in EQUAL.values()])
    by_backfill = run([bodies[BACKFILL] for bodies in EQUAL.values()])
    assert by_webhook == by_backfill
    assert len(by_webhook[0]) == len(EQUAL)


@settings(max_examples=30)
@given(PLAN, st.randoms(use_true_random=False), st.lists(st.integers(1, 5), min_size=1))
def test_any_interleaving_of_webhook_and_backfill_gives_the_same_memory(plan, random, sizes):
    everything = {**EQUAL, **DIFFERENT}
    events = [(name, which) for name, ways in plan.items() for which in ways]
    random.shuffle(events)
    memory, files = run([everything[name][which] for name, which in events], sizes=sizes)
    signed_first = [everything[name][min(ways)] for name, ways in plan.items()]
    assert memory == run(signed_first)[0]
    for file in files:
        assert ".rev-" not in file or file.startswith(tuple(DIFFERENT))


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([WEBHOOK, WEBHOOK, BACKFILL]))))
@pytest.mark.parametrize("name", DIFFERENT)
def test_where_they_differ_what_came_by_webhook_counts_in_every_order(name, order):
    memory, files = run([DIFFERENT[name][which] for which in order])
    assert memory == run([DIFFERENT[name][WEBHOOK]])[0] != run([DIFFERENT[name][BACKFILL]])[0]
    assert len(files) == (2 if order[0] == BACKFILL else 1)


async def answer_to(running, body):
    response = await running.deliver(body)
    assert response.status == 200, await response.text()
    return (await response.json())["status"]


async def test_over_http_a_marked_body_is_a_backfill_and_the_webhook_after_it_a_duplicate(tmp_path):
    signed, marked = EQUAL["conv_call"]
    async with receiving(tmp_path) as running:
        assert await answer_to(running, marked) == "stored"
        assert await answer_to(running, marked) == "duplicate"
        assert await answer_to(running, signed) == "duplicate"
        (receipt,) = running.receipts()
        assert (receipt.source, receipt.event_timestamp) == ("backfill", None)
        assert receipt.signature.startswith("t=")
    assert (running.root / receipt.file).read_bytes() == marked


async def test_over_http_a_backfill_after_the_webhook_is_a_duplicate_whatever_it_says(tmp_path):
    async with receiving(tmp_path) as running:
        for signed, marked in (*EQUAL.values(), *DIFFERENT.values()):
            assert await answer_to(running, signed) == "stored"
            assert await answer_to(running, marked) == "duplicate"
        assert {receipt.source for receipt in running.receipts()} == {"webhook"}
        assert not [name for name in running.files() if ".rev-" in name]


async def test_over_http_a_webhook_that_says_something_else_is_a_revision(tmp_path):
    async with receiving(tmp_path) as running:
        for signed, marked in DIFFERENT.values():
            assert await answer_to(running, marked) == "stored"
            assert await answer_to(running, signed) == "stored"
            assert await answer_to(running, signed) == "duplicate"
        assert [receipt.source for receipt in running.receipts()] == ["backfill", "webhook"] * 2


async def test_over_http_large_transcriptions_are_compared_too(tmp_path):
    payload = transcription_payload(conversation_id="conv_large")
    payload["data"]["notes"] = ["x" * 1000] * 600
    marked = event_of(payload["data"]).body
    other = json.loads(json.dumps(payload))
    other["data"]["analysis"]["transcript_summary"] = "Something else."
    async with receiving(tmp_path) as running:
        assert await answer_to(running, marked) == "stored"
        assert await answer_to(running, encoded(payload)) == "duplicate"
        assert await answer_to(running, encoded(other)) == "stored"
        assert [receipt.source for receipt in running.receipts()] == ["backfill", "webhook"]
        assert not list((running.root / ".spool/incoming").iterdir())


def test_a_webhook_beside_a_recovered_file_is_compared_only_if_a_backfill_brought_that(tmp_path):
    signed, marked = EQUAL["conv_call"]
    again = signed.replace(b'"event_timestamp": 1790000130', b'"event_timestamp": 1790000131')
    for number, (found, count) in enumerate([(marked, 1), (signed, 2)]):
        root = tmp_path / str(number)
        (root / "conv_call").mkdir(parents=True)
        (root / "conv_call/conv_call_transcription.json").write_bytes(found)
        with a_spool(root) as spool:
            commit(spool, arrival(again))
        receipts = [receipt for receipt, _ in read_receipts(root)]
        assert (receipts[0].source, len(receipts)) == ("recovered", count)


@pytest.mark.parametrize("size", [3000, 900_000])
@pytest.mark.parametrize("marker_is_last", [False, True])
async def test_over_http_a_recording_is_a_backfill_too(tmp_path, size, marker_is_last):
    recording = bytes(index % 251 for index in range(size))
    prefix, suffix = audio_event("conv_call", AGENT_ID)
    if marker_is_last:
        prefix = prefix.replace(b'"source":"backfill",', b"")
        suffix = b'"},"source":"backfill"}'
    marked = prefix + base64.b64encode(recording) + suffix
    signed = marked.replace(b'"source":"backfill"', b'"event_timestamp":1790000131')
    other = signed.replace(base64.b64encode(recording), base64.b64encode(recording[::-1]))
    async with receiving(tmp_path) as running:
        assert await answer_to(running, marked) == "stored"
        for body in (marked, signed, other):
            assert await answer_to(running, body) == "duplicate"
        ((receipt, _),) = read_receipts(running.root)
        assert receipt.source == "backfill"
        assert receipt.sha256 == hashlib.sha256(recording).hexdigest()
        assert receipt.body_prefix.encode() == prefix
        assert not list((running.root / ".spool/incoming").iterdir())


async def test_over_http_a_large_recording_with_escapes_is_a_backfill_too(tmp_path):
    prefix, suffix = audio_event("conv_call", AGENT_ID)
    text = base64.b64encode(bytes(range(256)) * 2000).replace(b"/", rb"\/")
    async with receiving(tmp_path) as running:
        assert await answer_to(running, prefix + text + suffix) == "stored"
        assert [receipt.source for receipt in running.receipts()] == ["backfill"]


async def test_over_http_a_marked_body_that_is_not_understood_goes_to_quarantine(tmp_path):
    async with receiving(tmp_path) as running:
        assert await answer_to(running, b'{"source":"backfill","type":"x"}') == "quarantined"
        assert [receipt.source for receipt in running.receipts()] == ["webhook"]
