"""Log lines: everything that was given with the sentence, and no request's header."""

import json
import logging

import pytest

from cli.logs import set_up_logging


@pytest.fixture(autouse=True)
def _restored():
    root, server = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = root.handlers[:], root.level, server.filters[:]
    yield
    root.handlers[:], root.level, server.filters[:] = before


def test_a_console_line_shows_what_was_given_with_the_sentence(capsys):
    set_up_logging("INFO", "console")
    logging.getLogger("processor.service").warning(
        "an event failed", extra={"action": "event_failed", "file": "a/b.json"}
    )
    line = capsys.readouterr().err
    assert "WARNING processor" in line
    assert line.endswith("an event failed  file=a/b.json\n")


def test_a_json_line_has_the_action_and_what_was_given(capsys):
    set_up_logging("INFO", "json")
    logging.getLogger("processor.service").warning(
        "an event failed", extra={"action": "event_failed", "file": "a/b.json"}
    )
    line = json.loads(capsys.readouterr().err)
    assert line["action"] == "event_failed"
    assert line["file"] == "a/b.json"
    assert line["level"] == "WARNING"
    assert line["message"] == "an event failed"


def test_a_malformed_request_does_not_bring_its_headers_into_the_log(capsys):
    set_up_logging("INFO", "console")
    try:
        raise ValueError("X-Api-Key: a-secret")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", "127.0.0.1")
    line = capsys.readouterr().err
    assert "Error handling request from 127.0.0.1 (ValueError)" in line
    assert "a-secret" not in line
    assert "Traceback" not in line
