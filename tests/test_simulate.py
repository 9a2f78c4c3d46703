"""The simulation tells the truth: it fails when something is not as it should be."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from cli import simulate as simulation
from settings import Settings
from tests.receiving import SECRET, receiving


def settings(**changes):
    return Settings(_env_file=None, elevenlabs_post_call_key=SecretStr(SECRET), **changes)


async def play(running, **options):
    url = f"http://127.0.0.1:{running.port}"
    arguments = {"url": url, "caller": None, "file": None, **options}
    chosen = arguments.pop("settings", settings())
    return await simulation._simulate(chosen, **arguments)


@pytest.fixture
def _impatient(monkeypatch):
    monkeypatch.setattr(simulation, "MEMORY_SECONDS", 0.2)


@pytest.mark.usefixtures("_impatient")
async def test_a_call_that_never_becomes_memory_is_a_failure(tmp_path, capsys):
    async with receiving(tmp_path) as running:
        assert await play(running) == 1
        assert len(running.receipts()) == 2
    captured = capsys.readouterr()
    assert "transcription stored" in captured.out
    assert "Is a processor" in captured.err


async def test_a_wrong_key_is_a_failure(tmp_path, capsys):
    async with receiving(tmp_path, client_data_key="right") as running:
        assert await play(running) == 1
    assert "client-data answers 200" in capsys.readouterr().err


@pytest.mark.usefixtures("_impatient")
async def test_a_wrong_secret_is_a_failure(tmp_path, capsys):
    async with receiving(tmp_path, post_call_secrets=("another",)) as running:
        assert await play(running) == 1
        assert not running.receipts()
    assert "the transcription is stored" in capsys.readouterr().err


async def test_without_a_secret_it_says_what_is_missing(tmp_path, capsys):
    nothing = Settings(_env_file=None)
    async with receiving(tmp_path) as running:
        assert await play(running, settings=nothing) == 1
    assert "ELEVENLABS_POST_CALL_KEY" in capsys.readouterr().err


async def test_a_file_is_sent_byte_for_byte_and_its_fate_is_shown(tmp_path, capsys):
    sample = Path(__file__).parent / "samples/failure_sip.json"
    async with receiving(tmp_path) as running:
        assert await play(running, file=sample) == 0
        (receipt,) = running.receipts()
        assert (running.root / receipt.file).read_bytes() == sample.read_bytes()
        assert await play(running, file=sample) == 0
    assert "duplicate" in capsys.readouterr().out
