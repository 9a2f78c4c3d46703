"""Traces: a request and what became of its event, and a collector that is not there."""

import asyncio
import json
import logging
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

import telemetry.opentelemetry
from cli.assembly.store import OpenedMemory
from cli.assembly.tracer import memory_traced_by, open_tracing, traced
from cli.serving.observers import traced_by
from memory.in_memory import InMemoryStore
from memory.instrumented import InstrumentedStore
from memory.port import Failure
from processor.hooks import Hooks
from processor.reporting import Tried, tell
from processor.service import run_processor
from settings import Settings, SettingsError
from spool.format import DamagedLine
from spool.reader import read_receipts
from telemetry.opentelemetry import OtelTracer, open_tracer
from telemetry.tracing import NoTracer, trace_id_of
from tests.factories import AGENT_LINE, CALLER, encoded, transcription_payload
from tests.program import free_port
from tests.receiving import receiving
from tests.serving import end
from tests.spools import QUICK, a_spool, deliver, poison, until

ROOT = Path(__file__).parent.parent


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def tracer(spans):
    tracer = OtelTracer(SimpleSpanProcessor(spans))
    yield tracer
    tracer.close()


def by_name(spans):
    finished = {span.name: span for span in spans.get_finished_spans()}
    assert len(finished) == len(spans.get_finished_spans())
    return finished


def links(span):
    return [link.context.span_id for link in span.links]


async def work_until(root, store, tracer, condition):
    """Run a processor that tells the tracer of each event until `condition` holds."""
    stop = asyncio.Event()
    hooks = Hooks(observe=traced_by(tracer))
    work = asyncio.create_task(run_processor(root, store, stop=stop, options=QUICK, hooks=hooks))
    try:
        await until(condition)
    finally:
        stop.set()
        await work


async def test_a_delivery_and_its_event_have_a_trace_each_that_link_to_each_other(
    tmp_path, tracer, spans
):
    async with receiving(tmp_path, tracer=tracer) as running:
        answer = await running.deliver(encoded(transcription_payload()))
        [receipt] = running.receipts()
    found = by_name(spans)
    assert found.keys() == {"POST /webhook/post-call", "read and verify", "commit", "store"}
    request, store = found["POST /webhook/post-call"], found["store"]
    assert request.kind is SpanKind.SERVER
    assert request.parent is None
    for step in ("read and verify", "commit"):
        assert found[step].parent.span_id == request.context.span_id
        assert request.start_time <= found[step].start_time <= found[step].end_time
    event_id = receipt.sha256[:16]
    assert request.attributes["callspool.request_id"] == answer.headers["X-Request-Id"]
    assert request.attributes["callspool.event_id"] == event_id
    assert request.attributes["http.response.status_code"] == 200
    assert format_trace_id(store.context.trace_id) == trace_id_of(event_id)
    assert format_span_id(store.context.span_id) == event_id
    assert request.context.trace_id != store.context.trace_id
    assert links(request) == [store.context.span_id]
    assert links(store) == [request.context.span_id]


async def test_a_second_delivery_follows_from_the_first(tmp_path, tracer, spans):
    body = encoded(transcription_payload())
    async with receiving(tmp_path, tracer=tracer) as running:
        for _ in range(2):
            await running.deliver(body)
    first, second = [span for span in spans.get_finished_spans() if span.name == "store"]
    assert first.parent is None
    assert second.parent.span_id == first.context.span_id
    assert second.context.span_id != first.context.span_id
    assert second.attributes["callspool.status"] == "duplicate"


async def test_what_the_processor_does_follows_from_the_delivery(tmp_path, tracer, spans):
    async with receiving(tmp_path, tracer=tracer) as running:
        await running.deliver(encoded(transcription_payload()))
        store = InMemoryStore()

        async def is_applied():
            return (await store.counts()).conversations

        await work_until(running.root, store, tracer, is_applied)
    found = by_name(spans)
    assert links(found["apply"]) == [found["POST /webhook/post-call"].context.span_id]
    assert found["apply"].context.trace_id == found["store"].context.trace_id
    assert found["apply"].parent.span_id == found["store"].context.span_id
    assert found["apply"].attributes["callspool.outcome"] == "applied"
    assert found["apply"].attributes["callspool.memories"] > 0
    assert found["apply"].status.status_code is StatusCode.UNSET


async def test_another_process_finds_the_same_trace_by_the_ledger_alone(tmp_path, tracer, spans):
    with a_spool(tmp_path) as spool:
        deliver(spool, transcription_payload())
    [(receipt, _)] = read_receipts(tmp_path)
    store = InMemoryStore()

    async def is_applied():
        return (await store.counts()).conversations

    await work_until(tmp_path, store, tracer, is_applied)
    [apply] = spans.get_finished_spans()
    event_id = receipt.sha256[:16]
    assert format_trace_id(apply.context.trace_id) == trace_id_of(event_id)
    assert format_span_id(apply.parent.span_id) == event_id  # where the receiver stored it
    assert links(apply) == []


async def test_every_attempt_at_an_event_that_fails_is_in_its_trace(tmp_path, tracer, spans):
    with a_spool(tmp_path) as spool:
        poison(spool)

    async def is_parked():
        return len(spans.get_finished_spans()) == QUICK.retry.max_attempts

    await work_until(tmp_path, InMemoryStore(), tracer, is_parked)
    attempts = spans.get_finished_spans()
    assert len({span.context.trace_id for span in attempts}) == 1
    said = [span.status.description for span in attempts]
    assert said == ["failed"] * (len(attempts) - 1) + ["parked"]


async def test_a_live_answer_shows_what_it_asked_of_memory(tmp_path, tracer, spans):
    class Late(InMemoryStore):
        async def search(self, *args, **more):
            await asyncio.sleep(30)

    with a_spool(tmp_path / "other") as spool:
        deliver(spool, transcription_payload())
    store = Late()

    async def is_applied():
        return (await store.counts()).conversations

    await work_until(tmp_path / "other", store, NoTracer(), is_applied)
    memory = InstrumentedStore(store, memory_traced_by(tracer))
    async with receiving(
        tmp_path, tracer=tracer, memory=memory, live_deadline_seconds=0.2
    ) as running:
        asked = {"caller_id": CALLER, "query": "the green bike"}
        assert (await running.client.post("/webhook/search-data", json=asked)).status == 200
    found = by_name(spans)
    request = found.pop("POST /webhook/search-data")
    assert {"read", "memory profile", "memory search"} <= found.keys()
    assert {span.parent.span_id for span in found.values()} == {request.context.span_id}
    assert found["memory search"].status.description == "cancelled"
    assert found["memory search"].start_time >= found["memory profile"].end_time


async def test_memory_that_nobody_asks_for_a_request_has_no_trace(tracer, spans):
    await InstrumentedStore(InMemoryStore(), memory_traced_by(tracer)).counts()
    assert spans.get_finished_spans() == ()


async def test_only_webhooks_are_traced(tmp_path, tracer, spans):
    async with receiving(tmp_path, tracer=tracer) as running:
        for path in ("/health", "/nowhere"):
            await running.client.get(path)
    assert spans.get_finished_spans() == ()


async def test_a_refused_delivery_fails_by_kind_and_the_trace_quotes_nobody(
    tmp_path, tracer, spans
):
    body = encoded(transcription_payload(messages=[("user", "my cat is called Ada")]))
    async with receiving(tmp_path, tracer=tracer) as running:
        await running.client.post("/webhook/post-call", data=body)
        await running.deliver(body)
        ring = {"caller_id": CALLER, "called_number": AGENT_LINE}
        await running.client.post("/webhook/client-data", json=ring)
    refused = next(s for s in spans.get_finished_spans() if s.name == "read and verify")
    assert (refused.status.status_code, refused.status.description) == (
        StatusCode.ERROR,
        "InvalidSignature",
    )
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    assert len(told) > 1000
    assert not [each for each in (CALLER[1:], AGENT_LINE[1:], "Ada", "bike") if each in told]


def test_a_damaged_line_of_the_ledger_is_no_event_and_has_no_trace(tracer, spans):
    damaged = Tried.of("ledger@120", DamagedLine("torn"), "torn", seconds=0.1)
    failure = Failure(file="ledger@120", error="torn", attempts=1, next_attempt_at=None)
    told = []
    for observe in (traced_by(tracer), told.append):
        tell(observe, [damaged], [failure], storing_seconds=0.1)
    assert [each.outcome for each in told] == ["parked"]
    assert spans.get_finished_spans() == ()


@asynccontextmanager
async def a_collector(*, status=200):
    """A server that takes OTLP over HTTP; yields its address and what it was sent."""
    taken = []

    async def take(request):
        taken.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", taken
    finally:
        await end(runner)


async def test_a_collector_gets_what_was_traced_at_the_end_at_the_latest(tmp_path):
    async with a_collector() as (address, taken):
        settings = Settings(_env_file=None, otel_exporter_otlp_endpoint=address)
        async with (
            open_tracing(settings) as tracer,
            receiving(tmp_path, tracer=tracer) as running,
        ):
            await running.deliver(encoded(transcription_payload()))
    [resource] = [spans for request in taken for spans in request.resource_spans]
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert named["service.name"] == "callspool"
    names = {span.name for scope in resource.scope_spans for span in scope.spans}
    assert {"POST /webhook/post-call", "commit", "store"} <= names


@pytest.mark.parametrize("is_there", [True, False], ids=["refuses", "is not there"])
async def test_a_collector_that_fails_is_warned_of_once_and_holds_nothing_up(
    monkeypatch, caplog, is_there
):
    monkeypatch.setattr(telemetry.opentelemetry, "_EXPORT_SECONDS", 0.3)
    async with a_collector(status=400) as (address, _):
        there = address if is_there else f"http://127.0.0.1:{free_port()}"
        tracer = open_tracer(there)
        for _ in range(2):
            with tracer.request("a request"):
                pass
            await asyncio.to_thread(tracer._provider.force_flush)
        await asyncio.to_thread(tracer.close)  # ends, whatever still waits
    ours = [record for record in caplog.records if record.name == "telemetry.opentelemetry"]
    assert [(r.levelno, r.action) for r in ours] == [(logging.WARNING, "traces_failing")]
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_without_a_collector_there_is_no_tracer_and_nothing_between(tmp_path):
    async with open_tracing(Settings(_env_file=None)) as tracer:
        assert isinstance(tracer, NoTracer)
        memory = OpenedMemory(store=InMemoryStore())
        assert traced(memory, tracer) is memory


async def test_a_missing_package_is_named_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "telemetry.opentelemetry")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    settings = Settings(_env_file=None, otel_exporter_otlp_endpoint="http://127.0.0.1:4318")
    with pytest.raises(SettingsError, match=r"opentelemetry.*uv sync --extra otel"):
        async with open_tracing(settings):
            pass


def test_who_wants_no_traces_loads_nothing_of_them():
    code = "import json, sys, cli.serving.services; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "opentelemetry" not in json.loads(done.stdout)
