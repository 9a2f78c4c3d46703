"""`call`, `calls list` and `calls cancel`, as a user types them."""

import json

import pytest

from cli.elevenlabs import calls as commands
from cloud.calling.call_log import CallLog
from cloud.calling.request import CallError
from settings import Settings
from spool.format import SpoolError
from tests.factories import transcription_payload
from tests.outbound import AGENT, ANA, BOB, LINE, allow_overrides, outbound_requests, prepare
from tests.platform import platform_in_thread
from tests.program import program


@pytest.fixture
def state():
    """A platform with one agent that can call."""
    with platform_in_thread() as state:
        prepare(state)
        yield state


@pytest.fixture
def settings(state, tmp_path):
    """Settings over the test's folder and platform."""
    return Settings(
        elevenlabs_api_key=state.api_key,
        elevenlabs_base_url=state.url,
        payload_storage_path=tmp_path / "spool",
        openmemory_db_path=tmp_path / "memory.db",
    )


def start(settings, number=ANA, **changes):
    """Run `call`; return its exit code."""
    plain = {
        "agent": AGENT, "from_": None, "first_message": None, "variables": [], "key": None,
        "as_json": False,
    }  # fmt: skip
    return commands.call(settings, number, **{**plain, **changes})


def listed(settings, capsys, *, limit=20):
    """Return what `calls list --json` prints."""
    capsys.readouterr()
    assert commands.list_calls(settings, limit=limit, as_json=True) == 0
    return json.loads(capsys.readouterr().out)["calls"]


def arrive(settings, conversation_id, body, kind="transcription"):
    """Put what arrived about a conversation where the spool has it."""
    folder = settings.payload_storage_path / conversation_id
    folder.mkdir()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    (folder / f"{conversation_id}_{kind}.json").write_bytes(content)


def failure(conversation_id, reason):
    body = {"from_number": LINE, "to_number": ANA}
    return {
        "type": "call_initiation_failure",
        "event_timestamp": 1_790_000_000,
        "data": {
            "agent_id": AGENT, "conversation_id": conversation_id, "failure_reason": reason,
            "metadata": {"type": "sip", "body": body},
        },
    }  # fmt: skip


def test_a_call_prints_what_was_started_and_its_key(state, settings, capsys):
    assert start(settings) == 0
    (body,) = state.dialled
    out, err = capsys.readouterr()
    assert body["conversation_id"] in out
    assert "twilio call CA" in out
    key = CallLog(settings.payload_storage_path).newest(1)[0].key
    assert f"key: {key}" in out
    assert err == ""
    assert not settings.openmemory_db_path.exists()


def test_a_call_as_json_and_again_under_its_key(state, settings, capsys):
    assert start(settings, key="k", as_json=True, variables=["plan=gold", "empty="]) == 0
    first = json.loads(capsys.readouterr().out)
    assert start(settings, key="k", as_json=True, variables=["empty=", "plan=gold"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again == {**first, "repeated": True}
    assert first["idempotency_key"] == "k"
    assert start(settings, key="k", variables=["plan=gold", "empty="]) == 0
    assert "earlier, under this key" in capsys.readouterr().out
    sent = state.dialled[0]["conversation_initiation_client_data"]["dynamic_variables"]
    assert (sent["plan"], sent["empty"]) == ("gold", "")
    assert len(outbound_requests(state)) == 1


@pytest.mark.parametrize(
    ("number", "variables"),
    [("12025550142", []), (ANA, ["plan"]), (ANA, ["a=1", "a=2"]), (ANA, ["system__time=1"])],
)
def test_what_cannot_be_asked_for_is_exit_code_2(state, settings, capsys, number, variables):
    assert start(settings, number, variables=variables) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert state.requests == []


def test_warnings_go_to_stderr(state, settings, capsys):
    allow_overrides(state.agents[AGENT], "first_message")
    settings.openmemory_db_path.write_bytes(b"no database at all, but a long text" * 100)
    assert start(settings) == 0
    out, err = capsys.readouterr()
    assert "memory cannot be read" in err
    assert "memory" not in out


def test_nothing_started_yet_is_an_empty_list(settings, capsys):
    with pytest.raises(SpoolError, match="no spool"):
        commands.list_calls(settings, limit=5, as_json=False)
    (settings.payload_storage_path / ".spool").mkdir(parents=True)
    assert commands.list_calls(settings, limit=5, as_json=False) == 0
    assert "no calls" in capsys.readouterr().out


def test_the_list_says_what_became_of_each_call(state, settings, capsys):
    told = {
        "answered": "answered, 61 s, success",
        "voicemail": "voicemail, 12 s, success",
        "busy": "busy",
        "no-answer": "no answer",
        "odd": "did not get through",
        "damaged": "not readable",
        "open": "no word yet",
    }
    ids = {}
    for key in told:
        assert start(settings, key=key) == 0
        ids[key] = state.dialled[-1]["conversation_id"]
    for key, seconds in (("answered", 61), ("voicemail", 12)):
        body = transcription_payload(
            conversation_id=ids[key], caller=ANA, direction="outbound", duration_secs=seconds
        )
        body["data"]["metadata"]["phone_call"]["call_result"] = key
        arrive(settings, ids[key], body)
    arrive(settings, ids["busy"], failure(ids["busy"], "busy"), "failure")
    arrive(settings, ids["no-answer"], failure(ids["no-answer"], "no-answer"), "failure")
    arrive(settings, ids["odd"], failure(ids["odd"], "unknown"), "failure")
    arrive(settings, ids["damaged"], b'{"type": "post_call_tr')
    capsys.readouterr()
    assert commands.list_calls(settings, limit=20, as_json=False) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    for key, words in told.items():
        (at,) = [index for index, line in enumerate(lines) if f"key {key} " in line]
        assert words in lines[at - 1], key
        assert "+1 *** *** 0142" in lines[at - 1]
        assert ids[key] in lines[at]
    assert ANA not in out
    assert [call["key"] for call in listed(settings, capsys, limit=2)] == ["open", "damaged"]


def test_a_call_that_did_not_come_about_is_listed_with_the_reason_and_no_number(
    state, settings, capsys
):
    state.outcomes[BOB] = {"success": False, "message": f"{BOB} is busy"}
    with pytest.raises(CallError, match="busy"):
        start(settings, BOB, key="refused")
    state.faults.drop("POST", "/outbound-call", 1)
    with pytest.raises(CallError, match="not known"):
        start(settings, key="lost")
    assert commands.list_calls(settings, limit=20, as_json=False) == 0
    out = capsys.readouterr().out
    assert "refused: ElevenLabs did not start the call: +1 *** *** 0177 is busy" in out
    assert "unknown: no answer came" in out
    assert BOB not in out
    lost, refused = listed(settings, capsys)
    assert (lost["state"], lost["error"]["code"]) == ("unknown", "outcome_unknown")
    assert (refused["state"], refused["error"]["code"]) == ("refused", "call_refused")


@pytest.mark.parametrize(
    ("from_", "words"), [("phnum_twilio", "end it at Twilio: open CA"), ("phnum_sip", "SIP trunk")]
)
def test_cancelling_says_where_the_call_can_be_ended(state, settings, capsys, from_, words):
    start(settings, key="k", from_=from_)
    conversation_id = state.dialled[0]["conversation_id"]
    asked = len(state.requests)
    for name in ("k", conversation_id):
        capsys.readouterr()
        assert commands.cancel(settings, name) == 1
        err = capsys.readouterr().err
        assert "no way to cancel" in err
        assert words in err
        assert len(err.splitlines()) == 1
    assert len(state.requests) == asked


def test_cancelling_what_is_over_or_never_began_says_so(state, settings, capsys):
    start(settings, key="over")
    conversation_id = state.dialled[0]["conversation_id"]
    body = transcription_payload(conversation_id=conversation_id, duration_secs=61)
    arrive(settings, conversation_id, body)
    state.outcomes[BOB] = "busy"
    with pytest.raises(CallError):
        start(settings, BOB, key="refused")
    state.faults.drop("POST", "/outbound-call", 1)
    with pytest.raises(CallError):
        start(settings, key="lost")
    words = {
        "over": "the call is over: answered, 61 s",
        "refused": "never started",
        "lost": "not known whether this one rings",
        "nobody's": "no call nobody's was started here",
    }
    for name, expected in words.items():
        capsys.readouterr()
        assert commands.cancel(settings, name) == 1
        assert expected in capsys.readouterr().err


def test_the_commands_of_the_program(state, tmp_path):
    with program(tmp_path) as ours:
        ours.environment |= {
            "ELEVENLABS_API_KEY": state.api_key,
            "ELEVENLABS_BASE_URL": state.url,
        }
        started = ours.run("call", ANA, "--agent", AGENT, "--key", "k", "--json")
        refused = ours.run("call", ANA, "--agent", "agent_other", expect=1)
        wrong = ours.run("call", "2025550142", "--agent", AGENT, expect=2)
        shown = ours.run("calls", "list")
    assert json.loads(started.stdout)["conversation_id"] == state.dialled[0]["conversation_id"]
    assert "there is no agent agent_other" in refused.stderr
    assert "E.164" in wrong.stderr
    assert "no word yet" in shown.stdout
    for done in (refused, wrong):
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
    assert len(state.dialled) == 1
