"""`run.py watch` on a terminal of its own, over a real server."""

import asyncio
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import urllib.request
from contextlib import contextmanager
from fcntl import ioctl
from struct import pack

import pytest
from rich.console import Console

from cli.watching.client import CannotWatch, follow
from cli.watching.run import on_screen, watch
from settings import Settings
from tests.program import RUN, free_port, program
from tests.receiving import receiving
from tests.serving import stream_server
from tests.test_activity import SECRET, watch_token

ALTERNATE, BACK = b"\x1b[?1049h", b"\x1b[?1049l"
HIDDEN, VISIBLE = b"\x1b[?25l", b"\x1b[?25h"


class Terminal:
    """A terminal of 80 by 24, and `watch` on it."""

    def __init__(self, running, *arguments):
        self.master, self.slave = pty.openpty()
        ioctl(self.slave, termios.TIOCSWINSZ, pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.written = b""
        self.process = subprocess.Popen(
            [sys.executable, str(RUN), "watch", *arguments],
            cwd=running.folder, env={**running.environment, "TERM": "xterm-256color"},
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
        )  # fmt: skip

    def until(self, *words, seconds=25.0):
        """Read until every one of `words` is in what was written since the last time."""
        deadline, seen = time.monotonic() + seconds, b""
        while not all(word in seen for word in words):
            assert time.monotonic() < deadline, (words, seen[-3000:])
            if select.select([self.master], [], [], 0.1)[0]:
                block = os.read(self.master, 65536)
                seen += block
                self.written += block

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        """Return the exit code, having read what was still written."""
        while self.process.poll() is None:
            if select.select([self.master], [], [], 0.05)[0]:
                self.written += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0)[0]:
            self.written += os.read(self.master, 65536)
        return self.process.returncode

    def is_as_it_was(self):
        left = self.written.rfind(BACK) > self.written.rfind(ALTERNATE) >= 0
        shown = self.written.rfind(VISIBLE) > self.written.rfind(HIDDEN)
        return left and shown and termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@contextmanager
def terminal(running, *arguments):
    it = Terminal(running, *arguments)
    try:
        yield it
    finally:
        it.close()


def rings(running, conversation):
    body = {"caller_id": "+15550100142", "conversation_id": conversation}
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/webhook/client-data",
        data=json.dumps(body).encode(),
        headers={"X-Api-Key": running.secret("ELEVENLABS_CLIENT_DATA_KEY")},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200


def test_calls_show_on_the_terminal_over_a_restart_and_q_gives_it_back(tmp_path):
    with program(tmp_path) as running:
        running.start("all-in-one")
        with terminal(running) as seen:
            seen.until(ALTERNATE, b"live", b"Calls under way")
            rings(running, "conv_before")
            seen.until(b"+1 *** *** 0142", b"conv_before")
            assert running.end() == 0
            seen.until(b"\xe2\x97\x8b")  # the hollow circle: no connection
            running.start("all-in-one")
            seen.until(b"live")
            rings(running, "conv_after")
            seen.until(b"conv_after")
            seen.type(b"q")
            assert seen.end() == 0
            assert seen.is_as_it_was()
        assert b"5550100142" not in seen.written
        assert "requests_dropped" not in running.log()


@pytest.mark.parametrize("ending", [b"\x03", signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_however_it_ends_the_terminal_is_as_it_was(tmp_path, ending):
    with program(tmp_path) as running, terminal(running) as seen:
        seen.until(ALTERNATE, b"no answer")
        if isinstance(ending, bytes):
            os.kill(seen.process.pid, signal.SIGINT)
        else:
            seen.process.send_signal(ending)
        assert seen.end() == 0
        assert seen.is_as_it_was()


def test_without_a_terminal_it_prints_lines_and_who_may_not_look_is_told_what_to_do(tmp_path):
    with program(tmp_path) as running:
        running.start("all-in-one")
        with subprocess.Popen(
            [sys.executable, str(RUN), "watch"],
            cwd=tmp_path, env=running.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as watching:  # fmt: skip
            assert "looking on" in watching.stdout.readline()
            rings(running, "conv_of_a_line")
            line = watching.stdout.readline()
            assert re.fullmatch(
                r"\d\d:\d\d:\d\d  ring       \+1 \*\*\* \*\*\* 0142  stranger  [\d.]+ ms  "
                r"conv_of_a_line\n",
                line,
            )
            watching.send_signal(signal.SIGINT)
            assert watching.wait(20) == 0
            assert "line by line" in watching.stderr.read()

        with subprocess.Popen(
            [sys.executable, str(RUN), "watch", "--json"],
            cwd=tmp_path, env=running.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as piped:  # fmt: skip
            assert json.loads(piped.stdout.readline()) == {"event": "connected"}
            piped.stdout.close()  # as `head` does; the next line has nowhere to go
            assert piped.wait(20) == 0
            assert piped.stderr.read() == b""
        running.environment |= {"ELEVENLABS_POST_CALL_KEY": "wsec_of_another"}
        done = running.run("watch", expect=1)
        assert "ELEVENLABS_POST_CALL_KEY" in done.stderr


@pytest.mark.parametrize("url", ["ftp://x", "http://me:a-secret@127.0.0.1:9"])
def test_an_address_that_is_none_is_not_tried(capsys, url):
    assert watch(Settings(_env_file=None), url=url, as_json=False) == 1
    told = capsys.readouterr().err
    assert "give it as http://HOST:PORT" in told
    assert "a-secret" not in told


async def test_a_view_that_cannot_be_drawn_ends_and_does_not_freeze(monkeypatch):
    pictures = iter(["a first picture"])
    monkeypatch.setattr("cli.watching.run.screen", lambda *_: next(pictures))

    async def silence():
        await asyncio.sleep(60)
        yield {}

    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=80, height=24, _environ={})
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(on_screen(silence(), console, "http://127.0.0.1"), 5)
    assert drawn.getvalue().rfind(BACK.decode()) > drawn.getvalue().rfind(ALTERNATE.decode())


async def first(url, *, tokens, count=1):
    found = []
    async for event in follow(url, tokens):
        found.append(event)
        if len(found) == count:
            return found
    raise AssertionError


async def test_the_admin_key_is_tried_where_the_secret_is_another(tmp_path):
    async with receiving(tmp_path, admin_key="the-key") as running:
        url = f"http://127.0.0.1:{running.port}"
        tokens = [watch_token("another"), "the-key"]
        assert (await first(url, tokens=tokens))[0]["event"] == "connected"
        tokens = [watch_token("another"), watch_token(SECRET)]
        assert (await first(url, tokens=tokens))[0]["event"] == "connected"
        with pytest.raises(CannotWatch, match="does not let you look on"):
            await first(url, tokens=["wrong"])


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "events"),
    [
        (OK + b'x\n[1]\n{"event":"ring"}\n', ["connected", "ring", "lost"]),
        (OK + b"[" * 5000 + b'\n{"event":"ring"}\n', ["connected", "ring", "lost"]),
        (OK + b"x" * 200_000, ["connected", "lost"]),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", ["lost"]),
        (b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n{}", ["lost"]),
        (b"no HTTP\r\n\r\n", ["lost"]),
        (b"", ["lost"]),
    ],
)
async def test_whatever_a_server_answers_it_is_tried_again(answer, events):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with stream_server(serve) as port:
        url = f"http://127.0.0.1:{port}"
        found = await first(url, tokens=["x"], count=len(events))
    assert [event["event"] for event in found] == events


async def test_another_kind_of_server_is_not_looked_at():
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")

    async with stream_server(serve) as port:
        with pytest.raises(CannotWatch, match="no Callspool"):
            await first(f"http://127.0.0.1:{port}", tokens=["x"])


async def test_a_reason_is_told_once_however_often_it_is_tried():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await first(url, tokens=["x"], count=2)
