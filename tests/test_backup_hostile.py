"""Backups that somebody has changed or made up, and what happens beside one at a bad moment."""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace

import pytest

from cli.backups.restore import restore_from
from processor.errors import ProcessorLocked
from processor.lock import held as held_by
from processor.lock import processor_lock
from settings import Settings
from spool.backup.folder import BackupRefused, held
from spool.backup.manifest import DamagedBackup
from spool.backup.reading import check_backup, open_backup
from spool.backup.restore import restore
from spool.decisions import write_decision
from spool.dropped import Drop, note_dropped
from spool.durable import remove_files
from spool.erasing import Erasing, write_erasing
from spool.format import SpoolError, SpoolLocked
from spool.people import Decision
from spool.sync import choose_sync
from spool.version import UnfinishedSpool
from spool.writer import Spool
from tests.backups import NOW, findings, put_back, sources, take
from tests.erasures import BEN, call_of, deliver_one
from tests.retentions import an_event
from tests.spools import a_spool, commit

AUDIO = "conv_ben0/conv_ben0_audio.mp3"


@pytest.fixture
def data(tmp_path):
    """A data folder with two calls and a recording, and a memory file; backed up to `b`."""
    with a_spool(tmp_path / "data/spool") as spool:
        deliver_one(spool, call_of(BEN, "conv_ben0"))
        deliver_one(spool, call_of(BEN, "conv_ben1", at=1))
        commit(spool, an_event("conv_ben0", b"ID3" + bytes(999), None, kind="audio"))
    with closing(sqlite3.connect(tmp_path / "data/memory.db")) as memory:
        memory.execute("PRAGMA application_id = 1")
    take(tmp_path / "data", tmp_path / "b", copy=lambda _: False)
    return tmp_path / "data"


def drop(data, file):
    note_dropped(data / "spool", [Drop(file=file, what="file", reason="retention", at=NOW)])
    remove_files(data / "spool", [file])


def again(data, **options):
    return take(data, data.parent / "b", copy=lambda _: False, first_id=50, **options)


@pytest.mark.parametrize("what", ["pipe", "device", "link", "folder"])
def test_what_is_no_plain_file_is_damage_and_is_never_waited_for(data, tmp_path, what):
    copy = tmp_path / "b/files" / AUDIO
    secret = tmp_path / "secret"
    secret.write_bytes(copy.read_bytes())
    copy.unlink()
    if what == "pipe":
        os.mkfifo(copy)
    elif what == "device":
        try:
            os.mknod(copy, 0o20666, os.makedev(1, 5))  # as /dev/zero: it never ends
        except PermissionError:
            pytest.skip("no permission to make a device")
    elif what == "link":
        copy.symlink_to(secret)
    else:
        copy.parent.rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere/conv_ben0_audio.mp3").write_bytes(secret.read_bytes())
        copy.parent.symlink_to(tmp_path / "elsewhere")
    assert AUDIO in check_backup(tmp_path / "b").damaged
    assert AUDIO in put_back(tmp_path / "b", tmp_path / "new").damaged
    if what == "folder":
        drop(data, AUDIO)
        with pytest.raises(SpoolError, match=r"symbolic link.*Put the folder itself"):
            again(data)
        assert (tmp_path / "elsewhere/conv_ben0_audio.mp3").exists()
    else:
        again(data)
        assert check_backup(tmp_path / "b").damaged == {}
        assert secret.exists()


@pytest.mark.parametrize("name", ["backup.json", "backup-of.json", "lock", "ledger-*", "state-*"])
def test_a_pipe_in_the_place_of_a_part_is_refused_at_once(data, tmp_path, name):
    [part] = (tmp_path / "b").glob(name)
    part.unlink()
    os.mkfifo(part)
    if name == "lock":
        with held(tmp_path / "b", writes=False):
            pass
    elif name == "backup-of.json":
        with pytest.raises(SpoolError, match="not a plain file"):
            again(data)
    elif name == "backup.json":
        with pytest.raises(DamagedBackup, match="not a plain file"):
            open_backup(tmp_path / "b")
    else:
        assert "not a plain file" in check_backup(tmp_path / "b").damaged[part.name]
        again(data)
        assert check_backup(tmp_path / "b").damaged == {}


def test_a_manifest_without_end_is_not_read_to_its_end(data, tmp_path):
    with (tmp_path / "b/backup.json").open("r+b") as manifest:
        manifest.truncate(1 << 40)
    with pytest.raises(DamagedBackup, match="larger than"):
        open_backup(tmp_path / "b")


@pytest.mark.parametrize("part", ["ledger", "state"])
@pytest.mark.parametrize("name", ["../out", "", "a\x00b", "backup.json", "ledger-1.jsonl"])
def test_a_manifest_names_parts_of_a_backup_alone(data, tmp_path, part, name):
    manifest = json.loads((tmp_path / "b/backup.json").read_bytes())
    manifest[part]["name"] = name
    (tmp_path / "b/backup.json").write_text(json.dumps(manifest))
    for use in (lambda: check_backup(tmp_path / "b"), lambda: again(data)):
        with pytest.raises(DamagedBackup, match="none of a backup"):
            use()


def with_state(place, add):
    """Replace the state of a backup, and have its manifest agree."""
    [path] = place.glob("state-*")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        add(archive)
    path.write_bytes(content := buffer.getvalue())
    manifest = json.loads((place / "backup.json").read_bytes())
    manifest["state"] |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (place / "backup.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "name",
    [
        *("../out", "/out", ".spool/../../out", "out", ".spool", "conv_ben0/x"),
        *(".spool/./restoring", ".spool//ledger.jsonl", ".spool/ledger.jsonl", ".spool/lock"),
    ],
)
def test_an_archive_with_any_other_name_is_not_unpacked(data, tmp_path, name):
    def add(archive):
        member = tarfile.TarInfo(name)
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))

    with_state(tmp_path / "b", add)
    with pytest.raises(SpoolError):
        put_back(tmp_path / "b", tmp_path / "new")
    held_evil = [p for p in tmp_path.rglob("*") if p.is_file() and p.read_bytes() == b"evil"]
    assert held_evil == []


@pytest.mark.parametrize("kind", ["link", "hard link", "sparse", "cut off"])
def test_an_archive_with_anything_but_files_is_not_unpacked(data, tmp_path, kind):
    def add(archive):
        member = tarfile.TarInfo(".spool/x")
        member.linkname = "/etc/hostname"
        if kind == "sparse":
            member.pax_headers = {
                "GNU.sparse.size": str(1 << 40), "GNU.sparse.map": "0,0",
                "GNU.sparse.numblocks": "1", "GNU.sparse.name": ".spool/x",
            }  # fmt: skip
        elif kind == "cut off":
            member.size = 1 << 40
            archive.fileobj.write(member.tobuf(format=tarfile.GNU_FORMAT))
            return
        else:
            member.type = tarfile.SYMTYPE if kind == "link" else tarfile.LNKTYPE
        archive.addfile(member)

    with_state(tmp_path / "b", add)
    with pytest.raises(DamagedBackup):
        put_back(tmp_path / "b", tmp_path / "new")
    assert not (tmp_path / "new/spool/.spool/x").is_symlink()


def test_a_ledger_with_a_second_name_is_never_written_to(data, tmp_path):
    """It may be the spool's own: what arrives while the backup is made would be cut off."""
    [copy] = (tmp_path / "b").glob("ledger-*")
    copy.unlink()
    os.link(data / "spool/.spool/ledger.jsonl", copy)

    def meanwhile(_done, _total):
        if not (data / "spool/conv_later").exists():
            with a_spool(data / "spool") as spool:
                deliver_one(spool, call_of(BEN, "conv_later", at=9))

    again(data, on_progress=meanwhile)
    assert "conv_later/conv_later_transcription.json" in [file for file, _ in sources(data)]
    assert check_backup(tmp_path / "b").damaged == {}


def test_what_is_dropped_at_the_very_end_is_in_this_backup_and_gone_from_the_next(data, tmp_path):
    """The backup does not know yet that it was dropped: without the file it were damaged."""
    dropped = []

    class Numbers:
        def __iter__(self):
            return self

        def __next__(self):
            if (tmp_path / "b/incoming/state.part").exists() and not dropped:
                dropped.append(drop(data, AUDIO))
            return 70 + len(dropped)

    take(data, tmp_path / "b", copy=lambda _: False, ids=Numbers())
    assert dropped
    assert check_backup(tmp_path / "b").damaged == {}
    assert put_back(tmp_path / "b", tmp_path / "new").damaged == {}
    assert findings(tmp_path / "new") == ()
    assert again(data).removed == 1
    assert not (tmp_path / "b/files" / AUDIO).exists()


def test_nobody_else_opens_the_place_while_a_backup_is_put_back(data, tmp_path):
    root = tmp_path / "new/spool"
    take(data, tmp_path / "b", first_id=50, copy=lambda to: bool(to.write_bytes(b"memory")))

    def meanwhile(_copy):
        with pytest.raises(UnfinishedSpool):
            Spool.open(root)
        (root / ".spool/restoring").rename(tmp_path / "mark")  # as one who had looked before it
        with pytest.raises(SpoolLocked):
            Spool.open(root)
        (tmp_path / "mark").rename(root / ".spool/restoring")
        with pytest.raises(BackupRefused, match="another process works on"):
            restore(tmp_path / "b", root, put_memory=lambda _: True)
        return True

    assert restore(tmp_path / "b", root, put_memory=meanwhile).memory == "restored"
    assert findings(tmp_path / "new") == ()


def test_a_receiver_that_has_just_begun_keeps_its_spool(data, tmp_path):
    root = tmp_path / "new/spool"
    with a_spool(root) as spool:
        (root / ".spool/ledger.jsonl").unlink()  # as before its first
        with pytest.raises(BackupRefused, match="another process works on"):
            put_back(tmp_path / "b", tmp_path / "new")
        assert not (root / ".spool/restoring").exists()
        assert spool.state == "ok"


def test_a_receiver_that_looked_just_before_a_restore_began_leaves_it_alone(tmp_path):
    root = tmp_path / "spool"
    real = choose_sync("fsync")

    def file(fd):
        (root / ".spool").mkdir(parents=True, exist_ok=True)
        (root / ".spool/restoring").write_text("{}")
        real.file(fd)

    with pytest.raises(UnfinishedSpool, match="a backup is being put back"):
        Spool.open(root, sync=replace(real, file=file))
    assert not (root / ".spool/ledger.jsonl").exists()


def settings_of(data, *, memory="memory.db"):
    return Settings(
        _env_file=None,
        payload_storage_path=data / "spool",
        openmemory_db_path=data / memory,
    )


def test_a_restore_that_goes_on_does_not_take_a_memory_file_that_is_somebodys(data, tmp_path):
    new = tmp_path / "new"
    take(data, tmp_path / "b", first_id=50, copy=lambda to: bool(to.write_bytes(b"memory")))

    def stop(_copy):
        raise SpoolError("stopped here")

    with pytest.raises(SpoolError, match="stopped here"):
        restore(tmp_path / "b", new / "spool", put_memory=stop)
    (new / "other.db").write_bytes(b"of another spool")
    with pytest.raises(BackupRefused, match=r"other\.db already"):
        restore_from(settings_of(new, memory="other.db"), tmp_path / "b", as_json=True)
    assert (new / "other.db").read_bytes() == b"of another spool"
    (new / "memory.db").write_bytes(b"memory")  # this it has put there itself
    assert restore_from(settings_of(new), tmp_path / "b", as_json=True) == 0


def test_memory_is_not_put_under_a_processor_that_runs(data, tmp_path):
    new = tmp_path / "new"
    take(data, tmp_path / "b", first_id=50, copy=lambda to: bool(to.write_bytes(b"memory")))
    (new / "spool/.spool").mkdir(parents=True)
    with (
        held_by(processor_lock(new / "spool"), refusal=ProcessorLocked, holder="processor"),
        pytest.raises(BackupRefused, match="not empty"),
    ):
        restore_from(settings_of(new), tmp_path / "b", as_json=True)
    assert not (new / "memory.db").exists()


@pytest.mark.parametrize("name", ["../../../out", "/tmp/out", "", "a/b", "."])
def test_an_id_from_a_spool_of_somebody_else_is_no_way_out_of_this_one(tmp_path, name):
    with a_spool(tmp_path / "spool"):
        pass
    decision = Decision(id=name, at=NOW, kind="merge", caller=BEN, into="+15005550009")
    with pytest.raises(SpoolError, match="no id of a decision"):
        write_decision(tmp_path / "spool", decision)
    with pytest.raises(SpoolError, match="no id of an erasure"):
        write_erasing(tmp_path / "spool", Erasing(id=name, callers=(BEN,), conversations=()))
