"""Where log lines go: who reads them too slowly, or not at all, holds nobody up."""

import json
import logging
import os
import sys
import threading
from contextlib import contextmanager, suppress

import pytest

from cli.log_stream import LogStream
from cli.logs import set_up_logging

LINES = 2000
logger = logging.getLogger("processor.test")


@contextmanager
def a_pipe(monkeypatch):
    """A log that goes into a pipe; yields the end that somebody may read."""
    reading, writing = os.pipe()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    with os.fdopen(reading, "rb", buffering=0) as reader, os.fdopen(writing, "w") as writer:
        monkeypatch.setattr(sys, "stderr", writer)
        set_up_logging("INFO", "json")
        try:
            yield reader
        finally:
            root.handlers[:], root.level = before
            with suppress(OSError):
                os.set_blocking(reading, False)
                while reader.read(1 << 20):
                    pass


def log_in_a_thread(lines, **extra):
    """Log so many lines, and return whether that came to an end."""

    def log():
        for number in range(lines):
            logger.info("an event", extra={"number": number, **extra})

    thread = threading.Thread(target=log, daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


def read_lines(reader):
    """All that is in the pipe, as objects."""
    os.set_blocking(reader.fileno(), False)
    found = b""
    while chunk := reader.read(1 << 20):
        found += chunk
    return [json.loads(line) for line in found.splitlines()]


def test_a_log_that_nobody_reads_holds_nobody_up(monkeypatch):
    with a_pipe(monkeypatch) as reader:
        assert log_in_a_thread(LINES)
        first = read_lines(reader)
        assert [line["number"] for line in first] == list(range(len(first)))
        logger.info("somebody reads again")
        told, after = read_lines(reader)
    assert 0 < len(first) < LINES
    assert (told["level"], told["action"]) == ("WARNING", "lines_lost")
    assert told["count"] == LINES - len(first)
    assert after["message"] == "somebody reads again"


@pytest.mark.parametrize("size", [4000, 30_000])
def test_a_long_line_is_whole_or_ends_before_the_next_one_begins(monkeypatch, size):
    with a_pipe(monkeypatch) as reader:
        assert log_in_a_thread(40, text="x" * size)
        os.set_blocking(reader.fileno(), False)
        there = reader.read(1 << 20)
        logger.info("after")
        there += reader.read(1 << 20)
    whole = [line for line in there.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
    assert [json.loads(line)["message"] for line in whole][-2:] == [
        f"{40 - len(whole) + 2} lines were lost: whoever reads the log does not keep up", "after"
    ]  # fmt: skip
    assert len(there.splitlines()) - len(whole) <= 1  # the one that was cut off


def test_a_log_in_a_file_has_every_line(monkeypatch, tmp_path):
    with (tmp_path / "log").open("w") as file:
        handler = LogStream(file)
        for number in range(LINES):
            handler.emit(logging.makeLogRecord({"msg": f"line {number}"}))
    assert (tmp_path / "log").read_text().splitlines() == [f"line {n}" for n in range(LINES)]
