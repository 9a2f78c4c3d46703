"""From the setting to an encoder: only what it names is loaded, and what is missing is said."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.env_file import render_example
from memory.embedding.encoder import EncoderError
from memory.embedding.open import EncoderOptions, open_encoder
from settings import Settings, SettingsError, load_settings
from tests.encoders import write_tiny_model

ROOT = Path(__file__).parent.parent
OPTIONAL = ("onnxruntime", "tokenizers", "openai", "ollama", "httpx")


@pytest.fixture
def _bare_environment(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


async def test_off_is_no_encoder():
    assert await open_encoder(EncoderOptions()) is None


async def test_each_kind_of_model_can_be_opened(tmp_path):
    write_tiny_model(tmp_path)
    names = []
    for options in (
        EncoderOptions(spec=f"onnx:{tmp_path}"),
        EncoderOptions(spec="openai", openai_api_key="sk-x"),
        EncoderOptions(spec="openai:large", openai_base_url="http://127.0.0.1:1/v1"),
        EncoderOptions(spec="ollama"),
        EncoderOptions(spec="ollama:nomic-embed-text:v1.5", ollama_host="127.0.0.1:1"),
    ):
        encoder = await open_encoder(options)
        names.append(encoder.model)
        await encoder.close()
    assert names[0].startswith("onnx:")
    assert names[1:] == [
        "openai:text-embedding-3-small/384",
        "openai:large",
        "ollama:all-minilm",
        "ollama:nomic-embed-text:v1.5",
    ]


async def test_what_names_no_model_is_refused():
    with pytest.raises(EncoderError, match="names no model"):
        await open_encoder(EncoderOptions(spec="minilm"))


@pytest.mark.parametrize(
    ("kind", "package"), [("onnx", "onnxruntime"), ("openai", "openai"), ("ollama", "ollama")]
)
async def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch, tmp_path, kind, package
):
    for name in [name for name in sys.modules if name.startswith(f"memory.embedding.{kind}")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(f"memory.embedding.{kind}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EncoderError, match=f"package {package}.*`uv sync --extra {kind}`"):
        await open_encoder(EncoderOptions(spec=f"{kind}:{tmp_path}"))


def test_without_a_model_none_of_the_optional_packages_is_loaded():
    code = (
        "import sys, cli.app, cli.serving.services, memory.embedding.open, memory.embedding.query\n"
        "import memory.embedding.pending, processor.embedding\n"
        f"print(sorted(set({OPTIONAL!r}) & sys.modules.keys()))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.usefixtures("_bare_environment")
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", "off"),
        (" OFF ", "off"),
        ("OpenAI", "openai"),
        ("openai: text-embedding-3-large", "openai:text-embedding-3-large"),
        ("Ollama:nomic-embed-text:v1.5", "ollama:nomic-embed-text:v1.5"),
        ("onnx:models/MiniLM", "onnx:models/MiniLM"),
        ("onnx:~/MiniLM", "onnx:/home/ana/MiniLM"),
    ],
)
def test_the_setting_is_read_as_it_is_meant(monkeypatch, given, meant):
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.setenv("MEMORY_EMBEDDINGS", given)
    assert load_settings().memory_embeddings == meant


@pytest.mark.usefixtures("_bare_environment")
@pytest.mark.parametrize(
    "given", ["on", "onnx", "onnx:", "openai:", "ollama:", "minilm", "off:x", "true", "onnx:a\nb"]
)
def test_a_setting_that_means_nothing_says_what_can_be_set(monkeypatch, given):
    monkeypatch.setenv("MEMORY_EMBEDDINGS", given)
    with pytest.raises(SettingsError, match=r"MEMORY_EMBEDDINGS: should be .*onnx:FOLDER"):
        load_settings()


@pytest.mark.usefixtures("_bare_environment")
def test_the_key_is_a_secret(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret\n")
    settings = load_settings()
    assert settings.openai_api_key.get_secret_value() == "sk-very-secret"
    assert "sk-very" not in repr(settings)
    assert "\nOPENAI_API_KEY=\n" in render_example()
