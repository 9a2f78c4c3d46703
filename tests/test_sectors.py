"""Which sector a text belongs to."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sectors import SECTORS, accuracy, confusion, matrix, read_samples
from processor.sector_phrases import TABLES
from processor.sector_rules import CUES, ENDINGS, misleading, phrases_of
from processor.sectors import cues_in, sector_of

SAMPLES = read_samples()
HELD_OUT = [sample for sample in SAMPLES if sample.is_held_out]


def said(text):
    return sector_of("utterance", text)


@pytest.mark.parametrize("samples", [SAMPLES, HELD_OUT], ids=["all", "held out"])
def test_the_rules_agree_with_the_labels(samples):
    counts = confusion(samples)
    assert accuracy(counts) >= 0.85, f"\n{matrix(counts)}"
    for sector in SECTORS:
        assert accuracy(counts, sector) >= 0.70, f"{sector}\n{matrix(counts)}"


def test_the_labelled_sentences_are_many_balanced_and_in_four_languages():
    by_sector = Counter(sample.sector for sample in SAMPLES)
    by_language = Counter(sample.language for sample in SAMPLES)
    assert len({sample.text for sample in SAMPLES}) == len(SAMPLES) >= 240
    assert set(by_sector) == set(SECTORS)
    assert min(by_sector.values()) >= 0.9 * max(by_sector.values())
    assert min(by_language[language] for language in ("de", "es", "fr")) >= 40
    assert 0.3 <= len(HELD_OUT) / len(SAMPLES) <= 0.4


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("My bike squeaks", "episodic"),
        ("The saddle is fine", "episodic"),
        ("Yes, Tuesday.", "episodic"),
        ("Can I speak to a manager, please?", "episodic"),
        ("I'm allergic to nuts.", "semantic"),
        ("Me llamo Luc\u00eda", "semantic"),
        ("What are your opening hours?", "semantic"),
        ("How do I reset the gears?", "procedural"),
        ("I always take the first train", "procedural"),
        ("Press the button, then wait for the tone.", "procedural"),
        ("I'm really frustrated with this.", "emotional"),
        ("Ich bin entt\u00e4uscht!", "emotional"),
        ("J\u2019adore cette boutique.", "emotional"),
        ("I\u2019ve realized that walking is better", "reflective"),
    ],
)
def test_the_sector_follows_from_what_is_said(text, sector):
    assert said(text) == sector


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("I realize I was angry at the wrong person.", "reflective"),
        ("I was furious when the plumber didn't turn up yesterday.", "emotional"),
        ("I'm frustrated, how do I even log in?", "emotional"),
        ("I live in Bremen and how do I get there", "procedural"),
        ("I live in Bremen, but last night somebody stole my bike.", "episodic"),
        ("First I tried the website, then I rang you.", "episodic"),
    ],
)
def test_of_two_sectors_the_one_that_says_more_wins(text, sector):
    assert said(text) == sector


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("I'm afraid I can't come tomorrow.", "episodic"),
        ("I'm afraid of the dark.", "emotional"),
        ("I'm happy to wait until Monday.", "episodic"),
        ("I'm not angry.", "semantic"),
        ("I'm not happy.", "emotional"),
        ("I'm not angry, I'm sad.", "emotional"),
        ("I've lived in Leeds since last year.", "semantic"),
        ("I moved to Leeds last year.", "episodic"),
    ],
)
def test_manners_denials_and_dates_that_only_date_are_not_taken_at_their_word(text, sector):
    assert said(text) == sector


@pytest.mark.parametrize(
    ("content", "sector"),
    [
        ("first name: Marlon", "semantic"),
        ("appointment: Tuesday at nine", "semantic"),
        ("preferred time: every morning", "semantic"),
        ("mood: very upset about the delay", "emotional"),
        ("delivery instructions: ring twice, then leave it in the shed", "procedural"),
        ("", "semantic"),
    ],
)
def test_a_fact_is_semantic_unless_it_is_a_feeling_or_says_how(content, sector):
    assert sector_of("fact", content) == sector


def test_a_summary_is_episodic_whatever_it_recounts():
    assert sector_of("summary", "The caller was angry and asked how to reset it.") == "episodic"


def test_the_reasons_are_told():
    assert {(cue.sector, cue.reason) for cue in cues_in("Yesterday I felt lonely.")} == {
        ("episodic", "a time"),
        ("emotional", "a feeling"),
        ("emotional", "a bad feeling"),
    }


@pytest.mark.parametrize(
    "text", ["", " \n", "...", "\ud800", "\u092e\u0947\u0930\u093e \u0928\u093e\u092e", "1"]
)
def test_what_says_nothing_to_the_rules_is_episodic(text):
    assert said(text) == "episodic"


@given(st.sampled_from(["utterance", "fact", "summary"]), st.text())
def test_every_text_has_a_sector_and_always_the_same(kind, text):
    assert sector_of(kind, text) == sector_of(kind, text)
    assert sector_of(kind, text) in SECTORS


def test_case_and_punctuation_do_not_matter():
    assert said("HOW DO I... RESET IT?") == said("how do i reset it") == "procedural"


def test_every_phrase_belongs_to_a_cue():
    reasons = {cue.reason for cue in CUES}
    assert all(set(table) <= reasons for table in TABLES)


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.reason)
def test_no_cue_is_always_misleading(cue):
    endings = {reason for _, reason in ENDINGS}
    assert cue.reason in endings or set(phrases_of(cue.reason)) - set(misleading())


def test_phrases_are_plain_words_and_the_misleading_ones_more_than_one():
    misled = misleading()
    for phrase in [*misled, *(found for cue in CUES for found in phrases_of(cue.reason))]:
        assert phrase == " ".join(phrase.lower().split())
        assert not set('()|,.:;!?"') & set(phrase), phrase
    assert all(" " in phrase for phrase in misled)
