"""How a processor works: everything that is set from outside."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from processor.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorOptions:
    """
    `region` (ISO 3166, such as "US") reads national phone numbers; without it they are no
    phone numbers. `jitter` returns a number in 0..1.
    """

    retry: RetryPolicy
    region: str | None = None
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    jitter: Callable[[], float] = random.random
