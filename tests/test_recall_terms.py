"""Terms: what a memory holds for search."""

import struct

import pytest

from memory.recall.terms import terms_of
from tests.memories import a_call


def said_and_heard(terms):
    """Return the stems of what each memory says, and of what it answers."""
    known = terms.stems.split()

    def texts(text):
        numbers = iter(struct.unpack(f"<{len(text.numbers) // 4}I", text.numbers))
        lengths = struct.unpack(f"<{len(text.lengths) // 4}I", text.lengths)
        return [" ".join(known[next(numbers)] for _ in range(length)) for length in lengths]

    return texts(terms.said), texts(terms.heard)


def test_each_memory_has_its_own_words():
    terms = terms_of(
        a_call(
            said=[
                'Caller: "Order 12-34" (answering: "Which one, Ana?")',
                'Caller: "?!"',
                'Caller: "Müller\'s\ntable"',
            ],
            facts={"first_name": "Ana Lima"},
        )
    )
    said, heard = said_and_heard(terms)
    assert said == ["order 12 34 1234", "", "muller tabl", "first name ana lima"]
    assert heard == ["which one ana", "", "", ""]
    assert [memory.names for memory in terms.memories] == ["ana", "", "", "ana lima"]
    assert [memory.value for memory in terms.memories] == ["", "", "", "first name ana lima"]


def test_a_call_without_memories_has_no_terms():
    terms = terms_of(a_call())
    assert terms.memories == ()
    assert said_and_heard(terms) == ([], [])


@pytest.mark.parametrize(
    ("content", "speaker", "said"),
    [
        ('Caller: "Yes"', "caller", "yes"),
        ('Ana Torres: "Yes"', "ana torres", "yes"),
        ("yes: no", "", "yes no"),
    ],
)
def test_who_speaks_is_told_by_the_beginning(content, speaker, said):
    terms = terms_of(a_call(said=[content]))
    assert terms.memories[0].speaker == speaker
    assert said_and_heard(terms)[0] == [said]


def test_a_summary_has_no_speaker():
    assert terms_of(a_call(summary="Caller: tea.")).memories[0].speaker == ""
