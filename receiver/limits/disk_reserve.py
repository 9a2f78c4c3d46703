"""The part of the disk that large bodies leave free for everything else."""

import shutil
from pathlib import Path

from spool.format import SpoolFailed, SpoolFull

MEGABYTE = 1024 * 1024
_FLOOR_BYTES = 1024 * MEGABYTE
_FLOOR_SHARE = 0.05


def check_disk_reserve(folder: Path, *, wanted_bytes: int) -> None:
    """
    Raise SpoolFull if `wanted_bytes` more would leave too little: 1 GB, or 5 % of a smaller disk.

    Small events and memory still find room then. Raises SpoolFailed if nobody can tell.
    """
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        raise SpoolFailed(f"cannot tell how much of the disk is free: {error}") from error
    floor = min(_FLOOR_BYTES, int(usage.total * _FLOOR_SHARE))
    if usage.free - wanted_bytes < floor:
        raise SpoolFull(
            f"{usage.free // MEGABYTE} MB of the disk are free, and {floor // MEGABYTE} MB are "
            "kept free of large bodies; free some space, it goes on by itself"
        )
