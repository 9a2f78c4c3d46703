"""The platform's signature: made for a body, and checked while a body arrives."""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256

from voice.errors import InvalidSignature

__all__ = ["HEADER", "InvalidSignature", "SignatureCheck", "sign", "verify"]

HEADER = "elevenlabs-signature"
TOLERANCE_SECONDS = 30 * 60

# ASCII on purpose: int() and \d would also take other digits, signs and underscores.
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[0-9A-Fa-f]{64}")


def sign(body: bytes, secret: str, *, timestamp: int) -> str:
    """Return the header with which the platform would send `body` at this unix time."""
    code = _code(secret, str(timestamp))
    code.update(body)
    return f"t={timestamp},v0={code.hexdigest()}"


def verify(
    body: bytes,
    header: str | None,
    *,
    secrets: Sequence[str],
    now: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> None:
    """Return if `header` signs `body` with one of `secrets`, else raise `InvalidSignature`."""
    check = SignatureCheck(header, secrets=secrets, now=now, tolerance_seconds=tolerance_seconds)
    check.update(body)
    check.confirm()


class SignatureCheck:
    """
    The check of one delivery, whose body may come in blocks.

    `now` is in unix seconds. A header that cannot be right whatever the body raises
    `InvalidSignature` at once. Without a secret nothing is right.
    """

    def __init__(
        self,
        header: str | None,
        *,
        secrets: Sequence[str],
        now: float,
        tolerance_seconds: float = TOLERANCE_SECONDS,
    ) -> None:
        usable = [secret for secret in secrets if secret.strip()]
        if not usable:
            raise InvalidSignature("no signing secret is configured")
        timestamp, self._signatures = _parse(header)
        if abs(now - int(timestamp)) > tolerance_seconds:
            raise InvalidSignature("the signature's time is too far from this server's clock")
        self._codes = [_code(secret, timestamp) for secret in usable]

    def update(self, block: bytes) -> None:
        """Take the next block of the body."""
        for code in self._codes:
            code.update(block)

    def confirm(self) -> None:
        """Return if the body taken so far is the signed one, else raise `InvalidSignature`."""
        expected = [code.hexdigest().encode() for code in self._codes]
        # A list, not a generator: every pair is compared, however many match.
        matches = [hmac.compare_digest(a, b) for a in expected for b in self._signatures]
        if not any(matches):
            raise InvalidSignature("the signature does not match the body")


def _code(secret: str, timestamp: str) -> hmac.HMAC:
    key = secret.encode("utf-8", "surrogateescape")
    return hmac.new(key, f"{timestamp}.".encode(), sha256)


def _parse(header: str | None) -> tuple[str, list[bytes]]:
    if not header:
        raise InvalidSignature("the signature header is missing")
    parts = [part.strip() for part in header.split(",")]
    timestamps = [part[2:] for part in parts if part.startswith("t=")]
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]):
        raise InvalidSignature("the signature header has no single valid time")
    found = [part[3:] for part in parts if part.startswith("v0=")]
    signatures = [text.lower().encode() for text in found if _SIGNATURE.fullmatch(text)]
    if not signatures:
        raise InvalidSignature("the signature header has no valid v0 signature")
    return timestamps[0], signatures
