"""The path to a spool is durable and private, whoever created it."""

import errno
import os
import stat
from types import SimpleNamespace

import pytest

from spool.format import SpoolFailed, UnsuitableFolder
from spool.layout import create_durably
from spool.sync import choose_sync
from spool.writer import Spool


def test_a_root_that_another_part_needs_first_is_for_its_owner_alone(tmp_path):
    create_durably(tmp_path / "a" / "b" / "spool")
    create_durably(tmp_path / "a" / "b" / "spool")
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (tmp_path / "file").write_text("")
    with pytest.raises(UnsuitableFolder, match="another folder"):
        create_durably(tmp_path / "file" / "spool")


@pytest.mark.parametrize("refusal", ["may not be opened", "cannot be synced"])
def test_folders_above_the_root_that_are_not_ours_to_sync_stop_nothing(
    tmp_path, monkeypatch, refusal
):
    above = str(tmp_path.parent)
    real = os.open

    def forbidden(path, *arguments, **options):
        if os.fspath(path) == above and refusal == "may not be opened":
            raise PermissionError(errno.EACCES, "not yours")
        return real(path, *arguments, **options)

    def fsync(fd):
        if os.path.samestat(os.fstat(fd), tmp_path.parent.stat()):
            raise OSError(errno.EINVAL, "an automount point")

    monkeypatch.setattr(os, "open", forbidden)
    sync = choose_sync(
        "fsync", system=SimpleNamespace(fsync=fsync), control=object(), library=object()
    )
    Spool.open(tmp_path / "spool", sync=sync).close()


def test_a_folder_above_the_root_that_fails_to_sync_stops_the_start(tmp_path):
    def fsync(fd):
        if os.path.samestat(os.fstat(fd), tmp_path.parent.stat()):
            raise OSError(errno.EIO, "input/output error")

    sync = choose_sync(
        "fsync", system=SimpleNamespace(fsync=fsync), control=object(), library=object()
    )
    with pytest.raises(SpoolFailed, match="fsync failed"):
        Spool.open(tmp_path / "spool", sync=sync)
