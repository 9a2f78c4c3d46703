"""Where sentences end, in several scripts, and where they do not."""
# ruff: noqa: RUF001 - the marks of other scripts look like ours

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.sentences import pieces, sentences


@pytest.mark.parametrize(
    "text",
    [
        "Ana called. | She was glad! | Was she? | Yes…",
        "Dr. Ana Torres met Mr. Lima at St. Mary's.",
        "She wants No. 5, e.g. the red one. | It costs 3.50 euros.",
        "She comes at 9.30 a.m. on Monday. | He leaves at 6 p.m. | Both agreed.",
        "The shop closes at 6 p.m. Friday. | It is in Main St. near the park.",
        "She said no. | The agent agreed.",
        "J. S. Lima works for Torres Ltd. in Rome, approx. 5 km away.",
        'He asked "When?" and left. | "Now!" she said. | (He stayed.) | It rained.',
        "See example.com/help.html for more. | Then call.",
        "Wait… she said, and left.",
        "Am 5. März kommt Hr. Weber, z. B. um 9 Uhr. | Er zahlt ca. 20 Euro.",
        "Die Lieferung kommt am 3. Dezember bzw. später. | Frau Dr. Weber weiß es.",
        "El Sr. López vive en Av. Sol 5. | Llamó ayer. | ¿Vendrá? | ¡Claro!",
        "M. Martin a appelé, p. ex. hier. | Il est ravi.",
        "La sig.ra Rossi ha chiamato. | Il dott. Bianchi no.",
        "彼女は予約した。|火曜日に来る！|いいですか？|「はい。」と言った。",
        "वह आई। | उसने पूछा। | ठीक है",
        "سألت المتصلة؟ | ثم شكرت۔ | انتهى",
        "the caller asked. | she left. | done",
        "- one item\n| - another item\n| - a third",
        "First part\n| \nSecond part",
        "no end at all",
        "...",
        "",
    ],
)
def test_sentences_end_where_a_reader_says_so(text):
    expected = [part.strip() for part in text.split("|") if part.strip()]
    joined = text.replace(" | ", " ").replace("| ", "").replace("|", "")
    assert list(sentences(joined)) == expected


@given(st.text(st.sampled_from("aB .!?…\n。।-5\"'“”(") | st.characters(), max_size=80))
def test_no_word_is_lost_between_sentences(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_text_is_divided_between_sentences():
    text = "One two three. Four five six. Seven eight."
    assert list(pieces(text, max_chars=30)) == ["One two three. Four five six.", "Seven eight."]
    assert list(pieces(text, max_chars=42)) == [text]
    assert list(pieces("", max_chars=42)) == []


def test_a_sentence_longer_than_a_piece_is_divided_at_a_space():
    assert list(pieces("aaaa bbbb cccc dddd", max_chars=10)) == ["aaaa bbbb", "cccc dddd"]
    assert list(pieces("a" * 25, max_chars=10)) == ["a" * 10, "a" * 10, "a" * 5]


@given(st.text(st.sampled_from("ab .!\n。"), max_size=200), st.integers(1, 50))
def test_pieces_fit_and_hold_everything(text, max_chars):
    divided = list(pieces(text, max_chars=max_chars))
    assert all(0 < len(piece) <= max_chars for piece in divided)
    assert "".join("".join(divided).split()) == "".join(text.split())
