"""Names that an agent's line addresses its caller by."""

import pytest

from memory.recall.names import addressed


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Hi Ana!", ["Ana"]),
        ("Thanks, Ana. Bye", ["Thanks", "Ana", "Bye"]),
        ("Ana, are you there?", ["Ana"]),
        ('"Ana, are you there?', ["Ana"]),
        ("¿Ana? Hola, José…", ["Ana", "Hola", "José"]),
        ("Привет, Мария!", ["Привет", "Мария"]),
        ('Well "hello  Ana"', ["Ana"]),
        ("Thank you Zoë", ["Zoë"]),
        ("Great!  Ana,  thanks", ["Great", "Ana"]),
    ],
)
def test_words_that_are_set_off_may_be_names(line, names):
    assert addressed(line) == names


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hi ana!",
        "We saw Ana.",
        "I asked (Ana, too)",
        "A. B!",
        "the miniBus, eBay, hiAna, 4Ana, _Ana,",
        "AnA4, Ana-",
    ],
)
def test_other_words_are_no_names(line):
    assert addressed(line) == []
