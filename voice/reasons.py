"""Why somebody called, in a few words: as collected, or else as the platform titles the call."""

from collections.abc import Iterable

from memory.topics import topic_of
from voice.clean import clean

_LONGEST = 80
# Names that owners give to the field in which the platform collects it, the plainest first.
_FIELDS = (
    *("callreason", "reasonforcall", "reasonforcalling", "reasonofcall", "reason"),
    *("callpurpose", "purposeofcall", "purpose", "callerintent", "callintent", "intent"),
    *("calltopic", "topic", "callsubject", "subject", "callcategory", "category"),
    *("inquirytype", "enquirytype", "inquiry", "enquiry", "requesttype", "request"),
    *("issuetype", "issue", "concern"),
)
_RANK = {topic: rank for rank, topic in enumerate(_FIELDS)}


def reason_of(collected: Iterable[tuple[str, str]], *, title: str) -> str:
    """
    Return the reason of a call whose collected values are these (key, value); "" if unknown.

    Of several fields the one that is named most plainly counts; without one, the call's `title`.
    """
    ranked = [
        (_RANK[topic], key, value) for key, value in collected if (topic := topic_of(key)) in _RANK
    ]
    said = min(ranked)[2] if ranked else ""
    return clean(said, limit=_LONGEST) or clean(title, limit=_LONGEST)
