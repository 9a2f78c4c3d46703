"""What is to be done about one caller's rows: decisions over wanted, ledger and what is there."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from memory.openmemory.backend import Row
from memory.openmemory.entry import Entry
from memory.openmemory.plan import content_hash, look, plan_of, stored_as
from memory.openmemory.wanted import Wanted
from tests.memories import ANA


def wanted(key="a", content="text", digest="d1"):
    metadata = {"callspool_key": key, "callspool_digest": digest}
    return Wanted(key=key, content=content, tags=(), metadata=metadata, place=None)


def row(key="a", content="text", digest="d1", row_id="id-1"):
    metadata = {"callspool_key": key, "callspool_digest": digest} if key else {}
    return Row(id=row_id, user=ANA, content=content, metadata=metadata)


def entry(key="a", digest="d1", state="stored", backend_id="id-1", **given):
    return Entry(key=key, digest=digest, state=state, backend_id=backend_id, **given)


STORED = entry(content_hash=content_hash("text"))


def test_what_is_new_is_wanted_and_what_is_there_stays():
    plan = plan_of({"a": wanted(), "b": wanted("b")}, {"a": STORED})
    assert plan.put == (Entry(key="b", digest="d1", state="wanted"),)
    assert plan.removed == ()


def test_what_has_changed_is_replaced_the_old_row_first():
    [put] = plan_of({"a": wanted(digest="d2")}, {"a": STORED}).put
    assert put == Entry(key="a", digest="d2", state="wanted", backend_id="id-1")


def test_what_is_wanted_no_more_is_removed_there_and_forgotten_if_it_never_was():
    entries = {"a": STORED, "b": entry("b", state="wanted", backend_id=""),
               "c": entry("c", state="dropped", backend_id="id-1"),
               "d": entry("d", state="refused", backend_id="")}  # fmt: skip
    plan = plan_of({}, entries)
    assert plan.put == (replace(STORED, state="unwanted"),)
    assert plan.removed == ("b", "c", "d")
    assert plan_of({}, plan.applied_to(entries)).put == ()


def test_what_is_wanted_again_before_it_was_removed_is_replaced():
    [put] = plan_of({"a": wanted()}, {"a": replace(STORED, state="unwanted")}).put
    assert (put.state, put.backend_id) == ("wanted", "id-1")


def test_dropped_and_refused_rows_are_not_sent_again_unless_they_change():
    for state in ("dropped", "refused"):
        entries = {"a": entry(state=state, backend_id="")}
        assert plan_of({"a": wanted()}, entries).put == ()
        assert plan_of({"a": wanted(digest="d2")}, entries).put[0].state == "wanted"


def test_a_row_that_was_dropped_for_another_is_sent_again_when_that_one_goes():
    entries = {"a": STORED, "b": entry("b", state="dropped")}
    plan = plan_of({"b": wanted("b")}, entries)
    assert {e.key: (e.state, e.backend_id) for e in plan.put} == {
        "a": ("unwanted", "id-1"),
        "b": ("wanted", ""),
    }


def test_a_row_is_stored_only_if_it_was_read_back_as_ours():
    assert stored_as(wanted(), row(), []).state == "stored"
    assert stored_as(wanted(), row(content="te"), []).state == "shortened"
    dropped = stored_as(wanted(), None, [])
    assert (dropped.state, dropped.backend_id) == ("dropped", "")
    assert "another caller" in dropped.reason


def test_a_row_taken_for_another_of_the_caller_knows_which():
    other = entry("b", backend_id="id-7")
    dropped = stored_as(wanted(), row("b", row_id="id-7"), [other])
    assert (dropped.state, dropped.backend_id) == ("dropped", "id-7")
    assert stored_as(wanted(), row("", row_id="id-8"), [other]).backend_id == ""
    assert stored_as(wanted(), row(digest="d0"), [other]).state == "dropped"


def test_a_look_believes_what_is_there():
    looked = look({"a": wanted()}, {}, [row()])
    assert looked.entries["a"].state == "stored"
    assert looked.entries["a"].backend_id == "id-1"
    gone = look({"a": wanted()}, {"a": STORED}, [])
    assert gone.entries["a"].state == "wanted"
    assert gone.missing == ("a",)


def test_of_two_rows_for_the_same_one_is_kept_the_one_that_is_known():
    there = [row(row_id="id-1"), row(row_id="id-2"), row(row_id="id-3", digest="d0")]
    looked = look({"a": wanted()}, {"a": replace(STORED, backend_id="id-2")}, there)
    assert looked.entries["a"].backend_id == "id-2"
    assert [each.id for each in looked.surplus] == ["id-1", "id-3"]


def test_a_row_that_somebody_has_altered_is_replaced():
    looked = look({"a": wanted()}, {"a": STORED}, [row(content="altered")])
    assert looked.changed == ("a",)
    assert (looked.entries["a"].state, looked.entries["a"].backend_id) == ("wanted", "id-1")
    assert looked.missing == ()


def test_a_shortened_row_that_is_as_it_was_read_back_has_not_changed():
    cut = stored_as(wanted(), row(content="te"), [])
    looked = look({"a": wanted()}, {"a": cut}, [row(content="te")])
    assert looked.changed == ()
    assert looked.entries["a"] == cut


def test_rows_of_others_are_counted_and_ours_that_nobody_wants_are_extra():
    looked = look({}, {"z": entry("z", state="unwanted", backend_id="id-9")},
                  [row("", row_id="id-5"), row("x"), row("z", row_id="id-9")])  # fmt: skip
    assert looked.foreign == 1
    assert [each.id for each in looked.extra] == ["id-1"]


def test_what_was_dropped_or_refused_stays_so_when_it_is_not_there():
    for state in ("dropped", "refused"):
        there = entry(state=state, backend_id="", reason="why")
        assert look({"a": wanted()}, {"a": there}, []).entries["a"] == there


def test_attempts_at_a_row_outlast_a_look():
    tried = entry(state="wanted", backend_id="", attempts=2)
    assert look({"a": wanted()}, {"a": tried}, []).entries["a"].attempts == 2


KEYS = st.sampled_from("abc")
DIGESTS = st.sampled_from(["d1", "d2"])
WANTED = st.dictionaries(KEYS, DIGESTS, max_size=3)
ENTRIES = st.dictionaries(
    KEYS,
    st.tuples(
        DIGESTS,
        st.sampled_from(["wanted", "unwanted", "stored", "shortened", "dropped", "refused"]),
        st.sampled_from(["", "id-1", "id-2"]),
    ),
    max_size=3,
)
THERE = st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), DIGESTS), max_size=5)


def made(wanted_digests, entry_values):
    wants = {key: wanted(key, digest=digest) for key, digest in wanted_digests.items()}
    entries = {
        key: entry(key, digest, state, row_id, content_hash=content_hash("text"))
        for key, (digest, state, row_id) in entry_values.items()
    }
    return wants, entries


@given(WANTED, ENTRIES)
def test_a_plan_is_made_once(wanted_digests, entry_values):
    wants, entries = made(wanted_digests, entry_values)
    after = plan_of(wants, entries).applied_to(entries)
    again = plan_of(wants, after)
    assert (again.put, again.removed) == ((), ())
    assert all(after[key].digest == row.digest for key, row in wants.items())
    assert all(after[key].state == "unwanted" for key in after.keys() - wants.keys())


@given(WANTED, ENTRIES, THERE)
def test_a_look_leaves_one_row_for_each_that_is_there_and_is_true_of_what_is_there(
    wanted_digests, entry_values, there
):
    wants, entries = made(wanted_digests, entry_values)
    planned = plan_of(wants, entries).applied_to(entries)
    rows = [row(key, digest=digest, row_id=f"id-{n}") for n, (key, digest) in enumerate(there)]
    looked = look(wants, planned, rows)
    going = {each.id for each in (*looked.surplus, *looked.extra)}
    kept = [each for each in rows if each.id not in going and each.metadata]
    for key in wants:
        here = [each for each in kept if each.metadata["callspool_key"] == key]
        found = looked.entries[key]
        assert len(here) <= 1
        assert found.is_there == bool(here and found.backend_id == here[0].id
                                      and here[0].metadata["callspool_digest"] == found.digest
                                      and key not in looked.changed)  # fmt: skip
    assert looked.foreign == sum(not key for key, _ in there)
