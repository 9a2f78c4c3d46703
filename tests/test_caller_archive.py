"""The export of a caller: all that is held, written while it is read; what is missing is named."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from cli.assembly.threads_writing import ThreadsWriting
from cli.callers.archive import write_archive
from cli.callers.held import held_of
from settings import Settings
from tests.erasures import ANA, ANAS_MOBILE, BEN, SENTENCES, a_data_folder

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def held(data, caller):
    settings = Settings(
        _env_file=None, payload_storage_path=data.root, payload_log_path=data.log
    )  # fmt: skip
    return await held_of(settings, data.store, data.history, caller)


def read(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_it_can_be_written_to_what_takes_no_step_back(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        found = await held(data, ANAS_MOBILE)
        threads = ThreadsWriting()
        stream = threads.written(lambda stream: write_archive(stream, found, made_at=NOW))
        files = read(b"".join([block async for block in stream]))
        await threads.close()
    assert found.keys == (ANA, ANAS_MOBILE)
    assert files["conversations/conv_ana1/conv_ana1_audio.mp3"] == b"ID3 agent_voice_print"
    assert SENTENCES[2].encode() in files["conversations/conv_ana3/conv_ana3_transcription.json"]
    assert {each["kind"] for each in json.loads(files["decisions.json"])} == {"merge", "untrue"}
    assert len(files["payload-log.jsonl"].splitlines()) == 3
    assert not any(BEN.encode() in content for content in files.values())


async def test_of_a_dropped_transcript_it_has_what_memory_kept_and_says_so(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        buffer = io.BytesIO()
        assert write_archive(buffer, await held(data, ANA), made_at=NOW) == []
    files = read(buffer.getvalue())
    kept = files["conversations/conv_ana4/conv_ana4_transcription.memories.json"]
    assert SENTENCES[0].encode() in kept
    assert "conversations/conv_ana4/conv_ana4_transcription.json" not in files
    assert b"transcription: deleted (retention)" in files["index.html"]


async def test_what_cannot_be_read_is_named_and_the_rest_is_there(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        found = await held(data, ANA)
        (data.root / "conv_ana1/conv_ana1_audio.mp3").unlink()
        buffer = io.BytesIO()
        [problem] = write_archive(buffer, found, made_at=NOW)
    assert problem.startswith("conv_ana1/conv_ana1_audio.mp3")
    files = read(buffer.getvalue())
    assert "conversations/conv_ana1/conv_ana1_audio.mp3" not in files
    assert b"conv_ana1_audio.mp3 could not be read" in files["index.html"]


@pytest.mark.parametrize("caller", ["+12025550199", "web:nobody"])
async def test_of_nobody_there_is_nothing(tmp_path, caller):
    async with a_data_folder(tmp_path / "data") as data:
        assert (await held(data, caller)).is_empty
