"""Whatever the text: redacting again changes nothing."""

from hypothesis import given
from hypothesis import strategies as st

from tests.test_redaction_cards import FORMS
from tests.test_redaction_codes import CARD_CODES, IBANS, ONE_TIME_CODES, SOCIAL_SECURITY_NUMBERS
from voice.redaction import redact
from voice.redaction.card import is_luhn
from voice.redaction.fold import fold
from voice.redaction.redact import Said, redact_conversation

KINDS = ("card", "cvv", "iban", "ssn", "otp")
SECRETS = [
    *FORMS,
    *(text for text, _ in (*CARD_CODES, *ONE_TIME_CODES, *IBANS, *SOCIAL_SECURITY_NUMBERS)),
]
PIECES = st.one_of(
    st.sampled_from(SECRETS),
    st.sampled_from(
        [
            "4242",
            "42",
            "4",
            "four",
            "two",
            "double",
            "triple",
            "forty",
            "oh",
            "CVV",
            "IBAN",
            "DE",
            "SSN",
            "TAN",
            "123",
            "0",
            "and",
            ",",
            ".",
            "-",
            "/",
            "\n",
            "[card",
            "number]",
            "[card_code]",
            "is",
            "my",
            "code",
            "you",
            "sent",
            "security",
            "verification",
            "hundred",
            "tausend",
            "vierzwo",
            "+",
            "€",
            "\u200b",
            "\x01",
            "\x02",
            "for",
            "to",
            "dix",
            "soixante",
            "vingt",
            "zwei",
            "und",
            "vierzig",
            "D",
            "E",
            "89",
            "one-time",
        ]
    ),
    st.text(max_size=8),
    st.from_regex(r"[0-9]{1,20}", fullmatch=True),
)
TEXTS = st.lists(PIECES, max_size=24).flatmap(
    lambda pieces: st.sampled_from([" ", "", "\n", ", "]).map(lambda gap: gap.join(pieces))
)


@given(TEXTS)
def test_redacting_again_changes_nothing(text):
    once = redact(text, KINDS)
    assert redact(once, KINDS) == once


@given(st.lists(st.builds(Said, is_user=st.booleans(), text=TEXTS), max_size=6))
def test_redacting_a_conversation_again_changes_nothing(said):
    lines, _ = redact_conversation(said, KINDS)
    again = [Said(is_user=line.is_user, text=text) for line, text in zip(said, lines, strict=True)]
    assert redact_conversation(again, KINDS) == (lines, {})


@given(TEXTS, st.text(max_size=40))
def test_what_is_no_secret_is_kept_to_the_letter(text, other):
    redacted = redact(text, KINDS)
    for piece in redacted.split("["):
        assert piece.partition("]")[2] in text
    assert len(fold(other)) == len(other)


@given(st.integers(10**14, 10**15 - 1), st.sampled_from(["", " ", "-", ", "]))
def test_every_visa_number_is_redacted(number, gap):
    digits = f"4{str(number)[1:]}"
    digits += next(check for check in "0123456789" if is_luhn(digits + check))
    groups = [digits[start : start + 4] for start in range(0, 16, 4)]
    assert redact(f"it is {gap.join(groups)}, ok", KINDS) == "it is [card number], ok"
