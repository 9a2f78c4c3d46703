"""Looking back over HTTP: conversations, what is kept of each, and the callers."""

import asyncio
import json
import logging

import pytest

from memory.errors import MemoryUnavailable
from spool.decisions import read_decisions, write_decision
from spool.dropped import Drop, note_dropped
from spool.forgotten import note_complete, read_tombstones
from spool.people import Decision
from spool.reader import read_receipts
from tests.archives import ADMIN, ANA, BEGAN, BOB, DAY, KEY, MP3, attach, looking_back, some_calls
from tests.factories import transcription_payload
from tests.receiving import receiving

ALL = ["conv_missed", "conv_withheld", "conv_bob", "conv_ana_2", "conv_ana_1"]


def ids(page):
    return [each["id"] for each in page["conversations"]]


async def test_the_history_lists_conversations_newest_first_with_numbers_masked(tmp_path):
    async with looking_back(tmp_path) as looked:
        page = await looked.json("/history")
        full = await looked.json("/history", full="true")
    assert ids(page) == ids(full) == ALL
    assert page["next_cursor"] is None
    assert ANA not in json.dumps(page)
    latest = page["conversations"][3]
    assert latest["caller"] == latest["line"] == "+1 *** *** 0142"
    assert latest["summary"] == "Ana moved her booking to Thursday."
    assert latest["started_at"] == "2026-09-22T14:13:20Z"
    assert [each["caller"] for each in full["conversations"]] == [BOB, None, BOB, ANA, ANA]
    withheld = page["conversations"][1]
    assert (withheld["caller"], withheld["caller_id"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"caller": ANA}, ["conv_ana_2", "conv_ana_1"]),
        ({"caller": "+1 (555) 010-0142"}, ["conv_ana_2", "conv_ana_1"]),
        ({"caller": f" {ANA[1:]}"}, ["conv_ana_2", "conv_ana_1"]),
        ({"caller": "+15550100199"}, []),
        ({"caller": "c_00000000000000000000"}, []),
        ({"caller": "web:nobody"}, []),
        ({"agent": "agent_4f1c8a2be07d4c55"}, ALL),
        ({"agent": "agent_other"}, []),
        ({"since": "2026-09-23"}, ALL[:3]),
        ({"since": "2026-09-24T14:13:20Z"}, ALL[:2]),
        ({"since": "2026-09-24T16:13:20 02:00"}, ALL[:2]),
        ({"until": "2026-09-21"}, ALL[4:]),
        ({"until": "2026-09-22T00:00:00Z"}, ALL[4:]),
        ({"since": "2026-09-22", "until": "2026-09-22"}, ["conv_ana_2"]),
        ({"outcome": "no-answer"}, ["conv_missed"]),
        ({"outcome": "success"}, ALL[1:]),
        ({"direction": "outbound"}, ["conv_missed", "conv_bob"]),
        ({"kind": "failure"}, ["conv_missed"]),
        ({"text": "tande"}, ["conv_bob"]),
        ({"text": "thursday booking"}, ["conv_ana_2"]),
        ({"text": "?!"}, []),
        ({"caller": BOB, "kind": "call", "text": "tandem", "direction": "outbound"}, ["conv_bob"]),
    ],
)
async def test_every_filter_and_their_combination_finds_its_conversations(tmp_path, query, wanted):
    async with looking_back(tmp_path) as looked:
        assert ids(await looked.json("/history", **query)) == wanted


async def test_the_opaque_id_of_a_list_is_the_caller(tmp_path):
    async with looking_back(tmp_path) as looked:
        page = await looked.json("/history", limit="1", text="tandem")
        opaque = page["conversations"][0]["caller_id"]
        assert ids(await looked.json("/history", caller=opaque)) == ["conv_missed", "conv_bob"]
        by_id = await looked.json(f"/callers/{opaque}")
        by_number = await looked.json("/callers/%2B15550100177")
    assert by_id == by_number
    assert by_id["id"] == opaque


async def test_pages_follow_one_another_by_their_cursors(tmp_path):
    async with looking_back(tmp_path) as looked:
        found, query = [], {"limit": "2"}
        while True:
            page = await looked.json("/history", **query)
            found += ids(page)
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        first = await looked.json("/callers", limit="1")
        second = await looked.json("/callers", limit="1", cursor=first["next_cursor"])
    assert found == ALL
    shown = [page["callers"][0]["caller"] for page in (first, second)]
    assert shown == ["+1 *** *** 0177", "+1 *** *** 0142"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid_limit"), ("limit=501", "invalid_limit"), ("limit=x", "invalid_limit"),
        ("limit=", "invalid_limit"), ("limit=%D9%A3", "invalid_limit"),
        ("cursor=x", "invalid_cursor"), ("cursor=WyJ4Il0", "invalid_cursor"),
        ("caller=Ana", "invalid_caller"), ("caller=anonymous", "invalid_caller"),
        ("caller=5550100142", "invalid_caller"), ("caller=%2B1", "invalid_caller"),
        ("since=yesterday", "invalid_since"), ("since=2026-11-20T09:30:00", "invalid_since"),
        ("until=2026-13-01", "invalid_until"), ("until=20", "invalid_until"),
        ("until=9999-12-31", "invalid_until"),
        ("caller=c_00000000000000000000&kind=chat", "invalid_kind"),
        ("direction=up", "invalid_direction"), ("kind=chat", "invalid_kind"),
        ("full=yes", "invalid_full"), ("text=", "invalid_text"), ("text=a%00b", "invalid_text"),
        ("outcome=" + "x" * 1001, "invalid_outcome"), ("agent=a&agent=b", "repeated_parameter"),
        ("callr=%2B15550100142", "unknown_parameter"), ("%ff=1", "unknown_parameter"),
    ],
)  # fmt: skip
async def test_a_slip_in_the_query_is_told_and_not_passed_over(tmp_path, query, code):
    async with looking_back(tmp_path, payloads=[]) as looked:
        answer = await looked.json(f"/history?{query}", status=400)
        assert looked.running.receiver.counts["defects"] == 0
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]


async def test_a_national_number_is_understood_with_a_region(tmp_path):
    async with looking_back(tmp_path, phone_region="US") as looked:
        assert ids(await looked.json("/history", caller="(555) 010-0142")) == ALL[3:]


async def test_a_conversation_tells_its_files_and_why_one_is_gone(tmp_path):
    async with looking_back(tmp_path) as looked:
        root = looked.running.root
        (drop,) = [
            Drop(file=receipt.file, what="file", reason="retention", at=receipt.received_at)
            for receipt, _ in read_receipts(root)
            if receipt.kind == "audio"
        ]
        before = await looked.json("/history/conv_ana_1")
        note_dropped(root, [drop])
        (root / drop.file).unlink()
        await looked.catch_up()
        after = await looked.json("/history/conv_ana_1")
        gone = await looked.json("/history/conv_ana_1/audio", status=410)
    assert [each["kind"] for each in before["files"]] == ["transcription", "audio"]
    assert before["has_audio"] is True
    assert before["files"][1]["dropped"] is None
    assert after["has_audio"] is False
    assert after["files"][1]["dropped"] == "retention"
    assert after["files"][1]["dropped_at"].startswith(f"{drop.at:%Y-%m-%d}")
    assert gone["error"]["code"] == "not_kept"
    assert "deleted by retention on" in gone["error"]["message"]


async def test_a_conversation_that_the_history_has_not_read_yet_is_to_be_asked_for_again(tmp_path):
    async with looking_back(tmp_path) as looked:
        await looked.running.deliver_json(transcription_payload(conversation_id="conv_new"))
        for ask in (looked.get, looked.delete):
            response = await ask("/history/conv_new")
            assert response.status == 503
            assert (await response.json())["error"]["code"] == "history_behind"
            assert response.headers["Retry-After"] == "1"
        await looked.catch_up()
        assert (await looked.get("/history/conv_new")).status == 200


@pytest.mark.parametrize(
    "path",
    ["conv_none", "..", "%2e%2e%2fetc", "a" * 129, "conv%20x", "%ff", "conv_ana_1%00"],
)
async def test_an_unknown_conversation_is_a_404_whatever_its_name(tmp_path, path):
    async with looking_back(tmp_path) as looked:
        for part in ("", "/transcript", "/audio", "/functions", "/memories"):
            response = await looked.get(f"/history/{path}{part}")
            assert response.status == 404
            assert (await response.json())["error"]["code"] in {
                "unknown_conversation", "not_found",
            }  # fmt: skip
        assert looked.running.receiver.counts["defects"] == 0


async def test_a_transcript_is_json_or_text_for_reading(tmp_path):
    path = "/history/conv_ana_2/transcript"
    text = "00:00  Agent   How can I help?\n00:05  Caller  Please move my booking to Thursday\n"
    async with looking_back(tmp_path) as looked:
        shown = await looked.json(path)
        for headers, query in (
            ({}, {"format": "text"}),
            ({"Accept": "text/plain"}, {}),
            ({"Accept": "text/plain;q=0.9, application/json;q=0.1"}, {}),
        ):
            response = await looked.get(path, headers=headers, **query)
            assert response.content_type == "text/plain"
            assert await response.text() == text
        for headers in ({"Accept": "application/json, text/plain, */*"}, {"Accept": "*/*"}):
            assert await looked.json(path, headers=headers) == shown
        assert await looked.json(path, headers={"Accept": "text/plain"}, format="json") == shown
        wrong = await looked.json(path, status=400, format="xml")
    assert shown["lines"][1] == {
        "role": "user", "time_secs": 5.0, "text": "Please move my booking to Thursday",
    }  # fmt: skip
    assert wrong["error"]["code"] == "invalid_format"


async def test_tool_calls_come_with_their_results_whatever_a_tool_has_said(tmp_path):
    deep = transcription_payload(conversation_id="conv_deep", messages=[("user", "Hello")])
    deep["data"]["transcript"][0]["tool_calls"] = [
        {"request_id": "r", "tool_name": "deep", "params_as_json": "[" * 200 + "]" * 200}
    ]
    async with looking_back(tmp_path, payloads=[*some_calls(), deep]) as looked:
        answer = await looked.json("/history/conv_ana_2/functions")
        assert "\u2026" in (await (await looked.get("/history/conv_deep/functions")).text())
        none = await looked.json("/history/conv_bob/functions")
    (call,) = answer["functions"]
    assert call["parameters"] == {"day": "Thursday", "odd": "?", "huge": "1" + "0" * 30}
    assert (call["name"], call["result"], call["is_error"]) == (
        "move_booking",
        {"moved": True},
        False,
    )
    assert none["functions"] == []


async def test_the_memories_of_a_call_are_those_it_added(tmp_path):
    async with looking_back(tmp_path) as looked:
        answer = await looked.json("/history/conv_ana_2/memories")
        withheld = await looked.json("/history/conv_withheld/memories")
    assert {each["conversation_id"] for each in answer["memories"]} == {"conv_ana_2"}
    assert "shoe size: 39" in {each["content"] for each in answer["memories"]}
    assert withheld["memories"] == []


@pytest.mark.parametrize(
    ("range_", "status", "first", "last"),
    [
        ("bytes=0-0", 206, 0, 0), ("bytes=100-299", 206, 100, 299),
        ("bytes=1000000-", 206, 1_000_000, len(MP3) - 1),
        ("bytes=-500", 206, len(MP3) - 500, len(MP3) - 1),
        ("bytes=0-99999999", 206, 0, len(MP3) - 1), ("bytes=-99999999", 206, 0, len(MP3) - 1),
        ("bytes=0-1,5-6", 200, 0, len(MP3) - 1), ("lines=0-1", 200, 0, len(MP3) - 1),
        ("bytes=9-3", 200, 0, len(MP3) - 1), ("bytes=-", 200, 0, len(MP3) - 1),
        ("bytes=99999999-", 416, None, None), ("bytes=-0", 416, None, None),
    ],
)  # fmt: skip
async def test_a_player_can_seek_in_a_recording(tmp_path, range_, status, first, last):
    async with looking_back(tmp_path) as looked:
        response = await looked.get("/history/conv_ana_1/audio", headers={"Range": range_})
        assert response.status == status
        if status == 416:
            assert response.headers["Content-Range"] == f"bytes */{len(MP3)}"
            assert (await response.json())["error"]["code"] == "range_not_satisfiable"
            return
        assert await response.read() == MP3[first : last + 1]
        assert response.content_type == "audio/mpeg"
        assert response.headers["Accept-Ranges"] == "bytes"
        if status == 206:
            assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(MP3)}"


async def test_a_recording_has_a_tag_by_which_it_is_not_sent_twice(tmp_path):
    path = "/history/conv_ana_1/audio"
    async with looking_back(tmp_path) as looked:
        head = await looked.running.client.head(path, headers={**ADMIN, "Range": "bytes=0-9"})
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(MP3)))
        assert await head.read() == b""
        tag = head.headers["ETag"]
        known = await looked.get(path, headers={"If-None-Match": f'"x", W/{tag}'})
        assert (known.status, await known.read()) == (304, b"")
        part = {"Range": "bytes=0-9"}
        same = await looked.get(path, headers={**part, "If-Range": tag})
        assert (same.status, len(await same.read())) == (206, 10)
        other = await looked.get(path, headers={**part, "If-Range": '"other"'})
        assert (other.status, await other.read()) == (200, MP3)


async def test_a_listener_who_hangs_up_is_no_defect(tmp_path):
    async with looking_back(tmp_path) as looked:
        reader, writer = await asyncio.open_connection("127.0.0.1", looked.running.port)
        writer.write(
            b"GET /history/conv_ana_1/audio HTTP/1.1\r\nHost: x\r\n"
            b"Authorization: Bearer " + KEY.encode() + b"\r\n\r\n"
        )
        await reader.readexactly(1000)
        writer.transport.abort()
        assert len(await (await looked.get("/history/conv_ana_1/audio")).read()) == len(MP3)
        assert looked.running.receiver.counts["defects"] == 0


async def test_a_recording_that_is_a_link_or_cut_is_not_sent(tmp_path):
    async with looking_back(tmp_path) as looked:
        file = looked.running.root / "conv_ana_1/conv_ana_1_audio.mp3"
        whole = file.read_bytes()
        file.unlink()
        (tmp_path / "elsewhere.mp3").write_bytes(whole)
        file.symlink_to(tmp_path / "elsewhere.mp3")
        link = await looked.json("/history/conv_ana_1/audio", status=503)
        file.unlink()
        file.write_bytes(whole[:-1])
        cut = await looked.json("/history/conv_ana_1/audio", status=503)
    assert link["error"]["code"] == cut["error"]["code"] == "not_readable"


async def test_a_caller_is_shown_with_where_everything_is_from(tmp_path):
    async with looking_back(tmp_path) as looked:
        shown = await looked.json("/callers/%2B15550100142")
        full = await looked.json("/callers/%2B15550100142", full="true")
    assert ANA not in json.dumps(shown)
    assert (full["caller"], full["lines"]) == (ANA, [ANA])
    facts = {each["key"]: each for each in shown["profile"]["facts"]}
    assert facts["shoe_size"]["value"] == "39"
    assert facts["shoe_size"]["conversation_id"] == "conv_ana_2"
    assert facts["shoe_size"]["occurred_at"] == "2026-09-22T14:13:20Z"
    assert ids(shown) == ["conv_ana_2", "conv_ana_1"]
    assert {each["conversation_id"] for each in shown["memories"]} == set(ids(shown))
    assert shown["profile"]["last_call_at"] == "2026-09-22T14:13:20Z"


async def test_who_was_never_reached_has_a_profile_without_dates_of_calls(tmp_path):
    async with looking_back(tmp_path, payloads=[some_calls()[-1]]) as looked:
        shown = await looked.json("/callers/%2B15550100177")
    assert shown["profile"]["call_count"] == 0
    assert shown["profile"]["last_call_at"] is None
    assert shown["profile"]["unanswered_calls"][0]["conversation_id"] == "conv_missed"


@pytest.mark.parametrize("named", ["%2B15550100199", "c_00000000000000000000", "web:nobody"])
async def test_an_unknown_caller_is_a_404(tmp_path, named):
    async with looking_back(tmp_path) as looked:
        answer = await looked.json(f"/callers/{named}", status=404)
    assert answer["error"]["code"] == "unknown_caller"


@pytest.mark.parametrize("named", ["Ana", "anonymous", "%ff", "5550100142", "c_0"])
async def test_what_can_be_no_caller_is_a_400(tmp_path, named):
    async with looking_back(tmp_path) as looked:
        answer = await looked.json(f"/callers/{named}", status=400)
    assert answer["error"]["code"] == "invalid_caller"


async def test_two_numbers_of_one_person_are_one_caller(tmp_path):
    async with looking_back(tmp_path) as looked:
        decision = Decision(
            id="20261122T000000000000Z-0", at=looked.running.receiver.clock(), kind="merge",
            caller=BOB, into=ANA,
        )  # fmt: skip
        write_decision(looked.running.root, decision)
        await looked.catch_up()
        by_bob = await looked.json("/callers/%2B15550100177", full="true")
        by_ana = await looked.json("/callers/%2B15550100142", full="true")
        listed = await looked.json("/history", caller=BOB)
    assert by_bob == by_ana
    assert by_ana["lines"] == [ANA, BOB]
    assert set(ids(listed)) == {"conv_ana_1", "conv_ana_2", "conv_bob", "conv_missed"}


async def test_a_conversation_that_is_to_be_erased_is_not_shown_any_more(tmp_path):
    async with looking_back(tmp_path) as looked:
        response = await looked.delete("/history/conv_ana_2")
        answer = await response.json()
        (tombstone,) = read_tombstones(looked.running.root)
        again = await looked.delete("/history/conv_ana_2")
        shown = await looked.json("/history")
        await looked.json("/history/conv_ana_2", status=404)
        pending = await looked.json(f"/erasures/{answer['id']}")
        note_complete(looked.running.root, answer["id"], {"removed": {"conversations": 1}})
        complete = await looked.json(f"/erasures/{answer['id']}")
    assert response.status == 202
    assert response.headers["Location"] == answer["url"] == f"/erasures/{tombstone.id}"
    assert (tombstone.kind, len(tombstone.conversations)) == ("conversation", 1)
    assert again.status == 404
    assert ids(shown) == [each for each in ALL if each != "conv_ana_2"]
    assert pending == answer
    assert (answer["status"], answer["certificate"]) == ("pending", None)
    assert complete["status"] == "complete"
    assert complete["certificate"] == {"removed": {"conversations": 1}}


async def test_an_erasure_that_is_done_in_time_is_answered_with_its_certificate(tmp_path):
    async with looking_back(tmp_path, patience_seconds=5) as looked:
        deleting = asyncio.create_task(looked.delete("/callers/%2B15550100142"))
        while not (tombstones := read_tombstones(looked.running.root)):
            await asyncio.sleep(0.01)
        note_complete(looked.running.root, tombstones[0].id, {"removed": {"conversations": 2}})
        response = await deleting
        answer = await response.json()
    assert response.status == 200
    assert answer["certificate"] == {"removed": {"conversations": 2}}
    assert tombstones[0].kind == "caller"
    assert (len(tombstones[0].callers), len(tombstones[0].conversations)) == (1, 2)


async def test_a_caller_who_is_to_be_erased_is_in_no_list_at_once(tmp_path):
    async with looking_back(tmp_path) as looked:
        listed = await looked.json("/callers")
        opaque = listed["callers"][1]["id"]
        assert (await looked.delete(f"/callers/{opaque}")).status == 202
        callers = await looked.json("/callers", full="true")
        history = await looked.json("/history")
        for path in (f"/callers/{opaque}", "/callers/%2B15550100142"):
            answer = await looked.json(path, status=404)
            assert answer["error"]["code"] == "unknown_caller"
    assert [each["caller"] for each in callers["callers"]] == [BOB]
    assert ids(history) == ["conv_missed", "conv_withheld", "conv_bob"]


async def test_a_number_of_which_nothing_is_known_can_be_erased_but_no_unknown_id(tmp_path):
    async with looking_back(tmp_path, payloads=[]) as looked:
        assert (await looked.delete("/callers/%2B15550100199")).status == 202
        unknown = await looked.delete("/callers/c_00000000000000000000")
        assert unknown.status == 404
        assert len(read_tombstones(looked.running.root)) == 1


@pytest.mark.parametrize("slash", ["/", "%2F"])
async def test_a_memory_is_taken_back_and_stays_away(tmp_path, slash):
    path = f"/callers/%2B15550100142/memories/conv_ana_2{slash}fact{slash}shoe_size"
    async with looking_back(tmp_path) as looked:
        response = await looked.delete(path)
        answer = await response.json()
        await looked.catch_up()
        [decision] = read_decisions(looked.running.root)
        assert (decision.kind, decision.caller) == ("untrue", "")  # it names no number

        async def is_done():
            return (await looked.json(answer["url"]))["status"] == "complete"

        from tests import spools

        async with spools.running(looked.running.root, looked.store):
            await spools.until(is_done)
        shown = await looked.json("/callers/%2B15550100142")
        assert (await looked.delete(path)).status == 404
        other = await looked.delete("/callers/%2B15550100177/memories/conv_ana_2/summary")
        assert (await other.json())["error"]["code"] == "unknown_memory"
    assert response.status == 202
    assert "shoe_size" not in {each["key"] for each in shown["profile"]["facts"]}
    assert "Ana" in {each["value"] for each in shown["profile"]["facts"]}


async def test_an_erasure_that_nobody_asked_for_is_unknown(tmp_path):
    async with looking_back(tmp_path, payloads=[]) as looked:
        for name in ("er_0", "er_..%2F..", "key", "x"):
            answer = await looked.json(f"/erasures/{name}", status=404)
            assert answer["error"]["code"] == "unknown_erasure"


async def test_the_numbers_are_those_that_the_program_counts(tmp_path):
    async def read_stats():
        return {"conversations": 5}

    async with looking_back(tmp_path, payloads=[]) as looked:
        none = await looked.json("/stats", status=503)
        attach(looked, read_stats=read_stats)
        assert await looked.json("/stats") == {"conversations": 5}
    assert none["error"]["code"] == "not_configured"


async def test_a_server_without_a_history_says_so(tmp_path):
    async with receiving(tmp_path, admin_key=KEY) as running:
        response = await running.client.get("/history", headers=ADMIN)
        assert response.status == 503
        assert (await response.json())["error"]["code"] == "not_configured"


async def test_memory_that_cannot_be_read_is_said_and_history_goes_on(tmp_path, monkeypatch):
    async def fail(caller):
        raise MemoryUnavailable("the memory file is gone")

    async with looking_back(tmp_path) as looked:
        monkeypatch.setattr(looked.store, "holdings", fail)
        answer = await looked.json("/callers/%2B15550100142", status=503)
        assert len(ids(await looked.json("/history"))) == 5
    assert answer["error"] == {
        "code": "memory_unavailable", "message": "The memory file is gone.",
    }  # fmt: skip


async def test_the_memories_of_one_call_are_read_alone(tmp_path, monkeypatch):
    async def fail(caller):
        raise AssertionError("all of a caller is read")

    async with looking_back(tmp_path) as looked:
        monkeypatch.setattr(looked.store, "holdings", fail)
        answer = await looked.json("/history/conv_ana_1/memories")
    assert {each["conversation_id"] for each in answer["memories"]} == {"conv_ana_1"}


async def test_what_the_owner_looks_up_is_in_no_log(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    async with looking_back(tmp_path) as looked:
        caplog.clear()
        await looked.json("/callers/%2B15550100142", full="true")
        await looked.json("/history", caller=ANA, text="booking")
        await looked.json("/history/conv_ana_2/transcript")
    lines = [each for each in caplog.records if getattr(each, "action", "") == "request"]
    assert [each.path for each in lines] == [
        "/callers/{caller}", "/history", "/history/{conversation_id}/transcript",
    ]  # fmt: skip
    assert lines[0].caller == "+1 *** *** 0142"
    assert ANA not in caplog.text
    assert "booking" not in caplog.text


async def test_the_calls_of_one_moment_are_all_listed(tmp_path):
    payloads = [
        transcription_payload(conversation_id=f"conv_{n}", started_at=BEGAN + DAY) for n in range(7)
    ]
    async with looking_back(tmp_path, payloads=payloads) as looked:
        first = await looked.json("/history", limit="3")
        second = await looked.json("/history", limit="10", cursor=first["next_cursor"])
    assert sorted(ids(first) + ids(second)) == [f"conv_{n}" for n in range(7)]


async def test_a_browser_of_an_allowed_origin_may_play_and_delete(tmp_path):
    origin = {"Origin": "https://app.example"}
    preflight = {**origin, "Access-Control-Request-Method": "DELETE"}
    async with looking_back(tmp_path, cors_origins=("https://app.example",)) as looked:
        asked = await looked.running.client.options("/history/conv_bob", headers=preflight)
        assert asked.status == 204
        assert "DELETE" in asked.headers["Access-Control-Allow-Methods"]
        assert "Range" in asked.headers["Access-Control-Allow-Headers"]
        played = await looked.get(
            "/history/conv_ana_1/audio", headers={**origin, "Range": "bytes=0-9"}
        )
        assert played.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Content-Range" in played.headers["Access-Control-Expose-Headers"]
        read = await looked.get("/history/conv_ana_1/transcript", headers=origin)
        assert read.headers.getall("Vary") == ["Accept", "Origin"]
        other = await looked.get("/history", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers


async def test_a_call_after_the_erasure_is_a_new_story(tmp_path):
    async with looking_back(tmp_path) as looked:
        now = looked.running.receiver.clock()
        assert (await looked.delete("/callers/%2B15550100142")).status == 202
        later = transcription_payload(
            conversation_id="conv_later", caller=ANA, started_at=now.timestamp() + 60
        )
        await looked.running.deliver_json(later)
        await looked.catch_up()
        shown = await looked.json("/callers/%2B15550100142")
        listed = await looked.json("/history", caller=ANA)
    assert ids(shown) == ids(listed) == ["conv_later"]
    assert shown["profile"] is None


async def test_two_people_of_one_line_are_two_callers(tmp_path):
    async with looking_back(tmp_path) as looked:
        decision = Decision(
            id="20261122T000000000000Z-0", at=looked.running.receiver.clock(), kind="split",
            caller=ANA, conversations=("conv_ana_2",), name="Bea",
        )  # fmt: skip
        write_decision(looked.running.root, decision)
        await looked.catch_up()
        ana = await looked.json("/callers/%2B15550100142")
        bea = await looked.json("/callers/%2B15550100142~2")
        listed = await looked.json("/callers")
    assert (ids(ana), ids(bea)) == (["conv_ana_1"], ["conv_ana_2"])
    assert bea["id"] in {each["id"] for each in listed["callers"]}
    assert (ana["caller"], bea["caller"]) == ("+1 *** *** 0142", "+1 *** *** 0142~2")
