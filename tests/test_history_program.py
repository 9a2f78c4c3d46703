"""The real program, asked over HTTP to look back and to let go."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

from tests.archives import ANA, BOB, MP3, some_calls
from tests.factories import encoded, signed
from tests.program import program

KEY = "the-admin-key"
SECRET = "wsec_of_the_test"


class Asked:
    """A program that runs, and the owner who asks it."""

    def __init__(self, running):
        self.running = running
        self.base = f"http://127.0.0.1:{running.port}"

    def ask(self, path, *, method="GET", body=None, headers=None):
        given = {"Authorization": f"Bearer {KEY}"} if headers is None else headers
        request = urllib.request.Request(
            f"{self.base}{path}", method=method, data=body, headers=given
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def json(self, path, *, method="GET"):
        status, body = self.ask(path, method=method)
        return status, json.loads(body)

    def deliver(self, payload):
        body = encoded(payload)
        headers = signed(body, SECRET, time.time())
        status, answer = self.ask("/webhook/post-call", method="POST", body=body, headers=headers)
        assert status == 200, answer
        return json.loads(answer)["status"]

    def until(self, condition, *, seconds=20.0):
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, self.running.log()
            time.sleep(0.05)
        return found


def all_bytes(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_owner_looks_back_and_has_a_caller_erased_for_good(tmp_path):
    caller = f"/callers/{urllib.parse.quote(ANA, safe='')}"
    with program(tmp_path) as running:
        running.environment |= {"ADMIN_KEY": KEY, "ELEVENLABS_POST_CALL_KEY": SECRET}
        asked = Asked(running)
        running.start("all-in-one")
        for payload in some_calls():
            assert asked.deliver(payload) == "stored"
        running.wait_for_memory()
        asked.until(lambda: len(asked.json("/history")[1].get("conversations", [])) == 5)
        assert asked.json("/history?text=tandem")[1]["conversations"][0]["id"] == "conv_bob"
        assert asked.ask("/history/conv_ana_1/audio") == (200, MP3)
        assert asked.json(caller)[1]["profile"]["first_name"] == "Ana"
        assert asked.json("/stats")[1]["callers"] == 2
        status, export = asked.ask(f"{caller}/export")
        assert (status, export[:2]) == (200, b"PK")

        status, erasure = asked.json(caller, method="DELETE")
        assert status in (200, 202)
        done = asked.until(
            lambda: (found := asked.json(erasure["url"])[1])["certificate"] and found
        )
        assert done["status"] == "complete"
        assert ANA not in json.dumps(done)
        assert asked.json("/history/conv_ana_1")[0] == asked.json(caller)[0] == 404
        assert [asked.deliver(each) for each in some_calls()[:3]] == ["forgotten"] * 3
        assert asked.json(f"/callers/{urllib.parse.quote(BOB, safe='')}")[0] == 200
        assert running.end() == 0
    left = all_bytes(tmp_path / "data")
    for trace in (ANA, ANA[1:], "Ana booked", "shoe_size"):
        assert trace.encode() not in left, trace
    assert b"Bob asked for a tandem." in left


def test_a_memory_that_was_not_so_is_taken_back_while_the_program_runs(tmp_path):
    caller = f"/callers/{urllib.parse.quote(ANA, safe='')}"
    with program(tmp_path) as running:
        running.environment |= {"ADMIN_KEY": KEY, "ELEVENLABS_POST_CALL_KEY": SECRET}
        asked = Asked(running)
        running.start("all-in-one")
        asked.deliver(some_calls()[1])
        running.wait_for_memory()
        asked.until(lambda: asked.json(caller)[0] == 200)
        path = f"{caller}/memories/conv_ana_2/fact/shoe_size"
        status, taken_back = asked.json(path, method="DELETE")
        assert status in (200, 202)
        asked.until(lambda: asked.json(taken_back["url"])[1]["status"] == "complete")
        facts = asked.json(caller)[1]["profile"]["facts"]
        assert [fact["key"] for fact in facts] == ["first_name"]
