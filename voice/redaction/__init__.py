"""Secrets that callers tell are kept out: `redact` puts typed placeholders in their place. Pure."""

from voice.redaction.body import redact_body
from voice.redaction.event import redact_event
from voice.redaction.redact import redact

__all__ = ["redact", "redact_body", "redact_event"]
