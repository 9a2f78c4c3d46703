"""The whole program as a user runs it: real processes, real signals, real HTTP."""

import json
import signal
import socket
import stat
import threading
import time
import urllib.request
from datetime import UTC, datetime

import pytest

from spool.writer import Arrival, Spool
from tests.factories import encoded, transcription_payload
from tests.program import program
from voice.signature import sign

pytestmark = pytest.mark.timeout(180)


def deliver(running, payload):
    body = json.dumps(payload).encode()
    secret = running.secret("ELEVENLABS_POST_CALL_KEY")
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/webhook/post-call",
        body,
        {"ElevenLabs-Signature": sign(body, secret, timestamp=int(time.time()))},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())["status"]


def ring(running, caller):
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/webhook/client-data",
        json.dumps({"caller_id": caller}).encode(),
        {"X-Api-Key": running.secret("ELEVENLABS_CLIENT_DATA_KEY")},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def test_the_whole_story_from_an_empty_folder_through_a_kill_and_a_rebuild(tmp_path):
    with program(tmp_path) as running:
        running.start("all-in-one")
        assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
        told = running.run("simulate").stdout
        assert "Hi Ana" in told
        assert " ms]" in told
        running.kill()

        running.start("all-in-one")
        caller = "+12025550142"
        running.run("simulate", "--caller", caller)
        running.run("simulate", "--caller", caller)  # an old acquaintance now
        asked = running.run("memory", "search", caller, "olive trees", "--explain").stdout
        assert "the word oliv" in asked
        assert "said yesterday" in asked
        found = json.loads(running.run("memory", "search", caller, "olive trees", "--json").stdout)
        assert found[0]["when"] == "yesterday"
        assert "explanation" not in found[0]
        running.run("memory", "search", "+12025550199", "olive trees", expect=1)
        before = running.export()
        assert caller in before
        assert running.run("processor", "rebuild").returncode == 0
        assert running.export() == before
        running.run("processor", "rebuild", "--verify")
        running.run("spool", "verify")
        running.run("doctor")
        status = json.loads(running.run("processor", "status", "--json").stdout)
        assert status["backlog"] == 0
        secrets = [line.partition("=")[2] for line in (tmp_path / ".env").read_text().splitlines()]
        assert not any(secret in running.log() for secret in secrets if secret)
        assert caller not in running.log()
        assert running.end(signal.SIGINT) == 0
        assert "Traceback" not in running.log()


def fill(folder, count):
    """Store conversations as a receiver would, before one runs."""
    spool = Spool.open(folder)
    now = datetime.now(UTC)
    for start in range(0, count, 50):
        spool.commit(
            [
                Arrival(
                    kind="transcription",
                    conversation_id=f"conv_before_{number}",
                    content=encoded(
                        transcription_payload(
                            conversation_id=f"conv_before_{number}", caller="+12025550143"
                        )
                    ),
                    event_timestamp=None,
                    signature="",
                    source="import",
                    received_at=now,
                )
                for number in range(start, start + 50)
            ]
        )
    spool.close()


def test_a_rebuild_while_calls_go_on_keeps_the_old_answers_and_loses_nothing(tmp_path):
    caller, before, number = "+12025550143", 1000, 0
    fill(tmp_path / "data/spool", before)
    with program(tmp_path) as running:
        running.start("all-in-one")
        running.wait_for_memory()
        rebuild = running.spawn("processor", "rebuild")
        while rebuild.poll() is None:
            payload = transcription_payload(conversation_id=f"conv_{number}", caller=caller)
            assert deliver(running, payload) == "stored"
            known = ring(running, caller)["dynamic_variables"]
            assert known["is_returning_caller"] is True
            assert known["call_count"] >= before
            number += 1
        assert rebuild.returncode == 0, running.log()
        assert number > 5
        running.wait_for_memory()
        calls = [json.loads(line)["id"] for line in running.export().splitlines()]
        assert len(calls) == before + number
        assert {f"conv_{each}" for each in range(number)} <= set(calls)
        exported = running.export()
        running.run("processor", "rebuild")
        assert running.export() == exported


def test_killed_under_load_nothing_acknowledged_is_lost_and_nothing_doubled(tmp_path):
    acknowledged = []
    with program(tmp_path) as running:
        for cycle in range(3):
            running.start("all-in-one")
            stop = threading.Event()
            threads = [
                threading.Thread(
                    target=_deliver_until, args=(running, cycle, lane, stop, acknowledged)
                )
                for lane in range(4)
            ]
            for thread in threads:
                thread.start()
            while len(acknowledged) < 40 * (cycle + 1) and any(
                map(threading.Thread.is_alive, threads)
            ):
                time.sleep(0.01)
            running.kill()
            stop.set()
            for thread in threads:
                thread.join()
        running.start("all-in-one")
        running.wait_for_memory()
        assert len(acknowledged) >= 120
        for name in acknowledged:
            json.loads((running.spool / name / f"{name}_transcription.json").read_bytes())
        running.run("spool", "verify")
        calls = [json.loads(line) for line in running.export().splitlines()]
        assert set(acknowledged) <= {call["id"] for call in calls}
        memories = [memory["id"] for call in calls for memory in call["memories"]]
        assert len(memories) == len(set(memories)) > len(acknowledged)
        before = running.export()
        running.run("processor", "rebuild")
        assert running.export() == before


def _deliver_until(running, cycle, lane, stop, acknowledged):
    for number in range(100_000):
        name = f"conv_{cycle}_{lane}_{number}"
        caller = f"+1202555{100 + number % 100:04d}"
        try:
            status = deliver(running, transcription_payload(conversation_id=name, caller=caller))
        except OSError:
            return
        if status == "stored":
            acknowledged.append(name)
        if stop.is_set():
            return


def test_receiver_and_processor_run_as_two_processes_over_the_same_folders(tmp_path):
    with program(tmp_path) as running:
        running.start("receiver")
        assert deliver(running, transcription_payload(caller="+12025550144")) == "stored"
        assert running.health()["backlog"] == 1
        assert ring(running, "+12025550144")["dynamic_variables"]["call_count"] == 0
        processor = running.spawn("processor")
        try:
            running.wait_for_memory()
            assert ring(running, "+12025550144")["dynamic_variables"]["call_count"] == 1
            second = running.run("processor", expect=1)
            assert "processor" in second.stderr
            assert "Traceback" not in second.stderr
        finally:
            processor.terminate()
            assert processor.wait(30) == 0
        twice = running.run("receiver", expect=1)
        assert "Traceback" not in twice.stderr


def test_memory_that_was_deleted_is_derived_again_at_the_next_start(tmp_path):
    with program(tmp_path) as running:
        running.start("all-in-one")
        deliver(running, transcription_payload(caller="+12025550145"))
        running.wait_for_memory()
        before = running.export()
        running.end()
        for path in (tmp_path / "data").glob("memory.db*"):
            path.unlink()
        running.start("all-in-one")
        running.wait_for_memory()
        assert running.export() == before


def test_two_programs_cannot_keep_one_memory_file(tmp_path):
    (tmp_path / "other").mkdir()
    with program(tmp_path) as running, program(tmp_path / "other") as other:
        running.start("all-in-one")
        other.environment["OPENMEMORY_DB_PATH"] = str(tmp_path / "data/memory.db")
        done = other.run("all-in-one", expect=1)
        assert "memory file" in done.stderr
        assert "Traceback" not in done.stderr


def test_looking_where_nothing_is_makes_nothing_and_says_so(tmp_path):
    with program(tmp_path) as running:
        for command in (
            ["processor", "status"], ["processor", "retry"], ["processor", "rebuild"],
            ["processor", "rebuild", "--dry-run"], ["spool", "verify"], ["memory", "export"],
        ):  # fmt: skip
            done = running.run(*command, expect=1)
            assert "Traceback" not in done.stderr
            assert "there is no" in done.stderr, done.stderr
        running.run("doctor", expect=1)
        assert list(tmp_path.iterdir()) == []


def begin_delivery(running, connection, body, *, sent):
    """Send the head of a signed event and the first bytes of its body."""
    secret = running.secret("ELEVENLABS_POST_CALL_KEY")
    signature = sign(body, secret, timestamp=int(time.time()))
    head = f"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    connection.sendall(f"{head}ElevenLabs-Signature: {signature}\r\n\r\n".encode() + body[:sent])
    time.sleep(0.3)


def test_a_signal_told_twice_at_once_still_finishes_what_is_in_flight(tmp_path):
    body = encoded(transcription_payload(conversation_id="conv_late"))
    with program(tmp_path) as running:
        running.start("all-in-one")
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
            begin_delivery(running, connection, body, sent=100)
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            connection.sendall(body[100:])
            assert b'"status":"stored"' in connection.recv(4096)
        assert running.process.wait(20) == 0
        running.process = None
        stored = running.spool / "conv_late/conv_late_transcription.json"
        assert stored.read_bytes() == body


def test_a_later_signal_does_not_wait_for_a_body_that_never_ends(tmp_path):
    with program(tmp_path) as running:
        running.start("all-in-one")
        with socket.create_connection(("127.0.0.1", running.port)) as stalled:
            begin_delivery(running, stalled, b"123456789", sent=0)
            running.process.send_signal(signal.SIGTERM)
            time.sleep(1.3)
            began = time.monotonic()
            assert running.end(signal.SIGTERM) == 1
            assert time.monotonic() - began < 5  # the first signal alone would wait for eight
        assert "Traceback" not in running.log()


def test_a_wrong_setting_stops_the_start_with_every_problem_named(tmp_path):
    with program(tmp_path) as running:
        running.environment |= {"LOG_LEVEL": "loud", "MAX_BODY_MB": "0"}
        done = running.run("all-in-one", expect=2)
        assert "LOG_LEVEL" in done.stderr
        assert "MAX_BODY_MB" in done.stderr
        assert "Traceback" not in done.stderr


def test_without_a_secret_the_receiver_does_not_start_and_says_why(tmp_path):
    with program(tmp_path) as running:
        (tmp_path / ".env").write_text("ELEVENLABS_POST_CALL_KEY=\n")
        done = running.run("all-in-one", expect=2)
        assert "ELEVENLABS_POST_CALL_KEY" in done.stderr


def test_a_file_with_other_settings_alone_gets_the_secrets_at_the_first_start(tmp_path):
    with program(tmp_path) as running:
        (tmp_path / ".env").write_text("LOG_LEVEL=INFO\n")
        running.start("all-in-one")
        assert running.secret("ELEVENLABS_POST_CALL_KEY").startswith("wsec_")
        assert (tmp_path / ".env").read_text().startswith("LOG_LEVEL=INFO\n")


def test_a_taken_port_is_one_clear_line(tmp_path):
    with program(tmp_path) as running, program(tmp_path / "other") as other:
        (tmp_path / "other").mkdir()
        running.start("all-in-one")
        other.environment["PORT"] = str(running.port)
        done = other.run("all-in-one", expect=1)
        assert str(running.port) in done.stderr
        assert "Traceback" not in done.stderr


def test_simulate_says_what_to_do_when_nobody_answers(tmp_path):
    with program(tmp_path) as running:
        running.environment["ELEVENLABS_POST_CALL_KEY"] = "wsec_x"
        done = running.run("simulate", expect=1)
        assert "all-in-one" in done.stderr


def test_simulate_sends_a_recorded_payload_as_it_is(tmp_path):
    with program(tmp_path) as running:
        running.start("all-in-one")
        file = tmp_path / "recorded.json"
        file.write_text(json.dumps(transcription_payload(conversation_id="conv_rec"), indent=5))
        assert "stored" in running.run("simulate", "--file", str(file)).stdout
        stored = running.spool / "conv_rec/conv_rec_transcription.json"
        assert stored.read_bytes() == file.read_bytes()
        file.write_text("no json")
        assert "quarantined" in running.run("simulate", "--file", str(file), expect=1).stdout
        running.run("simulate", "--file", str(tmp_path / "missing.json"), expect=1)


def test_every_command_has_help_that_says_what_it_does(tmp_path):
    with program(tmp_path) as running:
        for command in (
            [], ["all-in-one"], ["receiver"], ["processor"], ["processor", "rebuild"],
            ["processor", "status"], ["processor", "retry"], ["spool", "verify"],
            ["memory", "export"], ["simulate"], ["doctor"],
        ):  # fmt: skip
            done = running.run(*command, "--help")
            assert len(done.stdout.split()) > 10, command


def test_doctor_names_what_must_be_mended(tmp_path):
    with program(tmp_path) as running:
        (tmp_path / "file").write_text("not a folder")
        running.environment["PAYLOAD_STORAGE_PATH"] = str(tmp_path / "file/spool")
        report = json.loads(running.run("doctor", "--json", expect=1).stdout)
        problems = {check["name"] for check in report["checks"] if check["verdict"] == "problem"}
        assert problems == {"post-call secret", "spool folder"}
        assert all(check["mend"] for check in report["checks"] if check["verdict"] == "problem")
        text = running.run("doctor", expect=1).stdout
        assert "PAYLOAD_STORAGE_PATH" in text
