"""Lines leave the payload log for good, and none that is written meanwhile is lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time

from receiver.payload_log import PayloadLog
from receiver.payload_log_erasure import count_lines, lines_of, remove_lines
from tests.receiving import receiving


def of_ana(text):
    return "+15550100142" in text


def a_line(body, path="/webhook/client-data"):
    line = {"at": 1.0, "path": path, "status": 200, "body_bytes": 1, "body": body, "answer": "{}"}
    return json.dumps(line) + "\n"


def test_only_lines_that_mention_somebody_go(tmp_path):
    log = tmp_path / "payload.log"
    other = a_line('{"caller_id":"+15550100177"}')
    log.write_text(a_line('{"caller_id":"+15550100142"}') + other + a_line("x +15550100142"))
    log.chmod(0o640)
    assert count_lines(log, of_ana) == 2
    assert len(list(lines_of(log, of_ana))) == 2
    assert remove_lines(log, of_ana) == 2
    assert log.read_text() == other
    assert log.stat().st_mode & 0o777 == 0o640
    assert remove_lines(log, of_ana) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["payload.log"]


def test_a_torn_line_and_one_of_another_kind_are_read_as_text(tmp_path):
    log = tmp_path / "payload.log"
    log.write_bytes(b"not JSON +15550100142\n" + b'{"body": "+15550100142 torn')
    assert remove_lines(log, of_ana) == 2
    assert log.read_bytes() == b""


def test_a_log_that_is_missing_has_no_lines(tmp_path):
    assert remove_lines(tmp_path / "none.log", of_ana) == 0
    assert count_lines(tmp_path / "none.log", of_ana) == 0


def test_a_link_still_leads_to_the_log(tmp_path):
    (tmp_path / "real").mkdir()
    log = tmp_path / "payload.log"
    log.symlink_to(tmp_path / "real" / "log")
    log.write_text(a_line("+15550100142") + a_line("other"))
    assert remove_lines(log, of_ana) == 1
    assert log.is_symlink()
    assert log.read_text() == a_line("other")


def test_no_line_is_lost_that_is_written_while_lines_are_removed(tmp_path):
    file = tmp_path / "payload.log"
    logs = [PayloadLog(file) for _ in range(3)]
    total = 150

    def write(log, name):
        for number in range(total):
            log.note("/x", 200, f"{name}-{number} keep".encode(), b"")
            log.note("/x", 200, f"{name}-{number} +15550100142".encode(), b"")
            if number % 20 == 0:
                time.sleep(0.001)
        log.close()

    threads = [threading.Thread(target=write, args=(log, n)) for n, log in enumerate(logs)]
    for thread in threads:
        thread.start()
    removed = 0
    while any(thread.is_alive() for thread in threads):
        removed += remove_lines(file, of_ana)
    removed += remove_lines(file, of_ana)
    bodies = [json.loads(line)["body"] for line in file.read_text().splitlines()]
    assert removed == 3 * total
    assert sorted(bodies) == sorted(f"{n}-{i} keep" for n in range(3) for i in range(total))


def test_killed_in_the_middle_the_log_is_whole_and_the_next_one_finishes_it(tmp_path):
    log = tmp_path / "payload.log"
    kept = a_line("other")
    log.write_text((kept + a_line("+15550100142")) * 200)
    code = (
        "import sys, time, pathlib\n"
        "from receiver.payload_log_erasure import remove_lines\n"
        "seen = 0\n"
        "def slow(text):\n"
        "    global seen; seen += 1\n"
        "    if seen == 150: print('in the middle', flush=True); time.sleep(60)\n"
        "    return '+15550100142' in text\n"
        "remove_lines(pathlib.Path(sys.argv[1]), slow)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(log)], stdout=subprocess.PIPE)
    with process:
        assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert log.read_text() == (kept + a_line("+15550100142")) * 200
    assert (tmp_path / "payload.log.part").exists()
    assert remove_lines(log, of_ana) == 200
    assert log.read_text() == kept * 200
    assert not (tmp_path / "payload.log.part").exists()


async def test_a_running_receiver_goes_on_logging_to_the_new_log(tmp_path):
    log = tmp_path / "payload.log"
    async with receiving(tmp_path, payload_log=log) as running:
        for caller in ("+15550100142", "+15550100177"):
            body = {"caller_id": caller, "called_number": "+15550100900", "call_sid": "CA1"}
            await running.client.post("/webhook/client-data", json=body)
        await _until_lines(log, 2)
        assert remove_lines(log, of_ana) == 1
        await running.client.post("/webhook/client-data", json={"caller_id": "+15550100188"})
        await _until_lines(log, 2)
    assert "+15550100177" in log.read_text()
    assert "+15550100142" not in log.read_text()


def test_an_event_of_somebody_who_was_erased_is_not_written_down(tmp_path):
    file = tmp_path / "payload.log"
    log = PayloadLog(file)
    log.note("/webhook/post-call", 200, b"+15550100142", b'{"status":"forgotten","type":null}')
    log.close()
    assert "+15550100142" not in file.read_text()
    assert "forgotten" in file.read_text()


async def _until_lines(log, count):
    async with asyncio.timeout(5):
        while not log.exists() or len(log.read_text().splitlines()) < count:
            await asyncio.sleep(0.01)
