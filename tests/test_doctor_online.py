"""`doctor --online`: what it finds at ElevenLabs, and what it says to run."""

import json
from datetime import UTC, datetime

import pytest

from cloud.connecting.examine import examine
from cloud.connecting.wanted import Goal
from tests.connecting import Desk, writes
from tests.platform import platform, platform_in_thread
from tests.program import program

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
async def space():
    async with platform() as state:
        state.add_agent("agent_books")
        yield state


@pytest.fixture
def desk(space, tmp_path):
    return Desk(space, tmp_path)


async def found(desk, **changes):
    """Return the findings by name."""
    url = next(iter(desk.record.urls), "")
    goal = Goal(url=url, keys=desk.keys, **changes)
    async with desk.opened(goal) as connection:
        return {each.name: each for each in await examine(connection, now=NOW)}


async def test_before_connect_it_says_how_to_connect(space, desk):
    findings = await found(desk)
    assert findings["API key"].verdict == "ok"
    assert findings["connection"].mend.startswith("run.py connect --agent")


async def test_after_connect_all_is_well_and_nothing_is_changed(space, desk):
    await desk.connect()
    space.requests.clear()
    findings = await found(desk)
    assert {each.verdict for each in findings.values()} == {"ok"}
    assert findings.keys() == {"API key", "post-call webhook", "agent agent_books"}
    assert writes(space) == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_refused_is_found(space, desk, status):
    space.faults.add(path="", status=status, times=None)
    (finding,) = (await found(desk)).values()
    assert (finding.name, finding.verdict) == ("API key", "problem")
    assert "ELEVENLABS_API_KEY" in finding.mend


async def test_a_platform_that_does_not_answer_is_found(space, desk):
    space.faults.add(path="", status=503, times=None)
    (finding,) = (await found(desk)).values()
    assert (finding.name, finding.verdict) == ("ElevenLabs", "problem")


@pytest.mark.parametrize(
    ("state", "verdict", "words"),
    [
        ({"is_auto_disabled": True}, "problem", "switched it off after many failures"),
        ({"is_disabled": True}, "problem", "switched off"),
        ({"failure": (500, 7_200)}, "warning", "2 hours ago (500: the server failed)"),
        ({"failure": (401, 86_399)}, "warning", "23 hours ago (401: the secret was refused)"),
        ({"failure": (401, 86_400)}, "ok", "1 day ago (401: the secret was refused)"),
        ({"failure": (500, 9_000_000)}, "ok", "104 days ago (500: the server failed)"),
        (
            {"failure": (500, 9_000_000), "is_auto_disabled": True},
            *("problem", "many failures (the last failure was 104 days ago"),
        ),
        ({"failure": (None, 60)}, "warning", "1 minute ago (no answer)"),
        ({"failure": (413, 5)}, "warning", "just now (413: too large"),
        ({"failure": (404, 5)}, "warning", "404: nothing is there"),
        ({"failure": (409, 5)}, "warning", "409: it was refused"),
    ],
)
async def test_the_state_of_the_webhook_is_told_in_words(space, desk, state, verdict, words):
    await desk.connect()
    (webhook,) = space.webhooks.values()
    code, ago = state.get("failure", (None, None))
    if ago is not None:
        webhook["most_recent_failure_error_code"] = code
        webhook["most_recent_failure_timestamp"] = int(NOW.timestamp()) - ago
    webhook.update({key: value for key, value in state.items() if key != "failure"})
    finding = (await found(desk))["post-call webhook"]
    assert finding.verdict == verdict
    assert words in finding.detail
    assert bool(finding.mend) is (verdict != "ok")


async def test_a_webhook_or_an_agent_that_is_gone_is_found(space, desk):
    await desk.connect()
    space.webhooks.clear()
    assert (await found(desk))["post-call webhook"].verdict == "problem"
    space.agents.clear()
    assert (await found(desk))["agent agent_books"].verdict == "problem"


async def test_an_agents_own_webhook_that_was_removed_differs(space, desk):
    await desk.connect(scope="agent")
    space.agents["agent_books"]["platform_settings"]["workspace_overrides"]["webhooks"] = None
    finding = (await found(desk))["agent agent_books"]
    assert finding.verdict == "warning"
    assert "the agent's own post-call webhook" in finding.detail
    assert "workspace settings" not in finding.detail


async def test_what_differs_is_named_with_the_command_that_mends_it(space, desk):
    await desk.connect()
    space.settings["webhooks"]["events"] = ["transcript"]
    space.agents["agent_books"]["conversation_config"]["agent"]["prompt"]["tool_ids"] = []
    finding = (await found(desk))["agent agent_books"]
    assert finding.verdict == "warning"
    assert "events" in finding.detail
    assert "tools" in finding.detail
    assert finding.mend == "run.py connect --agent agent_books"
    finding = (await found(desk, sends_language=False))["agent agent_books"]
    assert "allowed overrides" in finding.detail


async def test_a_damaged_record_is_found(space, desk):
    await desk.connect()
    url = desk.record.urls[0]
    desk.record_file.path.write_text("{")
    async with desk.opened(Goal(url=url)) as connection:
        (finding,) = await examine(connection, now=NOW)
    assert finding.verdict == "problem"
    assert "connection.json" in finding.detail


def test_the_command_shows_it_and_needs_no_network_without_the_option(tmp_path):
    with platform_in_thread() as space, program(tmp_path) as user:
        space.add_agent("agent_books")
        user.environment |= {
            "ELEVENLABS_API_KEY": space.api_key,
            "ELEVENLABS_BASE_URL": space.url,
            "COLUMNS": "250",
        }
        user.run("connect", "--agent", "agent_books", "--url", "https://one.example", "--dry-run")
        space.requests.clear()
        user.run("doctor")
        assert space.requests == []
        report = json.loads(user.run("doctor", "--online", "--json").stdout)
        names = {check["name"]: check for check in report["checks"]}
        assert names["API key"]["verdict"] == "ok"
        assert names["connection"]["verdict"] == "warning"
        space.faults.add(path="", status=401, times=None)
        assert "ELEVENLABS_API_KEY" in user.run("doctor", "--online", expect=1).stdout
        user.environment["ELEVENLABS_API_KEY"] = ""
        assert "is not set" in user.run("doctor", "--online", expect=1).stdout
