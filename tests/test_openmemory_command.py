"""`memory sync`, and what `doctor` and `processor status` say of OpenMemory."""

import asyncio
import importlib.util
import json
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.assembly.openmemory import ledger_path, live_wait_seconds, sdk_database
from cli.doctor import shown_settings
from cli.examine_openmemory import openmemory_checks
from cli.memory_sync import run_sync
from cli.serving.banner import show_banner
from cli.status import show_status
from memory.embedded import EmbeddedStore
from memory.openmemory.backend import BackendRefused, BackendUnreachable
from memory.openmemory.sdk.messages import INSTALL
from settings import Settings, SettingsError
from spool.writer import Arrival, Spool
from tests.factories import encoded, transcription_payload
from tests.memories import ANA, BEN, a_call
from tests.openmemory.server import openmemory_server_in_thread
from tests.program import free_port, program

LONG = "The gate code is on the note that hangs behind the second door of the old barn. " * 5


@pytest.fixture(autouse=True)
def _stay_nice(monkeypatch):
    monkeypatch.setattr(os, "nice", lambda _by: 0)


@pytest.fixture
def server():
    with openmemory_server_in_thread() as server:
        yield server


def settings_for(folder, server, **given):
    values = {
        "openmemory_mode": "remote",
        "openmemory_port": str(server.port),
        "openmemory_key": server.key,
        "openmemory_db_path": folder / "data/memory.db",
        "payload_storage_path": folder / "data/spool",
    }
    return Settings(**(values | given))


@pytest.fixture
def settings(tmp_path, server):
    """Settings for the server, over a memory of two callers, one of whom said a thing twice."""
    settings = settings_for(tmp_path, server)
    asyncio.run(_remember(settings))
    return settings


async def _remember(settings):
    Spool.open(settings.payload_storage_path).close()
    store = await EmbeddedStore.open(settings.openmemory_db_path)
    said = ("The bakery opens at seven on Saturdays.",)
    await store.apply(
        [
            a_call("conv_1", caller=ANA, said=said, facts={"first_name": "Ana"}),
            a_call("conv_2", caller=ANA, said=said),
            a_call("conv_3", caller=BEN, said=("A table for two, please.",), summary=LONG),
        ]
    )
    await store.close()


def synced(settings, capsys, *, checks=False, prunes=False):
    """Run the command in this process; return (exit code, what it says as JSON)."""
    code = run_sync(settings, checks=checks, prunes=prunes, as_json=True)
    return code, json.loads(capsys.readouterr().out)


def told(settings, capsys, *, checks=False, prunes=False):
    """Run the command in this process; return (exit code, what it says)."""
    code = run_sync(settings, checks=checks, prunes=prunes, as_json=False)
    return code, capsys.readouterr().out


def rows_by_key(server, user):
    return {row.metadata["callspool_key"]: row for row in server.rows_of(user)}


def test_a_sync_brings_every_memory_there_and_a_second_one_finds_nothing_to_do(
    settings, server, capsys
):
    code, said = synced(settings, capsys)
    assert (code, said["is_up_to_date"]) == (0, True)
    assert said["report"]["wanted"] == 7
    assert said["tally"]["stored"] == len(server.rows) == 6
    assert len(rows_by_key(server, ANA)) == len(rows_by_key(server, BEN)) == 3
    before = [row.id for row in server.rows]
    code, said = synced(settings, capsys)
    assert (code, said["report"]["added"], said["report"]["removed"]) == (0, 0, 0)
    assert [row.id for row in server.rows] == before


def test_what_the_server_dropped_is_named_and_is_no_reason_to_be_out_of_date(settings, capsys):
    told(settings, capsys)
    code, text = told(settings, capsys, checks=True)
    assert code == 0
    assert "is up to date" in text
    assert "1 dropped by OpenMemory, which took them for others" in text
    assert f"dropped    {ANA}  call/conv_" in text
    assert "the same words of this caller are there" in text


def test_a_check_changes_nothing_and_its_exit_code_says_what_a_sync_would_do(
    settings, server, capsys
):
    code, text = told(settings, capsys, checks=True)
    assert code == 1
    assert "is not up to date: 0 of 7" in text
    assert "`run.py memory sync` mends this." in text
    assert server.rows == []


def test_lost_changed_and_strange_rows_are_found_and_mended(settings, server, capsys):
    synced(settings, capsys)
    rows = rows_by_key(server, ANA)
    lost, changed = rows.pop("profile"), next(iter(rows.values()))
    server.heap.delete(lost)
    changed.content = "Somebody wrote something else."
    metadata = {"callspool_key": "call/conv_gone/utterance/0", "callspool_digest": "x"}
    server.heap.add("Gone a long time ago.", user_id=ANA, tags=[], metadata=metadata)
    server.heap.add("A note by another program.", user_id=ANA, tags=[], metadata={})

    code, said = synced(settings, capsys, checks=True)
    assert code == 1
    counts = {"missing": 1, "changed": 1, "extra": 1} | said["report"]["counts"]
    assert (said["report"]["counts"], said["report"]["foreign"]) == (counts, 1)
    assert {each["caller"] for each in said["report"]["differences"]} <= {ANA, BEN}

    code, text = told(settings, capsys)
    assert code == 1
    assert "`run.py memory sync --prune` mends this, and removes" in text
    assert told(settings, capsys, prunes=True)[0] == 0
    assert synced(settings, capsys, checks=True)[0] == 0
    left = [row.content for row in server.rows_of(ANA)]
    assert "Gone a long time ago." not in left
    assert "A note by another program." in left


def test_memory_that_is_behind_the_spool_is_said_to_be(settings, capsys):
    spool = Spool.open(settings.payload_storage_path)
    spool.commit(
        [
            Arrival(
                kind="transcription",
                conversation_id="conv_new",
                content=encoded(transcription_payload(conversation_id="conv_new", caller=ANA)),
                event_timestamp=None,
                signature="",
                source="import",
                received_at=datetime.now(UTC),
            )
        ]
    )
    spool.close()
    _, text = told(settings, capsys)
    assert "1 events are not in memory yet: start the processor." in text


@pytest.mark.parametrize("version", ["head", "longmemory"])
def test_a_server_that_cannot_keep_callers_apart_is_refused_with_the_reason(
    tmp_path, version, capsys
):
    with openmemory_server_in_thread(version) as server:
        settings = settings_for(tmp_path, server)
        asyncio.run(_remember(settings))
        with pytest.raises(BackendRefused, match=r"see README"):
            synced(settings, capsys)
        assert not [row for row in server.rows if row.user_id in (ANA, BEN)]


def test_a_server_that_is_away_or_does_not_take_the_key_is_an_error_in_words(
    settings, server, capsys
):
    wrong = settings.model_copy(update={"openmemory_key": Settings(admin_key="x").admin_key})
    with pytest.raises(BackendRefused, match="OPENMEMORY_KEY"):
        synced(wrong, capsys)
    server.run(server.die())
    with pytest.raises(BackendUnreachable, match="start it, or correct OPENMEMORY_PORT"):
        synced(settings, capsys)


def test_in_embedded_mode_it_says_what_to_set(tmp_path, server, capsys):
    settings = settings_for(tmp_path, server, openmemory_mode="embedded")
    with pytest.raises(SettingsError, match="OPENMEMORY_MODE: is embedded") as caught:
        synced(settings, capsys)
    assert "OPENMEMORY_PORT" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_exit_codes_of_the_command_itself(tmp_path):
    with program(tmp_path) as running:
        running.run("memory", "sync", expect=2)
        wrong = running.run("memory", "sync", "--check", "--prune", expect=2).stderr
        assert "--check" in wrong
        running.environment |= {"OPENMEMORY_MODE": "remote", "OPENMEMORY_PORT": "nowhere"}
        assert "OPENMEMORY_PORT: " in running.run("memory", "sync", expect=2).stderr
        running.environment["OPENMEMORY_PORT"] = str(free_port())
        assert "there is no spool" in running.run("memory", "sync", expect=1).stderr
        Spool.open(running.spool).close()
        assert "memory.db" in running.run("memory", "sync", expect=1).stderr
        assert not (tmp_path / "data/memory.db").exists()


def test_the_readme_says_how_to_install_the_sdk():
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    assert INSTALL in readme


@pytest.mark.skipif(importlib.util.find_spec("openmemory") is not None, reason="the SDK is there")
def test_local_mode_without_the_sdk_stops_the_start_with_the_way_to_install_it(tmp_path):
    with program(tmp_path) as running:
        running.environment["OPENMEMORY_MODE"] = "local"
        error = running.run("all-in-one", expect=1).stderr
        assert "pip install" in error
        assert "Traceback" not in error


def checks_of(settings):
    return {check.name: check for check in openmemory_checks(settings)}


def test_doctor_tries_the_server_out_and_leaves_nothing_there(settings, server, capsys):
    checks = checks_of(settings)
    assert checks["openmemory"].verdict == "ok"
    assert "keeps users apart, keeps whole texts" in checks["openmemory"].detail
    assert "OM_TELEMETRY=false" in checks["openmemory"].mend
    assert checks["openmemory mirror"].detail.startswith("nothing was mirrored yet")
    assert server.rows == []
    assert not ledger_path(settings).exists()
    synced(settings, capsys)
    assert (
        " memories there, 1 dropped as duplicates ("
        in checks_of(settings)["openmemory mirror"].detail
    )


@pytest.mark.parametrize(
    ("options", "what", "setting"),
    [
        ({"shortens": True}, "shortens texts", "OM_USE_SUMMARY_ONLY=false"),
        ({"key": ""}, "asks for no key", "OM_API_KEY"),
    ],
)
def test_doctor_warns_of_what_can_be_set_better(tmp_path, options, what, setting):
    with openmemory_server_in_thread(**options) as server:
        check = checks_of(settings_for(tmp_path, server))["openmemory"]
    assert check.verdict == "warning"
    assert what in check.detail
    assert setting in check.mend


def test_doctor_names_a_server_that_is_refused_or_does_not_answer(tmp_path):
    with openmemory_server_in_thread("head") as server:
        refused = checks_of(settings_for(tmp_path, server))["openmemory"]
        server.run(server.die())
        away = checks_of(settings_for(tmp_path, server))["openmemory"]
    assert (refused.verdict, away.verdict) == ("problem", "problem")
    assert "tenant_mismatch" in refused.detail
    assert "calls are answered in full without it" in away.mend


def test_doctor_does_not_wait_for_a_server_that_hangs(tmp_path, server, monkeypatch):
    monkeypatch.setattr("cli.examine_openmemory._TIMEOUT_S", 0.2)
    server.faults.hang()
    began = time.monotonic()
    assert checks_of(settings_for(tmp_path, server))["openmemory"].verdict == "problem"
    assert time.monotonic() - began < 5


def test_a_password_in_the_address_is_shown_nowhere(tmp_path, server, capsys):
    address = f"http://ana:pass-word@127.0.0.1:{server.port}"
    settings = settings_for(tmp_path, server, openmemory_port=address)
    shown = shown_settings(settings)["OPENMEMORY_PORT"]
    assert shown == f"…@127.0.0.1:{server.port}"
    show_banner(settings, "127.0.0.1", 8080)
    assert "pass-word" not in capsys.readouterr().out + str(list(openmemory_checks(settings)))


def test_the_status_says_how_many_memories_are_there(settings, capsys):
    show_status(settings, as_json=False)
    assert "openmemory" not in capsys.readouterr().out
    synced(settings, capsys)
    show_status(settings, as_json=False)
    assert "openmemory " in capsys.readouterr().out
    show_status(settings, as_json=True)
    assert json.loads(capsys.readouterr().out)["openmemory"]["dropped"] == 1
    show_status(settings.model_copy(update={"openmemory_mode": "embedded"}), as_json=True)
    assert "openmemory" not in json.loads(capsys.readouterr().out)


def test_its_files_lie_beside_the_memory_file():
    at = {"openmemory_db_path": "data/memory.db", "openmemory_mode": "remote"}
    paths = {
        str(ledger_path(Settings(**at | more)))
        for more in (
            {"openmemory_port": "8081"},
            {"openmemory_port": "http://user:secret@127.0.0.1:8081"},
            {"openmemory_port": "8082"},
            {"openmemory_mode": "local"},
        )
    }
    assert len(paths) == 3  # one for each OpenMemory, whoever asks it
    assert all(re.fullmatch(r"data/memory\.mirror-[0-9a-f]{8}\.db", path) for path in paths)
    assert str(sdk_database(Settings(**at))) == "data/memory.openmemory.db"


@pytest.mark.parametrize(
    ("wait_ms", "deadline_ms", "seconds"), [(250, 1000, 0.25), (5000, 1000, 0.4), (0, 1000, 0)]
)
def test_a_live_answer_waits_for_it_at_most_two_fifths_of_its_time(wait_ms, deadline_ms, seconds):
    settings = Settings(openmemory_wait_ms=wait_ms, live_deadline_ms=deadline_ms)
    assert live_wait_seconds(settings) == seconds
