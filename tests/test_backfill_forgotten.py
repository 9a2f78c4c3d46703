"""What was erased or dropped on purpose is not brought back by asking the platform for it."""

from datetime import UTC, datetime, timedelta

from spool.dropped import Drop, note_dropped
from spool.durable import remove_files
from spool.erasing import ask_to_forget
from spool.reader import read_file, read_receipts
from tests.backfills import a_call, fetching
from voice.whose import whose

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def receipts(root):
    return {receipt.file: receipt for receipt, _ in read_receipts(root)}


def erase_files(root, conversation_id):
    files = [file for file in receipts(root) if file.startswith(f"{conversation_id}/")]
    note_dropped(root, [Drop(file=f, what="file", reason="erased", at=NOW) for f in files])
    remove_files(root, files)


def asked_of(fetched, conversation_id):
    return [path for path in fetched.asked() if conversation_id in path]


async def test_an_erased_conversation_is_not_even_asked_for(tmp_path):
    async with fetching(tmp_path) as fetched:
        gone, kept = a_call(fetched.held, 1), a_call(fetched.held, 2)
        await fetched.run()
        ask_to_forget(fetched.root, conversations=[gone])
        erase_files(fetched.root, gone)
        before = len(asked_of(fetched, gone))
        report = await fetched.run()
        assert (report.stored, report.recordings, report.failed) == (0, 0, 0)
        assert len(asked_of(fetched, gone)) == before
        assert {file.partition("/")[0] for file in fetched.files()} == {kept}


async def test_a_call_of_an_erased_caller_that_was_never_seen_stays_away_with_its_recording(
    tmp_path,
):
    async with fetching(tmp_path) as fetched:
        seen = a_call(fetched.held, 1)
        await fetched.run()
        file = f"{seen}/{seen}_transcription.json"
        body = read_file(fetched.root, receipts(fetched.root)[file])
        caller, _ = whose("transcription", body, region=None)
        assert caller is not None
        ask_to_forget(fetched.root, callers=[caller], conversations=[seen], at=NOW)
        erase_files(fetched.root, seen)
        missed = a_call(fetched.held, 1, conversation_id="conv_missed_before")
        report = await fetched.run()
        assert (report.stored, report.recordings, report.failed) == (0, 0, 0)
        assert not any(path.endswith("/audio") for path in asked_of(fetched, missed))
        assert fetched.files() == set()
        asked = len(asked_of(fetched, missed))
        await fetched.run()
        assert len(asked_of(fetched, missed)) == asked  # it is known by its id from now on


async def test_what_retention_dropped_is_not_fetched_again(tmp_path):
    async with fetching(tmp_path) as fetched:
        call = a_call(fetched.held, 1)
        await fetched.run()
        files = list(receipts(fetched.root))
        at = NOW - timedelta(days=1)
        note_dropped(
            fetched.root,
            [Drop(file=file, what="file", reason="retention", at=at) for file in files],
        )
        remove_files(fetched.root, files)
        before = len(asked_of(fetched, call))
        report = await fetched.run()
        assert (report.there, report.stored, report.recordings) == (1, 0, 0)
        assert not any(path.endswith("/audio") for path in asked_of(fetched, call)[before:])
        assert fetched.files() == set()
