"""The OpenMemory SDK as a backend: with a stand-in, and with the real one where it is installed."""

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from memory.openmemory.backend import BackendRefused, BackendUnreachable, RowRefused
from memory.openmemory.probe import PROBE_PREFIX, probe_users
from memory.openmemory.sdk import database
from memory.openmemory.sdk.backend import SdkBackend, sdk_identity, sdk_variables
from memory.openmemory.sdk.examine import examine_sdk
from memory.openmemory.sdk.messages import missing_module
from tests.openmemory.sdk_cases import (
    ADA,
    BOB,
    KINDS,
    STAND_IN,
    environment_of,
    process_of,
    put,
    sdk,
    stored,
)

LONG = " ".join(f"The {number} hamster sleeps in house {number * 7}." for number in range(60))

each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
async def test_what_was_added_is_read_back_listed_found_and_deleted(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        metadata = {"callspool_key": "7/u1", "salience": 0.93, "nested": {"a": [1, None]}}
        row_id = await backend.add(
            ADA, "My dog Rufus is afraid of thunder", tags=("callspool", "x"), metadata=metadata
        )
        row = await backend.get(ADA, row_id)
        assert (row.id, row.user) == (row_id, ADA)
        assert row.content == "My dog Rufus is afraid of thunder"
        assert row.tags == ("callspool", "x")
        assert metadata.items() <= row.metadata.items()
        assert await backend.rows(ADA) == [row]
        assert await backend.users() == {ADA}
        assert [m.id for m in await backend.query(ADA, "what is Rufus afraid of", limit=5)] == [
            row_id
        ]
        await backend.delete(ADA, row_id)
        assert await backend.get(ADA, row_id) is None
        assert await backend.rows(ADA) == []


@each_kind
async def test_the_metadata_that_is_handed_over_is_not_changed(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        metadata = {"callspool_key": "1"}
        await backend.add(ADA, "Anna plays chess", tags=(), metadata=metadata)
        assert metadata == {"callspool_key": "1"}


@each_kind
async def test_a_sentence_that_fell_into_another_users_row_is_not_read_back(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        hers = await put(backend, ADA, "Yes, that's right.")
        his = await put(backend, BOB, "Yes, that's right.")
        assert his == hers  # what the SDK says of it is no proof
        assert await backend.get(BOB, his) is None
        assert await backend.rows(BOB) == []


@each_kind
async def test_a_row_of_another_user_is_neither_read_nor_deleted_nor_found(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        row_id = await put(backend, ADA, "The alarm code is hidden in the cellar")
        assert await backend.get(BOB, row_id) is None
        assert await backend.query(BOB, "alarm code cellar", limit=10) == []
        await backend.delete(BOB, row_id)
        await backend.delete_user(BOB)
        assert await backend.get(ADA, row_id) is not None


@each_kind
@pytest.mark.parametrize(
    "ask",
    [
        lambda b: b.add("", "text", tags=(), metadata={}),
        lambda b: b.get("", "id"),
        lambda b: b.rows(""),
        lambda b: b.delete("", "id"),
        lambda b: b.delete_user(""),
        lambda b: b.query("", "text", limit=3),
    ],
)
async def test_an_empty_user_would_be_everybody_and_is_never_sent(tmp_path, kind, ask):
    async with sdk(tmp_path, kind=kind) as backend:
        with pytest.raises(ValueError, match="every user"):
            await ask(backend)
        assert backend._process._child is None  # nothing was even started


@each_kind
async def test_users_are_kept_as_they_are_written(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        users = {ADA, ADA.removeprefix("+"), " " + ADA[1:], "sip:ada@example.com/x?y&z%2B", "ядa"}
        for number, user in enumerate(users):
            await put(backend, user, f"a completely different word{number * 31} sentence{number}")
        assert await backend.users() == users
        for user in users:
            assert {row.user for row in await backend.rows(user)} == {user}


@each_kind
async def test_a_user_with_more_rows_than_a_page_is_listed_whole(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        await put(backend, BOB, "Bob repairs church organs")
        written = [(f"row {number}", ADA, f"text {number}", 1795301187) for number in range(1200)]
        with closing(sqlite3.connect(tmp_path / "openmemory.db")) as connection, connection:
            connection.executemany(
                "INSERT INTO memories (id, user_id, content, created_at) VALUES (?, ?, ?, ?)",
                written,
            )
        rows = await backend.rows(ADA)  # another program's: without tags and metadata
        assert sorted((row.id, row.user, row.content) for row in rows) == sorted(
            row[:3] for row in written
        )
        assert {(row.tags, len(row.metadata)) for row in rows} == {((), 0)}
        await backend.delete_user(ADA)
        assert await backend.rows(ADA) == []


@each_kind
async def test_what_another_program_wrote_is_read_as_far_as_it_can_be(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        await backend.users()
        columns = [("{", "["), ("[1]", '{"a": 1}'), ('{"a": "\\ud83d"}', "[1]"), (f"[{2**70}]", "")]
        columns += [(f'{{"n": {2**70}}}', None), (None, "null")]
        with closing(sqlite3.connect(tmp_path / "openmemory.db")) as connection, connection:
            for number, (meta, tags) in enumerate(columns):
                connection.execute(
                    "INSERT INTO memories (id, user_id, meta, tags) VALUES (?, ?, ?, ?)",
                    (str(number), ADA, meta, tags),
                )
        rows = await backend.rows(ADA)
        assert [row.content for row in rows] == [""] * len(columns)
        assert [dict(row.metadata) for row in rows] == [{}] * len(columns)
        assert {row.tags for row in rows} == {(), ("1",)}


@each_kind
async def test_nothing_of_a_deleted_user_stays_in_any_table_or_comes_from_a_cache(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        await put(backend, ADA, "The zebrafinch is called Ludovico")
        await put(backend, BOB, "Bob repairs church organs")
        assert await backend.query(ADA, "zebrafinch", limit=3)
        await backend.delete_user(ADA)
        assert backend.query_cache_seconds == 0
        assert await backend.query(ADA, "zebrafinch", limit=3) == []
        assert await backend.users() == {BOB}
    assert ADA.encode() not in (tmp_path / "openmemory.db").read_bytes()
    assert b"zebrafinch" not in (tmp_path / "openmemory.db").read_bytes()


def in_files(folder, *texts):
    """Return which of the texts stand in the files of the database, as they are now."""
    content = b"".join(path.read_bytes() for path in folder.glob("openmemory.db*"))
    return [text for text in texts if text.encode() in content]


@each_kind
async def test_what_is_deleted_is_in_no_file_while_the_database_is_still_open(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        await put(backend, BOB, "Bob repairs church organs")
        row_id = await put(backend, ADA, "The zebrafinch is called Ludovico")
        await put(backend, ADA, "The wardrobe hides a trombone")
        texts = ("zebrafinch", "trombone", "organs")
        assert in_files(tmp_path, *texts) == [*texts]
        await backend.delete(ADA, row_id)
        assert in_files(tmp_path, *texts) == ["trombone", "organs"]
        await backend.delete_user(ADA)
        assert in_files(tmp_path, *texts) == ["organs"]
        assert in_files(tmp_path, ADA) == []
        assert [row.content for row in await backend.rows(BOB)] == ["Bob repairs church organs"]


@each_kind
async def test_another_programs_reading_delays_no_deletion_and_fails_none(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        row_id = await put(backend, ADA, "The zebrafinch is called Ludovico")
        await put(backend, ADA, "The wardrobe hides a trombone")
        with closing(sqlite3.connect(tmp_path / "openmemory.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM memories").fetchone() == (2,)
            await backend.delete(ADA, row_id)
            await backend.delete_user(ADA)
            assert await backend.rows(ADA) == []
        await backend.delete_user(ADA)
        assert in_files(tmp_path, "zebrafinch", "trombone") == []


@each_kind
async def test_scrubbed_the_database_holds_nothing_of_what_was_deleted_and_all_else(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        for n in range(30):
            await put(backend, ADA, f"The zebrafinch number {n} is called Ludovico")
            await put(backend, BOB, f"Bob repairs church organ number {n}")
        rows = await backend.rows(BOB)
        await backend.delete_user(ADA)
        await backend.scrub()
        assert in_files(tmp_path, ADA, "zebrafinch", "Ludovico") == []
        assert await backend.rows(BOB) == rows
        assert await put(backend, ADA, "A new story")


@each_kind
async def test_who_still_reads_the_database_as_it_was_is_named(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(database, "_READERS_S", 0.05)
    async with sdk(tmp_path, kind=kind) as backend:
        await put(backend, ADA, "The zebrafinch is called Ludovico")
        with closing(sqlite3.connect(tmp_path / "openmemory.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM memories").fetchone() == (1,)
            await backend.delete_user(ADA)
            with pytest.raises(BackendUnreachable, match="end other programs"):
                await backend.scrub()
        await backend.scrub()
        assert in_files(tmp_path, ADA, "zebrafinch") == []


async def test_a_database_that_is_not_there_or_not_one_is_no_riddle(tmp_path):
    database.scrub_database(tmp_path / "openmemory.db")
    assert not (tmp_path / "openmemory.db").exists()
    (tmp_path / "openmemory.db").write_bytes(b"not a database, but long enough to be one" * 30)
    with pytest.raises(BackendUnreachable, match="see that nothing else has it open"):
        database.scrub_database(tmp_path / "openmemory.db")


@each_kind
async def test_a_query_finds_what_was_added_since_the_same_query(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        assert await backend.query(ADA, "what is Rufus afraid of", limit=5) == []
        row_id = await put(backend, ADA, "My dog Rufus is afraid of thunder")
        found = await backend.query(ADA, "what is Rufus afraid of", limit=5)
        assert [match.id for match in found] == [row_id]


@each_kind
async def test_a_query_returns_no_more_than_was_asked_for_best_first(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        for text in ("Rufus eats carrots", "Rufus fears thunder at night", "Anna likes jazz"):
            await put(backend, ADA, text)
        found = await backend.query(ADA, "Rufus fears thunder", limit=2)
        assert len(found) == 2
        assert found[0].score >= found[1].score
        assert (await backend.get(ADA, found[0].id)).content == "Rufus fears thunder at night"
        assert await backend.query(ADA, "Rufus", limit=0) == []


@each_kind
async def test_texts_are_kept_as_they_are(tmp_path, kind):
    texts = ["Straße, naïve café ☃ 😀 عربى", 'quote " and \\ and \n line', LONG, "zero \x00 inside"]
    async with sdk(tmp_path, kind=kind) as backend:
        for text in texts:
            row_id = await put(backend, ADA, text)
            assert (await backend.get(ADA, row_id)).content == text


@each_kind
async def test_a_text_that_the_sdk_cannot_keep_as_one_row_is_refused(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        with pytest.raises(RowRefused):
            await put(backend, ADA, "long " * 7_000)
        with pytest.raises(RowRefused):
            await put(backend, ADA, "half a character: \ud83d")
        assert await backend.rows(ADA) == []
        assert await backend.query(ADA, "half a character: \ud83d", limit=3) == []


@each_kind
async def test_twenty_calls_at_once_each_get_their_own_answer(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        texts = [f"{chr(97 + n) * 5} stands for {chr(117 - n) * 4} here" for n in range(20)]
        ids = await asyncio.gather(
            *(put(backend, f"+1555010{n:04}", t) for n, t in enumerate(texts))
        )
        rows = await asyncio.gather(*(backend.get(f"+1555010{n:04}", i) for n, i in enumerate(ids)))
        kept = [row for row in rows if row is not None]
        assert len(kept) == len(set(ids))
        assert all(row.content == row.metadata["callspool_key"] for row in kept)


@each_kind
async def test_it_is_tried_out_with_two_users_of_whom_nothing_stays(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        await put(backend, ADA, "Ada repairs clocks")
        examined = await backend.examine()
        assert examined.keeps_users_apart
        assert not examined.shortens
        assert examined.advice == ()
        assert examined.product.startswith("openmemory-py 1.3")
        assert await backend.users() == {ADA}
        assert stored(tmp_path, f"SELECT * FROM users WHERE user_id LIKE '{PROBE_PREFIX}%'") == []


@each_kind
async def test_a_probe_removes_what_a_killed_one_of_its_mark_has_left(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        await put(backend, f"{PROBE_PREFIX}m1-a", "Ada repairs clocks")
        await put(backend, f"{PROBE_PREFIX}m2-a", "The wardrobe hides a trombone")
        assert (await backend.examine(mark="m1")).keeps_users_apart
        assert await backend.users() == {f"{PROBE_PREFIX}m2-a"}


async def test_what_is_not_good_about_it_is_seen_and_told(tmp_path, monkeypatch):
    async with sdk(tmp_path) as backend:
        get, query = backend.get, backend.query

        async def get_short(user, row_id):
            row = await get(user, row_id)
            return replace(row, content=row.content[:200]) if row else None

        async def query_everybody(user, text, *, limit):
            everybody = await backend.users()
            return [m for each in everybody for m in await query(each, text, limit=limit)]

        monkeypatch.setattr(backend, "get", get_short)
        monkeypatch.setattr(backend, "query", query_everybody)
        examined = await examine_sdk(backend, version="1.4.0")
        assert not examined.keeps_users_apart
        assert examined.shortens
        assert examined.product == "openmemory-py 1.4.0 (SDK)"
        assert len(examined.advice) == 3


async def test_an_openmemory_that_does_not_do_what_it_says_is_refused(tmp_path, monkeypatch):
    async with sdk(tmp_path) as backend:
        get, rows = backend.get, backend.rows

        async def get_of_anybody(user, row_id):
            for each in await backend.users():
                if (row := await get(each, row_id)) is not None:
                    return row
            return None

        async def nothing(*arguments):
            return []

        async def all_rows(user):
            return [row for each in await backend.users() for row in await rows(each)]

        for name, wrong, message in [
            ("get", get_of_anybody, "to another user"),
            ("rows", all_rows, "does not list"),
            ("delete", nothing, "still has a memory"),
            ("delete_user", nothing, "after deleting them"),
        ]:
            with monkeypatch.context() as patch:
                patch.setattr(backend, name, wrong)
                with pytest.raises(BackendRefused, match=message):
                    await probe_users(backend)
            for user in await backend.users():
                await backend.delete_user(user)


@pytest.mark.parametrize(
    ("version", "message"), [("1.3.2", "openmemory-py 1.3.2"), ("2.0.0", "LongMemory")]
)
async def test_the_version_is_what_its_package_says(tmp_path, version, message):
    package = tmp_path / "packages" / f"openmemory_py-{version}.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: openmemory-py\nVersion: {version}\n", "utf-8"
    )
    environment = environment_of("stand-in", tmp_path / "openmemory.db")
    environment["PYTHONPATH"] += os.pathsep + str(package.parent)
    async with sdk(tmp_path, environment=environment) as backend:
        try:
            said = (await backend.examine()).product
        except BackendRefused as error:
            said = str(error)
        assert message in said


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("yaml", "pip install PyYAML"),
        ("dotenv.main", "pip install python-dotenv"),
        ("numpy", "pip install numpy"),
        ("", "install it again"),
        ("openmemory.core", "install it again"),
    ],
)
def test_a_missing_module_is_named_with_what_installs_it(module, said):
    assert said in missing_module(module)


async def test_the_probe_uses_other_words_if_its_own_fell_into_a_row_that_is_there(tmp_path):
    said = iter(["said before", "said before", "quite new", *(f"word{n * 17}" for n in range(99))])
    async with sdk(tmp_path) as backend:
        await put(backend, ADA, "said before")
        assert (await probe_users(backend, words=lambda: next(said))).keeps_users_apart


async def test_an_openmemory_that_loses_everything_is_refused_and_cleaned(tmp_path):
    async with sdk(tmp_path) as backend:
        await put(backend, ADA, "the only words")
        with pytest.raises(BackendRefused, match="does not have what was just added"):
            await probe_users(backend, words=lambda: "the only words")
        assert await backend.users() == {ADA}


async def test_the_probe_is_removed_if_it_breaks_off(tmp_path):
    async with sdk(tmp_path, faults=["search raise"]) as backend:
        with pytest.raises(BackendUnreachable):
            await backend.examine()
        assert await backend.users() == set()


@each_kind
async def test_the_database_and_its_folder_are_for_the_owner_alone(tmp_path, kind):
    folder = tmp_path / "new" / "data"
    database = folder / "openmemory.db"
    backend = await SdkBackend.open(database, environment=environment_of(kind, database))
    await put(backend, ADA, "Ada repairs clocks")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    await backend.close()
    assert modes["openmemory.db"] == 0o600
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert backend.identity == f"local {database}"
    assert str(database) in backend.name


async def test_the_identity_is_known_before_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with sdk(tmp_path) as backend:
        assert backend.identity == f"local {tmp_path / 'openmemory.db'}"
        assert sdk_identity(tmp_path / "openmemory.db") == backend.identity
        assert sdk_identity(Path("openmemory.db")) == backend.identity


@each_kind
async def test_closing_ends_the_process_and_what_was_added_is_there_the_next_time(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        row_id = await put(backend, ADA, "Ada repairs clocks")
        process = process_of(backend)
    assert process.returncode == 0
    with pytest.raises(BackendUnreachable, match="closed"):
        await backend.users()
    await backend.close()  # once more does nothing
    async with sdk(tmp_path, kind=kind) as backend:
        assert (await backend.get(ADA, row_id)).content == "Ada repairs clocks"


@each_kind
async def test_the_settings_beside_the_database_must_not_name_another_one(tmp_path, kind):
    other = tmp_path / "other.db"
    (tmp_path / "openmemory.toml").write_text(f'[db]\nurl = "sqlite:///{other}"\n', "utf-8")
    async with sdk(tmp_path, kind=kind) as backend:
        with pytest.raises(BackendRefused, match=r"openmemory\.toml"):
            await backend.users()


async def test_without_the_sdk_one_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    database = tmp_path / "x" / "openmemory.db"
    with pytest.raises(BackendRefused) as refused:
        await SdkBackend.open(database, environment=sdk_variables(database))
    message = str(refused.value)
    assert "packages/openmemory-py" in message
    assert "1.3.x" in message
    assert "python-dotenv PyYAML" in message
    assert "OPENMEMORY_MODE=remote" in message
    assert "\n" not in message
    assert not database.parent.exists()


async def test_a_mere_folder_of_that_name_is_no_sdk(tmp_path, monkeypatch):
    (tmp_path / "openmemory").mkdir()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    environment = {"PYTHONPATH": str(tmp_path)}
    with pytest.raises(BackendRefused, match="needs the OpenMemory SDK"):
        await SdkBackend.open(tmp_path / "openmemory.db", environment=environment)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(BackendRefused, match="cannot be made"):
        await SdkBackend.open(
            tmp_path / "file" / "openmemory.db", environment={"PYTHONPATH": str(STAND_IN)}
        )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("class OpenMemory: ...", "1.2 or older"),
        ("class Memory:\n    def ingest(self): ...\n    def recall(self): ...", "LongMemory"),
        ("class Memory:\n    def add(self): ...", "is not the OpenMemory SDK"),
        ("class Memory: ...", "is not the OpenMemory SDK"),
        ("", "is not the OpenMemory SDK"),
        ("import dotenv_that_is_missing", "'dotenv_that_is_missing'"),
        ("raise ModuleNotFoundError('no yaml', name='yaml')", "pip install PyYAML"),
        ("raise ImportError('quoting +15550100142')", "cannot be imported"),
        ("from openmemory import nothing", "cannot be imported"),
        ("raise KeyError('+15550100142')", "KeyError"),
    ],
)
async def test_a_module_of_that_name_that_cannot_be_used_is_refused_and_why(
    tmp_path, content, message
):
    module = tmp_path / "modules" / "openmemory"
    module.mkdir(parents=True)
    (module / "__init__.py").write_text(content, "utf-8")
    database = tmp_path / "openmemory.db"
    environment = {**sdk_variables(database), "PYTHONPATH": str(module.parent)}
    async with sdk(tmp_path, environment=environment) as backend:
        for _ in range(3):  # the third time from memory
            with pytest.raises(BackendRefused, match=message) as refused:
                await backend.examine()
        assert ADA not in str(refused.value)
