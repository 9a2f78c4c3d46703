"""`simulate`: two calls of one invented caller against a running server, told as a story."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from cli import story
from cli.output import console, print_problems
from settings import Settings
from voice.events import CallEnded
from voice.identity import phone_key
from voice.payload import parse_event
from voice.signature import sign

# Long enough for a slow disk and a busy machine; a healthy server needs a tenth of a second.
MEMORY_SECONDS = 15.0


class SimulationFailed(Exception):
    """The server could not be reached, or what it said makes going on pointless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer and how long it took."""

    status: int
    body: dict[str, Any]
    milliseconds: float


@dataclass(slots=True, kw_only=True)
class Simulation:
    """A conversation with one server. `failures` collects what was not as it should be."""

    session: aiohttp.ClientSession
    url: str
    settings: Settings
    failures: list[str] = field(default_factory=list)

    async def post(self, name: str, data: Any, headers: dict[str, str]) -> Answer:
        """Post to a webhook; raise `SimulationFailed` when nobody answers."""
        began = time.perf_counter()
        try:
            async with self.session.post(
                f"{self.url}/webhook/{name}", data=data, headers=headers
            ) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SimulationFailed(
                f"{self.url} does not answer ({error}). Start it: uv run run.py all-in-one"
            ) from error
        milliseconds = (time.perf_counter() - began) * 1000
        try:
            body = json.loads(text)
        except ValueError:
            body = {}
        return Answer(
            status=response.status,
            body=body if isinstance(body, dict) else {},
            milliseconds=milliseconds,
        )

    async def ask(self, name: str, value: dict[str, Any]) -> Answer:
        """Post JSON to a live endpoint with its key."""
        key = getattr(self.settings, f"elevenlabs_{name.replace('-', '_')}_key").get_secret_value()
        headers = {"Content-Type": "application/json", "X-Api-Key": key}
        answer = await self.post(name, json.dumps(value).encode(), headers)
        self.expect(f"{name} answers 200", is_true=answer.status == HTTPStatus.OK, but=str(answer))
        return answer

    async def deliver(self, body: bytes, *, chunked: bool = False) -> Answer:
        """Post a signed post-call event, chunked if wanted, as the platform does."""
        secrets = self.settings.post_call_secrets
        if not secrets:
            raise SimulationFailed("ELEVENLABS_POST_CALL_KEY is not set: nothing can be signed")
        signature = sign(body, secrets[0], timestamp=int(time.time()))
        headers = {"Content-Type": "application/json", "ElevenLabs-Signature": signature}
        return await self.post("post-call", _pieces(body) if chunked else body, headers)

    def expect(self, what: str, *, is_true: bool, but: str) -> None:
        """Note a failure unless `is_true`."""
        if not is_true:
            self.failures.append(f"{what}: got {but[:500]}")


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for offset in range(0, len(body), 64 * 1024):
        yield body[offset : offset + 64 * 1024]


def say(who: str, text: str, *, milliseconds: float | None = None) -> None:
    """Print one line of the story. Text of others is never read as markup."""
    took = "" if milliseconds is None else f"  [{milliseconds:.1f} ms]"
    console.print(f"  {who:>8}  {text}{took}", markup=False)


def simulate(settings: Settings, *, url: str, caller: str | None, file: Path | None) -> int:
    """Play the story, or send `file`; return 0 if everything was as it should be, else 1."""
    return asyncio.run(_simulate(settings, url=url, caller=caller, file=file))


async def _simulate(settings: Settings, *, url: str, caller: str | None, file: Path | None) -> int:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        simulation = Simulation(session=session, url=url.rstrip("/"), settings=settings)
        try:
            if file is None:
                await play_story(simulation, caller)
            else:
                await send_file(simulation, file)
        except SimulationFailed as error:
            simulation.failures.append(str(error))
    if simulation.failures:
        print_problems("\nNot as it should be:", simulation.failures)
        return 1
    console.print("\nEverything as it should be.", style="bold green")
    return 0


async def play_story(simulation: Simulation, caller: str | None) -> None:
    """Play two calls of one caller and check every answer."""
    caller = caller or story.invented_number()
    if phone_key(caller, region=simulation.settings.phone_region or None) is None:
        raise SimulationFailed(f"{caller} is withheld or no number: nobody would be remembered")
    conversation_id = story.invented_conversation()
    await _first_ring(simulation, caller, conversation_id)
    await _first_call_ends(simulation, caller, conversation_id)
    await _second_call(simulation, caller)


async def _first_ring(simulation: Simulation, caller: str, conversation_id: str) -> None:
    console.print(f"\nYesterday: the phone rings, {caller} is calling", style="bold")
    answer = await simulation.ask("client-data", story.ring(caller, conversation_id))
    variables = answer.body.get("dynamic_variables", {})
    if variables.get("is_returning_caller"):
        say("memory", "this caller is known already", milliseconds=answer.milliseconds)
    else:
        say("memory", "a stranger: the agent's own greeting", milliseconds=answer.milliseconds)
        simulation.expect(
            "a stranger gets no override",
            is_true=answer.body.get("conversation_config_override") == {},
            but=str(answer.body),
        )
    for role, message in story.TURNS:
        say("agent" if role == "agent" else "caller", message)


async def _first_call_ends(simulation: Simulation, caller: str, conversation_id: str) -> None:
    console.print("\nThe call ends", style="bold")
    now = datetime.now(UTC)
    body = json.dumps(story.transcription(caller, conversation_id, now=now)).encode()
    for what, data, chunked in (
        ("transcription", body, False),
        ("recording", b"".join(story.audio_blocks(conversation_id)), True),
    ):
        answer = await simulation.deliver(data, chunked=chunked)
        status = str(answer.body.get("status"))
        say("spool", f"{what} {status}, {len(data):,} bytes", milliseconds=answer.milliseconds)
        simulation.expect(f"the {what} is stored", is_true=status == "stored", but=str(answer))
    if not simulation.failures:
        await _until_remembered(simulation, caller, conversation_id, query=story.QUESTION)


async def _until_remembered(
    simulation: Simulation, caller: str, conversation_id: str, *, query: str
) -> None:
    """Ask until the call is in memory: the processor works on its own."""
    began, pause = time.perf_counter(), 0.02
    question = {"query": query, "caller_id": caller, "limit": 50}
    while time.perf_counter() - began < MEMORY_SECONDS:
        answer = await simulation.ask("search-data", question)
        memories = answer.body.get("memories", [])
        if any(each.get("conversation_id") == conversation_id for each in memories):
            milliseconds = (time.perf_counter() - began) * 1000
            say("memory", "the call is remembered", milliseconds=milliseconds)
            return
        if len(memories) == question["limit"]:
            return  # an old acquaintance: this call may rank below the first fifty
        await asyncio.sleep(pause)
        pause = min(pause * 1.2, 1.0)  # so few questions about one caller that no limit is met
    raise SimulationFailed(
        f"the call was stored, but not in memory after {MEMORY_SECONDS:g} s. Is a processor "
        "running? uv run run.py processor status"
    )


async def _second_call(simulation: Simulation, caller: str) -> None:
    console.print(f"\nToday: {caller} calls again", style="bold")
    conversation_id = story.invented_conversation()
    variables, greeting = await _ring_again(simulation, caller, conversation_id)
    if simulation.settings.send_first_message:
        simulation.expect("greeted by name", is_true=story.NAME in greeting, but=greeting)
    simulation.expect(
        "the last call's summary is there",
        is_true=story.SUMMARY in str(variables.get("last_call_summary")),
        but=str(variables),
    )
    say("agent", f"(looks up) {story.QUESTION}")
    question = {
        "query": story.QUESTION, "caller_id": caller, "conversation_id": conversation_id,
    }  # fmt: skip
    found = await simulation.ask("search-data", question)
    contents = [str(each.get("content")) for each in found.body.get("memories", [])]
    say("memory", contents[0] if contents else "(nothing)", milliseconds=found.milliseconds)
    simulation.expect(
        "the question is answered from memory",
        is_true=any(story.ANSWER in each for each in contents),
        but=str(contents),
    )
    say("agent", "Your olive trees come on Tuesday before ten, Ana. We will ring at the side gate.")


async def _ring_again(
    simulation: Simulation, caller: str, conversation_id: str
) -> tuple[dict[str, Any], str]:
    """Let a known caller ring; show and return the variables and the greeting."""
    answer = await simulation.ask("client-data", story.ring(caller, conversation_id))
    variables = answer.body.get("dynamic_variables", {})
    override = answer.body.get("conversation_config_override", {})
    greeting = override.get("agent", {}).get("first_message", "")
    say("agent", greeting or "(the agent's own greeting)", milliseconds=answer.milliseconds)
    say("notes", str(variables.get("last_call_summary")))
    return variables, greeting


async def send_file(simulation: Simulation, file: Path) -> None:
    """Send a recorded payload as it is, signed now, and show what became of it."""
    try:
        body = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise SimulationFailed(f"{file} cannot be read: {error.strerror}") from error
    answer = await simulation.deliver(body, chunked=True)
    console.print(f"\n{file.name}: {len(body):,} bytes", style="bold", markup=False)
    say("spool", json.dumps(answer.body), milliseconds=answer.milliseconds)
    is_stored = answer.body.get("status") in ("stored", "duplicate")
    simulation.expect("the payload is stored", is_true=is_stored, but=str(answer))
    if is_stored and answer.body.get("type") == "post_call_transcription":
        await _show_what_is_known(simulation, body)


async def _show_what_is_known(simulation: Simulation, body: bytes) -> None:
    """Let the caller of a recorded call ring again, once the call is remembered."""
    event = parse_event("transcription", body, region=simulation.settings.phone_region or None)
    if not isinstance(event, CallEnded) or event.caller is None:
        say("memory", "the caller is withheld or unknown: nobody's memory is written")
        return
    if not event.caller.startswith("+"):
        say("memory", f"remembered under {event.caller}, who has no phone to ring")
        return
    text = event.summary or " ".join(turn.message for turn in event.turns)
    if text:
        await _until_remembered(simulation, event.caller, event.conversation_id, query=text)
    await _ring_again(simulation, event.caller, story.invented_conversation())
