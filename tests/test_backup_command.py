"""`run.py backup`, `restore` and `import` as a user runs them, with calls coming in meanwhile."""

import asyncio
import json
import threading
import time
import urllib.request
from contextlib import contextmanager

import pytest

from tests.backups import caught_up, findings
from tests.erasures import ANA, call_of, recording
from tests.program import program
from tests.warm import warm
from voice.signature import sign

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def run():
    """Run a command of a program, in a process of its own."""
    with warm() as run_command:
        yield run_command


def deliver(running, payload, *, secret=None):
    """Post one signed event; return the status of the answer's JSON."""
    body = json.dumps(payload).encode()
    secret = secret or running.secret("ELEVENLABS_POST_CALL_KEY")
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/webhook/post-call",
        body,
        {"ElevenLabs-Signature": sign(body, secret, timestamp=int(time.time()))},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())["status"]


@contextmanager
def calls_coming_in(running):
    """Deliver calls and recordings, one after the other, while the block runs; yield their ids."""
    stop, delivered, errors = threading.Event(), [], []
    secret = running.secret("ELEVENLABS_POST_CALL_KEY")

    def send():
        try:
            number = 0
            while not stop.is_set():
                id_ = f"conv_load{number:04}"
                deliver(
                    running, call_of(ANA, id_, at=number, said=[f"berth {number}"]), secret=secret
                )
                deliver(running, recording(id_, b"ID3" + bytes(90_000), of=ANA), secret=secret)
                delivered.append(id_)
                number += 1
        except Exception as error:  # noqa: BLE001 - raised where the block is
            errors.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield delivered
    finally:
        stop.set()
        thread.join()
    if errors:
        raise errors[0]


def test_moving_to_another_machine_with_the_calls_going_on(tmp_path, run):
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    place = str(tmp_path / "b")
    with program(tmp_path / "old") as old, program(tmp_path / "new") as new:
        old.start("all-in-one")
        with calls_coming_in(old) as delivered:
            while len(delivered) < 5:
                time.sleep(0.01)
            first = json.loads(run(old, "backup", place, "--json").stdout)
            had = len(delivered)
            while len(delivered) < had + 2:
                time.sleep(0.01)
            second = json.loads(run(old, "backup", place, "--json", "--verify").stdout)
            acknowledged = list(delivered)
        assert first["files"] >= 10
        assert second["there"] >= first["files"]
        assert second["copied"] > 0
        assert first["has_memory"] and not second["lacks"]
        (tmp_path / "new/.env").write_bytes((tmp_path / "old/.env").read_bytes())

        assert "each proven" in run(new, "restore", place).stdout
        assert "0 wrong" in run(new, "spool", "verify").stdout
        assert "only where there is nothing" in run(new, "restore", place, expect=1).stderr
        new.start("all-in-one")
        deliver(new, call_of(ANA, "conv_only_new", said=["the new machine"]))
        deliver(old, call_of(ANA, "conv_only_old", said=["the old machine"]))
        old.end()
        told = json.loads(run(new, "import", str(old.spool), "--json").stdout)
        assert told["through_server"]
        assert told["stored"] >= 1
        assert not told["failures"]
        again = json.loads(run(new, "import", str(old.spool), "--json").stdout)
        assert (again["stored"], again["is_of_one_history"]) == (0, True)
        new.wait_for_memory()
        exported = run(new, "memory", "export").stdout
        for id_ in [*acknowledged, *delivered, "conv_only_old", "conv_only_new"]:
            assert f'"id":"{id_}"' in exported, id_
        old_lines = set(run(old, "memory", "export").stdout.splitlines())
        assert old_lines <= set(exported.splitlines())
        assert "0 wrong" in run(new, "spool", "verify").stdout


def test_a_backup_made_under_load_gives_the_memory_of_just_what_it_holds(tmp_path, run):
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    with program(tmp_path / "old") as old, program(tmp_path / "new") as new:
        old.start("all-in-one")
        with calls_coming_in(old) as delivered:
            while len(delivered) < 3:
                time.sleep(0.01)
            run(old, "backup", str(tmp_path / "b"))
        old.wait_for_memory()
        old.end()
        checked = json.loads(run(new, "restore", str(tmp_path / "b"), "--check", "--json").stdout)
        assert checked["damaged"] == {}
        assert not new.spool.exists()
        run(new, "restore", str(tmp_path / "b"))
        copied = {path.name for path in new.spool.glob("conv_*")}
        derived = asyncio.run(caught_up(new.folder / "data"))
        exported = run(old, "memory", "export").stdout.splitlines()
        expected = [line for line in exported if json.loads(line)["id"] in copied]
        assert derived == expected
        assert len(expected) >= 3
        assert findings(new.folder / "data") == ()
        run(old, "backup", str(tmp_path / "b"))
        assert run(old, "backup", str(old.spool / "b"), expect=1).stderr.startswith(str(old.spool))
        (tmp_path / "empty").mkdir()
        with program(tmp_path / "empty") as none:
            assert "there is no spool" in run(none, "backup", str(tmp_path / "b"), expect=1).stderr


def test_a_spool_of_a_newer_program_is_left_alone_by_every_command(tmp_path, run):
    with program(tmp_path) as running:
        (running.spool / ".spool").mkdir(parents=True)
        (running.spool / ".spool/format.json").write_text('{"v": 99}')
        for command in (["all-in-one"], ["processor"], ["spool", "verify"], ["backup", "b"]):
            told = run(running, *command, expect=1).stderr
            assert "format version 99" in told
            assert "knows version 1" in told
            assert "upgrade Callspool" in told
        assert [path.name for path in (running.spool / ".spool").iterdir()] == ["format.json"]
