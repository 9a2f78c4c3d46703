"""Which sector a text belongs to."""

import pytest

from processor.sectors import sector_of


@pytest.mark.parametrize(
    ("kind", "text", "sector"),
    [
        ("fact", "I'm so happy", "semantic"),
        ("summary", "I'm so happy", "episodic"),
        ("utterance", "How do I reset the gears?", "procedural"),
        ("utterance", "I'm really frustrated with this.", "emotional"),
        ("utterance", "Ich bin enttäuscht!", "emotional"),
        ("utterance", "I\u2019ve realized that walking is better", "reflective"),
        ("utterance", "I always take the first train", "semantic"),
        ("utterance", "I'm allergic to nuts.", "semantic"),
        ("utterance", "Me llamo Lucía", "semantic"),
        ("utterance", "My bike squeaks", "episodic"),
        ("utterance", "I live in Bremen and how do I get there", "procedural"),
        ("utterance", "The saddle is fine", "episodic"),
        ("utterance", "", "episodic"),
    ],
)
def test_the_sector_follows_from_the_words(kind, text, sector):
    assert sector_of(kind, text) == sector
