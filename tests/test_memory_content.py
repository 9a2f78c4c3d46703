"""How content reads, in both directions."""

from hypothesis import assume, given
from hypothesis import strategies as st

from memory.content import fact_content, fact_value, split_utterance, utterance_content


@given(key=st.text(), value=st.text())
def test_a_value_is_read_back_whatever_its_name(key, value):
    assert fact_value(fact_content(key, value)) == value.strip()


@given(said=st.text(), asked=st.text(max_size=200))
def test_what_was_said_and_what_was_asked_are_told_apart(said, asked):
    assume("(answering: " not in said)
    content = utterance_content(said, asked)
    before, after = split_utterance(content)
    assert before == utterance_content(said, "")
    assert " ".join(asked.split()) in after
    assert split_utterance(content.casefold()) == (before.casefold(), after.casefold())


def test_of_a_long_line_the_end_is_kept():
    content = utterance_content("Yes.", "word " * 200 + "Shall we say Tuesday?")
    assert content.startswith('Caller: "Yes." (answering: "…word')
    assert content.endswith('Tuesday?")')
    assert len(content) < 350
