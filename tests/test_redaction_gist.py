"""The gist of a text denies no secret that is there: redacting with it and without is the same."""

# ruff: noqa: SIM905  (words in rows are easier to read than lists of strings)

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.invented import invent_calls, invent_language
from tests.factories import transcription_payload
from tests.test_redaction_cards import FORMS, FRAMES
from tests.test_redaction_codes import CARD_CODES, IBANS, ONE_TIME_CODES, SOCIAL_SECURITY_NUMBERS
from tests.test_redaction_event import ANSWERS
from tests.test_redaction_harmless import HARMLESS
from tests.test_redaction_limits import KINDS, TEXTS
from voice.redaction import redact
from voice.redaction.coded import WORDS
from voice.redaction.fold import fold
from voice.redaction.gist import Gist
from voice.redaction.redact import Said, redact_conversation
from voice.redaction.words import FILLERS, NUMBERS, PLURALS, SOUNDS_LIKE, TIMES

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.*"))
CORPUS = [
    *FORMS,
    *(text for text, _ in (*CARD_CODES, *ONE_TIME_CODES, *IBANS, *SOCIAL_SECURITY_NUMBERS)),
    *(text for question, answer, _ in ANSWERS for text in (question, answer)),
    *HARMLESS,
]
LETTERS = "a b d e i n o s t it is me so de no gb at by do mike delta victor as like for".split()
HEADS = "one time use code pin number security card back on the of my your is sent got text".split()
WORDS_SAID = st.one_of(
    st.sampled_from(sorted(NUMBERS)),
    st.sampled_from(sorted([*TIMES, *PLURALS, *SOUNDS_LIKE, *FILLERS, *LETTERS, *HEADS])),
    st.sampled_from(["-", "$", "[card code]", "\u200b", "\x02", "é", "½", "workshop", "N O 9 3"]),
    st.from_regex(r"[0-9]{1,9}", fullmatch=True),
)
SAID = st.lists(WORDS_SAID, max_size=40).map(" ".join)


def without_gist(monkeypatch, redacting):
    """What `redacting` returns if every gist says that any secret may be there."""
    with monkeypatch.context() as patched:
        patched.setattr(Gist, "may_hold", lambda *_, **__: True)
        return redacting()


@pytest.fixture(scope="module")
def patching():
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch


def is_same(monkeypatch, *texts, kinds=KINDS):
    said = [Said(is_user=number % 2 == 1, text=text) for number, text in enumerate(texts)]
    users = [Said(is_user=True, text=text) for text in texts]
    for redacting in (
        lambda: [redact(text, kinds) for text in texts],
        lambda: redact_conversation(said, kinds),
        lambda: redact_conversation(users, kinds),
    ):
        assert redacting() == without_gist(monkeypatch, redacting)


@pytest.mark.parametrize("kinds", [KINDS, ("card",), ("iban",), ("ssn",), ("cvv", "otp")])
def test_the_corpora_are_redacted_alike(monkeypatch, kinds):
    is_same(monkeypatch, *CORPUS, kinds=kinds)
    for frame in FRAMES:
        for form in FORMS:
            is_same(monkeypatch, frame.format(form), kinds=kinds)
    for question, answer, _ in ANSWERS:
        is_same(monkeypatch, question, answer, kinds=kinds)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_the_samples_are_redacted_alike(monkeypatch, sample):
    is_same(monkeypatch, *re.split(r"[\n\t\"]", sample.read_text())[:2000])


def test_invented_conversations_are_redacted_alike(monkeypatch):
    chance = Random(6)
    language = invent_language(chance)
    for call in invent_calls(chance, language, "+15550100142", 40):
        is_same(monkeypatch, *(memory.content for memory in call.memories))
    turns = transcription_payload(turns=20)["data"]["transcript"]
    is_same(monkeypatch, *(turn["message"] for turn in turns))


@given(st.lists(st.one_of(TEXTS, SAID, st.sampled_from(CORPUS)), max_size=6))
def test_any_conversation_is_redacted_alike(patching, texts):
    is_same(patching, *texts)


@pytest.mark.parametrize("kind", sorted(WORDS))
@given(data=st.data())
def test_no_words_for_a_secret_are_missed(kind, data):
    words = WORDS[kind]
    folded = fold(data.draw(st.from_regex(words, fullmatch=True)))
    assert Gist(folded).speaks_of_codes or not words.search(folded)
    said = fold(data.draw(SAID))
    assert Gist(said).speaks_of_codes == any(each.search(said) for each in WORDS.values())
