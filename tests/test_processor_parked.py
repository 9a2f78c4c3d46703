"""Markers of parked events: a view of the store, whose trouble stops nothing."""

import json

from memory.in_memory import InMemoryStore
from processor.parked import mark_parked, parked_folder, retry_parked
from spool.format import file_path
from tests.memories import MONDAY, a_failure
from tests.spools import a_spool, calls, deliver, running, until

LONGEST = file_path("transcription", "c" * 128, revision_of="ab" * 32)


async def a_store_with_parked(*files):
    store = InMemoryStore()
    await store.apply([], failed=[a_failure(file, next_attempt_at=None) for file in files])
    return store


def names(root):
    return {path.name for path in parked_folder(root).iterdir()}


async def test_the_longest_file_name_can_be_marked(tmp_path):
    store = await a_store_with_parked(LONGEST)
    await mark_parked(tmp_path, store, now=MONDAY)
    [marker] = parked_folder(tmp_path).iterdir()
    assert marker.name == LONGEST.rpartition("/")[2] + ".parked.json"
    assert json.loads(marker.read_text())["file"] == LONGEST


async def test_what_is_no_marker_is_left_alone(tmp_path):
    folder = parked_folder(tmp_path)
    (folder / "folder.parked.json").mkdir(parents=True)
    for name in ("notes.txt", "copy.json", "stale.parked.json"):
        (folder / name).write_text("{}")
    (folder / "link.parked.json").symlink_to("notes.txt")
    await mark_parked(tmp_path, await a_store_with_parked("ledger@12"), now=MONDAY)
    assert names(tmp_path) == {
        *("folder.parked.json", "notes.txt", "copy.json", "link.parked.json"),
        "ledger@12.parked.json",
    }


async def test_a_marker_that_cannot_be_written_stops_neither_the_others_nor_anybody(
    tmp_path, caplog
):
    (parked_folder(tmp_path) / "ledger@1.parked.json").mkdir(parents=True)
    store = await a_store_with_parked("ledger@1", "ledger@2", "x" * 300)
    await mark_parked(tmp_path, store, now=MONDAY)
    assert names(tmp_path) == {"ledger@1.parked.json", "ledger@2.parked.json"}
    assert caplog.text.count("a marker of a parked event is not up to date") == 2
    assert await retry_parked(tmp_path, store) == 3


async def test_a_folder_that_cannot_be_made_is_logged_alone(tmp_path, caplog):
    store = await a_store_with_parked("ledger@1")
    await mark_parked(tmp_path / "not-mounted", store, now=MONDAY)
    assert not list(tmp_path.iterdir())
    assert "a marker of a parked event is not up to date" in caplog.text


async def test_a_processor_puts_the_markers_right_when_it_starts(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(1))
    store = await a_store_with_parked("ledger@7")
    parked_folder(tmp_path).mkdir()
    (parked_folder(tmp_path) / "stale.parked.json").write_text("{}")
    async with running(tmp_path, store):

        async def is_right():
            return names(tmp_path) == {"ledger@7.parked.json"}

        await until(is_right)
