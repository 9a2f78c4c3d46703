"""Runs of retention over real spools: what goes is noted, and memory and receipts stay true."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from history.values import Entry, Page
from memory.in_memory import InMemoryStore
from processor.apply import derive_alone
from processor.erasure.files import erase_files
from processor.errors import RebuildRunning
from processor.kept import write_kept
from processor.lock import held, rebuild_lock
from processor.rebuild import rebuild
from processor.retention.carry_out import carry_out
from processor.retention.expired import forget_expired
from processor.retention.keeping import keeping
from processor.retention.last_run import (
    LastRun,
    last_run_file,
    read_last_run,
    write_last_run,
)
from processor.retention.plan import Going, StoredFile
from processor.retention.run import (
    RetentionRefused,
    RetentionRunning,
    locked,
    run_retention,
)
from spool.dropped import Dropped, is_kept_file, kept_path
from spool.format import SpoolError
from spool.reader import ledger_path
from tests.factories import encoded, transcription_payload
from tests.memories import ANA, exported
from tests.retentions import (
    MP3,
    NOW,
    a_job,
    an_event,
    days,
    files_of,
    findings,
    process,
    rebuilt,
    receipts,
    retain,
    store_call,
    store_failure,
)
from tests.spools import QUICK, a_spool, commit, poison


async def an_old_and_a_new_call(root):
    with a_spool(root) as spool:
        old = store_call(spool, "conv_old", age=100, summary="Ana asked for a red bell.")
        new = store_call(spool, "conv_new", age=3, summary="Ana paid for the red bell.")
    store = InMemoryStore()
    await process(root, store)
    return store, old, new


async def test_an_old_recording_is_deleted_and_its_receipt_says_what_it_was(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    before = await exported(store)
    report = await retain(tmp_path, store, audio=days(30))
    assert files_of(tmp_path) == sorted([old[0], *new])
    drop = Dropped(tmp_path).file(old[1])
    assert (drop.what, drop.reason, drop.at) == ("file", "retention", NOW)
    [receipt] = [each for each in receipts(tmp_path) if each.file == old[1]]
    assert receipt.size == len(MP3)
    [group] = report.groups
    assert (group.kind, group.count, group.size_bytes) == ("audio", 1, len(MP3))
    assert report.freed_bytes == len(MP3)
    assert findings(tmp_path) == []
    assert await exported(store) == before == await rebuilt(tmp_path)


async def test_what_was_remembered_outlives_its_transcript_in_memory_and_in_a_rebuild(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    before = await exported(store)
    assert any("red bell" in line for line in before)
    await retain(tmp_path, store, transcripts=days(30))
    assert files_of(tmp_path) == sorted([kept_path(old[0]), old[1], *new])
    assert findings(tmp_path) == []
    assert await exported(store) == before
    assert await rebuilt(tmp_path) == before
    report = await rebuild(tmp_path, store, options=QUICK)
    assert (report.failed, report.is_adopted) == (0, True)
    assert await exported(store) == before


async def test_a_failed_call_goes_with_the_transcripts_and_is_still_an_attempt(tmp_path):
    with a_spool(tmp_path) as spool:
        [file] = store_failure(spool, "conv_busy", age=50)
    store = InMemoryStore()
    await process(tmp_path, store)
    await retain(tmp_path, store, transcripts=days(30))
    assert files_of(tmp_path) == [kept_path(file)]
    assert (await store.profile(ANA)).attempts[0].conversation_id == "conv_busy"
    assert await rebuilt(tmp_path) == await exported(store)
    assert findings(tmp_path) == []


async def test_all_revisions_go_and_the_one_that_counts_goes_on_counting(tmp_path):
    with a_spool(tmp_path) as spool:
        store_call(spool, "conv_1", age=50, audio=False, summary="The first version.")
        store_call(spool, "conv_1", age=49.99, audio=False, summary="The later version.")
        store_call(spool, "conv_1", age=50.01, audio=False, summary="The earliest version.")
    assert len(files_of(tmp_path)) == 3
    store = InMemoryStore()
    await process(tmp_path, store)
    before = await exported(store)
    await retain(tmp_path, store, transcripts=days(49.995))
    assert all(is_kept_file(file) for file in files_of(tmp_path))
    assert await rebuilt(tmp_path) == before == await exported(store)
    assert any("The later version." in line for line in before)
    assert findings(tmp_path) == []


async def test_expired_memories_are_forgotten_by_memory_and_by_a_rebuild(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    with_old = await exported(store)
    report = await retain(tmp_path, store, memories=days(30))
    assert files_of(tmp_path) == sorted([*old, *new])
    assert [(each.what, each.count, each.size_bytes) for each in report.groups] == [
        ("memories", 1, 0)
    ]
    left = await exported(store)
    assert not any("conv_old" in line for line in left)
    assert {line for line in left if "conv_new" in line} <= set(with_old)
    assert await rebuilt(tmp_path) == left
    assert findings(tmp_path) == []


async def test_memories_expire_that_a_deleted_transcript_had_left(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    await retain(tmp_path, store, transcripts=days(30))
    assert (tmp_path / kept_path(old[0])).exists()
    await retain(tmp_path, store, transcripts=days(30), memories=days(60))
    assert files_of(tmp_path) == sorted(new)
    assert Dropped(tmp_path).file(old[1]).reason == "retention"  # nobody could tell whose it is
    assert not any("conv_old" in line for line in await exported(store))
    assert await rebuilt(tmp_path) == await exported(store)
    assert findings(tmp_path) == []


async def test_nothing_is_kept_of_a_transcript_whose_memories_expire_with_it(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    await retain(tmp_path, store, transcripts=days(30), memories=days(30))
    assert files_of(tmp_path) == sorted(new)
    assert Dropped(tmp_path).file(old[0]).kept_sha256 == ""
    assert await rebuilt(tmp_path) == await exported(store)
    assert findings(tmp_path) == []


async def test_a_revision_that_comes_after_the_memories_expired_is_remembered_until_the_next_run(
    tmp_path,
):
    store, _, _ = await an_old_and_a_new_call(tmp_path)
    await retain(tmp_path, store, memories=days(30))
    with a_spool(tmp_path) as spool:
        store_call(spool, "conv_old", age=99.9, audio=False, summary="A late word.")
    await process(tmp_path, store)
    dropped = Dropped(tmp_path)
    files = dropped.all_without_memories()
    assert await forget_expired(tmp_path, store, dropped, files=files, now=NOW) == 0
    assert any("A late word." in line for line in await exported(store))
    assert await rebuilt(tmp_path) == await exported(store)
    await retain(tmp_path, store, memories=days(30))
    assert not any("conv_old" in line for line in await exported(store))
    assert await rebuilt(tmp_path) == await exported(store)


async def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path):
    store, _, _ = await an_old_and_a_new_call(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    policy = {"audio": days(30), "transcripts": days(30), "memories": days(90)}
    told = await run_retention(a_job(tmp_path, store, **policy), dry_run=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert told.is_dry_run
    done = await retain(tmp_path, store, **policy)
    assert (told.groups, told.freed_bytes) == (done.groups, done.freed_bytes)
    again = await retain(tmp_path, store, **policy)
    assert (again.groups, again.finished) == ((), 0)


async def test_a_spool_that_is_too_large_loses_the_oldest_recordings(tmp_path):
    with a_spool(tmp_path) as spool:
        files = [store_call(spool, f"conv_{age}", age=age) for age in (3, 9, 6)]
    store = InMemoryStore()
    await process(tmp_path, store)
    size = (await run_retention(a_job(tmp_path, store), dry_run=True)).spool_bytes
    on_disk = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size == on_disk
    report = await retain(tmp_path, store, max_bytes=size - len(MP3) - 1)
    assert [(each.reason, each.count) for each in report.groups] == [("space", 2)]
    assert files_of(tmp_path) == sorted([*files[0], files[1][0], files[2][0]])
    assert report.over_bytes == 0
    last = await retain(tmp_path, store, max_bytes=10)
    assert last.over_bytes > 1000
    assert read_last_run(tmp_path).over_bytes == last.over_bytes
    assert findings(tmp_path) == []


async def test_a_transcript_that_memory_has_not_read_yet_waits(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_old", age=100)
    store = InMemoryStore()
    report = await retain(tmp_path, store, transcripts=days(30), audio=days(30))
    assert report.waiting == 1
    assert files_of(tmp_path) == [files[0]]
    await process(tmp_path, store)
    assert (await retain(tmp_path, store, transcripts=days(30))).waiting == 0
    assert files_of(tmp_path) == [kept_path(files[0])]


async def test_an_expired_event_that_memory_gave_up_on_goes_and_is_no_failure_any_more(tmp_path):
    with a_spool(tmp_path) as spool:
        file = poison(spool)
    store = InMemoryStore()
    await process(tmp_path, store)
    policy = {"transcripts": days(30)}
    assert (await retain(tmp_path, store, **policy)).waiting == 1  # it will be tried again
    [failure] = await store.failures()
    await store.apply([], failed=[replace(failure, next_attempt_at=None)])
    report = await retain(tmp_path, store, **policy)
    assert (report.never_in_memory, report.waiting) == (1, 0)
    assert files_of(tmp_path) == []
    assert Dropped(tmp_path).file(file).kept_sha256 == ""
    assert await store.failures() == []
    assert findings(tmp_path) == []
    fresh = InMemoryStore()
    await process(tmp_path, fresh)
    assert await fresh.failures() == []


async def test_a_body_in_quarantine_goes_with_its_reason(tmp_path):
    with a_spool(tmp_path) as spool:
        arrival = an_event(None, b"[", (NOW - days(40)).timestamp(), kind="quarantine")
        [file] = commit(spool, arrival)
    folder = tmp_path / ".spool/quarantine"
    assert len(list(folder.iterdir())) == 2
    await retain(tmp_path, InMemoryStore(), transcripts=days(30))
    assert list(folder.iterdir()) == []
    assert Dropped(tmp_path).file(file).reason == "retention"
    assert findings(tmp_path) == []


async def test_a_damaged_transcript_stays_and_is_named(tmp_path):
    store, old, _ = await an_old_and_a_new_call(tmp_path)
    (tmp_path / old[0]).write_bytes(b"{}")
    report = await retain(tmp_path, store, transcripts=days(30))
    assert report.groups == ()
    [problem] = report.problems
    assert old[0] in problem
    assert "spool verify" in problem
    assert findings(tmp_path) == [("torn", old[0])]


async def test_a_missing_file_is_not_called_dropped(tmp_path):
    store, old, _ = await an_old_and_a_new_call(tmp_path)
    (tmp_path / old[1]).unlink()
    assert (await retain(tmp_path, store, audio=days(30))).groups == ()
    assert findings(tmp_path) == [("missing", old[1])]


@pytest.mark.parametrize("source", ["webhook", "backfill"])
async def test_a_redelivery_of_what_was_dropped_is_a_duplicate(tmp_path, source):
    store, old, _ = await an_old_and_a_new_call(tmp_path)
    bodies = [(tmp_path / file).read_bytes() for file in old]
    await retain(tmp_path, store, transcripts=days(30), audio=days(30))
    before, lines = files_of(tmp_path), len(receipts(tmp_path))
    stamp = (NOW - days(100)).timestamp()
    with a_spool(tmp_path) as spool:
        outcomes = spool.commit(
            [
                an_event("conv_old", bodies[0], stamp, source=source),
                an_event("conv_old", bodies[1], stamp, kind="audio", source=source),
            ]
        )
    assert [outcome.status for outcome in outcomes] == ["duplicate", "duplicate"]
    assert (files_of(tmp_path), len(receipts(tmp_path))) == (before, lines)


async def test_another_version_of_what_was_dropped_is_a_revision_and_goes_the_next_night(tmp_path):
    store, _, _ = await an_old_and_a_new_call(tmp_path)
    await retain(tmp_path, store, transcripts=days(30))
    with a_spool(tmp_path) as spool:
        [revision] = store_call(spool, "conv_old", age=99.9, audio=False, summary="Mended.")
    assert ".rev-" in revision
    await process(tmp_path, store)
    assert any("Mended." in line for line in await exported(store))
    await retain(tmp_path, store, transcripts=days(30))
    assert kept_path(revision) in files_of(tmp_path)
    assert revision not in files_of(tmp_path)
    assert await rebuilt(tmp_path) == await exported(store)
    assert findings(tmp_path) == []


class Known:
    """A history that knows when calls began."""

    def __init__(self, *began):
        self.entries = [an_entry(*each) for each in began]
        self.asked = []

    async def page(self, filters, *, limit, cursor=None):
        self.asked.append(filters.until)
        number = int(cursor or 0)
        more = number + 1 < len(self.entries)
        return Page(
            entries=tuple(self.entries[number : number + 1]),
            next_cursor=str(number + 1) if more else None,
        )

    async def position(self):
        return 0


def an_entry(id_, started_at):
    return Entry(
        id=id_, kind="call", caller=None, line=None, channel="phone", direction="inbound",
        agent_id="", started_at=started_at, duration_secs=1.0, language="", outcome="",
        summary="", has_transcript=True, has_audio=True, size_bytes=1,
    )  # fmt: skip


async def test_a_backfilled_call_has_the_age_of_the_call_as_the_history_knows_it(tmp_path):
    with a_spool(tmp_path) as spool:
        old = store_call(spool, "conv_old", age=100, source="backfill")
        new = store_call(spool, "conv_new", age=5, source="backfill")
        none = store_call(spool, "conv_none", age=2, source="backfill")
    store = InMemoryStore()
    await process(tmp_path, store)
    assert (await retain(tmp_path, store, audio=days(30))).groups == ()  # all arrived yesterday
    history = Known(
        ("conv_none", datetime(1970, 1, 1, tzinfo=UTC)),
        ("conv_new", NOW - days(5)),
        ("conv_old", NOW - days(100)),
    )
    await retain(tmp_path, store, audio=days(30), history=history)
    assert files_of(tmp_path) == sorted([old[0], *new, *none])
    assert history.asked == [NOW - days(30)] * 3


async def test_a_run_beside_another_or_beside_a_rebuild_is_refused(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    with locked(tmp_path), pytest.raises(RetentionRunning, match="another run of retention"):
        await retain(tmp_path, store, audio=days(30))
    with (
        held(rebuild_lock(tmp_path), refusal=RebuildRunning, holder="rebuild"),
        pytest.raises(RetentionRefused, match="rebuild"),
    ):
        await retain(tmp_path, store, audio=days(30))
    assert files_of(tmp_path) == sorted([*old, *new])


async def test_without_a_spool_nothing_is_made(tmp_path):
    with pytest.raises(SpoolError, match="no spool"):
        await retain(tmp_path / "nowhere", InMemoryStore(), audio=days(30))
    assert not (tmp_path / "nowhere").exists()


async def test_a_run_that_is_told_to_stop_leaves_the_rest_to_the_next(tmp_path):
    store, _, _ = await an_old_and_a_new_call(tmp_path)
    job = a_job(tmp_path, store, audio=days(30))
    report = await run_retention(job, stop=lambda: True)
    assert (report.groups, report.is_complete) == ((), False)
    assert read_last_run(tmp_path).finished_at is None
    report = await run_retention(job)
    assert report.is_complete
    assert read_last_run(tmp_path).gone == 1


async def test_other_events_of_the_caller_are_untouched(tmp_path):
    store, _, _ = await an_old_and_a_new_call(tmp_path)
    with a_spool(tmp_path) as spool:
        other = commit(
            spool,
            an_event(
                "conv_other",
                encoded(transcription_payload(conversation_id="conv_other", caller="+15550100177")),
                NOW.timestamp() - 60,
            ),
        )
    await process(tmp_path, store)
    theirs = [line for line in await exported(store) if "+15550100177" in line]
    assert theirs
    await retain(tmp_path, store, audio=days(1), transcripts=days(1), memories=days(1))
    assert [line for line in await exported(store) if "+15550100177" in line] == theirs
    assert other[0] in files_of(tmp_path)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_erasure_beside_a_run_leaves_nothing_of_the_call(tmp_path, moment):
    _, old, _ = await an_old_and_a_new_call(tmp_path)
    [receipt] = [each for each in receipts(tmp_path) if each.file == old[0]]
    going = Going(
        file=StoredFile(
            file=old[0], offset=0, kind="transcription", conversation_id="conv_old", size_bytes=1,
            is_there=True, has_memories=True, standing="taken", began_at=NOW,
        ),
        what="file",
        reason="retention",
    )  # fmt: skip
    keep = keeping(tmp_path, QUICK.rules)

    def keep_beside_an_erasure(given):
        assert given == receipt
        if moment == "before":  # derived already, not yet written
            conversation = derive_alone(tmp_path, given, rules=QUICK.rules)
            erase_files(tmp_path, ["conv_old"], at=NOW)
            return write_kept(tmp_path, given.file, conversation)
        kept = keep(given)
        erase_files(tmp_path, ["conv_old"], at=NOW)
        return kept

    dropped = Dropped(tmp_path)
    carry_out(tmp_path, [going], keep=keep_beside_an_erasure, dropped=dropped, at=NOW)
    assert not (tmp_path / "conv_old").exists()
    assert dropped.file(old[0]).reason == "erased"
    assert findings(tmp_path) == []


async def test_a_ledger_that_was_changed_meanwhile_lets_nothing_go(tmp_path):
    store, old, _ = await an_old_and_a_new_call(tmp_path)
    path = ledger_path(tmp_path)
    first = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(path.read_bytes().replace(first, first[:-4] + b'0"}\n'))
    report = await retain(tmp_path, store, transcripts=days(30), audio=days(30))
    assert [(each.kind, each.count) for each in report.groups] == [("audio", 1)]
    assert (tmp_path / old[0]).exists()


async def test_what_else_lies_in_the_spool_is_no_obstacle(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "conv_old/notes").mkdir()
    (tmp_path / "conv_old/notes/mine.txt").write_text("mine")
    (tmp_path / "conv_old/elsewhere").symlink_to(tmp_path.parent)
    report = await retain(tmp_path, store, transcripts=days(30), audio=days(30))
    assert sum(each.count for each in report.groups) == 2
    assert (tmp_path / "conv_old/notes/mine.txt").read_text() == "mine"
    assert all((tmp_path / file).exists() for file in new)
    assert not any((tmp_path / file).exists() for file in old)


async def test_a_kept_record_of_a_file_that_was_not_dropped_after_all_is_removed(tmp_path):
    store, old, new = await an_old_and_a_new_call(tmp_path)
    [receipt, *_] = receipts(tmp_path)
    keeping(tmp_path, QUICK.rules)(receipt)  # then came a kill
    assert findings(tmp_path) == [("extra", kept_path(old[0]))]
    report = await retain(tmp_path, store)
    assert report.finished == 1
    assert files_of(tmp_path) == sorted([*old, *new])


def test_a_record_of_the_last_run_that_cannot_be_read_is_none(tmp_path):
    (tmp_path / ".spool").mkdir()
    write_last_run(tmp_path, LastRun(started_at=NOW))
    assert read_last_run(tmp_path) == LastRun(started_at=NOW)
    path = last_run_file(tmp_path)
    path.write_text(path.read_text().replace("+00:00", ""))
    assert read_last_run(tmp_path) is None
    path.write_text("[]")
    assert read_last_run(tmp_path) is None
