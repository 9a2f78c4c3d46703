"""What a fact is about, whichever way its key is spelled."""

import re
from hashlib import sha256

_SEPARATORS = re.compile(r"[\s_.-]+")
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONG_TOPIC = 60


def topic_of(key: str) -> str:
    """
    Return what the fact is about: the same for "First Name", "first_name" and "firstName".

    Spellings of one key that differ in case and separators are one fact with one history.
    """
    topic = _SEPARATORS.sub("", key).casefold() or key
    if len(topic) <= _LONG_TOPIC:
        return topic
    return f"{topic[:_LONG_TOPIC]}~{sha256(topic.encode()).hexdigest()[:16]}"


def label_of(key: str) -> str:
    """Return a key as it is read out: "seat preference" for "seat_preference"."""
    return _SEPARATORS.sub(" ", _CASE_CHANGE.sub(" ", key)).strip().casefold()
