"""
Which ledger this is: told by its first line as that was written, also once it has been blanked.

`.spool/identity` keeps that, beside what tells that the first line is still the one it speaks of.
"""

import hashlib
import json
from pathlib import Path

from spool.durable import write_over
from spool.format import SpoolError

IDENTITY_FILE = ".spool/identity"
VERSION = 1


def identity_of(root: Path, first_line: bytes) -> str:
    """
    Return 16 hex digits that tell the ledger with this first line, newline included.

    Blanking that line changes nothing of them. Raises SpoolError.
    """
    digest = hashlib.sha256(first_line).hexdigest()
    try:
        known = json.loads((root / IDENTITY_FILE).read_bytes())
        if known["v"] == VERSION and known["blanked_sha256"] == digest:
            return str(known["identity"])
    except FileNotFoundError:
        pass  # as a rule
    except OSError as error:
        message = f"cannot read {root / IDENTITY_FILE}: {error}; check its permissions"
        raise SpoolError(message) from error
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # then memory is derived anew, once
    return digest[:16]


def keep_identity(root: Path, first_line: bytes, blanked: bytes) -> None:
    """Have a ledger told as before once its first line is `blanked`; durable. Raises SpoolError."""
    members = {
        "v": VERSION,
        "identity": identity_of(root, first_line),
        "blanked_sha256": hashlib.sha256(blanked).hexdigest(),
    }
    write_over(root / IDENTITY_FILE, json.dumps(members).encode("ascii") + b"\n")
