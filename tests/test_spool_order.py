"""
The recorded order of system calls, checked against the weakest file system that POSIX allows.

There, the bytes of a file are durable only after a sync of that file, a name only after a sync
of its folder. No other test that needs no privileges sees a missing fsync; kill -9 does not.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

CALLS = (
    "write,pwrite64,fsync,fdatasync,syncfs,link,linkat,mkdir,mkdirat,rename,renameat,renameat2,"
    "unlink,unlinkat,openat,ftruncate"
)
FILES = 8  # what the workload stores, duplicates not counted

if shutil.which("strace") is None:
    if os.environ.get("CI"):
        pytest.fail("strace is needed to check the order of syncs; install it", pytrace=False)
    pytest.skip("strace is not installed", allow_module_level=True)


class WeakDisk:
    """What is durable, and every promise broken so far, as the calls go by."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.ledger = f"{root}/.spool/ledger.jsonl"
        self.inodes: dict[str, object] = {}
        self.unsynced_bytes: set[object] = set()
        self.unsynced_names: set[str] = set()
        self.acknowledged: list[str] = []
        self.broken: list[str] = []

    def wrote(self, path: str, text: str) -> None:
        if path == self.ledger:
            for file in re.findall(r'\\"file\\":\\"([^\\]+)\\"', text):
                self.expect_name(file, "receipt")
        if path in self.inodes:
            self.unsynced_bytes.add(self.inodes[path])

    def created(self, path: str) -> None:
        if path not in self.inodes:
            self.inodes[path] = object()
            self.unsynced_names.add(path)

    def linked(self, source: str, target: str) -> None:
        self.inodes[target] = self.inodes[source]
        self.unsynced_names.add(target)
        if self.inodes[target] in self.unsynced_bytes:
            self.broken.append("final name before its bytes are durable")

    def synced(self, path: str) -> None:
        self.unsynced_bytes.discard(self.inodes.get(path))
        self.unsynced_names = {
            name for name in self.unsynced_names if str(PurePosixPath(name).parent) != path
        }

    def synced_everything(self) -> None:
        self.unsynced_bytes.clear()
        self.unsynced_names.clear()

    def acknowledge(self, file: str) -> None:
        self.acknowledged.append(file)
        self.expect_name(file, "acknowledged")
        if self.inodes.get(self.ledger) in self.unsynced_bytes:
            self.broken.append("acknowledged before its receipt is durable")

    def expect_name(self, file: str, what: str) -> None:
        path = f"{self.root}/{file}"
        if path not in self.inodes:
            self.broken.append(f"{what} without file")
        elif self.inodes[path] in self.unsynced_bytes:
            self.broken.append(f"{what} before its bytes are durable")
        if path in self.unsynced_names:
            self.broken.append(f"{what} before its name is durable")
        folder, *above = map(str, PurePosixPath(path).parents)
        if folder in self.unsynced_names:
            self.broken.append(f"{what} before its folder is durable")
        if self.unsynced_names.intersection(above):
            self.broken.append(f"{what} before the folders above it are durable")


def replay(call: str, disk: WeakDisk) -> None:
    """Apply one traced call to the model."""
    for pattern, apply in CALLS_BY_PATTERN.items():
        if match := re.match(pattern, call):
            apply(disk, *match.groups())
            return


def acknowledge(disk: WeakDisk, text: str) -> None:
    for file in re.findall(r"ACK \w+ (\S+) ", text):
        disk.acknowledge(file)


def at(folder: str, name: str) -> str:
    return name if name.startswith("/") else f"{folder}/{name}"


def create(disk: WeakDisk, folder: str, name: str) -> None:
    if at(folder, name).startswith(disk.root):
        disk.created(at(folder, name))


FD = r"(?:\d+|AT_FDCWD)<([^>]*)>"
NAME = r'"([^"]*)"'
CALLS_BY_PATTERN = {
    r'write\(1<[^>]*>, "(.*)"': acknowledge,
    rf'p?write(?:64)?\({FD}, "(.*)"': WeakDisk.wrote,
    rf"(?:fsync|fdatasync)\({FD}": WeakDisk.synced,
    r"syncfs\(": WeakDisk.synced_everything,
    rf"openat\({FD}, {NAME}, \S*O_CREAT": create,
    rf"mkdirat\({FD}, {NAME}": create,
    rf"mkdir\({NAME}": WeakDisk.created,
    rf"linkat\({FD}, {NAME}, {FD}, {NAME}": lambda disk, source, name, folder, final: disk.linked(
        at(source, name), at(folder, final)
    ),
    rf"link\({NAME}, {NAME}": WeakDisk.linked,
    r"rename": lambda disk: disk.broken.append("a rename can overwrite"),
}


def trace(tmp_path, mode: str, mutation: str = "") -> WeakDisk:
    """Run the workload under strace and return the model after its last call."""
    root, log = tmp_path / "a/b/spool", tmp_path / "trace"
    workload = [sys.executable, "-m", "tests.spool_workload", "trace", str(root), mode, mutation]
    strace = ["strace", "-f", "-y", "-qq", "-s", "4000", "-o", str(log), "-e", f"trace={CALLS}"]
    subprocess.run([*strace, *workload], check=True, stdout=subprocess.DEVNULL)
    disk = WeakDisk(str(root))
    for line in log.read_text("utf-8", "replace").splitlines():
        call = line.partition(" ")[2].strip()  # without the process id
        if not re.search(r"= -1 E", call):
            replay(call, disk)
    return disk


@pytest.mark.parametrize("mode", ["fsync", "syncfs"])
@pytest.mark.parametrize("found", ["", "found-parents", "found-root"])
def test_what_is_acknowledged_is_durable_on_the_weakest_disk(tmp_path, mode, found):
    # Whatever of a/b/spool another part of the program has made before, and not synced.
    disk = trace(tmp_path, mode, found)
    assert disk.broken == []
    assert len(set(disk.acknowledged)) == FILES


@pytest.mark.parametrize(
    ("mode", "mutation", "what_breaks"),
    [
        ("fsync", "no-file", "final name before its bytes are durable"),
        ("fsync", "no-folder", "acknowledged before its name is durable"),
        ("fsync", "no-parents", "acknowledged before the folders above it are durable"),
        ("fsync", "no-ledger", "acknowledged before its receipt is durable"),
        ("syncfs", "no-everything", "final name before its bytes are durable"),
        ("syncfs", "overwrite", "a rename can overwrite"),
    ],
)
def test_this_check_sees_a_step_left_out(tmp_path, mode, mutation, what_breaks):
    assert what_breaks in trace(tmp_path, mode, mutation).broken


@pytest.mark.parametrize(
    ("call", "when"),
    [("fsync", 9), ("fdatasync", 2), ("syncfs", 1), ("syncfs", 2), ("linkat", 3), ("pwrite64", 3)],
)
def test_a_call_that_really_fails_is_never_acknowledged_and_heals(tmp_path, call, when):
    # The matrix of test_spool_faults stands in for these calls; here it is the kernel's answer.
    if call == "fsync":
        when += len((tmp_path / "spool").parents)  # each of them is synced once, at the start
    inject = f"inject={call}:error=EIO:when={when}"
    strace = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", inject]
    workload = [sys.executable, "-m", "tests.spool_workload", "failing", str(tmp_path / "spool")]
    done = subprocess.run(
        [*strace, *workload, "syncfs"], check=True, capture_output=True, text=True, timeout=20
    )
    assert "(INJECTED)" in (tmp_path / "trace").read_text("utf-8", "replace")
    assert "REFUSED SpoolFailed" in done.stdout.splitlines()
    assert "NEVER" not in done.stdout
    files = {line.split()[2] for line in done.stdout.splitlines() if line.startswith("ACK")}
    assert len(files) == FILES
