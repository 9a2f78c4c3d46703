"""What of a memory is encoded."""

from memory.content import fact_content, utterance_content
from memory.embedding.text import text_to_encode


def test_facts_and_summaries_are_encoded_as_they_read():
    assert text_to_encode("fact", fact_content("first_name", "Ana")) == "first name: Ana"
    assert text_to_encode("summary", 'Ana asked for "the usual".') == 'Ana asked for "the usual".'


def test_of_an_utterance_only_the_words_are_encoded_with_the_agents_line_first():
    alone = utterance_content("My dog is ill.", "")
    answer = utterance_content("Tuesday (or Friday)", "When would you like to come?")
    assert text_to_encode("utterance", alone) == "My dog is ill."
    assert text_to_encode("utterance", answer) == "When would you like to come? Tuesday (or Friday"


def test_there_is_always_some_text():
    assert text_to_encode("utterance", utterance_content("", ""))
    assert text_to_encode("utterance", 'Caller: "" (answering: "")')


def test_no_text_is_longer_than_any_model_takes():
    for kind in ("fact", "summary", "utterance"):
        assert len(text_to_encode(kind, "word " * 2_000)) == 2_000
