"""By which rules stored events are read: what they say depends on these, and on nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    `region` (ISO 3166, such as "US") reads national phone numbers; "" or None: they are none.
    `redact` are the kinds of secrets that are replaced: see `voice.redaction`.
    """

    region: str | None = None
    redact: tuple[str, ...] = ()

    def text(self) -> str:
        """Return what tells these rules from others."""
        redacted = ",".join(sorted(self.redact))
        return f"{self.region or ''}/{redacted}" if redacted else self.region or ""
