"""What is to be in OpenMemory: a pure function of what the embedded store holds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from memory.holdings import Holdings, Place
from memory.moments import EPOCH
from memory.openmemory.wanted import digest_of, key_of, profile_text, wanted_of
from memory.profile import names_of_others, profile_of
from tests.memories import ANA, MONDAY, a_call, a_memory, a_note

DAY = timedelta(days=1)


def holdings_of(*calls):
    memories = tuple(
        (Place(kind=m.kind, conversation_id=c.id, source=c.kind, id=m.id), m)
        for c in calls
        for m in c.memories
    )
    return Holdings(
        stamp="x/1",
        memories=memories,
        profile=profile_of(ANA, calls),
        others=names_of_others(calls),
    )


def test_every_utterance_and_summary_is_a_row_that_says_all_of_the_memory():
    call = a_call(said=["My cat is Tom."], summary="Ana spoke of a cat.")
    wanted = wanted_of(holdings_of(call))
    assert set(wanted) == {"call/conv_1/utterance/0", "call/conv_1/summary/", "profile"}
    row = wanted["call/conv_1/utterance/0"]
    assert row.content == "My cat is Tom."
    assert row.tags == ("callspool", "kind:utterance", "sector:episodic", "salience:0.8", "decay:0")
    assert row.metadata == {
        "kind": "utterance",
        "id": "conv_1/utterance/0",
        "sector": "episodic",
        "occurred_at": "2026-11-16T09:30:00+00:00",
        "salience": 0.8,
        "decay_lambda": 0.0,
        "conversation_id": "conv_1",
        "agent_id": "agent_1",
        "callspool_key": "call/conv_1/utterance/0",
        "callspool_digest": row.digest,
    }
    assert row.place == Place(
        kind="utterance", conversation_id="conv_1", source="call", id="conv_1/utterance/0"
    )


def test_what_somebody_else_stated_takes_no_row_of_the_owners_and_says_whose_it_is():
    calls = [
        a_call("conv_1", facts={"first_name": "Ana", "city": "Rome"}),
        a_call("conv_2", facts={"city": "Turin"}, at=MONDAY + DAY),
        a_call("conv_3", facts={"first_name": "Bea", "city": "Paris"}, at=MONDAY + 2 * DAY),
    ]
    wanted = wanted_of(holdings_of(*calls))
    assert {key: row.content for key, row in wanted.items() if key.endswith("city")} == {
        "fact/city": "city: Turin",
        "other/bea/city": "city: Paris (said by Bea)",
    }
    assert wanted["other/bea/city"].metadata["said_by"] == "Bea"
    assert "said_by" not in wanted["fact/city"].metadata


def test_a_fact_is_one_row_with_its_newest_value_and_those_before():
    calls = [
        a_call("conv_1", facts={"favourite_table": "5"}),
        a_call("conv_2", facts={"Favourite Table": "7"}, at=MONDAY + DAY),
    ]
    wanted = wanted_of(holdings_of(*calls))
    [(key, row)] = [(k, r) for k, r in wanted.items() if k.startswith("fact/")]
    assert key == "fact/favouritetable"
    assert row.content.endswith(": 7")
    assert row.metadata["value"] == "7"
    assert row.metadata["previous_values"] == [
        {"value": "5", "occurred_at": "2026-11-16T09:30:00+00:00"}
    ]
    assert row.place.conversation_id == "conv_2"
    assert wanted_of(holdings_of(*reversed(calls))) == wanted


def test_the_profile_is_one_row_in_words_without_the_passing_of_time():
    call = a_call(
        facts={"first_name": "Ana"},
        notes=(a_note("Ana prefers tea."), a_note("Send the bill.", kind="commitment", by="agent")),
        summary="Ana booked a table.",
        language="it",
    )
    row = wanted_of(holdings_of(call))["profile"]
    assert row.place is None
    assert row.metadata["kind"] == "profile"
    assert row.content == (
        "Profile of +15550100142 (Ana).\n1 call, the last on 2026-11-16.\nLanguage: it.\n"
        "Preferences: Ana prefers tea.\nStill open: Send the bill.\nFacts: first name: Ana.\n"
        "Recent calls: 16 November 2026: Ana booked a table."
    )


def test_a_profile_has_a_bounded_length_and_needs_no_call():
    calls = [a_call(f"conv_{n}", facts={f"key {n}": "v" * 400}) for n in range(30)]
    assert len(profile_text(profile_of(ANA, calls))) == 4_000
    attempt = a_call(kind="failure", outcome="busy", memories=())
    assert profile_text(profile_of(ANA, [attempt])) == "Profile of +15550100142."


@pytest.mark.parametrize(
    "change",
    [
        {"content": "other"},
        {"sector": "semantic"},
        {"salience": 0.7},
        {"decay_lambda": 0.1},
        {"occurred_at": MONDAY + DAY},
        {"agent_id": "agent_2"},
    ],
)
def test_any_change_of_a_memory_is_another_digest(change):
    memory = a_memory()
    one, other = (
        wanted_of(holdings_of(a_call(memories=(each,))))["call/conv_1/utterance/1"]
        for each in (memory, replace(memory, **change))
    )
    assert one.digest != other.digest


def test_a_text_can_be_told_from_the_same_of_another_call():
    row = wanted_of(holdings_of(a_call(said=["Yes."])))["call/conv_1/utterance/0"]
    plain, with_call, with_digest = row.texts
    assert (plain, with_call) == ("Yes.", "Yes. [conv_1]")
    assert with_digest.startswith(f"Yes. [conv_1 {row.digest[:4]} {row.digest[4:8]} ")
    profile = wanted_of(holdings_of(a_call()))["profile"]
    assert profile.texts[1] == f"{profile.content} [profile]"


def test_a_time_that_is_not_known_is_not_told():
    row = wanted_of(holdings_of(a_call(said=["hello"], at=EPOCH)))["call/conv_1/utterance/0"]
    assert row.metadata["occurred_at"] == ""


def test_nothing_is_wanted_of_nobody_and_blank_texts_are_left_out():
    assert wanted_of(Holdings(stamp="", memories=(), profile=None)) == {}
    assert set(wanted_of(holdings_of(a_call(said=["  "])))) == {"profile"}


@pytest.mark.parametrize("metadata", [{}, {"callspool_key": 5}, {"callspool_key": None}])
def test_a_row_without_our_id_is_not_ours(metadata):
    assert key_of(metadata) == ""
    assert digest_of(metadata) == ""
