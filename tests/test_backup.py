"""A backup of spool and memory: whole, only what is new, obeying erasures; and putting it back."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from processor.erasure.carry_out import carry_out
from spool.backup.folder import BackupRefused, held
from spool.backup.manifest import DamagedBackup
from spool.backup.reading import check_backup
from spool.backup.restore import restore
from spool.blanking import blank_receipts
from spool.dropped import Drop, kept_path, note_dropped
from spool.durable import remove_files
from spool.erasing import ask_to_forget
from spool.forgotten import certificate_of
from spool.format import SpoolError
from spool.version import RESTORING_FILE, UnfinishedSpool, check_format
from spool.writer import Spool
from tests.backups import NOW, caught_up, files_in, findings, holds, put_back, sources, take
from tests.erasures import ANA, ASKED, SECRETS, a_data_folder, call_of, deliver_one
from tests.factories import transcription_payload
from tests.spools import a_spool


@pytest.fixture
async def data(tmp_path):
    """A data folder with all that can be in one; nobody has it open."""
    async with a_data_folder(tmp_path / "data"):
        pass
    return tmp_path / "data"


def one_more(data, conversation_id="conv_new", **given):
    with a_spool(data / "spool") as spool:
        deliver_one(spool, transcription_payload(conversation_id=conversation_id, **given))


async def test_what_is_put_back_is_the_same_spool_and_the_same_memory(data, tmp_path):
    before = await caught_up(data)
    report = take(data, tmp_path / "b")
    assert report.lacks == {}
    assert report.has_memory
    restored = put_back(tmp_path / "b", tmp_path / "new")
    assert restored.memory == "restored"
    assert restored.damaged == {}
    assert findings(tmp_path / "new") == ()
    old, new = files_in(data / "spool"), files_in(tmp_path / "new/spool")
    assert json.loads(new.pop(".spool/format.json")) == {"v": 1}
    assert {name for name in old.keys() - new.keys() if "/incoming/" not in name} == {
        "conv_ana1/notes.txt"  # which no receipt names
    }
    assert new == {name: content for name, content in old.items() if name in new}
    assert (tmp_path / "new/memory.db").stat().st_mode & 0o777 == 0o600
    for path in (tmp_path / "new/spool").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert await caught_up(tmp_path / "new") == before


async def test_the_memory_that_was_copied_is_of_use_as_it_is(data, tmp_path):
    await caught_up(data)
    take(data, tmp_path / "b")
    put_back(tmp_path / "b", tmp_path / "new")
    position = "SELECT ledger, offset FROM position"
    with (
        closing(sqlite3.connect(data / "memory.db")) as old,
        closing(sqlite3.connect(tmp_path / "new/memory.db")) as new,
    ):
        assert new.execute(position).fetchall() == old.execute(position).fetchall()
        assert new.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("harm", ["missing", "older", "damaged", "other version"])
async def test_without_a_copy_of_memory_that_is_of_use_it_is_derived(data, tmp_path, harm):
    if harm == "older":
        (tmp_path / "b").mkdir()
        shutil.copy(data / "memory.db", tmp_path / "older.db")
    one_more(data)
    # The folder's own memory has not settled its decisions: a new one has.
    before = await (caught_up(data) if harm == "older" else caught_up(data, memory="derived.db"))
    if harm == "missing":
        take(data, tmp_path / "b", copy=lambda _: False)
    elif harm == "older":
        take(data, tmp_path / "b", copy=lambda to: bool(shutil.copy(tmp_path / "older.db", to)))
    else:
        take(data, tmp_path / "b")
        [copy] = (tmp_path / "b").glob("memory-*")
        if harm == "damaged":
            copy.write_bytes(b"x" * copy.stat().st_size)
        else:
            (data / "memory.db").unlink()
            with closing(sqlite3.connect(data / "memory.db")) as other:
                other.execute("PRAGMA user_version = 1")
                other.execute("PRAGMA application_id = 0x43414C53")
            take(data, tmp_path / "b", first_id=50)
    restored = put_back(tmp_path / "b", tmp_path / "new")
    assert (restored.memory == "restored") is (harm == "older")
    assert await caught_up(tmp_path / "new") == before


async def test_the_next_backup_copies_only_what_is_new(data, tmp_path):
    first = take(data, tmp_path / "b")
    again = take(data, tmp_path / "b", first_id=10)
    assert (again.copied, again.there) == (0, first.copied)
    one_more(data)
    third = take(data, tmp_path / "b", first_id=20)
    assert (third.copied, third.there) == (1, first.copied)
    assert not third.is_ledger_new
    assert len([*(tmp_path / "b").glob("ledger-*")]) == 1
    assert len([*(tmp_path / "b").glob("state-*")]) == 1
    assert len([*(tmp_path / "b").glob("memory-*")]) == 1
    put_back(tmp_path / "b", tmp_path / "new")
    assert findings(tmp_path / "new") == ()
    assert sources(tmp_path / "new") == sources(data)


async def test_a_file_of_the_spool_that_is_damaged_never_takes_the_place_of_its_copy(
    data, tmp_path
):
    take(data, tmp_path / "b")
    file = "conv_ben0/conv_ben0_transcription.json"
    content = (data / "spool" / file).read_bytes()
    (data / "spool" / file).write_bytes(content[:-2] + b"?}")
    assert take(data, tmp_path / "b", first_id=10, checks_all=True).lacks == {}
    assert (tmp_path / "b/files" / file).read_bytes() == content
    (tmp_path / "b/files" / file).unlink()
    report = take(data, tmp_path / "b", first_id=20)
    assert report.lacks == {file: "changed"}
    assert not (tmp_path / "b/files" / file).exists()
    assert check_backup(tmp_path / "b").damaged == {}
    put_back(tmp_path / "b", tmp_path / "new")
    assert [(each.file, each.problem) for each in findings(tmp_path / "new")] == [(file, "missing")]


async def test_a_copy_that_is_damaged_is_found_by_a_check_and_mended(data, tmp_path):
    take(data, tmp_path / "b")
    file = "conv_ben0/conv_ben0_audio.mp3"
    copy = tmp_path / "b/files" / file
    content = copy.read_bytes()
    copy.write_bytes(b"x" * len(content))
    assert list(check_backup(tmp_path / "b").damaged) == [file]
    assert take(data, tmp_path / "b", first_id=10).repaired == 0
    assert take(data, tmp_path / "b", first_id=20, checks_all=True).repaired == 1
    assert copy.read_bytes() == content
    copy.write_bytes(b"x" * len(content))
    restored = put_back(tmp_path / "b", tmp_path / "new")
    assert restored.damaged == {file: "changed"}
    assert [each.file for each in findings(tmp_path / "new")] == [file]


@pytest.mark.parametrize("part", ["ledger-*", "state-*"])
async def test_a_backup_whose_ledger_or_orders_are_damaged_is_not_put_back(data, tmp_path, part):
    take(data, tmp_path / "b")
    [path] = (tmp_path / "b").glob(part)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(DamagedBackup, match="use another backup"):
        put_back(tmp_path / "b", tmp_path / "new")
    assert not (tmp_path / "new/spool").exists()
    assert take(data, tmp_path / "b", first_id=10).lacks == {}  # and the next backup mends it
    put_back(tmp_path / "b", tmp_path / "new")


async def test_who_is_erased_is_gone_from_the_backup_after_its_next_run(data, tmp_path):
    take(data, tmp_path / "b")
    assert holds(tmp_path / "b", *SECRETS)
    async with a_data_folder(data, fill=False) as open_data:
        tombstone = ask_to_forget(open_data.root, callers=[ANA, "+12025550143"], at=ASKED)
        assert (await carry_out(tombstone, open_data.parts)).completed_at
        await open_data.catch_up()
        report = take(data, tmp_path / "b", first_id=10)
    assert report.removed > 5
    assert report.is_ledger_new
    assert holds(tmp_path / "b", *SECRETS) == []
    assert [path.name for path in tmp_path.glob("b/files/conv_ana*")] == []
    put_back(tmp_path / "b", tmp_path / "new")
    assert findings(tmp_path / "new") == ()
    assert certificate_of(tmp_path / "new/spool", tombstone.id)
    assert await caught_up(tmp_path / "new") == await caught_up(data)


async def test_an_erasure_while_the_backup_is_made_is_in_it(data, tmp_path):
    """Memory is copied first: an erasure after that would be undone by it for those who look."""
    asked = []

    def erase_meanwhile(_done, _total):
        if not asked:
            asked.append(ask_to_forget(data / "spool", callers=[ANA], at=ASKED))

    report = take(data, tmp_path / "b", on_progress=erase_meanwhile)
    assert report.erasing == 1
    put_back(tmp_path / "b", tmp_path / "new")
    assert (tmp_path / f"new/spool/.spool/forgotten/{asked[0].id}.progress").exists()


async def test_erasures_that_keep_coming_in_do_not_keep_a_backup_from_being_made(data, tmp_path):
    """Each late event of somebody who was erased is one; memory is left out, and derived."""
    await caught_up(data)
    late = []

    def erase_again(done, total):
        if done >= total:
            late.append(ask_to_forget(data / "spool", conversations=[f"c{len(late)}"], at=ASKED))

    report = take(data, tmp_path / "b", on_progress=erase_again)
    assert len(late) == 5
    assert not report.has_memory
    restored = put_back(tmp_path / "b", tmp_path / "new")
    assert restored.memory == "there is none in the backup"
    assert findings(tmp_path / "new") == ()
    assert take(data, tmp_path / "b", first_id=50).has_memory


async def test_what_was_dropped_since_is_gone_from_the_backup_but_for_what_memory_rests_on(
    data, tmp_path
):
    take(data, tmp_path / "b")
    kept = kept_path("conv_ana4/conv_ana4_transcription.json")
    assert (tmp_path / "b/files" / kept).exists()
    root = data / "spool"
    file = "conv_ben0/conv_ben0_audio.mp3"
    note_dropped(root, [Drop(file=file, what="file", reason="retention", at=NOW)])
    remove_files(root, [file])
    assert take(data, tmp_path / "b", first_id=10).removed == 1
    assert not (tmp_path / "b/files" / file).exists()
    assert (tmp_path / "b/files" / kept).exists()
    expired = kept.replace(".memories", "")
    note_dropped(root, [Drop(file=expired, what="memories", reason="retention", at=NOW)])
    remove_files(root, [kept])
    assert take(data, tmp_path / "b", first_id=20).removed == 1
    assert not (tmp_path / "b/files/conv_ana4").exists()
    assert check_backup(tmp_path / "b").damaged == {}


async def test_a_blanked_line_has_the_ledger_written_anew_and_the_old_one_removed(data, tmp_path):
    take(data, tmp_path / "b")
    audio = "conv_ana1/conv_ana1_audio.mp3"
    assert blank_receipts(data / "spool", [audio], lambda _: True) == 1
    assert take(data, tmp_path / "b", first_id=10).is_ledger_new
    [ledger] = (tmp_path / "b").glob("ledger-*")
    assert ledger.read_bytes() == (data / "spool/.spool/ledger.jsonl").read_bytes()


async def test_events_that_come_after_the_moment_of_the_backup_are_for_the_next(data, tmp_path):
    def deliver_meanwhile(target):
        one_more(data, "conv_during")
        target.write_bytes(b"")
        target.unlink()
        return False

    take(data, tmp_path / "b", copy=deliver_meanwhile)
    came = []

    def deliver_later(_done, _total):
        if not came:
            came.append(1)
            one_more(data, "conv_later")

    take(data, tmp_path / "b", first_id=10, on_progress=deliver_later)
    put_back(tmp_path / "b", tmp_path / "new")
    files = [file for file, _ in sources(tmp_path / "new")]
    assert any("conv_during" in file for file in files)
    assert not any("conv_later" in file for file in files)
    assert findings(tmp_path / "new") == ()


async def test_a_place_that_is_somebody_elses_is_refused_and_left_as_it_is(data, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(BackupRefused, match="holds no backup"):
        take(data, photos)
    assert files_in(photos) == {"cat.jpg": b"cat"}
    assert [path.name for path in photos.iterdir()] == ["cat.jpg"]
    take(data, tmp_path / "b")
    with a_spool(tmp_path / "other/spool") as spool:
        deliver_one(spool, call_of("+15005550006", "conv_other"))
    with pytest.raises(BackupRefused, match="another spool"):
        take(tmp_path / "other", tmp_path / "b")
    with pytest.raises(BackupRefused, match="mount the disk"):
        take(data, tmp_path / "no/such/folder")


async def test_an_empty_place_where_backups_were_is_a_surprise(data, tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(BackupRefused, match="is the disk mounted"):
        take(data, tmp_path / "b", is_known=True)
    assert list((tmp_path / "b").iterdir()) == []
    take(data, tmp_path / "b", is_known=True, begins_anew=True)


async def test_two_that_back_up_at_once_and_one_that_puts_back_meanwhile_are_kept_apart(
    data, tmp_path
):
    refused = []

    def meanwhile(_target):
        for other in (
            lambda: take(data, tmp_path / "b", first_id=50),
            lambda: held(tmp_path / "b", writes=False).__enter__(),
        ):
            with pytest.raises(BackupRefused, match="another process works on the backup"):
                other()
            refused.append(1)
        return False

    take(data, tmp_path / "b", copy=meanwhile)
    assert len(refused) == 2
    take(data, tmp_path / "b", first_id=90)


async def test_a_spool_that_has_lost_events_does_not_overwrite_its_backup(data, tmp_path):
    take(data, tmp_path / "b")
    ledger = data / "spool/.spool/ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:-1]))
    before = files_in(tmp_path / "b")
    with pytest.raises(BackupRefused, match=r"run\.py import"):
        take(data, tmp_path / "b", first_id=10)
    assert files_in(tmp_path / "b") == before


async def test_a_backup_is_put_back_only_where_there_is_nothing(data, tmp_path):
    take(data, tmp_path / "b")
    with pytest.raises(BackupRefused, match=r"not empty.*run\.py import"):
        put_back(tmp_path / "b", data)
    with pytest.raises(DamagedBackup, match="no complete backup"):
        put_back(tmp_path / "photos", tmp_path / "new")


async def test_a_spool_that_is_half_put_back_is_opened_by_nobody(data, tmp_path):
    take(data, tmp_path / "b")

    def stop(_copy):
        raise SpoolError("stopped here")

    root = tmp_path / "new/spool"
    with pytest.raises(SpoolError, match="stopped here"):
        restore(tmp_path / "b", root, put_memory=stop)
    assert (root / RESTORING_FILE).exists()
    for refused in (lambda: Spool.open(root), lambda: check_format(root)):
        with pytest.raises(UnfinishedSpool, match=r"run\.py restore"):
            refused()
    put_back(tmp_path / "b", tmp_path / "new")
    assert findings(tmp_path / "new") == ()
