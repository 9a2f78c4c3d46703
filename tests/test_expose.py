"""`expose` and `all-in-one --expose`: the addresses, the agent, the end. No internet."""

import asyncio
import json
import signal
import sys
import time
import urllib.request
from contextlib import asynccontextmanager

import pytest

from cli.elevenlabs.expose import exposing, keep_exposed, keep_open, local_address
from cli.elevenlabs.exposed_agent import ExposedAgent
from settings import Settings, SettingsError
from tests.factories import encoded, transcription_payload
from tests.forwarding import QUICK, Forwarder
from tests.program import program
from tests.receiving import receiving
from voice.signature import sign

TOKEN = "2abcDEF_tokenOfNobody"

# Stands in for the package: a real port of this machine, forwarded in a thread.
NGROK = """
import asyncio, pathlib, threading

class Listener:
    def __init__(self, port):
        self.port = port
    def url(self):
        return f"http://127.0.0.1:{self.port}"
    async def close(self):
        note("closed")

def note(text):
    with pathlib.Path("ngrok.log").open("a") as file:
        file.write(text + "\\n")

async def pipe(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

def forward(address, *, authtoken, **options):
    async def opening():
        if authtoken == "wrong":
            raise ValueError("failed to connect session", f"Your authtoken: {authtoken} 105")
        host, _, port = address.rpartition(":")
        async def through(reader, writer):
            try:
                onward = await asyncio.open_connection(host, int(port))
            except OSError:
                writer.close()
                return
            await asyncio.gather(pipe(reader, onward[1]), pipe(onward[0], writer))
        server = await asyncio.start_server(through, "127.0.0.1", 0)
        note(f"open {address} {sorted(options.items())}")
        return Listener(server.sockets[0].getsockname()[1])
    return asyncio.get_running_loop().create_task(opening())
"""


# Stands in for `run.py connect`: notes what it is asked, and does as the folder says.
CONNECT = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
with (folder / "asked").open("a") as file:
    file.write(" ".join(sys.argv[2:]) + "\\n")
while (folder / "wait").exists():
    time.sleep(0.01)
codes = (folder / "codes").read_text().split() if (folder / "codes").exists() else []
number = len((folder / "asked").read_text().splitlines()) - 1
sys.exit(int(codes[number]) if number < len(codes) else 0)
"""


class Connect:
    """A command in place of `run.py connect`, and what it was asked."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        (folder / "connect.py").write_text(CONNECT)
        self.command = (sys.executable, str(folder / "connect.py"), str(folder))

    def asked(self):
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []

    async def once_asked(self, *, times):
        async with asyncio.timeout(20):
            while len(self.asked()) < times:
                await asyncio.sleep(0.01)

    def agent(self, *, yes=True, seconds=10.0):
        return ExposedAgent("agent_1", yes=yes, command=self.command, last_moments_seconds=seconds)


@pytest.fixture
def connect(tmp_path):
    return Connect(tmp_path / "connect")


class Opener:
    """Opens tunnels of our own, and can cut them."""

    def __init__(self, target):
        self.target = target
        self.forwarders = []

    async def __call__(self):
        self.forwarders.append(await Forwarder(self.target).open())
        return self.forwarders[-1]


@asynccontextmanager
async def exposed(port, **options):
    opener, stop = Opener(port), asyncio.Event()
    running = asyncio.create_task(
        keep_open(opener, f"http://127.0.0.1:{port}", stop=stop, rhythm=QUICK, **options)
    )
    try:
        yield opener
        assert not running.done()
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)
        assert all(forwarder.closed for forwarder in opener.forwarders)


async def cut(opener):
    """Cut the newest tunnel, once it was looked at and answered."""
    async with asyncio.timeout(10):
        while opener.forwarders[-1].visits < 2:  # one after the other
            await asyncio.sleep(0.01)
    await opener.forwarders[-1].cut()


async def test_the_addresses_are_shown_and_what_to_do_with_them(tmp_path, capsys):
    async with (
        receiving(tmp_path) as here,
        exposed(here.port, agent=None) as opener,
        asyncio.timeout(10),
    ):
        shown = ""
        while "Ctrl-C" not in shown:
            shown += capsys.readouterr().out
            await asyncio.sleep(0.01)
        url = opener.forwarders[0].url
        for name in ("client-data", "search-data", "post-call"):
            assert f"{url}/webhook/{name}" in shown
        assert f"run.py connect --agent AGENT_ID --url {url}" in shown


async def test_the_agent_is_connected_to_each_new_address(tmp_path, capsys, connect):
    async with (
        receiving(tmp_path) as here,
        exposed(here.port, agent=connect.agent(yes=False)) as opener,
    ):
        await connect.once_asked(times=1)
        await cut(opener)
        await connect.once_asked(times=2)
    first, second = (forwarder.url for forwarder in opener.forwarders)
    # Nobody may be there to say yes a second time.
    assert connect.asked() == [
        f"--agent agent_1 --url {first}", f"--agent agent_1 --url {second} --yes",
    ]  # fmt: skip
    captured = capsys.readouterr()
    assert f"The tunnel {first} is lost" in captured.err
    assert "AGENT_ID" not in captured.out


async def test_connecting_that_fails_is_reported_and_the_tunnel_stays(tmp_path, capsys, connect):
    (connect.folder / "codes").write_text("1 0")
    async with (
        receiving(tmp_path) as here,
        exposed(here.port, agent=connect.agent(yes=False)) as opener,
    ):
        shown = ""
        async with asyncio.timeout(20):
            while "The tunnel stays open" not in shown:
                await asyncio.sleep(0.01)
                shown += capsys.readouterr().err
        assert f"connect --agent agent_1 --url {opener.forwarders[0].url}" in shown
        await cut(opener)
        await connect.once_asked(times=2)
    assert connect.asked()[-1] == f"--agent agent_1 --url {opener.forwarders[-1].url}"
    assert "stays open" not in capsys.readouterr().err


async def test_a_command_that_cannot_be_started_is_reported(capsys):
    agent = ExposedAgent("agent_1", yes=True, command=("/no/such/program",))
    async with agent.connecting() as want, asyncio.timeout(10):
        want("https://one.example")
        shown = ""
        while "stays open" not in shown:
            await asyncio.sleep(0.01)
            shown += capsys.readouterr().err
    assert "/no/such/program cannot be started" in shown


async def test_who_breaks_off_at_the_end_is_not_told_that_the_tunnel_stays(connect, capsys):
    (connect.folder / "codes").write_text("1")
    (connect.folder / "wait").touch()
    async with connect.agent().connecting() as want:
        want("https://one")
        await connect.once_asked(times=1)
        asyncio.get_running_loop().call_later(0.1, (connect.folder / "wait").unlink)
    assert "stays open" not in capsys.readouterr().err


async def test_addresses_that_come_meanwhile_wait_and_only_the_last_counts(connect):
    (connect.folder / "wait").touch()
    async with connect.agent().connecting() as want:
        want("https://one")
        await connect.once_asked(times=1)
        want("https://two")
        want("https://three")
        (connect.folder / "wait").unlink()
        await connect.once_asked(times=2)
    asked = [line.split()[3] for line in connect.asked()]
    assert asked == ["https://one", "https://three"]


async def test_the_end_waits_for_connecting_a_moment_and_not_for_ever(connect):
    (connect.folder / "wait").touch()
    async with connect.agent().connecting() as want:
        want("https://one")
        await connect.once_asked(times=1)
        asyncio.get_running_loop().call_later(0.1, (connect.folder / "wait").unlink)
        began = time.monotonic()
    assert 0.05 < time.monotonic() - began < 5

    (connect.folder / "wait").touch()
    async with connect.agent(seconds=0.1).connecting() as want:
        want("https://one")
        await connect.once_asked(times=2)
        began = time.monotonic()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1:80"), ("0.0.0.0", "127.0.0.1:80"), ("", "127.0.0.1:80"),
        ("::", "[::1]:80"), ("::1", "[::1]:80"), ("192.0.2.7", "192.0.2.7:80"),
        ("localhost", "localhost:80"),
    ],
)  # fmt: skip
def test_a_server_is_reached_where_it_listens(host, address):
    assert local_address(host, 80) == address


async def test_a_receiver_that_never_gets_ready_needs_no_tunnel():
    stop = asyncio.Event()
    ready = asyncio.get_running_loop().create_future()
    stop.set()
    settings = Settings(ngrok_authtoken=TOKEN)
    await asyncio.wait_for(keep_exposed(settings, ready=ready, stop=stop, agent=None, yes=False), 5)


def test_what_is_missing_is_said_before_anything_is_served():
    with pytest.raises(SettingsError, match="cloudflared"):
        exposing(Settings(ngrok_authtoken=""), agent=None, yes=False)
    with pytest.raises(SettingsError, match="ELEVENLABS_API_KEY"):
        exposing(Settings(ngrok_authtoken=TOKEN), agent="agent_1", yes=False)


@pytest.fixture
def running(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package/ngrok.py").write_text(NGROK)
    with program(tmp_path) as running:
        running.environment |= {
            "PYTHONPATH": str(tmp_path / "package"),
            "NGROK_AUTHTOKEN": TOKEN,
        }
        yield running


def notes(running):
    return (running.folder / "ngrok.log").read_text().splitlines()


def public_url(running, *, seconds=30):
    """Wait until the program has shown the tunnel's address."""
    deadline = time.monotonic() + seconds
    while "Ctrl-C closes" not in running.log():
        assert time.monotonic() < deadline, running.log()
        time.sleep(0.05)
    words = running.log().partition("The tunnel is open: ")[2].split()
    return words[0]


def deliver(running, url):
    body = encoded(transcription_payload(conversation_id="conv_far"))
    signature = sign(body, running.secret("ELEVENLABS_POST_CALL_KEY"), timestamp=int(time.time()))
    request = urllib.request.Request(
        f"{url}/webhook/post-call", body, {"ElevenLabs-Signature": signature}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())["status"]


def test_all_in_one_is_exposed_from_its_start_to_its_end(running):
    running.environment["NGROK_DOMAIN"] = "https://name.ngrok-free.dev/"
    running.start("all-in-one", "--expose")
    url = public_url(running)
    assert deliver(running, url) == "stored"
    assert running.end() == 0
    opened, closed = notes(running)
    assert opened.startswith(f"open 127.0.0.1:{running.port} ")
    assert "('domain', 'name.ngrok-free.dev')" in opened
    assert closed == "closed"
    assert TOKEN not in running.log()
    assert "Traceback" not in running.log()


def test_expose_alone_waits_for_the_server_and_closes_the_tunnel_at_ctrl_c(running):
    exposing = running.spawn("expose")
    try:
        url = public_url(running)
        assert "Nobody answers" in running.log()
        running.start("all-in-one")
        assert deliver(running, url) == "stored"
    finally:
        exposing.send_signal(signal.SIGINT)
        assert exposing.wait(30) == 0
    assert notes(running)[-1] == "closed"
    assert TOKEN not in running.log()
    assert "Traceback" not in running.log()


@pytest.mark.parametrize("command", [["expose"], ["all-in-one", "--expose"]])
def test_a_wrong_token_is_one_line_that_does_not_hold_it(running, command):
    running.environment["NGROK_AUTHTOKEN"] = "wrong"
    done = running.run(*command, expect=1)
    assert "NGROK_AUTHTOKEN" in done.stderr
    assert "Your authtoken: (the token)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("command", "code"), [(["expose"], 1), (["all-in-one", "--expose"], 2)])
def test_without_a_token_it_says_how_to_get_one_and_how_to_go_without(tmp_path, command, code):
    with program(tmp_path) as running:
        done = running.run(*command, expect=code)
        assert "https://dashboard.ngrok.com/get-started/your-authtoken" in done.stderr
        assert "NGROK_DOMAIN" in done.stderr
        assert f"cloudflared tunnel --url http://127.0.0.1:{running.port}" in done.stderr
        assert "connect --agent" in done.stderr
        assert "is ready on" not in done.stdout
        assert not (tmp_path / "data").exists()


def test_what_does_not_go_together_is_refused_before_anything_is_served(running):
    done = running.run("all-in-one", "--connect", "agent_1", expect=2)
    assert "--expose" in done.stderr
    for command in (["all-in-one", "--expose"], ["expose"]):
        done = running.run(*command, "--connect", "agent_1", expect=2)
        assert "ELEVENLABS_API_KEY" in done.stderr
    running.environment["PORT"] = "0"
    assert "PORT" in running.run("expose", expect=2).stderr
    assert not (running.folder / "ngrok.log").exists()
