"""How a processor works: everything that is set from outside."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from processor.retry import RetryPolicy
from voice.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorOptions:
    """`region` and `redact` are those of `Rules`. `jitter` returns a number in 0..1."""

    retry: RetryPolicy
    region: str | None = None
    redact: tuple[str, ...] = ()
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    jitter: Callable[[], float] = random.random

    @property
    def rules(self) -> Rules:
        """Return by which rules events are read."""
        return Rules(region=self.region, redact=self.redact)
