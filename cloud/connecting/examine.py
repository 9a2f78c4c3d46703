"""Is the connection with ElevenLabs as it should be? What is not, and what mends it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from cloud.connecting.connect import Connection
from cloud.connecting.current import Current, is_elsewhere
from cloud.connecting.edits import Json
from cloud.connecting.plan import ELSEWHERE, make_plan
from cloud.connecting.record import DamagedRecord, Record
from cloud.errors import CloudError, Refused

Verdict = Literal["ok", "warning", "problem"]

_NO_KEY = (401, 403)
_DIFFERENCES = ("create", "change", "remove")
_MAX_TOLD = 6
_SERVER_ERROR = 500
_DAY_SECONDS = 86_400  # a failure that is older is told, but is no warning any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `mend` says what to do; "" when all is well."""

    name: str
    verdict: Verdict
    detail: str
    mend: str = ""


async def examine(connection: Connection, *, now: datetime) -> list[Finding]:
    """
    Return what is found in the workspace; it changes nothing.

    The connection's goal has the address and the keys that connect would use. Raises OSError
    where the disk fails.
    """
    try:
        record = connection.record_file.load()
    except DamagedRecord as error:
        mend = "move the file away, then run.py connect"
        return [Finding(name="connection", verdict="problem", detail=str(error), mend=mend)]
    try:
        current = await connection.workspace.read({*record.agents, *record.seen})
    except CloudError as error:
        return [_refusal(error)]
    findings = [Finding(name="API key", verdict="ok", detail="ElevenLabs takes it")]
    if not record.agents:
        return [*findings, _not_connected()]
    if is_elsewhere(record, current):
        return [*findings, _elsewhere()]
    findings += _webhook(record, current, now)
    for agent_id in sorted(record.agents):
        findings.append(_agent(agent_id, record, current, connection))
    return findings


def _not_connected() -> Finding:
    return Finding(
        name="connection",
        verdict="warning",
        detail="no agent was connected from here",
        mend="run.py connect --agent AGENT_ID --url https://…",
    )


def _elsewhere() -> Finding:
    what, _, mend = ELSEWHERE.partition(": ")
    return Finding(name="connection", verdict="problem", detail=what, mend=mend)


def _refusal(error: CloudError) -> Finding:
    if isinstance(error, Refused) and error.status in _NO_KEY:
        mend = "set ELEVENLABS_API_KEY to a key of this workspace with access to agents"
        return Finding(name="API key", verdict="problem", detail=str(error), mend=mend)
    mend = "run.py doctor --online again when ElevenLabs can be reached"
    return Finding(name="ElevenLabs", verdict="problem", detail=str(error), mend=mend)


def _webhook(record: Record, current: Current, now: datetime) -> Iterator[Finding]:
    """Yield the state of the post-call webhook: is it there, is it on, did it fail of late."""
    webhook = current.webhook(record.webhook.id) if record.webhook else None
    agent = next(iter(sorted(record.agents)))
    again = f"run.py connect --agent {agent}"
    name = "post-call webhook"
    if webhook is None:
        yield Finding(
            name=name, verdict="problem", detail="it is gone: no call arrives", mend=again
        )
        return
    failure, is_recent = _last_failure(webhook, now)
    if webhook.get("is_auto_disabled"):
        detail = f"ElevenLabs switched it off after many failures{failure and f' ({failure})'}"
        mend = f"make sure that {webhook['webhook_url']} is reached, then {again}"
        yield Finding(name=name, verdict="problem", detail=detail, mend=mend)
    elif webhook.get("is_disabled"):
        detail = "it is switched off: no call arrives"
        yield Finding(name=name, verdict="problem", detail=detail, mend=again)
    elif is_recent:
        mend = "run.py backfill --since 7d fetches what did not arrive"
        yield Finding(name=name, verdict="warning", detail=f"on, but {failure}", mend=mend)
    else:
        detail = f"on, to {webhook['webhook_url']}, {failure or 'without a failure'}"
        yield Finding(name=name, verdict="ok", detail=detail)


def _last_failure(webhook: Json, now: datetime) -> tuple[str, bool]:
    """Return when a delivery failed last, and with what, "" if none did; and if it was lately."""
    code, at = (webhook.get(f"most_recent_failure_{each}") for each in ("error_code", "timestamp"))
    if not at:
        return "", False
    seconds = max(0, int(now.timestamp() - at))
    return f"the last failure was {_ago(seconds)} ({_reason(code)})", seconds < _DAY_SECONDS


def _ago(seconds: int) -> str:
    for unit, length in (("day", _DAY_SECONDS), ("hour", 3_600), ("minute", 60)):
        if count := seconds // length:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _reason(code: int | None) -> str:
    match code:
        case None | 0:
            return "no answer"
        case 401 | 403:
            return f"{code}: the secret was refused"
        case 404:
            return f"{code}: nothing is there"
        case 413:
            return f"{code}: too large for a proxy in between, or for MAX_BODY_MB"
    return f"{code}: {'the server failed' if code >= _SERVER_ERROR else 'it was refused'}"


def _agent(agent_id: str, record: Record, current: Current, connection: Connection) -> Finding:
    """Return in what an agent differs from what connect would set."""
    name = f"agent {agent_id}"
    if current.agents.get(agent_id) is None:
        mend = "run.py disconnect takes what is left away"
        return Finding(name=name, verdict="problem", detail="it is not there any more", mend=mend)
    goal = replace(connection.goal, asked=agent_id, agents=frozenset(record.agents))
    plan = make_plan(current, goal, record, known=connection.secrets.known())
    lines = [line.what for line in plan.lines if line.state in _DIFFERENCES]
    told = [*plan.problems, *dict.fromkeys(lines)]
    if not told:
        return Finding(name=name, verdict="ok", detail="is as connect would set it")
    more = f" and {len(told) - _MAX_TOLD} more" if len(told) > _MAX_TOLD else ""
    return Finding(
        name=name,
        verdict="problem" if plan.problems else "warning",
        detail=f"differs from what connect would set: {'; '.join(told[:_MAX_TOLD])}{more}",
        mend=f"run.py connect --agent {agent_id}",
    )
