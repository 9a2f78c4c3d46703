"""What is gone on purpose: recorded first, and never taken for a loss."""

import json
import multiprocessing
import re
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spool import dropped as dropping
from spool.dropped import (
    DROPPED_FILE,
    Drop,
    Dropped,
    decode_drop,
    encode_drop,
    is_kept_file,
    kept_path,
    note_dropped,
    read_dropped,
)
from spool.durable import remove_files, write_once, write_over
from spool.format import DamagedLine, SpoolError, file_path
from spool.verify import verify
from tests.factories import transcription_payload
from tests.spools import a_spool, deliver

AT = datetime(2026, 11, 21, 3, tzinfo=UTC)
FORMAT = Path(__file__).parent.parent / "spool" / "FORMAT.md"


def a_drop(file="conv_1/conv_1_audio.mp3", **given):
    return Drop(file=file, **{"what": "file", "reason": "retention", "at": AT, **given})


def spool_with(tmp_path, *ids):
    with a_spool(tmp_path) as spool:
        return deliver(spool, *(transcription_payload(conversation_id=each) for each in ids))


def test_the_examples_of_the_format_page_are_drops():
    page = FORMAT.read_text("utf-8").partition("## Dropped")[2].partition("\n## ")[0]
    [example] = re.findall(r"```jsonl\n(.*?)```", page, re.DOTALL)
    lines = example.encode().splitlines(keepends=True)
    drops = [decode_drop(line) for line in lines]
    assert [drop.what for drop in drops] == ["file", "file", "memories"]
    assert [encode_drop(drop) for drop in drops] == lines


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"what": "folder"},
        {"reason": "because"},
        {"file": "../etc/passwd"},
        {"file": ".spool/ledger.jsonl"},
        {"at": "yesterday"},
    ],
)
def test_a_line_that_says_something_unknown_is_damaged(change):
    members = json.loads(encode_drop(a_drop()))
    del members["crc"]
    body = json.dumps({**members, **change}, separators=(",", ":"))[:-1].encode()
    with pytest.raises(DamagedLine):
        decode_drop(body + b',"crc":"%08x"}\n' % zlib.crc32(body))
    with pytest.raises(DamagedLine):
        decode_drop(encode_drop(a_drop()).replace(b"conv_1", b"conv_2"))


def test_what_is_noted_is_read_and_read_on(tmp_path):
    dropped = Dropped(tmp_path)
    assert dropped.file("conv_1/conv_1_audio.mp3") is None
    note_dropped(tmp_path, [a_drop(), a_drop("conv_2/conv_2_transcription.json", what="memories")])
    assert dropped.file("conv_1/conv_1_audio.mp3") is None  # not looked again yet
    dropped.refresh()
    assert dropped.file("conv_1/conv_1_audio.mp3") == a_drop()
    assert dropped.has_no_memories("conv_2/conv_2_transcription.json")
    assert not dropped.has_no_memories("conv_1/conv_1_audio.mp3")
    note_dropped(tmp_path, [a_drop("conv_3/conv_3_audio.mp3", reason="space")])
    dropped.refresh()
    assert {drop.reason for drop in dropped.all_files()} == {"retention", "space"}
    assert (tmp_path / DROPPED_FILE).stat().st_mode & 0o777 == 0o600


def test_nothing_to_note_writes_nothing(tmp_path):
    note_dropped(tmp_path, [])
    assert list(tmp_path.iterdir()) == []
    assert list(read_dropped(tmp_path)) == []


@pytest.mark.parametrize("torn", [b"{", b'{"v":1,"file":"conv_9', b"x" * 100_000])
def test_a_torn_end_is_cut_off_by_the_next_line(tmp_path, torn):
    note_dropped(tmp_path, [a_drop()])
    with (tmp_path / DROPPED_FILE).open("ab") as file:
        file.write(torn)
    assert [drop for drop, _ in read_dropped(tmp_path)] == [a_drop()]
    later = a_drop("conv_3/conv_3_audio.mp3")
    note_dropped(tmp_path, [later])
    assert [drop for drop, _ in read_dropped(tmp_path)] == [a_drop(), later]


def test_a_damaged_line_hides_no_other_and_is_found_by_verify(tmp_path):
    [file] = spool_with(tmp_path, "conv_1")
    note_dropped(tmp_path, [a_drop(file)])
    path = tmp_path / DROPPED_FILE
    path.write_bytes(b'{"v":1,"what":"nonsense"}\n' + path.read_bytes())
    assert Dropped(tmp_path).file(file) is not None
    (tmp_path / file).unlink()
    [finding] = verify(tmp_path).findings
    assert (finding.file, finding.problem) == (DROPPED_FILE, "torn")


def _note_many(root, first):
    for number in range(first, first + 40):
        note_dropped(root, [a_drop(f"conv_{number}/conv_{number}_audio.mp3")])


def test_several_processes_note_at_once_and_no_line_is_lost(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_note_many, args=(tmp_path, n * 40)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    noted = [drop.file for drop, _ in read_dropped(tmp_path)]
    assert len(noted) == len(set(noted)) == 120


def test_a_file_that_cannot_be_written_says_so_and_nothing_may_be_deleted(tmp_path):
    (tmp_path / DROPPED_FILE).mkdir(parents=True)
    with pytest.raises(SpoolError, match="dropped"):
        note_dropped(tmp_path, [a_drop()])
    with pytest.raises(SpoolError, match="dropped"):
        list(read_dropped(tmp_path))


@pytest.mark.parametrize("left", ["nothing", "an empty file", "a torn line", "a line"])
def test_the_name_is_durable_before_the_first_line_is_there_whoever_made_the_file(
    tmp_path, monkeypatch, left
):
    path, synced = tmp_path / DROPPED_FILE, []
    if left != "nothing":
        note_dropped(tmp_path, [a_drop("conv_0/conv_0_audio.mp3")])
        line = path.read_bytes()
        path.write_bytes({"an empty file": b"", "a torn line": line[:9], "a line": line}[left])
    real = dropping.sync_folder

    def sync_folder(folder):
        synced.append((folder, b"\n" in path.read_bytes()))
        real(folder)

    monkeypatch.setattr(dropping, "sync_folder", sync_folder)
    note_dropped(tmp_path, [a_drop()])
    assert synced == ([] if left == "a line" else [(path.parent, False)])


def test_what_is_kept_of_a_file_stands_beside_it():
    file = file_path("transcription", "conv_1")
    assert kept_path(file) == "conv_1/conv_1_transcription.memories.json"
    assert is_kept_file(kept_path(file))
    assert is_kept_file(kept_path(file_path("transcription", "conv_1", revision_of="ab" * 32)))
    assert not is_kept_file(file)
    assert not is_kept_file("conv_1/notes.memories.json")


def test_a_dropped_file_is_no_loss_and_one_that_is_still_there_is_found(tmp_path):
    one, other = spool_with(tmp_path, "conv_1", "conv_2")
    note_dropped(tmp_path, [a_drop(one)])
    [finding] = verify(tmp_path).findings
    assert (finding.file, finding.problem) == (one, "extra")
    assert remove_files(tmp_path, [one]) == 1
    report = verify(tmp_path)
    assert (report.receipts, report.dropped, report.findings) == (2, 1, ())
    (tmp_path / other).unlink()
    assert [finding.problem for finding in verify(tmp_path).findings] == ["missing"]


def test_what_memory_rests_on_is_verified_too(tmp_path):
    [file] = spool_with(tmp_path, "conv_1")
    kept = tmp_path / kept_path(file)
    write_over(kept, b"{}\n")
    sha256 = "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
    note_dropped(tmp_path, [a_drop(file, kept_sha256=sha256)])
    remove_files(tmp_path, [file])
    assert verify(tmp_path).findings == ()
    write_over(kept, b"[]\n")
    assert [(f.file, f.problem) for f in verify(tmp_path).findings] == [
        (kept_path(file), "changed")
    ]
    kept.unlink()
    assert [finding.problem for finding in verify(tmp_path).findings] == ["missing"]
    note_dropped(tmp_path, [a_drop(file, what="memories")])
    assert verify(tmp_path).findings == ()  # nothing rests on it any more


def test_a_folder_that_is_empty_goes_with_its_last_file(tmp_path):
    files = spool_with(tmp_path, "conv_1", "conv_2")
    (tmp_path / "conv_2" / "notes.txt").write_text("a person's own")
    assert remove_files(tmp_path, [*files, "conv_3/conv_3_audio.mp3"]) == 2
    assert not (tmp_path / "conv_1").exists()
    assert (tmp_path / "conv_2").exists()
    assert remove_files(tmp_path, files) == 0


def test_a_name_is_given_once_and_leftovers_are_where_they_are_swept(tmp_path):
    with a_spool(tmp_path):
        pass
    path = tmp_path / ".spool" / "decisions" / "a.json"
    assert write_once(path, b"one")
    assert not write_once(path, b"two")
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o600
    write_over(path, b"three")
    assert path.read_bytes() == b"three"
    assert list((tmp_path / ".spool" / "incoming").iterdir()) == []
    with pytest.raises(SpoolError, match="in no spool"):
        write_once(tmp_path.parent / "elsewhere" / "a.json", b"one")


def test_what_is_dropped_during_a_verification_is_no_loss(tmp_path):
    one, other = spool_with(tmp_path, "conv_1", "conv_2")

    def drop_the_next(done, total):
        if done == 1:
            note_dropped(tmp_path, [a_drop(other)])
            remove_files(tmp_path, [other])

    report = verify(tmp_path, on_progress=drop_the_next)
    assert (report.dropped, report.findings) == (1, ())
    assert (tmp_path / one).exists()
