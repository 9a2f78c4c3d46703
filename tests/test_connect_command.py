"""`run.py connect` and `run.py disconnect` as a user runs them."""

import asyncio
import copy
import json
import os
import pty
import re
import subprocess
import sys

import pytest
from rich.console import Console

from cli.elevenlabs.connect import connect, disconnect
from cli.elevenlabs.connection import AlreadyConnecting, Unusable, only_one, server_address
from cli.env_file import write_first_env_file
from cloud.connecting.workspace import Workspace
from settings import Settings, load_settings
from tests.connecting import plain, state_of, writes
from tests.platform import platform_in_thread
from tests.program import RUN, program

URL = "http://127.0.0.1:9"  # nobody listens there
CONNECT = ("connect", "--agent", "agent_books", "--url", URL)


@pytest.fixture
def space():
    with platform_in_thread() as state:
        state.add_agent("agent_books")
        yield state


@pytest.fixture
def here(space, tmp_path, monkeypatch):
    """Call connect in this process, in a folder of its own."""
    ours = {name.upper() for name in Settings.model_fields}
    for name in [*ours, *map(str.lower, ours)]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    write_first_env_file(tmp_path / ".env")
    monkeypatch.setenv("ELEVENLABS_API_KEY", space.api_key)
    monkeypatch.setenv("ELEVENLABS_BASE_URL", space.url)

    def call(agent="agent_books", **options):
        chosen = {"url": URL, "scope": "auto", "dry_run": False, "yes": False, "as_json": False}
        return connect(load_settings(), agent, **{**chosen, **options})

    call.folder = tmp_path
    return call


@pytest.fixture
def user(space, tmp_path):
    with program(tmp_path) as run:
        run.environment |= {
            "ELEVENLABS_API_KEY": space.api_key,
            "ELEVENLABS_BASE_URL": space.url,
            "COLUMNS": "200",
        }
        yield run


def answered(user, *arguments, answer):
    """Run a command at a terminal where somebody answers; return its exit code and output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(RUN), *arguments],
        cwd=user.folder, env=user.environment, stdin=theirs, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answer.encode())
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
    return process.returncode, output


def test_a_new_user_needs_an_api_key_and_one_command(space, user):
    done = user.run(*CONNECT, "--yes")
    (webhook,) = space.webhooks.values()
    first, *others = user.secret("ELEVENLABS_POST_CALL_KEY").split(",")
    assert first == webhook["secret"]
    assert len(others) == 1  # made at the first start
    values = {secret["value"] for secret in space.secrets.values()}
    assert values == {user.secret(f"ELEVENLABS_{name}_DATA_KEY") for name in ("CLIENT", "SEARCH")}
    assert "create" in done.stdout
    assert "agent_books is connected" in done.stdout
    assert f"{URL} does not answer yet" in done.stdout
    secrets = [space.api_key, first, *others, *values]
    assert not any(secret in done.stdout + done.stderr for secret in secrets)

    space.requests.clear()
    again = user.run("connect", "--agent", "agent_books")  # the address as last time, no question
    assert "nothing to change" in again.stdout
    assert writes(space) == []


def test_disconnect_leaves_the_workspace_and_the_folder_as_they_were(space, user):
    before = plain(state_of(space))
    user.run(*CONNECT, "--dry-run")
    env = (user.folder / ".env").read_bytes()
    user.run(*CONNECT, "--yes")
    user.run("disconnect", "--yes")
    assert plain(state_of(space)) == before
    assert (user.folder / ".env").read_bytes() == env
    assert not (user.spool / ".spool/connection.json").exists()
    assert "nothing was connected" in user.run("disconnect", "--yes").stdout


def test_disconnect_says_that_missed_calls_are_still_fetched(here, capsys, monkeypatch):
    def disconnected():
        settings = load_settings()
        return disconnect(settings, agent=None, dry_run=False, yes=True, as_json=False)

    words = "missed calls of all agents in this workspace are still fetched every 15m"
    for every, is_told in (("off", False), ("15m", True)):
        assert here(yes=True) == 0
        monkeypatch.setenv("RECONCILE_EVERY", every)
        capsys.readouterr()
        assert disconnected() == 0
        assert (words in capsys.readouterr().out) is is_told


def test_while_an_agent_remains_connected_nothing_is_said_about_missed_calls(space, here, capsys):
    space.add_agent("agent_bikes")
    for agent in ("agent_books", "agent_bikes"):
        assert here(agent, yes=True) == 0
    capsys.readouterr()
    settings = load_settings()
    options = {"dry_run": False, "yes": True, "as_json": False}
    assert disconnect(settings, agent="agent_books", **options) == 0
    assert "missed calls" not in capsys.readouterr().out
    assert disconnect(settings, agent="agent_bikes", **{**options, "dry_run": True}) == 0
    assert "missed calls" not in capsys.readouterr().out


def test_disconnect_says_what_stays_and_that_it_can_be_finished(space, here, capsys):
    assert here(yes=True) == 0
    (webhook,) = space.webhooks.values()
    for stays in (True, False):
        if stays:
            space.faults.add(method="DELETE", path="/webhooks/", status=409)
        capsys.readouterr()
        options = {"agent": None, "dry_run": False, "yes": True, "as_json": False}
        assert disconnect(load_settings(), **options) == 0
        told = capsys.readouterr().out
        assert ("stays" in told, "run disconnect again" in told) == (stays, stays)
        assert (webhook["secret"] in load_settings().post_call_secrets) is stays


def test_the_key_of_another_workspace_changes_nothing(here, capsys, monkeypatch):
    assert here(yes=True) == 0
    record = here.folder / "data/spool/.spool/connection.json"
    held = record.read_bytes(), (here.folder / ".env").read_bytes()
    with platform_in_thread() as other:
        other.add_agent("agent_other")
        monkeypatch.setenv("ELEVENLABS_BASE_URL", other.url)
        assert here("agent_other", yes=True) == 1
        for dry_run in (True, False):
            options = {"agent": None, "dry_run": dry_run, "yes": True, "as_json": False}
            assert disconnect(load_settings(), **options) == 1
        assert writes(other) == []
    output = capsys.readouterr()
    assert output.err.count("another workspace") == 3
    assert "is disconnected" not in output.out
    assert (record.read_bytes(), (here.folder / ".env").read_bytes()) == held


def test_an_address_can_be_read_in_a_narrow_window(here, capsys, monkeypatch):
    narrow = Console(width=80, highlight=False, soft_wrap=True)
    monkeypatch.setattr("cli.elevenlabs.connect.console", narrow)
    url = f"https://{'-'.join(['very'] * 12)}-long.example"
    assert here(url=url, dry_run=True) == 0
    shown, _, _ = capsys.readouterr().out.partition("Nothing was changed")
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert f"{url}/webhook/post-call" in re.sub(r"\s+", "", shown)


def test_a_dry_run_shows_the_plan_and_changes_nothing(space, here, capsys):
    assert here(dry_run=True) == 0
    shown = capsys.readouterr().out
    for text in ("search_memory", "post-call webhook", "first_name", "tool_user_stock", "dry run"):
        assert text in shown
    assert writes(space) == []
    assert not here.folder.joinpath("data").exists()


def test_json_is_one_document_without_a_secret(space, here, capsys):
    assert here(dry_run=True, as_json=True) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned.keys() == {"plan", "applied", "verified", "problems", "hints"}
    assert (planned["applied"], planned["verified"]) == (False, False)
    assert here(yes=True, as_json=True) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["applied"], done["verified"], done["problems"]) == (True, True, [])
    assert {line["state"] for line in done["plan"]} == {
        *("create", "change", "left alone", "in place")
    }
    assert here(url=None, as_json=True) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["applied"], again["verified"]) == (False, True)
    text = json.dumps([planned, done, again])
    secrets = [secret["value"] for secret in space.secrets.values()]
    secrets += [webhook["secret"] for webhook in space.webhooks.values()]
    assert not any(secret in text for secret in secrets)


def test_who_declines_changes_nothing(space, user):
    code, output = answered(user, *CONNECT, answer="\n")
    assert code == 1
    assert "Apply?" in output
    assert "nothing was changed" in output
    assert writes(space) == []


def test_who_agrees_is_asked_once(space, user):
    code, output = answered(user, *CONNECT, answer="y\n")
    assert (code, output.count("Apply?")) == (0, 1)
    assert len(space.webhooks) == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_where_nobody_can_be_asked_nothing_is_done(space, here, capsys, as_json):
    assert here(as_json=as_json) == 2
    output = capsys.readouterr()
    assert "--yes" in output.out + output.err
    assert writes(space) == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://calls.example", "https://"),
        ("ftp://calls.example", "https://"),
        ("calls.example", "https://"),
        ("https://", "no address"),
        ("https://calls.example:99999", "no address"),
        ("https://calls example", "no address"),
        ("https://me:secret@calls.example", "password"),
        ("https://calls.example/webhook/post-call", "address alone"),
        ("https://calls.example/?a=1", "address alone"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url, reason):
    with pytest.raises(Unusable, match=reason) as refusal:
        server_address(url)
    assert "secret@" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://calls.example/", "https://calls.example"),
        ("https://Calls.Example:8443", "https://calls.example:8443"),
        ("https://example.com/calls/", "https://example.com/calls"),
        ("http://localhost:8080/", "http://localhost:8080"),
    ],
)
def test_an_address_is_used_without_its_last_slash(url, address):
    assert server_address(url) == address


def test_without_an_address_it_says_what_is_missing(space, here, capsys):
    assert here(url=None, yes=True) == 2
    assert "--url" in capsys.readouterr().err
    assert space.requests == []


@pytest.mark.parametrize("agent", ["", "a b", "a/b", "a?b"])
def test_what_is_no_id_of_an_agent_is_refused(space, here, capsys, agent):
    assert here(agent, yes=True) == 2
    assert "--agent" in capsys.readouterr().err
    assert space.requests == []


def test_without_an_api_key_it_says_where_to_get_one(space, user):
    user.environment["ELEVENLABS_API_KEY"] = ""
    done = user.run(*CONNECT, "--yes", expect=1)
    assert "ELEVENLABS_API_KEY is not set" in done.stderr
    assert done.stderr.count("\n") <= 2  # one line, and the one about the first start


@pytest.mark.parametrize("name", ["ELEVENLABS_POST_CALL_KEY", "elevenlabs_post_call_key"])
def test_a_secret_in_the_environment_that_would_hide_the_new_one_is_refused_first(
    space, here, capsys, monkeypatch, name
):
    monkeypatch.setenv(name, "wsec_hides")
    assert here(yes=True) == 2
    told = capsys.readouterr().err
    assert "environment" in told
    assert "wsec_hides" not in told
    assert space.requests == []


def test_an_empty_key_would_leave_an_endpoint_open_and_is_refused(space, here, capsys):
    (here.folder / ".env").write_text("ELEVENLABS_POST_CALL_KEY=wsec_a\n")
    assert here(yes=True) == 2
    told = capsys.readouterr().err
    assert "ELEVENLABS_CLIENT_DATA_KEY and ELEVENLABS_SEARCH_DATA_KEY" in told
    assert space.requests == []


def test_what_cannot_be_done_is_told_and_goes_on_at_the_next_run(space, here, capsys):
    space.faults.add(method="PATCH", path="/agents/", status=403, times=None)
    assert here(yes=True) == 1
    told = capsys.readouterr().err
    assert "permission" in told
    assert "goes on from there" in told
    space.faults.clear()
    assert here(yes=True) == 0
    assert len(space.webhooks) == 1


def test_an_env_file_that_cannot_be_written_loses_nothing(space, here, capsys, monkeypatch):
    def full(path, name, value):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as context:
        context.setattr("cli.elevenlabs.connection.put_value", full)
        assert here(yes=True) == 1
    assert "No space left" in capsys.readouterr().err
    assert here(yes=True) == 0
    (webhook,) = space.webhooks.values()
    assert load_settings().post_call_secrets[0] == webhook["secret"]


def test_a_problem_stops_everything(space, here, capsys):
    tool = copy.deepcopy(space.tools["tool_user_stock"])
    tool["tool_config"]["name"] = "search_memory"
    space.tools["tool_user_stock"] = tool
    assert here(yes=True) == 1
    assert "tool_user_stock" in capsys.readouterr().err
    assert writes(space) == []


def test_what_cannot_be_proven_is_told(space, here, capsys, monkeypatch):
    async def nothing(self, body):
        return await self.settings()

    monkeypatch.setattr(Workspace, "patch_settings", nothing)
    assert here(yes=True) == 1
    assert "not as it should be: workspace settings, events" in capsys.readouterr().err


def test_it_runs_in_a_thread_beside_a_running_loop(space, here):
    async def beside():
        return await asyncio.to_thread(here, yes=True)

    assert asyncio.run(beside()) == 0
    assert len(space.webhooks) == 1


def test_an_unknown_agent_is_one_line(space, user):
    done = user.run("connect", "--agent", "agent_x", "--url", URL, "--yes", expect=1)
    assert "404" in done.stderr
    assert "Traceback" not in done.stderr
    assert writes(space) == []
    done = user.run("disconnect", "--agent", "agent_x", "--yes", expect=1)
    assert "agent_x is not connected" in done.stderr


def test_the_running_server_is_found_at_its_address(space, user):
    user.run(*CONNECT, "--dry-run")  # writes the first .env
    user.start("all-in-one")
    here = f"http://127.0.0.1:{user.port}"
    done = user.run("connect", "--agent", "agent_books", "--url", here, "--yes")
    assert "does not answer" not in done.stdout
    user.end()


def test_two_at_once_do_not_meet(here, space):
    with only_one(load_settings()), pytest.raises(AlreadyConnecting, match="another connect"):
        here(yes=True)
    assert not writes(space)
    assert here(yes=True) == 0
