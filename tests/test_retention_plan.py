"""The plan of retention: which files and memories go, which wait, and which stay."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.retention.plan import StoredFile, plan
from processor.retention.policy import RetentionPolicy
from tests.memories import MONDAY as NOW


def days(count):
    return timedelta(days=count)


def a_file(conversation_id="conv_1", kind="transcription", *, age=10, **given):
    extension = "mp3" if kind == "audio" else "json"
    values = {
        "file": f"{conversation_id}/{conversation_id}_{kind}.{extension}",
        "offset": 0,
        "kind": kind,
        "conversation_id": conversation_id,
        "size_bytes": 100,
        "is_there": True,
        "has_memories": True,
        "standing": "taken",
        "began_at": NOW - days(age),
    }
    return StoredFile(**(values | given))


def planned(*files, total_bytes=None, **policy):
    total = sum(each.size_bytes for each in files) if total_bytes is None else total_bytes
    return plan(files, RetentionPolicy(**policy), now=NOW, total_bytes=total)


def going(*files, **given):
    found = planned(*files, **given)
    return [(each.file.file, each.what, each.reason) for each in found.going]


def test_without_a_policy_nothing_goes():
    policy = RetentionPolicy()
    assert policy.keeps_everything
    assert policy.stores_everything
    assert going(a_file(age=9_999), a_file(kind="audio", age=9_999)) == []


def test_a_recording_goes_on_its_day_and_not_a_second_earlier():
    due = a_file("conv_1", "audio", began_at=NOW - days(30))
    early = a_file("conv_2", "audio", began_at=NOW - days(30) + timedelta(seconds=1))
    assert going(due, early, audio=days(30)) == [(due.file, "file", "retention")]


def test_each_kind_has_a_limit_of_its_own():
    files = [a_file(kind=kind, age=40) for kind in ("transcription", "failure", "audio")]
    transcript, failure, recording = (each.file for each in files)
    assert going(*files, audio=days(30)) == [(recording, "file", "retention")]
    assert [name for name, *_ in going(*files, transcripts=days(30))] == [failure, transcript]


def test_a_transcript_takes_its_revisions_along():
    plain = a_file(age=31)
    revision = a_file(age=31, file="conv_1/conv_1_transcription.rev-0123456789abcdef.json")
    gone = {name for name, *_ in going(plain, revision, transcripts=days(30))}
    assert gone == {plain.file, revision.file}


def test_what_was_not_understood_goes_with_the_transcripts_but_is_stored_at_all():
    body = a_file(
        kind="quarantine", conversation_id=None, file=f".spool/quarantine/{'ab' * 32}.body", age=31
    )
    assert going(body, transcripts=days(30)) == [(body.file, "file", "retention")]
    assert going(body, store_transcripts=False) == []


def test_what_is_not_stored_goes_once_memory_has_it():
    taken, ahead, failing, parked = (
        a_file(f"conv_{standing}", standing=standing)
        for standing in ("taken", "ahead", "failing", "given_up")
    )
    found = planned(taken, ahead, failing, parked, store_transcripts=False)
    assert [each.file for each in found.going] == [taken]
    assert found.going[0].reason == "not_stored"
    assert set(found.waiting) == {ahead, failing, parked}


def test_a_recording_that_is_not_stored_waits_for_nothing():
    recording = a_file(kind="audio", standing="ahead", age=0)
    assert going(recording, store_audio=False) == [(recording.file, "file", "not_stored")]


def test_a_transcript_that_has_expired_waits_for_memory_but_not_for_a_person():
    ahead, failing, parked = (
        a_file(f"conv_{standing}", standing=standing, age=31)
        for standing in ("ahead", "failing", "given_up")
    )
    found = planned(ahead, failing, parked, transcripts=days(30))
    assert [each.file for each in found.going] == [parked]
    assert set(found.waiting) == {ahead, failing}


def test_memories_expire_whether_their_file_is_there_or_not():
    there = a_file("conv_1", age=31)
    gone = a_file("conv_2", age=32, is_there=False, size_bytes=0)
    expired = a_file("conv_3", age=33, has_memories=False)
    recording = a_file("conv_4", "audio", age=34)
    assert going(there, gone, expired, recording, memories=days(30)) == [
        (gone.file, "memories", "retention"),
        (there.file, "memories", "retention"),
    ]


def test_memories_and_transcript_of_one_day_both_go_memories_first():
    old = a_file(age=31)
    found = going(old, transcripts=days(30), memories=days(30))
    assert found == [(old.file, "memories", "retention"), (old.file, "file", "retention")]


def test_a_recording_of_which_nothing_else_is_left_goes_with_the_memories():
    transcript = a_file(age=91, is_there=False, size_bytes=0)
    recording = a_file(kind="audio", age=91)
    policy = {"audio": days(365), "memories": days(90)}
    assert going(transcript, recording, **policy) == [
        (transcript.file, "memories", "retention"),
        (recording.file, "file", "retention"),
    ]
    forgotten = a_file(age=91, is_there=False, size_bytes=0, has_memories=False)
    assert going(forgotten, recording, **policy) == [(recording.file, "file", "retention")]


def test_recording_transcript_and_memories_of_one_day_all_go():
    files = [a_file(age=91), a_file(kind="audio", age=91)]
    found = planned(*files, transcripts=days(90), memories=days(90))
    assert {(each.file.kind, each.what) for each in found.going} == {
        ("transcription", "memories"), ("transcription", "file"), ("audio", "file"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        a_file(age=91),
        a_file(age=91, has_memories=False),
        a_file(age=89, is_there=False, size_bytes=0),
        a_file(age=91, kind="failure", standing="failing"),
    ],
    ids=["whole", "without memories", "remembered", "failing"],
)
def test_a_recording_stays_while_anything_tells_whose_it_is(other):
    gone = a_file(
        age=91, is_there=False, has_memories=False, size_bytes=0,
        file="conv_1/conv_1_transcription.rev-0123456789abcdef.json",
    )  # fmt: skip
    recording = a_file(kind="audio", age=91)
    found = planned(gone, other, recording, memories=days(90))
    assert recording not in [each.file for each in found.going]


def test_a_recording_that_came_alone_waits_for_its_transcript():
    assert going(a_file(kind="audio", age=91), memories=days(90)) == []


def test_a_recording_that_goes_with_the_memories_makes_room_for_others():
    gone = a_file(age=91, is_there=False, size_bytes=0, has_memories=False)
    with_it, other = a_file(kind="audio", age=91), a_file("conv_2", "audio", age=95)
    found = going(gone, with_it, other, memories=days(90), max_bytes=100)
    assert found == [(with_it.file, "file", "retention")]


def test_a_file_that_is_not_there_is_not_dropped():
    missing = a_file(kind="audio", age=99, is_there=False, size_bytes=0)
    assert going(missing, audio=days(1), max_bytes=1, total_bytes=50) == []


def test_a_spool_that_is_too_large_loses_its_oldest_recordings_until_it_fits():
    recordings = [a_file(f"conv_{age}", "audio", age=age) for age in (1, 5, 3)]
    transcript = a_file("conv_9", age=9)
    found = planned(*recordings, transcript, max_bytes=250)
    gone = [(each.file.conversation_id, each.reason) for each in found.going]
    assert gone == [("conv_5", "space"), ("conv_3", "space")]
    assert found.over_bytes == 0


def test_what_has_expired_makes_room_first():
    old, young = a_file("conv_8", "audio", age=31), a_file("conv_1", "audio", age=2)
    assert going(old, young, audio=days(30), max_bytes=100) == [(old.file, "file", "retention")]


def test_it_says_by_how_much_recordings_alone_do_not_suffice():
    found = planned(a_file(kind="audio"), a_file(), max_bytes=30)
    assert [each.file.kind for each in found.going] == ["audio"]
    assert found.over_bytes == 70


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["transcription", "failure", "audio", "quarantine"]),
            st.integers(0, 100),
            st.integers(0, 1000),
            st.sampled_from(["taken", "given_up", "failing", "ahead"]),
            st.booleans(),
        ),
        max_size=30,
    ),
    st.integers(0, 20_000),
)
def test_no_file_goes_twice_and_the_rest_fits_or_has_no_recording_left(rows, max_bytes):
    files = [
        a_file(
            f"conv_{n}", kind, age=age, size_bytes=size if there else 0, standing=standing,
            is_there=there,
        )
        for n, (kind, age, size, standing, there) in enumerate(rows)
    ]  # fmt: skip
    policy = {"audio": days(60), "transcripts": days(50), "memories": days(40)}
    found = planned(*files, max_bytes=max_bytes, **policy)
    gone = [each.file for each in found.going if each.what == "file"]
    assert len(gone) == len({each.file for each in gone})
    assert all(each.is_there for each in gone)
    assert not any(each.kind != "audio" for each in gone if each.began_at > NOW - days(50))
    left = sum(each.size_bytes for each in files) - sum(each.size_bytes for each in gone)
    assert found.over_bytes == max(0, left - max_bytes)
    rest = [each for each in files if each.kind == "audio" and each.is_there and each not in gone]
    assert left <= max_bytes or not any(each.size_bytes for each in rest)
