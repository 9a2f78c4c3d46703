"""Outbound calls through the real SDK against the stand-in: what goes out, and what is refused."""

import asyncio

import pytest

from cloud.calling import dialler as dialling
from cloud.calling.request import CallError
from cloud.options import CloudOptions
from tests.outbound import (
    AGENT,
    ANA,
    LINE,
    allow_overrides,
    assign,
    calling_platform,
    dialler,
    memory_of_ana,
    outbound_requests,
    request,
)
from voice.answer import initiation_answer
from voice.greeting import GreetingOptions


async def refusal(state, folder, *, profile=None, **changes):
    """Start a call that must be refused; return the error."""
    with pytest.raises(CallError) as caught:
        await dialler(state, folder).start(request(**changes), profile=profile)
    return caught.value


async def test_a_stranger_is_called_with_every_variable_and_the_agents_own_words(tmp_path):
    async with calling_platform() as state:
        started = await dialler(state, tmp_path).start(request(), profile=None)
    (body,) = state.dialled
    assert body["provider"] == "twilio"
    assert (body["agent_id"], body["to_number"]) == (AGENT, ANA)
    assert body["agent_phone_number_id"] == "phnum_twilio"
    neutral = initiation_answer(None, greeting=GreetingOptions())["dynamic_variables"]
    data = body["conversation_initiation_client_data"]
    # The agent's own variables have its own values: nobody else would fill them.
    assert data == {"dynamic_variables": {**neutral, "opening_hour": "nine", "plan": "none"}}
    assert state.complaints == []
    assert started.call.state == "started"
    assert started.call.conversation_id == body["conversation_id"]
    assert started.call.call_id.startswith("CA")
    assert started.call.warnings == ()
    assert not started.is_repeated


async def test_a_known_callee_is_greeted_by_name_in_his_language(tmp_path):
    profile = await (await memory_of_ana(language="es")).profile(ANA)
    async with calling_platform() as state:
        await dialler(state, tmp_path).start(request(), profile=profile)
    data = state.dialled[0]["conversation_initiation_client_data"]
    answer = initiation_answer(profile, greeting=GreetingOptions())
    assert data["conversation_config_override"] == answer["conversation_config_override"]
    assert "Ana" in data["conversation_config_override"]["agent"]["first_message"]
    assert data["dynamic_variables"].items() >= answer["dynamic_variables"].items()
    assert state.complaints == []


async def test_a_sip_trunk_number_dials_through_its_trunk(tmp_path):
    async with calling_platform() as state:
        started = await dialler(state, tmp_path).start(request(from_="phnum_sip"), profile=None)
    (body,) = state.dialled
    assert body["provider"] == "sip_trunk"
    assert body["agent_phone_number_id"] == "phnum_sip"
    assert started.call.provider == "sip_trunk"
    assert started.call.call_id.startswith("SCL")


@pytest.mark.parametrize("name", ["phnum_twilio", LINE, "+1 555 010-0900", "  phnum_twilio "])
async def test_the_number_to_call_from_is_named_by_its_id_or_as_it_is_spelt(tmp_path, name):
    async with calling_platform() as state:
        assign(state, "sip_trunk")
        await dialler(state, tmp_path).start(request(from_=name), profile=None)
    assert state.dialled[0]["agent_phone_number_id"] == "phnum_twilio"


async def test_variables_and_first_message_that_are_given_count_most(tmp_path):
    profile = await (await memory_of_ana()).profile(ANA)
    given = {"plan": "gold", "first_name": "Anita", "order_no": 17, "is_urgent": True}
    async with calling_platform() as state:
        await dialler(state, tmp_path).start(
            request(variables=given, first_message="Your order {{order_no}} is here."),
            profile=profile,
        )
    data = state.dialled[0]["conversation_initiation_client_data"]
    assert data["dynamic_variables"].items() >= given.items()
    assert data["dynamic_variables"]["opening_hour"] == "nine"
    message = data["conversation_config_override"]["agent"]["first_message"]
    assert message == "Your order {{order_no}} is here."
    assert state.complaints == []


async def test_an_override_that_the_agent_does_not_allow_is_left_out_and_said(tmp_path):
    profile = await (await memory_of_ana(language="es")).profile(ANA)
    async with calling_platform() as state:
        allow_overrides(state.add_agent(AGENT), "language")
        started = await dialler(state, tmp_path).start(request(), profile=profile, notes=["a note"])
    data = state.dialled[0]["conversation_initiation_client_data"]
    assert data["conversation_config_override"] == {"agent": {"language": "es"}}
    note, warning = started.call.warnings
    assert note == "a note"
    assert "'First message'" in warning
    assert f"run.py connect --agent {AGENT}" in warning
    assert state.complaints == []


async def test_a_first_message_that_the_agent_does_not_allow_is_refused_before_dialling(tmp_path):
    async with calling_platform() as state:
        state.add_agent(AGENT)
        error = await refusal(state, tmp_path, first_message="Hello")
    assert (error.status, error.code) == (409, "override_not_allowed")
    assert f"run.py connect --agent {AGENT}" in str(error)
    assert outbound_requests(state) == []


@pytest.mark.parametrize("message", ["Hi {{nobody}}", "Hi {name}", "Hi }", "Hi {{ first_name }"])
async def test_braces_that_name_nothing_that_is_sent_are_refused(tmp_path, message):
    async with calling_platform() as state:
        error = await refusal(state, tmp_path, first_message=message)
    assert error.code == "invalid_first_message"
    assert outbound_requests(state) == []


@pytest.mark.parametrize("place", ["first_message", "prompt"])
async def test_a_variable_that_nothing_fills_is_named_before_it_rings(tmp_path, place):
    words = {"first_message": "Order {{order_no}}", "prompt": {"prompt": "Order {{ order_no }}"}}
    async with calling_platform() as state:
        state.agents[AGENT]["conversation_config"]["agent"][place] = words[place]
        error = await refusal(state, tmp_path)
        assert (error.status, error.code) == (400, "missing_variables")
        assert "order_no" in str(error)
        assert outbound_requests(state) == []
        given = request(variables={"order_no": "17"})
        await dialler(state, tmp_path).start(given, profile=None)
    assert len(state.dialled) == 1


async def test_placeholders_of_every_type_go_out_as_a_variable_can_be(tmp_path):
    values = {"n": 3, "yes": True, "none": None, "list": ["a"], "system__time": "x"}
    async with calling_platform() as state:
        defined = state.agents[AGENT]["conversation_config"]["agent"]["dynamic_variables"]
        placeholders = defined["dynamic_variable_placeholders"]
        placeholders.update(values, secret__key="<REDACTED>", secret__plain="s")
        started = await dialler(state, tmp_path).start(request(), profile=None)
    sent = state.dialled[0]["conversation_initiation_client_data"]["dynamic_variables"]
    assert (sent["n"], sent["yes"], sent["none"], sent["list"]) == (3, True, "", '["a"]')
    assert "system__time" not in sent
    assert "secret__key" not in sent
    assert sent["secret__plain"] == "s"
    (warning,) = started.call.warnings
    assert "secret__key" in warning


async def test_an_agent_without_a_number_or_with_several_says_so(tmp_path):
    async with calling_platform() as state:
        assign(state, "sip_trunk")
        several = await refusal(state, tmp_path)
        for number in state.phone_numbers:
            number["assigned_agent"] = None
        none = await refusal(state, tmp_path)
        unknown = await refusal(state, tmp_path, from_="phnum_other")
    assert (several.status, several.code) == (400, "several_numbers")
    assert "phnum_twilio" in str(several)
    assert "phnum_sip" in str(several)
    assert (none.status, none.code) == (400, "no_number")
    assert (unknown.status, unknown.code) == (400, "unknown_from")
    assert outbound_requests(state) == []


@pytest.mark.parametrize("provider", ["exotel", "one_of_the_future"])
async def test_a_provider_that_cannot_call_is_named(tmp_path, provider):
    async with calling_platform() as state:
        state.phone_numbers[0]["provider"] = provider
        own = await refusal(state, tmp_path)
        named = await refusal(state, tmp_path, from_="phnum_twilio")
        assign(state, "sip_trunk")
        await dialler(state, tmp_path).start(request(), profile=None)  # the one that can
    assert own.code == named.code == "unsupported_provider"
    assert provider in str(own)
    assert [body["provider"] for body in state.dialled] == ["sip_trunk"]


async def test_an_agent_never_calls_itself(tmp_path):
    async with calling_platform() as state:
        error = await refusal(state, tmp_path, to=LINE)
        other = await refusal(state, tmp_path, to=LINE, from_="phnum_sip")
    assert (error.status, error.code) == (400, "invalid_number")
    assert other.code == "invalid_number"
    assert outbound_requests(state) == []


@pytest.mark.parametrize(
    "number",
    [
        "", "+", "12025550142", "0012025550142", "+1202555014", "+15550100", "+120255501422222222",
        "+12025550142;ext=5", "+12025550142 x5", "+1-800-FLOWERS", "+12025550142@sip.example",
        "anonymous", "tel:+12025550142", "+\uff11\uff12\uff10\uff12\uff15\uff15\uff15\uff10\uff11"
        "\uff14\uff12", "+266696687", "+999999999999", "+12025550142\ud800",
    ],
)  # fmt: skip
async def test_what_is_no_number_is_refused_before_anything_is_sent(tmp_path, number):
    async with calling_platform() as state:
        error = await refusal(state, tmp_path, to=number)
    assert (error.status, error.code) == (400, "invalid_number")
    assert state.requests == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        (" +1 (202) 555-0142 ", ANA),
        ("+15550100142", "+15550100142"),
        ("+44 (0)20 7946 0958", "+442079460958"),
    ],
)
async def test_a_number_is_dialled_in_e164_however_it_is_spelt(tmp_path, number, dialled):
    async with calling_platform() as state:
        await dialler(state, tmp_path).start(request(to=number), profile=None)
    assert state.dialled[0]["to_number"] == dialled


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"variables": {"system__caller_id": "x"}}, "invalid_variable"),
        ({"variables": {"secret__key": "x"}}, "invalid_variable"),
        ({"variables": {"with space": "x"}}, "invalid_variable"),
        ({"variables": {"": "x"}}, "invalid_variable"),
        ({"variables": {"n": float("nan")}}, "invalid_variable"),
        ({"variables": {"n": "\ud800"}}, "invalid_variable"),
        ({"first_message": "  "}, "invalid_first_message"),
        ({"first_message": "\udfff"}, "invalid_first_message"),
        ({"first_message": "x" * 5001}, "invalid_first_message"),
        ({"key": ""}, "invalid_key"),
        ({"key": "k" * 201}, "invalid_key"),
        ({"key": "schl\u00fcssel"}, "invalid_key"),
        ({"key": "two\nlines"}, "invalid_key"),
        ({"from_": " "}, "invalid_from"),
        ({"agent_id": "../settings"}, "invalid_agent_id"),
        ({"agent_id": ""}, "invalid_agent_id"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_anything_is(tmp_path, changes, code):
    async with calling_platform() as state:
        error = await refusal(state, tmp_path, **changes)
    assert (error.status, error.code) == (400, code)
    assert state.requests == []


async def test_an_agent_that_is_not_there_is_a_404(tmp_path):
    async with calling_platform() as state:
        error = await refusal(state, tmp_path, agent_id="agent_other")
    assert (error.status, error.code) == (404, "unknown_agent")
    assert "agent_other" in str(error)


@pytest.mark.parametrize(
    ("key", "status", "code"), [("", 503, "not_configured"), ("wrong", 502, "invalid_api_key")]
)
async def test_without_a_usable_api_key_it_says_how_to_get_one(tmp_path, key, status, code):
    async with calling_platform() as state:
        options = CloudOptions(api_key=key, base_url=state.url)
        with pytest.raises(CallError) as caught:
            await dialler(state, tmp_path, options=options).start(request(), profile=None)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert "ELEVENLABS_API_KEY" in str(caught.value)


async def test_reads_are_repeated_and_then_it_dials(tmp_path):
    async with calling_platform() as state:
        state.faults.add(method="GET", path="/agents/", status=500)
        state.faults.add(method="GET", path="/phone-numbers", status=429, retry_after=0)
        await dialler(state, tmp_path).start(request(), profile=None)
    assert len(state.dialled) == 1


async def test_a_platform_that_asks_to_wait_longer_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(dialling, "READ_SECONDS", 0.3)
    async with calling_platform() as state:
        state.faults.add(method="GET", path="/agents/", status=429, retry_after=42, times=None)
        limited = await refusal(state, tmp_path)
        state.faults.clear()
        state.faults.add(method="GET", path="/agents/", status=503, times=None)
        failing = await refusal(state, tmp_path)
        state.faults.clear()
        state.faults.slow("/agents/", 5, times=None)
        silent = await refusal(state, tmp_path)
    assert (limited.status, limited.code, limited.retry_after_seconds) == (429, "rate_limited", 42)
    assert (failing.status, failing.code) == (502, "platform_failed")
    assert (silent.status, silent.code) == (502, "platform_unreachable")
    assert outbound_requests(state) == []


async def test_nobody_listening_is_an_error_and_leaves_no_record(tmp_path, monkeypatch):
    monkeypatch.setattr(dialling, "READ_SECONDS", 0.3)
    async with calling_platform() as state:
        pass
    error = await refusal(state, tmp_path)
    assert (error.status, error.code) == (502, "platform_unreachable")
    assert list(tmp_path.iterdir()) == []


async def test_two_calls_at_once_to_two_people_both_ring(tmp_path):
    async with calling_platform() as state:
        caller = dialler(state, tmp_path)
        await asyncio.gather(
            caller.start(request(), profile=None),
            caller.start(request(to="+12025550177"), profile=None),
        )
    assert {body["to_number"] for body in state.dialled} == {ANA, "+12025550177"}
