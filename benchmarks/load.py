"""A load generator that costs little: raw HTTP/1.1 over keep-alive connections."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run of requests took. `milliseconds` holds one latency for each, sorted."""

    seconds: float
    milliseconds: Sequence[float]
    failures: int

    @property
    def per_second(self) -> float:
        """Return the requests answered in a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, percent: float) -> float:
        """Return this percentile of the latencies, in milliseconds."""
        return percentile(self.milliseconds, percent)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile of sorted values."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def http_request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return a whole POST request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, todo: deque[bytes], done: asyncio.Future[None]) -> None:
        self.todo = todo
        self.done = done
        self.milliseconds: list[float] = []
        self.failures = 0
        self.buffer = b""
        self.sent_at = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP: it can write
        self._send()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        self.milliseconds.append((time.perf_counter() - self.sent_at) * 1000)
        self.failures += not head.startswith(b"HTTP/1.1 200")
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        assert self.transport is not None
        if not self.todo:
            if not self.done.done():
                self.done.set_result(None)
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(self.todo.popleft())


async def send_all(port: int, requests: Iterable[bytes], *, connections: int) -> Load:
    """Send every request over this many connections, each as fast as it is answered."""
    loop = asyncio.get_running_loop()
    todo = deque(requests)
    clients = []
    began = time.perf_counter()
    for _ in range(connections):
        client = _Connection(todo, loop.create_future())
        clients.append(client)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]  # mypy loses the default's type
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - began
    milliseconds = sorted(each for client in clients for each in client.milliseconds)
    failures = sum(client.failures for client in clients)
    return Load(seconds=seconds, milliseconds=milliseconds, failures=failures)
