"""What a process takes: memory, descriptors, threads, processor time; read from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """One look at a process."""

    memory_mb: float
    descriptors: int
    threads: int
    cpu_seconds: float


def look_at(pid: int) -> Vitals:
    """Return what the process takes now; raises OSError if there is none."""
    folder = Path(f"/proc/{pid}")
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text("ascii").splitlines()
    )
    times = (folder / "stat").read_text("ascii").rpartition(")")[2].split()
    return Vitals(
        memory_mb=int(status["VmRSS"].split()[0]) / 1024,
        descriptors=len(list((folder / "fd").iterdir())),
        threads=int(status["Threads"]),
        cpu_seconds=(int(times[11]) + int(times[12])) / _TICKS_PER_SECOND,
    )


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below a folder; those that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
