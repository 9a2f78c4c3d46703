"""The server held to its own description, by requests made up from that."""

import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import islice

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from cli.assembly.archive import open_archive
from cli.assembly.store import OpenedMemory
from receiver.openapi.document import describe
from settings import Settings
from tests.archives import ANA, KEY, looking_back, some_calls
from tests.described import in_a_thread
from tests.factories import transcription_payload
from tests.outbound import calling_platform
from tests.receiving import SECRET
from tests.test_calls_http import desk
from voice.signature import sign

RING_KEY, SEARCH_KEY = "the-ring-key", "the-search-key"
EXAMPLES, EDGES = 20, 80

load_all_checks()
SCHEMA = schemathesis.openapi.from_dict(describe())
ENDLESS = {"GET /activity"}  # a stream, without an end that could be waited for
OPERATIONS = {
    label: operation.ok()
    for operation in SCHEMA.get_all_operations()
    if (label := operation.ok().label) not in ENDLESS
}
# Nothing that is sent to these is wrong.
TAKE_ANYTHING = {
    "GET /health", "GET /metrics", "GET /openapi.json", "POST /webhook/client-data",
    "POST /webhook/post-call",
}  # fmt: skip
# What is there to be told of, or to be erased.
KEPT = {
    "GET /history/{conversation_id}": "conv_ana_1",
    "GET /history/{conversation_id}/transcript": "conv_ana_2",
    "GET /history/{conversation_id}/audio": "conv_ana_1",
    "GET /history/{conversation_id}/functions": "conv_ana_2",
    "GET /history/{conversation_id}/memories": "conv_ana_2",
    "GET /callers/{caller}": ANA,
    "GET /callers/{caller}/export": ANA,
    "DELETE /history/{conversation_id}": "conv_leaving",
    "DELETE /callers/{caller}/memories/{memory_id}": "+15550100188",
}
# What a description cannot tell: which numbers there are, and how long a recording is; and here
# every request is signed.
EXCEPT = {
    "GET /history/{conversation_id}/audio": {"positive_data_acceptance"},
    "POST /calls": {"positive_data_acceptance"},
    "POST /webhook/post-call": {"missing_required_header", "negative_data_rejection"},
}


class Signed(requests.auth.AuthBase):
    """Signs what is sent to the post-call webhook, as the platform does."""

    def __call__(self, request):
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        signature = sign(content, SECRET, timestamp=int(time.time()))
        request.headers["ElevenLabs-Signature"] = signature
        return request


def credentials(label):
    """Return the headers, or the signer, that open an endpoint."""
    path = label.split(" ")[1]
    if path == "/webhook/post-call":
        return {"auth": Signed()}
    headers = {
        "/webhook/client-data": {"X-Api-Key": RING_KEY},
        "/webhook/search-data": {"X-Api-Key": SEARCH_KEY},
        "/health": {},
    }
    return {"headers": headers.get(path, {"Authorization": f"Bearer {KEY}"})}


@asynccontextmanager
async def serving(tmp_path):
    leaving = transcription_payload(conversation_id="conv_leaving", caller="+15550100188")
    async with (
        calling_platform() as state,
        looking_back(
            tmp_path, payloads=[*some_calls(), leaving], client_data_key=RING_KEY,
            search_data_key=SEARCH_KEY, failures_per_minute=0,  # wrong keys are tried all the time
        ) as looked,
    ):  # fmt: skip
        receiver = looked.running.receiver
        settings = Settings(
            payload_storage_path=looked.running.root, openmemory_db_path=tmp_path / "memory.db"
        )
        started = desk(state, tmp_path, store=looked.store)
        object.__setattr__(receiver, "calls", started)
        async with open_archive(settings, OpenedMemory(store=looked.store)) as archive:
            object.__setattr__(receiver, "archive", replace(archive, patience_seconds=0.0))
            yield looked.running


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with in_a_thread(serving(tmp_path_factory.mktemp("described"))) as running:
        yield running


@contextmanager
def checking(running, label):
    """Yield what sends a case and holds the answer to the description."""
    known = {"timeout": 10, **credentials(label)}
    with requests.Session() as session:

        def check(case):
            # Which cursors there are no description tells.
            is_on_a_page = {"positive_data_acceptance"} if "cursor" in (case.query or {}) else set()
            left_out = sorted(EXCEPT.get(label, set()) | is_on_a_page)
            case.call_and_validate(
                base_url=f"http://127.0.0.1:{running.port}",
                session=session,
                excluded_checks=CHECKS.get_by_names(left_out),
                **known,
            )

        yield check
    assert running.receiver.counts["defects"] == 0


def check_invented(running, label, mode, **fixed):
    """Check a bounded number of random cases, the same ones every time."""
    with checking(running, label) as check:

        @bounds(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=OPERATIONS[label].as_strategy(generation_mode=mode, **fixed))
        def over(case):
            check(case)

        over()


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_what_is_described_as_valid_is_answered_as_described(running, label):
    check_invented(running, label, GenerationMode.POSITIVE)


@pytest.mark.parametrize("label", sorted(KEPT))
def test_what_is_kept_is_told_as_described(running, label):
    path = SCHEMA.find_operation_by_label(label).path
    names = {name: KEPT[label] for name in ("conversation_id", "caller") if f"{{{name}}}" in path}
    memory = {"memory_id": "conv_leaving/summary"} if "{memory_id}" in path else {}
    check_invented(running, label, GenerationMode.POSITIVE, path_parameters={**names, **memory})


@pytest.mark.parametrize("label", sorted(OPERATIONS.keys() - TAKE_ANYTHING))
def test_what_is_not_valid_is_refused_as_described(running, label):
    check_invented(running, label, GenerationMode.NEGATIVE)


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_the_edges_of_what_is_described_hold(running, label):
    operation = OPERATIONS[label]
    cases = SCHEMA.iter_coverage_cases(
        operation,
        generation_modes=list(GenerationMode),
        generation_config=SCHEMA.config.generation_for(operation=operation),
    )
    with checking(running, label) as check:
        for case in islice(cases, EDGES):
            check(case)
