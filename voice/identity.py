"""
Whose call it is: the memory key of the human at the other end.

A key is an E.164 number ("+15550100142"), or lies in a name space of its own: "line:1001" for
digits whose country is unknown, "whatsapp:…" and "web:…" for user ids. Ids in "web:" come from
a browser, unauthenticated, and so can never equal a phone number. No key (None) means nobody:
a withheld number is not a person.
"""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from memory.port import Channel
from voice.document import section
from voice.events import Direction

MAX_ID_CHARS = 256

# Compared without case, spaces and punctuation.
_WITHHELD = """
    anonymous anonymouscaller unknown unknowncaller unknownnumber callerunknown restricted
    unavailable notavailable private privatenumber privatecaller blocked blockednumber withheld
    numberwithheld withheldnumber nocallerid hidden none null nil undefined nan na
"""
_WITHHELD_WORDS = frozenset(_WITHHELD.split())
# "anonymous", "restricted", "unavailable" … typed on a telephone's keys.
_WITHHELD_NUMBERS = frozenset(
    ["266696687", "7378742833", "2562533", "8656696", "86282452253", "464"]
)
_SHARED_WEB_IDS = _WITHHELD_WORDS | {"", "guest", "visitor", "user", "unknownuser", "0"}

_ADDRESS = re.compile(r"(?P<shown>[^<]*)<(?P<address>[^>]*)>")
_SCHEME = re.compile(r"(?:sips?|tel):(?://)?", re.IGNORECASE)
_FORMATTING = re.compile(r"\(0\)|[\s().\-/\u2010-\u2015\u2212]")
_DIGITS = re.compile(r"\+?[0-9]{1,32}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_WHATSAPP_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
# "011" also begins national numbers in some countries: only a long rest makes it a prefix.
_INTERNATIONAL = re.compile(r"(?:00(?=[1-9][0-9]{7,14}$)|011(?=[1-9][0-9]{9,14}$))")
_WITHHELD_PREFIX = re.compile(r"^(?:00|011)")
_INVISIBLE = frozenset(["Cc", "Cf", "Cs", "Co", "Cn"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who took part in a call. `agent_line` is the key of the agent's number, "" if unknown."""

    caller: str | None
    channel: Channel
    direction: Direction
    agent_line: str


def phone_key(value: object, *, region: str | None = None) -> str | None:
    """
    Return the key of a phone number in any spelling; None if it is withheld or no number.

    `region` ("US") is the country of numbers written without one; without it they are kept
    apart as "line:…", because guessing could make one person of two.
    """
    number = _unwrap(_as_text(value))
    if number is None:
        return None
    number = _FORMATTING.sub("", number)
    if not number.isascii() or not _DIGITS.fullmatch(number):
        return None
    digits = _INTERNATIONAL.sub("", number.removeprefix("+"))
    if _WITHHELD_PREFIX.sub("", digits) in _WITHHELD_NUMBERS or not digits.strip("0"):
        return None
    if not number.startswith("+") and digits == number:
        return _national(number, region)
    return f"+{digits}" if _E164.fullmatch(f"+{digits}") else f"line:{digits}"


def messaging_key(value: object, *, region: str | None = None) -> str | None:
    """Return the key of a WhatsApp or SMS user: digits there are E.164 without the plus."""
    text = _as_text(value)
    if _WHATSAPP_NUMBER.fullmatch(text):
        return phone_key(f"+{text}", region=region)
    if any(char.isalpha() for char in text):
        kept = _visible_id(text)
        return f"whatsapp:{kept}" if _squeeze(kept) not in _WITHHELD_WORDS else None
    return phone_key(text, region=region)


def web_key(value: object) -> str | None:
    """Return the key of a user id that a browser supplied; None for what many would share."""
    kept = _visible_id(_as_text(value))
    return f"web:{kept}" if _squeeze(kept) not in _SHARED_WEB_IDS else None


def caller_at_initiation(
    caller_id: object,
    called_number: object,
    *,
    caller_is_agent_line: bool,
    call_sid: object = None,
    region: str | None = None,
) -> str | None:
    """
    Return the human's key when a call begins; None for a withheld number.

    On an outbound call, where `caller_id` is an agent's own line, the human is the one called.
    An empty `call_sid` is the platform's sign of WhatsApp and SMS.
    """
    human = called_number if caller_is_agent_line else caller_id
    key = messaging_key if call_sid == "" else phone_key
    return key(human, region=region)


def caller_of_search(
    caller_id: object, user_id: object, *, region: str | None = None
) -> str | None:
    """Return the key that a memory search is about: the phone's if given, else the web id's."""
    if _as_text(caller_id):
        return phone_key(caller_id, region=region)
    return web_key(user_id)


def caller_of_call(data: dict[str, Any], *, region: str | None = None) -> Parties:
    """Return who took part in a call, from the `data` of its transcription."""
    metadata = section(data, "metadata")
    if phone_call := section(metadata, "phone_call"):
        return _of_phone_call(data, phone_call, region)
    if sms := section(metadata, "sms"):
        return _of_messages(sms, "sms", "sms_user_phone_number", "agent_phone_number", region)
    if whatsapp := section(metadata, "whatsapp"):
        user, line = "whatsapp_user_id", "whatsapp_phone_number_id"
        return _of_messages(whatsapp, "whatsapp", user, line, region)
    caller_id = _dynamic_variables(data).get("system__caller_id")
    for number in (metadata.get("caller_id"), caller_id):
        if _as_text(number):
            # The direction is unknown, so nobody's number may be taken for the agent's.
            caller = phone_key(number, region=region)
            return Parties(caller=caller, channel="phone", direction="", agent_line="")
    return Parties(caller=_web_caller(data), channel="web", direction="", agent_line="")


def mask(caller: str | None) -> str:
    """Return `caller` for a log: enough to tell two apart, too little to call or to find one."""
    if caller is None:
        return "withheld"
    space, colon, rest = caller.partition(":")
    if colon:
        return f"{space}:***{rest[-2:] if len(rest) > 5 else ''}"  # noqa: PLR2004
    country = caller[:2] if caller.startswith("+1") else caller[:3]
    shown = 4 if len(caller) > 10 else 2  # noqa: PLR2004
    return f"{country} *** *** {caller[-shown:]}"


def _of_phone_call(data: dict[str, Any], call: dict[str, Any], region: str | None) -> Parties:
    direction = _direction(call)
    variables = _dynamic_variables(data)
    human, line = variables.get("system__caller_id"), variables.get("system__called_number")
    if direction == "outbound":
        human, line = line, human
    external, agent = call.get("external_number"), call.get("agent_number")
    if external is None:  # missing, which is not the same as withheld: ""
        caller_id = section(data, "metadata").get("caller_id")
        external = human if caller_id is None else caller_id
    if agent is None and direction:
        agent = line
    return Parties(
        caller=phone_key(external, region=region),
        channel="phone",
        direction=direction,
        agent_line=phone_key(agent, region=region) or "",
    )


def _of_messages(
    thread: dict[str, Any], channel: Channel, user: str, line: str, region: str | None
) -> Parties:
    return Parties(
        caller=messaging_key(thread.get(user), region=region),
        channel=channel,
        direction=_direction(thread),
        agent_line=messaging_key(thread.get(line), region=region) or "",
    )


def _web_caller(data: dict[str, Any]) -> str | None:
    initiation = section(data, "conversation_initiation_client_data")
    candidates = (
        data.get("user_id"),
        initiation.get("user_id"),
        section(initiation, "dynamic_variables").get("user_id"),
    )
    keys = (web_key(candidate) for candidate in candidates)
    return next((key for key in keys if key), None)


def _dynamic_variables(data: dict[str, Any]) -> dict[str, Any]:
    return section(section(data, "conversation_initiation_client_data"), "dynamic_variables")


def _direction(call: dict[str, Any]) -> Direction:
    match call.get("direction"):
        case "inbound":
            return "inbound"
        case "outbound":
            return "outbound"
    return ""


def _national(digits: str, region: str | None) -> str:
    if region:
        import phonenumbers  # takes 50 ms, which each start and each worker would pay

        try:
            parsed = phonenumbers.parse(digits, region)
        except phonenumbers.NumberParseException:
            return f"line:{digits}"
        reason = phonenumbers.is_possible_number_with_reason(parsed)
        if reason == phonenumbers.ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"line:{digits}"


def _unwrap(text: str) -> str | None:
    """Return the number inside a SIP address, header or telephone URI; None if withheld."""
    if found := _ADDRESS.fullmatch(text):
        if _squeeze(found["shown"]) in _WITHHELD_WORDS:
            return None
        text = found["address"]
    rest = _SCHEME.sub("", text.strip(), count=1)
    user = unquote(rest.partition("@")[0]).partition(";")[0].partition("?")[0]
    if rest != text.strip():
        user = user.partition(":")[0]  # a port or a password
    return None if _squeeze(user.removeprefix("+")) in _WITHHELD_WORDS else user.strip()


def _squeeze(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _as_text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**32:
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _visible_id(text: str) -> str:
    """Return a readable form of an id; ids that differ at all keep different forms."""
    kept = "".join(char for char in text if unicodedata.category(char) not in _INVISIBLE)
    if kept == text and len(text) <= MAX_ID_CHARS:
        return text
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{kept.strip()[:MAX_ID_CHARS]}~{digest}" if kept.strip() else ""
