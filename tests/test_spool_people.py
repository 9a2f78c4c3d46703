"""Who is who: merges and splits, in whatever order they were decided."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spool.decisions import (
    DECISIONS_FOLDER,
    DamagedDecision,
    decision_ids,
    new_decision_id,
    read_decisions,
    remove_decisions,
    rewrite_decision,
    write_decision,
)
from spool.format import SpoolError
from spool.people import Decision, People
from spool.standing_orders import Orders
from tests.spools import a_spool

ANA, BEN, CLEO = "+15550100142", "+15550100143", "+15550100144"
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def decided(*given):
    return [
        Decision(id=f"d{number}", at=AT + timedelta(minutes=number), **each)
        for number, each in enumerate(given)
    ]


def merge(caller, into):
    return {"kind": "merge", "caller": caller, "into": into}


def split(caller, *conversations, name=""):
    return {"kind": "split", "caller": caller, "conversations": conversations, "name": name}


def people(*given):
    return People(decided(*given))


def test_without_decisions_everybody_is_himself():
    assert people().person(ANA) == ANA
    assert people().person_of(ANA, "conv_1", "Ana") == ANA
    assert people().lines(ANA) == {ANA}
    assert not people().is_shared(ANA)


def test_merged_numbers_are_one_person_also_over_several_steps():
    who = people(merge(BEN, ANA), merge(CLEO, BEN))
    assert {who.person(each) for each in (ANA, BEN, CLEO)} == {ANA}
    assert who.lines(ANA) == {ANA, BEN, CLEO}


def test_a_split_takes_a_merge_back():
    who = people(merge(BEN, ANA), split(BEN))
    assert who.person(BEN) == BEN
    assert who.lines(ANA) == {ANA}
    assert who.related(ANA) == {ANA, BEN}  # memory may still have it so


def test_the_later_merge_counts_and_nobody_ends_in_a_circle():
    who = people(merge(BEN, ANA), merge(ANA, BEN))
    assert {who.person(ANA), who.person(BEN)} == {BEN}
    who = people(merge(CLEO, BEN), merge(BEN, ANA), merge(ANA, CLEO))
    assert len({who.person(each) for each in (ANA, BEN, CLEO)}) == 1
    assert people(merge(ANA, ANA)).person(ANA) == ANA


def test_who_is_merged_already_leaves_nobody_behind():
    who = people(merge(BEN, ANA), merge(CLEO, ANA), merge(BEN, CLEO))
    assert {who.person(each) for each in (ANA, BEN, CLEO)} == {ANA}


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=12))
def test_the_last_merge_always_holds(pairs):
    who = people(*(merge(one, other) for one, other in pairs))
    assert all(who.person(who.person(each)) == who.person(each) for each in "abcde")
    if pairs:
        one, other = pairs[-1]
        assert who.person(one) == who.person(other)


def test_two_people_of_one_line_are_told_by_conversation_and_by_name():
    who = people(split(ANA, "conv_1", name="Bea Lopez"))
    bea = who.person_of(ANA, "conv_1", "")
    assert bea == f"{ANA}~2"
    assert who.person_of(ANA, "conv_9", "bea") == bea
    assert who.person_of(ANA, "conv_9", "Ana Torres") == ANA
    assert who.person_of(ANA, "conv_9", "") == ANA
    assert who.person_of(BEN, "conv_1", "Bea") == BEN  # another line
    assert who.is_shared(ANA)
    assert not who.is_shared(BEN)
    assert who.apart(ANA) == (bea,)


def test_the_same_name_is_the_same_person_and_another_is_a_third():
    who = people(
        split(ANA, "conv_1", name="Bea"), split(ANA, "conv_2", name="bea"), split(ANA, "conv_3")
    )
    assert who.person_of(ANA, "conv_2", "") == f"{ANA}~2"
    assert who.person_of(ANA, "conv_3", "") == f"{ANA}~3"


def test_who_was_split_off_can_be_merged_with_a_number_of_her_own():
    who = people(split(ANA, "conv_1", name="Bea"), merge(f"{ANA}~2", BEN))
    assert who.person_of(ANA, "conv_1", "") == BEN
    assert who.lines(BEN) == {BEN, f"{ANA}~2"}
    assert who.related(ANA) == {ANA, BEN, f"{ANA}~2"}


def test_a_line_is_shared_only_while_more_than_one_person_calls_from_it():
    one = split(ANA, "conv_1", name="Bea")
    assert not people(one, merge(f"{ANA}~2", ANA)).is_shared(ANA)  # she was not another at all
    assert people(one, merge(f"{ANA}~2", BEN)).is_shared(ANA)
    assert people(one, split(ANA, "conv_2"), merge(f"{ANA}~2", ANA)).is_shared(ANA)


def nobody(_):
    return False


def test_a_key_is_given_once_and_a_name_keeps_it():
    who = people(
        {**split(ANA, "conv_1", name="Bea"), "into": f"{ANA}~2"},
        {**split(ANA, "conv_2", name="Carl"), "into": f"{ANA}~5"},
    )
    assert who.key_named(ANA, "bea Lopez") == f"{ANA}~2"
    assert who.key_named(ANA, "Dora") == who.key_named(BEN, "Bea") == ""
    assert who.new_key(ANA, is_forgotten=nobody) == f"{ANA}~6"
    assert who.new_key(BEN, is_forgotten=nobody) == f"{BEN}~2"
    assert who.new_key(ANA, is_forgotten={f"{ANA}~9"}.__contains__) == f"{ANA}~10"
    assert who.new_key(ANA, is_forgotten=nobody, used=[f"{ANA}~7", f"{BEN}~8"]) == f"{ANA}~8"


def test_of_a_key_that_only_a_merge_names_the_number_is_not_given_again():
    assert people(merge(f"{ANA}~4", BEN)).new_key(ANA, is_forgotten=nobody) == f"{ANA}~5"


def test_a_split_tells_whose_key_it_made():
    made = decided(
        split(ANA, "conv_1", name="Bea"), split(ANA, name="bea"), split(ANA, "conv_2"),
        split(ANA), merge(BEN, ANA),
    )  # fmt: skip
    who = People(made)
    assert [who.key_made(each) for each in made] == [f"{ANA}~2", f"{ANA}~2", f"{ANA}~3", "", ""]


@pytest.fixture
def root(tmp_path):
    with a_spool(tmp_path):
        pass
    return tmp_path


def test_decisions_are_read_as_written_in_order_of_time(root):
    written = decided(
        merge(BEN, ANA), split(ANA, "conv_1", name="Béa"), {"kind": "untrue", "memories": ("m",)}
    )
    for each in reversed(written):
        write_decision(root, each)
    assert read_decisions(root) == written
    with pytest.raises(SpoolError, match="already"):
        write_decision(root, written[0])
    orders = Orders(root)
    assert orders.ids == {"d0", "d1", "d2"} == decision_ids(root)
    assert orders.people.person(BEN) == ANA
    assert orders.untrue == {"m"}
    assert remove_decisions(root, ["d0"]) == 1
    orders.refresh()
    assert orders.people.person(BEN) == BEN


def test_a_decision_can_be_put_in_other_words(root):
    [split_off] = decided(split(ANA, "conv_1"))
    write_decision(root, split_off)
    reworded = replace(split_off, into=f"{ANA}~2")
    rewrite_decision(root, reworded)
    assert read_decisions(root) == [reworded]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"v": 2}', b'{"v": 1, "kind": "marry"}'])
def test_a_decision_that_cannot_be_read_is_named(root, content):
    write_decision(root, decided(merge(BEN, ANA))[0])
    (root / DECISIONS_FOLDER / "zz.json").write_bytes(content)
    with pytest.raises(DamagedDecision, match=r"zz\.json"):
        read_decisions(root)


def test_an_id_sorts_by_time():
    ids = [new_decision_id(AT + timedelta(seconds=n)) for n in range(5)]
    assert ids == sorted(ids)
