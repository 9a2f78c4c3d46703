"""How much stands in a spool of each kind: what its ledger names, less what was dropped."""

import json
import zlib

import pytest

from spool.dropped import DROPPED_FILE, Drop, note_dropped
from spool.ledger import LEDGER_FILE
from spool.sizes import Sizes
from tests.retentions import an_event
from tests.spools import RECEIVED, a_spool, calls, commit, deliver, not_understood

NOTHING = {"transcription": 0, "audio": 0, "failure": 0, "quarantine": 0}


def dropped(*files, reason="retention"):
    return [Drop(file=file, what="file", reason=reason, at=RECEIVED) for file in files]


def on_disk(root, *files):
    return sum((root / file).stat().st_size for file in files)


def test_sizes_are_those_of_the_files_less_what_was_dropped(tmp_path):
    sizes = Sizes(tmp_path)
    sizes.refresh()
    assert sizes.bytes_by_kind == NOTHING
    with a_spool(tmp_path) as spool:
        first = deliver(spool, *calls(3))
        audio = commit(spool, an_event("conv_00001", b"ID3" + b"x" * 500, None, kind="audio"))
        sizes.refresh()
        in_all = on_disk(tmp_path, *first)
        assert sizes.bytes_by_kind == NOTHING | {"transcription": in_all, "audio": 503}
        [body] = commit(spool, not_understood(b"?" * 77))
        note_dropped(tmp_path, dropped(*audio))
        sizes.refresh()
        assert sizes.bytes_by_kind == NOTHING | {"transcription": in_all, "quarantine": 77}
        # Let go of before it was counted, and named twice: it counts once all the same.
        later = deliver(spool, *calls(1, first=9))
        note_dropped(tmp_path, [*dropped(*later), *dropped(first[0]), *dropped(*audio)])
        note_dropped(tmp_path, dropped(first[0], body, reason="erased"))
        note_dropped(tmp_path, [Drop(file=first[1], what="memories", reason="erased", at=RECEIVED)])
        sizes.refresh()
    kept = on_disk(tmp_path, *first[1:])
    assert sizes.bytes_by_kind == NOTHING | {"transcription": kept}
    assert sizes.files_by_kind == NOTHING | {"transcription": 2}
    fresh = Sizes(tmp_path)
    fresh.refresh()
    assert fresh.bytes_by_kind == sizes.bytes_by_kind


def test_what_has_been_counted_is_not_read_again(tmp_path):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(3))
    sizes = Sizes(tmp_path)
    sizes.refresh()
    ledger = tmp_path / LEDGER_FILE
    content = ledger.read_bytes()
    ledger.write_bytes(b"\n" * len(content))
    sizes.refresh()
    assert sizes.files_by_kind["transcription"] == len(files)


@pytest.mark.parametrize("name", [LEDGER_FILE, DROPPED_FILE])
def test_a_spool_that_was_put_back_from_a_copy_is_counted_anew(tmp_path, name):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(3))
        note_dropped(tmp_path, dropped(files[0]))
    sizes = Sizes(tmp_path)
    sizes.refresh()
    path = tmp_path / name
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    sizes.refresh()
    fresh = Sizes(tmp_path)
    fresh.refresh()
    assert sizes.bytes_by_kind == fresh.bytes_by_kind != NOTHING


def test_a_line_that_is_written_otherwise_counts_and_a_damaged_one_does_not(tmp_path):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(2))
    path = tmp_path / LEDGER_FILE
    first, second = path.read_bytes().splitlines(keepends=True)
    members = json.loads(second)
    del members["crc"]
    body = json.dumps({"size": members.pop("size"), **members})[:-1].encode()
    otherwise = body + b',"crc":"%08x"}\n' % zlib.crc32(body)
    path.write_bytes(first.replace(b'"size":', b'"size":9') + otherwise)
    sizes = Sizes(tmp_path)
    sizes.refresh()
    assert sizes.files_by_kind["transcription"] == 1
    assert sizes.bytes_by_kind["transcription"] == on_disk(tmp_path, files[1])
