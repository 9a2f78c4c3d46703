"""What an agent is told before it calls, and from which number; everything here is pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cloud.calling.request import CallError, CallRequest, Value
from memory.port import Profile
from voice.answer import initiation_answer
from voice.document import section, text
from voice.greeting import GreetingOptions
from voice.identity import phone_key

TWILIO, SIP_TRUNK = "twilio", "sip_trunk"
CALLABLE = frozenset([TWILIO, SIP_TRUNK])

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_RESERVED = ("system__", "secret__")
_REDACTED = "<REDACTED>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A telephone number of the workspace, and the agent that it belongs to ("" for none)."""

    id: str
    number: str
    provider: str
    agent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """
    What goes with a call; `first_message` and `language` None: the agent's own.

    `warnings` are what the user should know, a sentence each, without any value.
    """

    variables: Mapping[str, Value]
    first_message: str | None
    language: str | None
    warnings: tuple[str, ...]


def brief(
    agent: dict[str, Any],
    request: CallRequest,
    profile: Profile | None,
    *,
    greeting: GreetingOptions,
) -> Briefing:
    """
    Return what `agent` (as GET answers it) is told about the callee; `profile` None: a stranger.

    The platform does not ask for variables once a call brings some, and ends a call that lacks
    one: so what the agent defines and nobody gives has the agent's own placeholder.
    Raises CallError for what the platform would end the call for, once it has rung.
    """
    answer = initiation_answer(profile, greeting=greeting)
    own, warnings = _placeholders(agent)
    variables = {**own, **answer["dynamic_variables"], **request.variables}
    override = dict(section(answer["conversation_config_override"], "agent"))
    allowed = _allowed_overrides(agent)
    if request.first_message is not None:
        _check_first_message(request, allowed, variables)
        override["first_message"] = request.first_message
    for name, what in (("first_message", "First message"), ("language", "Agent language")):
        if name in override and allowed.get(name) is not True:
            del override[name]
            warnings.append(
                f"the agent does not allow the override {what!r}, so it is left out; "
                f"`run.py connect --agent {request.agent_id}` allows it"
            )
    _check_filled(agent, override.get("first_message"), variables)
    return Briefing(
        variables=variables,
        first_message=override.get("first_message"),
        language=override.get("language"),
        warnings=tuple(warnings),
    )


def choose_line(lines: Iterable[Line], request: CallRequest) -> Line:
    """Return the number to call from; raises CallError if none or several come into question."""
    known = list(lines)
    own = [line for line in known if line.agent_id == request.agent_id]
    line = _only(own) if request.from_ is None else _named(known, request.from_)
    if line.provider not in CALLABLE:
        raise CallError(
            f"the number {line.number} is with {line.provider or 'an unknown provider'}, from "
            "which no call can be started here; use a Twilio or SIP trunk number",
            status=400,
            code="unsupported_provider",
        )
    if request.to in {phone_key(each.number) for each in (*own, line)}:
        raise CallError(
            "this is the agent's own number; give the number of the person to call",
            status=400,
            code="invalid_number",
        )
    return line


def _only(own: list[Line]) -> Line:
    usable = [line for line in own if line.provider in CALLABLE]
    if len(usable) == 1:
        return usable[0]
    if usable:
        raise CallError(
            f"the agent has several numbers: {_listed(usable)}; choose one with `from`",
            status=400,
            code="several_numbers",
        )
    if own:
        return own[0]
    raise CallError(
        "the agent has no telephone number: assign one in the ElevenLabs dashboard under Phone "
        "Numbers, or name one with `from`",
        status=400,
        code="no_number",
    )


def _named(known: list[Line], name: str) -> Line:
    wanted = name.strip()
    key = phone_key(wanted)
    for line in known:
        if line.id == wanted or (key is not None and phone_key(line.number) == key):
            return line
    there = f"; there are {_listed(known)}" if known else ""
    raise CallError(
        f"`from` is no number of this workspace{there}", status=400, code="unknown_from"
    )


def _listed(lines: list[Line]) -> str:
    return ", ".join(f"{line.number} ({line.id})" for line in lines)


def _placeholders(agent: dict[str, Any]) -> tuple[dict[str, Value], list[str]]:
    """Return the agent's own values of its variables, and what to say of those it hides."""
    defined = section(_conversation(agent), "dynamic_variables")
    values: dict[str, Value] = {}
    warnings = []
    for name, value in section(defined, "dynamic_variable_placeholders").items():
        if name.startswith("system__"):
            continue
        if value == _REDACTED:
            warnings.append(
                f"the agent's variable {name} is secret and cannot be sent from here: tools that "
                "need it may fail"
            )
            continue
        values[name] = _value(value)
    return values, warnings


def _value(value: Any) -> Value:
    """Return a placeholder as one of the types that a variable may have."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # half a surrogate pair cannot be sent
    if isinstance(value, int | float):  # bool is an int
        return value
    return "" if value is None else json.dumps(value)


def _allowed_overrides(agent: dict[str, Any]) -> dict[str, Any]:
    overrides = section(section(agent, "platform_settings"), "overrides")
    return section(section(overrides, "conversation_config_override"), "agent")


def _check_first_message(
    request: CallRequest, allowed: dict[str, Any], variables: Mapping[str, Value]
) -> None:
    message = request.first_message or ""
    if allowed.get("first_message") is not True:
        raise CallError(
            "the agent does not allow another first message, and the platform would end the call; "
            f"`run.py connect --agent {request.agent_id}` allows it",
            status=409,
            code="override_not_allowed",
        )
    rest = _VARIABLE.sub(lambda found: "" if found[1] in variables else found[0], message)
    if set(rest) & set("{}"):
        raise CallError(
            "braces in the first message must name a variable that is sent, such as "
            "{{first_name}}: the platform would end the call",
            status=400,
            code="invalid_first_message",
        )


def _check_filled(
    agent: dict[str, Any], first_message: str | None, variables: Mapping[str, Value]
) -> None:
    """Raise CallError if the agent says or knows by a variable what nothing fills."""
    conversation = _conversation(agent)
    said = text(conversation.get("first_message")) if first_message is None else first_message
    prompt = text(section(conversation, "prompt").get("prompt"))
    used = dict.fromkeys(_VARIABLE.findall(f"{said} {prompt}"))
    missing = [name for name in used if name not in variables and not name.startswith(_RESERVED)]
    if missing:
        raise CallError(
            f"the agent uses {', '.join(missing)}, which nothing fills, and the platform would "
            "end the call: give a value for each as a variable, or a placeholder in the dashboard",
            status=400,
            code="missing_variables",
        )


def _conversation(agent: dict[str, Any]) -> dict[str, Any]:
    return section(section(agent, "conversation_config"), "agent")
