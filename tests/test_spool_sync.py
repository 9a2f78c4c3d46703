"""The primitives that make things durable are those that the system offers."""

import errno
import os
from types import SimpleNamespace

import pytest

from spool.format import Receipt, SpoolFailed, UnsuitableFolder
from spool.reader import read_receipts
from spool.sync import choose_sync
from spool.writer import Spool
from tests.spool_workload import an_arrival


def test_the_primitives_are_chosen_by_what_the_system_offers():
    called = []
    linux = {"fsync": lambda fd: called.append("fsync"), "fdatasync": lambda fd: None}
    library = SimpleNamespace(syncfs=lambda fd: 0)
    has_none = SimpleNamespace()
    auto = {"system": SimpleNamespace(**linux), "control": has_none, "library": library}
    assert choose_sync("auto", **auto, release="6.1.0-13").everything is not None
    assert choose_sync("auto", **auto, release="5.4.0").everything is None
    assert choose_sync("fsync", **auto, release="6.1").everything is None
    with pytest.raises(UnsuitableFolder, match="syncfs"):
        choose_sync("syncfs", **{**auto, "library": has_none})

    def full_fsync(fd, command):
        called.append(command)
        if fd == 9:
            raise OSError(errno.ENOTSUP, "a network file system")

    mac = SimpleNamespace(fsync=linux["fsync"])
    control = SimpleNamespace(F_FULLFSYNC="full", fcntl=full_fsync)
    sync = choose_sync("auto", system=mac, control=control, library=has_none, release="24.1.0")
    assert sync.everything is None
    sync.file(1)
    sync.content(9)
    sync.forget(1)
    assert called == ["full", "full", "fsync"]


def test_a_spool_works_with_what_macos_offers(tmp_path):
    root = tmp_path / "spool"
    mac = SimpleNamespace(fsync=os.fsync)
    control = SimpleNamespace(F_FULLFSYNC=1, fcntl=lambda fd, _: os.fsync(fd))
    sync = choose_sync("auto", system=mac, control=control, library=object(), release="24.1.0")
    spool = Spool.open(root, sync=sync)
    outcomes = spool.commit([an_arrival(), an_arrival("conv_bob"), an_arrival()])
    assert [outcome.status for outcome in outcomes] == ["stored", "stored", "duplicate"]
    spool.close()
    assert all(isinstance(receipt, Receipt) for receipt, _ in read_receipts(root))


@pytest.mark.parametrize("mode", ["fsync", "auto"])
def test_a_failed_sync_is_an_error_of_the_spool_that_says_what_failed(mode):
    sync = choose_sync(mode)
    closed = os.open(".", os.O_RDONLY)
    os.close(closed)
    with pytest.raises(SpoolFailed, match="fsync failed"):
        sync.file(closed)
    if sync.everything is not None:
        with pytest.raises(SpoolFailed, match=r"syncfs failed: .*Bad file descriptor"):
            sync.everything(closed)
