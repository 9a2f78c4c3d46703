"""Every word that can stand in a label of a metric: closed sets, so that no client adds to them."""

from collections.abc import Mapping

# What happens to be counted anyway, for /health: its key, and where it stands in the metrics.
REFUSED: Mapping[str, str] = {
    "unsigned": "unsigned",
    "too_large": "too_large",
    "stalled": "stalled",
    "gone": "incomplete",
    "malformed": "malformed",
    "not_stored": "not_stored",
    "wrong_key": "wrong_key",
    "limited_address": "limited_address",
    "limited_caller": "limited_caller",
    "limited_failures": "limited_failures",
    "not_allowed": "not_allowed",
    "too_deep": "too_deep",
    "uploads_busy": "uploads_busy",
}
CALLS: Mapping[str, str] = {
    "calls_started": "started",
    "calls_repeated": "repeated",
    "calls_refused": "refused",
}
DEFECTS = "defects"
# Counted with more detail by whoever answers.
COUNTED_ELSEWHERE = frozenset(
    [
        *("stored", "duplicate", "quarantined", "forgotten"),
        *("unreadable_live_requests", "live_answers_late", "live_answers_failed"),
    ]
)

METHODS = frozenset(["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"])
KINDS = ("transcription", "audio", "failure", "quarantine")
ACKNOWLEDGED = tuple(
    (kind, outcome)
    for kind in KINDS
    for outcome in (
        ("quarantined",) if kind == "quarantine" else ("stored", "duplicate", "forgotten")
    )
)
LIVE_ENDPOINTS = ("/webhook/client-data", "/webhook/search-data")
# Of the neutral ones, which go out so that the phone call goes on: late, failed, defect,
# unreadable, limited.
ANSWERS = (
    *("personal", "stranger", "empty"),
    *("late", "failed", "defect", "unreadable", "limited"),
    *("wrong_key", "invalid", "refused", "gone"),
)
APPLIED = ("applied", "nothing", "erased", "failed", "parked")
MEMORY_OUTCOMES = ("ok", "failed", "cancelled")

OTHER = "other"


def word_of(word: str, *, known: frozenset[str] | tuple[str, ...]) -> str:
    """Return `word` if it is one of `known`, else "other"."""
    return word if word in known else OTHER
