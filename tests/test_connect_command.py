"""`run.py connect` and `run.py disconnect` as a user runs them."""

import json
import os
import pty
import subprocess
import sys

import pytest

from cli.connection import Unusable, server_address
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


def test_a_dry_run_shows_the_plan_and_changes_nothing(space, user):
    shown = user.run(*CONNECT, "--dry-run").stdout
    for text in ("search_memory", "post-call webhook", "first_name", "your own tools"):
        assert text in shown
    assert writes(space) == []
    assert not (user.spool / ".spool").exists()


def test_json_is_one_document_without_a_secret(space, user):
    planned = json.loads(user.run(*CONNECT, "--dry-run", "--json").stdout)
    assert planned.keys() == {"plan", "applied", "verified", "problems", "hints"}
    assert (planned["applied"], planned["verified"]) == (False, False)
    done = json.loads(user.run(*CONNECT, "--yes", "--json").stdout)
    assert (done["applied"], done["verified"], done["problems"]) == (True, True, [])
    assert {line["state"] for line in done["plan"]} == {
        *("create", "change", "left alone", "in place")
    }
    again = json.loads(user.run("connect", "--agent", "agent_books", "--json").stdout)
    assert (again["applied"], again["verified"]) == (False, True)
    text = json.dumps([planned, done, again])
    secrets = [secret["value"] for secret in space.secrets.values()]
    assert not any(secret in text for secret in (*secrets, *user.secret("ELEVENLABS_P").split(",")))


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_who_declines_changes_nothing(space, user, answer):
    code, output = answered(user, *CONNECT, answer=answer)
    assert code == 1
    assert "Apply?" in output
    assert "nothing was changed" in output
    assert writes(space) == []


def test_who_agrees_is_asked_once(space, user):
    code, output = answered(user, *CONNECT, answer="y\n")
    assert (code, output.count("Apply?")) == (0, 1)
    assert len(space.webhooks) == 1


def test_where_nobody_can_be_asked_nothing_is_done(space, user):
    for more in ((), ("--json",)):
        done = user.run(*CONNECT, *more, expect=2)
        assert "--yes" in done.stdout + done.stderr
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


def test_without_an_address_it_says_what_is_missing(space, user):
    done = user.run("connect", "--agent", "agent_books", "--yes", expect=2)
    assert "--url" in done.stderr


def test_without_an_api_key_it_says_where_to_get_one(space, user):
    user.environment["ELEVENLABS_API_KEY"] = ""
    done = user.run(*CONNECT, "--yes", expect=1)
    assert "ELEVENLABS_API_KEY is not set" in done.stderr
    assert done.stderr.count("\n") <= 2  # one line, and the one about the first start


def test_a_secret_in_the_environment_that_would_hide_the_new_one_is_refused_first(space, user):
    user.environment["ELEVENLABS_POST_CALL_KEY"] = "wsec_hides"
    user.environment["ELEVENLABS_CLIENT_DATA_KEY"] = "one"
    user.environment["ELEVENLABS_SEARCH_DATA_KEY"] = "two"
    done = user.run(*CONNECT, "--yes", expect=2)
    assert "environment" in done.stderr
    assert "wsec_hides" not in done.stderr
    assert writes(space) == []


def test_an_empty_key_would_leave_an_endpoint_open_and_is_refused(space, user):
    (user.folder / ".env").write_text("ELEVENLABS_POST_CALL_KEY=wsec_a\n")
    done = user.run(*CONNECT, "--yes", expect=2)
    assert "ELEVENLABS_CLIENT_DATA_KEY and ELEVENLABS_SEARCH_DATA_KEY" in done.stderr
    assert writes(space) == []


def test_what_cannot_be_done_is_told_and_goes_on_at_the_next_run(space, user):
    space.faults.add(method="PATCH", path="/agents/", status=403, times=None)
    done = user.run(*CONNECT, "--yes", expect=1)
    assert "permission" in done.stderr
    assert "goes on from there" in done.stderr
    space.faults.clear()
    user.run(*CONNECT, "--yes")
    assert len(space.webhooks) == 1


def test_an_unknown_agent_is_one_line(space, user):
    done = user.run("connect", "--agent", "agent_x", "--url", URL, "--yes", expect=1)
    assert "404" in done.stderr
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
