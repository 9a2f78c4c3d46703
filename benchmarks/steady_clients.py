"""Clients that send signed events all the time, and note what became of every one."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from voice.signature import sign


@dataclass(slots=True, kw_only=True)
class Sent:
    """What clients sent: the ids that were answered with a 200, how long each took, errors."""

    stored: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def signed_event(conversation_id: str, secret: str, *, closes: bool) -> bytes:
    """Return a whole request that delivers a short conversation."""
    data = {
        "conversation_id": conversation_id,
        "agent_id": "agent_restart",
        "status": "done",
        "transcript": [{"role": "user", "message": "Hello.", "time_in_call_secs": 1}],
        "metadata": {"start_time_unix_secs": 1_750_000_000, "call_duration_secs": 5},
    }
    event = {"type": "post_call_transcription", "event_timestamp": 1_750_000_100, "data": data}
    body = json.dumps(event).encode()
    signature = sign(body, secret, timestamp=int(time.time()))
    head = (
        "POST /webhook/post-call HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Length: {len(body)}\r\nElevenLabs-Signature: {signature}\r\n"
        f"{'Connection: close' if closes else 'Connection: keep-alive'}\r\n\r\n"
    )
    return head.encode() + body


async def send_events(  # one client
    name: str, port: int, secret: str, sent: Sent, *, until: asyncio.Event, keeps_alive: bool
) -> None:
    """Send one event after the other until told, over one connection for each or over few."""
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    number = 0
    while not until.is_set():
        number += 1
        conversation_id = f"conv_{name}_{number}"
        began = time.perf_counter()
        try:
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", port)
            reader, writer = connection
            writer.write(signed_event(conversation_id, secret, closes=not keeps_alive))
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
        except (OSError, asyncio.IncompleteReadError) as error:
            sent.failures.append(f"{conversation_id}: {error!r}")
            connection = None
            continue
        sent.milliseconds.append((time.perf_counter() - began) * 1000)
        if head.startswith("http/1.1 200"):
            sent.stored.append(conversation_id)
        else:
            sent.failures.append(f"{conversation_id}: {head.splitlines()[0]}")
        if not keeps_alive or "connection: close" in head:
            writer.close()
            connection = None
        await asyncio.sleep(0.005)
    if connection is not None:
        connection[1].close()
