"""`callers`, in the real program: list, show, export, forget, merge and split."""

import asyncio
import io
import json
import re
import shutil
import time
import urllib.request
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from memory.openmemory.ledger import Ledger
from spool.decisions import decision_ids, read_decisions, remove_decisions
from spool.erasing import ask_to_forget
from spool.verify import verify
from tests.erasures import (
    ANA,
    ANAS_MOBILE,
    BEN,
    NAME,
    SENTENCES,
    anas_events,
    bens_events,
    call_of,
    deliver_one,
    fill_spool,
    quarantine,
    quarantined_bodies,
    secrets_in,
    started_call,
    unreadable,
)
from tests.factories import signed, transcription_payload
from tests.program import program
from tests.spools import a_spool, commit


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with a spool with calls of two people, in memory and indexed."""
    folder = tmp_path_factory.mktemp("prepared")
    with program(folder) as running:
        fill_spool(running.spool)
        (folder / "data/payload.log").write_text(
            json.dumps({"at": 1.0, "path": "/x", "status": 200, "body": ANA, "answer": ""}) + "\n"
        )
        started_call(running.spool, "ana", ANA)
        running.run("processor", "rebuild", expect=1)  # one event cannot be read
        running.run("callers", "merge", ANAS_MOBILE, "--into", ANA)
        running.run("history", "index")
    return folder


@pytest.fixture
def filled(tmp_path, prepared):
    """The program over a copy of it."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    with program(tmp_path) as running:
        running.environment["PAYLOAD_LOG_PATH"] = "data/payload.log"
        yield running


def as_json(running, *arguments, expect=0):
    return json.loads(running.run(*arguments, "--json", expect=expect).stdout)


def of_ben(export):
    return [line for line in export.splitlines() if BEN in line]


def test_a_list_is_masked_unless_it_is_asked_for_in_full(filled):
    masked = filled.run("callers", "list").stdout
    assert "0142" in masked
    assert ANA not in masked
    rows = as_json(filled, "callers", "list", "--full")["callers"]
    assert {row["caller"]: row["calls"] for row in rows} == {ANA: 3, BEN: 3}
    page = as_json(filled, "callers", "list", "--limit", "1")
    rest = as_json(filled, "callers", "list", "--cursor", page["next_cursor"])
    assert len(page["callers"]) == len(rest["callers"]) == 1


def test_a_list_fits_a_terminal_of_80_columns(filled):
    filled.environment["COLUMNS"] = "80"
    for arguments in ((), ("--full",)):
        heading, *rows = filled.run("callers", "list", *arguments).stdout.splitlines()
        assert heading.split() == ["caller", "id", "calls", "first", "last", "(UTC)"]
        assert all(len(line.rstrip()) <= 80 for line in (heading, *rows))
        assert "…" not in "".join(rows)
        dates = r" \d+ +[\d-]{10} +[\d-]{10} \d\d:\d\d *$"
        assert all(re.search(dates, row) for row in rows)


def test_a_key_that_is_longer_than_a_terminal_is_wide_is_listed_whole(filled):
    user = "0b9f3c1e-user-of-the-web-page-of-the-harbour-office"
    with a_spool(filled.spool) as spool:
        deliver_one(spool, transcription_payload(caller=None, user_id=user))
    filled.environment["COLUMNS"] = "80"
    listed = filled.run("callers", "list", "--full").stdout
    rows = as_json(filled, "callers", "list", "--full")["callers"]
    [row] = [each for each in rows if each["caller"] == f"web:{user}"]
    assert row["id"] in listed
    heading, *lines = listed.splitlines()
    width = heading.index("id")
    assert row["caller"] in "".join(line[:width].strip() for line in lines)


@pytest.mark.parametrize("command", ["show", "forget", "export"])
def test_before_the_first_start_the_next_step_is_named_and_nothing_is_made(tmp_path, command):
    with program(tmp_path) as running:
        for makes in (None, running.spool / ".spool"):
            if makes is not None:
                makes.mkdir(parents=True)
            before = sorted(tmp_path.rglob("*"))
            done = running.run("callers", command, ANA, expect=1)
            assert "run.py all-in-one" in done.stderr
            assert "Traceback" not in done.stderr
            assert sorted(tmp_path.rglob("*")) == before


def test_a_caller_is_shown_with_where_everything_comes_from(filled):
    shown = as_json(filled, "callers", "show", "+1 (202) 555-0143", "--full")
    assert shown["lines"] == [ANA, ANAS_MOBILE]
    [fact] = [each for each in shown["profiles"][0]["facts"] if each["key"] == "user_name"]
    assert fact["value"] == NAME
    assert fact["conversation_id"] == "conv_ana3"
    assert {each["id"] for each in shown["conversations"]} >= {"conv_ana1", "conv_ana3"}
    text = filled.run("callers", "show", ANA).stdout
    assert SENTENCES[0] in text
    assert ANA not in text
    opaque = as_json(filled, "callers", "list")["callers"][0]["id"]
    assert as_json(filled, "callers", "show", opaque)["memories"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("+12025550199", "nothing is held"), ("anonymous", "no caller"), ("c_0", "no caller")],
)
def test_who_is_not_known_is_told_so(filled, given, said):
    assert said in filled.run("callers", "show", given, expect=1).stderr


def test_an_export_holds_everything_and_can_be_read(filled, tmp_path):
    with a_spool(filled.spool) as spool:
        hostile = call_of(ANA, "conv_odd", at=20000, said=["<script>alert('x')</script> & co"])
        deliver_one(spool, hostile)
    filled.run("processor", "rebuild", expect=1)
    to = tmp_path / "ana.zip"
    done = filled.run("callers", "export", ANA, "--to", str(to), expect=0)
    assert "conversations" in done.stdout
    assert to.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(io.BytesIO(to.read_bytes())) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        read = {name: archive.read(name).decode("utf-8", "replace") for name in names}
    first = "conversations/conv_ana1/conv_ana1"
    assert f"{first}_transcription.json" in names
    assert any(name.startswith(f"{first}_transcription.rev-") for name in names)
    assert read[f"{first}_audio.mp3"] == "ID3 agent_voice_print"
    assert SENTENCES[0] in read["conversations/conv_ana1/transcript.txt"]
    assert "conversations/conv_ana2/conv_ana2_failure.json" in names
    assert "conversations/conv_ana5/conv_ana5_transcription.json" in names  # it cannot be read
    memories = [json.loads(line) for line in read["memories.jsonl"].splitlines()]
    assert any(SENTENCES[2] in memory["content"] for memory in memories)
    assert json.loads(read["profile.json"])[0]["full_name"] == NAME
    assert [call["to"] for call in json.loads(read["calls.json"])] == [ANA]
    assert [each["kind"] for each in json.loads(read["decisions.json"])] == ["merge"]
    assert len([name for name in names if name.endswith(".body")]) == 2
    assert ANA in read["payload-log.jsonl"]
    page = read["index.html"]
    assert SENTENCES[0] in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert BEN not in "".join(read.values())
    filled.run("callers", "export", ANA, "--to", str(to), expect=1)  # never over another file


def test_nothing_of_a_forgotten_caller_is_left_and_nothing_comes_back(filled, tmp_path):
    data = tmp_path / "data"
    before = of_ben(filled.export())
    planned = as_json(filled, "callers", "forget", ANA, "--dry-run")
    assert planned["removed"]["conversations"] == 5
    assert "Quillfeather" in {secret for _, secret in secrets_in(data)}
    refused = filled.run("callers", "forget", ANA, expect=2)
    assert "--yes" in refused.stderr
    certificate = as_json(filled, "callers", "forget", ANA, "--yes")
    assert certificate["status"] == "complete"
    assert certificate["removed"]["quarantined"] == 2
    assert secrets_in(data) == []
    assert of_ben(filled.export()) == filled.export().splitlines() == before
    with a_spool(filled.spool) as spool:
        for payload in anas_events():
            assert deliver_one(spool, payload).status == "forgotten"
            assert deliver_one(spool, {**payload, "source": "backfill"}).status == "forgotten"
        for body in quarantined_bodies()[:2]:
            assert spool.commit([quarantine(body)])[0].status == "forgotten"
    filled.run("processor", "rebuild")
    filled.run("history", "index", "--rebuild")
    assert secrets_in(data) == []
    assert filled.export().splitlines() == before
    assert verify(filled.spool).findings == ()


def test_erasures_are_listed_with_their_certificates(filled):
    forgotten = filled.run("callers", "forget", ANA, "--yes").stdout
    assert "5 conversations" in " ".join(forgotten.split())
    [listed] = as_json(filled, "callers", "erasures")["erasures"]
    assert listed["completed_at"]
    told = filled.run("callers", "erasures", listed["id"]).stdout
    assert "5 transcripts" in " ".join(told.split())
    assert "nothing is held" in filled.run("callers", "forget", ANA, expect=1).stderr
    assert "no erasure er_0" in filled.run("callers", "erasures", "er_0", expect=1).stderr


def test_an_openmemory_that_is_not_set_any_more_is_named_in_the_certificate(filled, tmp_path):
    former = tmp_path / "data/memory.mirror-0123abcd.db"

    async def leave_a_ledger():
        ledger = await Ledger.open(former)
        await ledger.begin_erasure(ANA)
        await ledger.close()

    asyncio.run(leave_a_ledger())
    said = " ".join(filled.run("callers", "forget", ANA, "--yes").stdout.split())
    name = f"the OpenMemory of {former.name}"
    assert f"It may remain in {name}" in said
    assert secrets_in(tmp_path / "data") == []
    [listed] = as_json(filled, "callers", "erasures")["erasures"]
    certificate = as_json(filled, "callers", "erasures", listed["id"])
    assert certificate["may_remain_in"] == [name]
    filled.environment["ADMIN_KEY"] = "an-admin-key-of-the-test-0123456789"
    filled.start("all-in-one")
    asked = urllib.request.Request(
        f"http://127.0.0.1:{filled.port}/erasures/{listed['id']}",
        headers={"Authorization": f"Bearer {filled.environment['ADMIN_KEY']}"},
    )
    with urllib.request.urlopen(asked, timeout=10) as response:
        assert json.load(response)["certificate"] == certificate
    filled.end()


def test_one_conversation_can_be_forgotten_alone(filled):
    filled.run("callers", "forget", BEN, "--conversation", "conv_ana1", "--yes", expect=1)
    filled.run("callers", "forget", BEN, "--conversation", "conv_ben1", "--yes")
    assert not (filled.spool / "conv_ben1").exists()
    shown = as_json(filled, "callers", "show", BEN)
    assert [each["id"] for each in shown["conversations"]] == ["conv_ben2", "conv_ben0"]


def test_one_fact_can_be_forgotten_alone(filled):
    done = as_json(filled, "callers", "forget", BEN, "--fact", "user_name", "--yes")
    assert done["memories"] == [f"conv_ben{n}/fact/user_name" for n in range(3)]
    assert "user_name" not in filled.run("callers", "show", BEN).stdout
    filled.run("callers", "forget", BEN, "--fact", "user_name", "--yes", expect=1)


def test_one_memory_can_be_forgotten_alone_and_a_rebuild_repeats_it(filled):
    memories = as_json(filled, "callers", "show", BEN)["memories"]
    [said, *_] = [each["id"] for each in memories if each["kind"] == "utterance"]
    filled.run("callers", "forget", BEN, "--memory", said, "--yes")
    before = filled.export()
    assert said not in before
    filled.run("processor", "rebuild", expect=1)
    assert filled.export() == before


def test_a_merge_can_be_taken_back(filled):
    assert len(as_json(filled, "callers", "show", ANA)["lines"]) == 2
    filled.run("callers", "split", ANAS_MOBILE)
    assert len(as_json(filled, "callers", "show", ANA)["lines"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("merge", ANAS_MOBILE, "--into", ANA), "one person already"),
        (("merge", "web:anybody", "--into", ANA), "browser"),
        (("split", ANA), "was not merged"),
        (("split", BEN, "--conversation", "conv_ana1"), "not of this number"),
        (("split", f"{BEN}~2"), "was not merged"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(filled, arguments, said):
    assert said in " ".join(filled.run("callers", *arguments, expect=1).stderr.split())


def test_a_split_is_repeated_by_a_rebuild(filled):
    parted = as_json(filled, "callers", "split", BEN, "--conversation", "conv_ben1")
    assert parted["apart"] == [f"{BEN}~2"]
    other = as_json(filled, "callers", "show", f"{BEN}~2", "--full")
    assert [each["id"] for each in other["conversations"]] == ["conv_ben1"]
    before = filled.export()
    filled.run("processor", "rebuild", expect=1)
    assert filled.export() == before


def test_a_key_of_somebody_who_was_forgotten_is_given_to_nobody_else(filled):
    parted = as_json(filled, "callers", "split", BEN, "--conversation", "conv_ben1")
    [first] = decisions_of(filled, "split")
    assert first.into == f"{BEN}~2"
    assert parted["apart"] == [first.into]
    filled.run("callers", "forget", f"{BEN}~2", "--yes")
    assert decisions_of(filled, "split") == []
    again = as_json(filled, "callers", "split", BEN, "--conversation", "conv_ben2", "--name", "Bea")
    assert again["apart"] == [f"{BEN}~3"]
    assert (filled.spool / "conv_ben2").exists()
    other = as_json(filled, "callers", "show", f"{BEN}~3", "--full")
    assert [each["id"] for each in other["conversations"]] == ["conv_ben2"]
    filled.run("callers", "split", BEN, "--name", "bea", "--conversation", "conv_ben0")
    assert {each.into for each in decisions_of(filled, "split")} == {f"{BEN}~3"}


def test_a_key_that_only_memory_and_history_know_is_not_given_again(filled):
    filled.run("callers", "split", BEN, "--conversation", "conv_ben1")
    remove_decisions(filled.spool, decision_ids(filled.spool))  # by hand, as it were
    filled.run("callers", "split", BEN, "--name", "Carl")
    [decision] = decisions_of(filled, "split")
    assert decision.into == f"{BEN}~3"


def test_who_is_merged_takes_all_along_who_are_one_person_with_that_number(filled):
    cleo = "+12025550188"
    merged = as_json(filled, "callers", "merge", ANAS_MOBILE, "--into", cleo)
    assert (merged["person"], merged["lines"]) == (cleo, [ANA, ANAS_MOBILE, cleo])
    shown = as_json(filled, "callers", "show", ANA, "--full")
    assert shown["lines"] == [cleo, ANA, ANAS_MOBILE]


def test_who_was_parted_and_merged_elsewhere_can_be_taken_back(filled):
    filled.run("callers", "split", BEN, "--conversation", "conv_ben1")
    filled.run("callers", "merge", f"{BEN}~2", "--into", ANA)
    filled.run("callers", "split", f"{BEN}~2")
    shown = as_json(filled, "callers", "show", f"{BEN}~2", "--full")
    assert shown["lines"] == [f"{BEN}~2"]
    refused = filled.run("callers", "split", f"{BEN}~2", "--name", "Bea", expect=1)
    assert "give the number itself" in " ".join(refused.stderr.split())


def decisions_of(running, kind):
    return [each for each in read_decisions(running.spool) if each.kind == kind]


def test_what_is_not_true_names_no_number(filled):
    as_json(filled, "callers", "forget", BEN, "--fact", "user_name", "--yes")
    [decision] = decisions_of(filled, "untrue")
    assert decision.caller == ""


def test_a_call_that_has_not_begun_yet_is_not_forgotten(filled):
    later = (datetime.now(UTC) + timedelta(days=1)).timestamp()
    body = transcription_payload(
        caller=BEN, conversation_id="conv_later", started_at=later, event_timestamp=later + 60
    )
    with a_spool(filled.spool) as spool:
        deliver_one(spool, body)
    filled.run("processor", "rebuild", expect=1)
    filled.run("callers", "forget", BEN, "--yes")
    shown = as_json(filled, "callers", "show", BEN)
    assert [each["id"] for each in shown["conversations"]] == ["conv_later"]


def test_who_is_one_of_two_on_a_line_can_be_forgotten_alone(filled, tmp_path):
    filled.run("callers", "split", BEN, "--conversation", "conv_ben1")
    filled.run("callers", "forget", f"{BEN}~2", "--yes")
    assert not (filled.spool / "conv_ben1").exists()
    shown = as_json(filled, "callers", "show", BEN)
    assert len(shown["conversations"]) == 2
    assert secrets_in(tmp_path / "data", ["berth 1 for"]) == []


def test_a_running_server_erases_and_refuses_what_is_delivered_again(filled, tmp_path):
    before = of_ben(filled.export())
    filled.start("all-in-one")
    done = filled.run("callers", "forget", ANA, "--yes", "--json")
    assert "A processor is running" in done.stderr
    assert json.loads(done.stdout)["status"] == "complete"
    for payload in anas_events():
        assert delivered(filled, payload)["status"] == "forgotten"
    for body in quarantined_bodies()[:2]:
        assert delivered(filled, body)["status"] == "forgotten"
    filled.end()
    assert '"path": "/webhook/post-call"' in (tmp_path / "data/payload.log").read_text()
    assert secrets_in(tmp_path / "data") == []
    assert of_ben(filled.export()) == before


def delivered(running, payload):
    """Deliver an event to the server as the platform does; return its answer."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = signed(body, running.secret("ELEVENLABS_POST_CALL_KEY"), time.time())
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/webhook/post-call", data=body, headers=headers
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def test_an_erasure_that_was_asked_for_is_carried_out_at_the_next_start(filled, tmp_path):
    tombstone = ask_to_forget(filled.spool, callers=[ANA, ANAS_MOBILE])
    filled.start("all-in-one")

    async def until_complete():
        async with asyncio.timeout(30):
            path = filled.spool / ".spool/forgotten" / f"{tombstone.id}.done.json"
            while not path.exists():
                await asyncio.sleep(0.1)

    asyncio.run(until_complete())
    filled.end()
    assert secrets_in(tmp_path / "data") == []
    assert bens_events()[0]["data"]["conversation_id"] in filled.export()


def test_an_event_that_memory_has_not_tried_yet_goes_too(filled, tmp_path):
    with a_spool(filled.spool) as spool:
        commit(spool, unreadable("conv_odd", ANA))
    certificate = as_json(filled, "callers", "forget", ANA, "--yes")
    assert certificate["removed"]["conversations"] == 6
    assert secrets_in(tmp_path / "data") == []


def test_a_merge_that_was_killed_is_obeyed_by_the_next_start(filled):
    process = filled.spawn("callers", "merge", BEN, "--into", ANA)
    decisions = filled.spool / ".spool/decisions"
    before = set(decisions.iterdir())
    deadline = time.monotonic() + 30
    while set(decisions.iterdir()) == before:
        assert time.monotonic() < deadline, filled.log()
        time.sleep(0.001)
    process.kill()
    process.wait(10)
    filled.run("callers", "split", ANAS_MOBILE)  # whatever comes next settles both
    exported = filled.export()
    assert f'"caller":"{BEN}"' not in exported
    filled.run("processor", "rebuild", expect=1)
    assert filled.export() == exported
    assert verify(filled.spool).findings == ()
