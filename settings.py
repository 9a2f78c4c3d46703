"""Settings: one frozen object, read in one place from the environment and `.env`."""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from setting_values import (
    ApiAddress,
    DurationOrOff,
    Greeting,
    HostName,
    Location,
    LogFormat,
    LogLevel,
    MemoryMode,
    Model,
    Region,
    Secret,
    SyncMode,
    seconds_of,
    server_problems,
)

ENV_FILE = Path(".env")
GENERATED = ("ELEVENLABS_POST_CALL_KEY", "ELEVENLABS_CLIENT_DATA_KEY", "ELEVENLABS_SEARCH_DATA_KEY")


class SettingsError(Exception):
    """One or more settings cannot be used. `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """
    Everything that can be set. A description says what a value should be: it is the text of
    `.env.example` and of the message that stops the start.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, case_sensitive=False
    )

    elevenlabs_api_key: Secret = Field(
        SecretStr(""),
        description="your ElevenLabs API key: with it the program connects your agents, fetches "
        "missed calls and starts calls; not needed to run",
    )
    elevenlabs_base_url: ApiAddress = Field(
        "",
        description="the https address of the ElevenLabs API, for a workspace with data "
        "residency, such as https://api.eu.residency.elevenlabs.io; empty: the usual one",
    )
    elevenlabs_post_call_key: Secret = Field(
        SecretStr(""),
        description="the secret ElevenLabs shows once when the post-call webhook is created "
        "(wsec_…); several, separated by commas, while you rotate it",
    )
    elevenlabs_client_data_key: Secret = Field(
        SecretStr(""), description="what the header X-Api-Key must hold on /webhook/client-data"
    )
    elevenlabs_search_data_key: Secret = Field(
        SecretStr(""), description="what the header X-Api-Key must hold on /webhook/search-data"
    )
    admin_key: Secret = Field(
        SecretStr(""),
        description="what Authorization: Bearer must hold for what only the owner may ask, such "
        "as how a search result came about; empty: nobody may",
    )
    openmemory_mode: MemoryMode = Field(
        "embedded",
        description="the OpenMemory that gets every memory as well: embedded (none), local (its "
        "SDK, with a database beside the memory file) or remote (a server)",
    )
    openmemory_port: str = Field(
        "",
        description="where the OpenMemory server of remote mode is: a port of this machine, "
        "host:port, or a URL",
    )
    openmemory_key: Secret = Field(
        SecretStr(""),
        description="the key of the OpenMemory server of remote mode, which it has as OM_API_KEY",
    )
    openmemory_wait_ms: int = Field(
        250,
        ge=0,
        le=10_000,
        description="how long a search waits for what OpenMemory finds too, in milliseconds, 0 "
        "to 10000 (at most 2/5 of LIVE_DEADLINE_MS); 0: it gets every memory, but is not asked",
    )
    openmemory_db_path: Location = Field(
        Path("data/memory.db"), description="the file that memories are kept in"
    )
    memory_embeddings: Model = Field(
        "off",
        pattern="^(off|onnx:.+|openai(:.+)?|ollama(:.+)?)$",
        description="a model that also finds what was said in other words: off; onnx:FOLDER (a "
        "local folder with model.onnx and tokenizer.json); openai or openai:MODEL; ollama or "
        "ollama:MODEL",
    )
    openai_api_key: Secret = Field(
        SecretStr(""),
        description="the key for MEMORY_EMBEDDINGS=openai, which sends what callers said to OpenAI",
    )
    openai_base_url: str = Field(
        "",
        description="the URL of another server with OpenAI's API, such as "
        "http://127.0.0.1:8000/v1; empty: OpenAI's own",
    )
    ollama_host: str = Field(
        "",
        description="the address of the Ollama server for MEMORY_EMBEDDINGS=ollama; empty: "
        "127.0.0.1:11434",
    )
    memory_cache_mb: int = Field(
        64,
        ge=1,
        le=65_536,
        description="how much memory the search indexes of recent callers may take, in MB, "
        "1 to 65536",
    )
    payload_storage_path: Location = Field(
        Path("data/spool"), description="the folder that every accepted event is kept in"
    )
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="the port to listen on, 0 to 65535")
    max_body_mb: int = Field(
        256, ge=1, le=4096, description="the largest request body in MB, 1 to 4096"
    )
    live_deadline_ms: int = Field(
        1000,
        ge=50,
        le=20_000,
        description="how long a live answer may take, in milliseconds, 50 to 20000; after that "
        "the neutral answer goes out",
    )
    phone_region: Region = Field(
        "",
        pattern="^([A-Z]{2})?$",
        description="the country (such as US) of callers whose numbers come without +",
    )
    greeting: Greeting = Field(
        "",
        description="how a known caller is greeted; {name} is the first name, and no other braces "
        "may stand there; empty: a short greeting in the caller's language",
    )
    send_first_message: bool = Field(
        True,
        description="true or false: greet known callers by name (the agent must allow the "
        "override 'First message')",
    )
    send_language: bool = Field(
        True,
        description="true or false: switch to the known caller's language (the agent must allow "
        "the override 'Agent language')",
    )
    reconcile_every: DurationOrOff = Field(
        "15m",
        description="how often missed calls are looked for, such as 15m or 1h; off: never (it "
        "needs ELEVENLABS_API_KEY)",
    )
    reconcile_audio: bool = Field(
        True, description="true or false: fetch missed recordings too, not only transcripts"
    )
    ngrok_authtoken: Secret = Field(
        SecretStr(""),
        description="your ngrok token, for `run.py expose`: https://dashboard.ngrok.com",
    )
    ngrok_domain: HostName = Field(
        "",
        description="your ngrok domain, such as name.ngrok-free.dev, so that the address stays the "
        "same; empty: ngrok chooses",
    )
    cors_origins: str = Field(
        "", description="web origins that may call the API, separated by commas; empty: none"
    )
    spool_sync: SyncMode = Field(
        "auto",
        description="how events are made durable: auto, syncfs or fsync (fsync if other programs "
        "write much to the same disk)",
    )
    retry_max_attempts: int = Field(
        8, ge=1, le=100, description="tries before a failing event is parked, 1 to 100"
    )
    retry_base_seconds: float = Field(
        2.0, gt=0, le=3600, description="seconds before the second try; doubles each time"
    )
    retry_max_seconds: float = Field(
        600.0, gt=0, le=86_400, description="the longest pause between two tries, in seconds"
    )
    log_level: LogLevel = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: LogFormat = Field("console", description="console or json")
    payload_log_path: Location | None = Field(
        None,
        description="a file that gets what is asked and answered (up to 64 KB each), for debugging "
        "only: it holds what callers said; empty: off",
    )

    @property
    def post_call_secrets(self) -> tuple[str, ...]:
        """Return every accepted post-call secret, the current one first."""
        return _parts(self.elevenlabs_post_call_key)

    @property
    def base_url(self) -> str:
        """Return the URL of a server with these settings, as this machine reaches it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def reconcile_every_seconds(self) -> int:
        """Return how often missed calls are looked for; 0: never."""
        has_key = bool(self.elevenlabs_api_key.get_secret_value())
        is_off = self.reconcile_every == "off" or not has_key
        return 0 if is_off else seconds_of(self.reconcile_every)

    @property
    def cors_origin_list(self) -> tuple[str, ...]:
        """Return the web origins that may call the API."""
        return tuple(part.strip() for part in self.cors_origins.split(",") if part.strip())


def _parts(secret: SecretStr) -> tuple[str, ...]:
    return tuple(part for part in secret.get_secret_value().split(",") if part)


def load_settings(env_file: Path = ENV_FILE, *, required: Sequence[str] = ()) -> Settings:
    """Return the settings; raise `SettingsError` with every problem, missing ones included."""
    problems = [] if not env_file.is_dir() else [f"{env_file}: is a folder, not a file"]
    try:
        # Read as UTF-8 whatever the machine's locale says.
        settings = Settings(_env_file=env_file, _env_file_encoding="utf-8")  # type: ignore[call-arg]  # pydantic-settings' own argument
    except ValidationError as error:
        problems += [_problem(detail) for detail in error.errors()]
        raise SettingsError(problems) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{env_file}: cannot be read: {error}"]) from error
    missing = [name for name in required if not _parts(getattr(settings, name))]
    problems += [f"{name.upper()}: is not set; {_meaning(name)}" for name in missing]
    if settings.openmemory_mode == "remote":
        key = settings.openmemory_key.get_secret_value()
        problems += server_problems(settings.openmemory_port, key)
    if settings.payload_storage_path.resolve() in settings.openmemory_db_path.resolve().parents:
        problems.append("OPENMEMORY_DB_PATH: must not lie inside PAYLOAD_STORAGE_PATH")
    if problems:
        raise SettingsError([*problems, *unknown_names(env_file)])
    return settings


def _problem(detail: Any) -> str:
    name = str(detail["loc"][0])
    is_secret = isinstance(Settings.model_fields[name].default, SecretStr)
    shown = "" if is_secret else f" (got {detail['input']!r})"
    return f"{name.upper()}: {_meaning(name)}{shown}"


def _meaning(name: str) -> str:
    return f"should be {Settings.model_fields[name].description}"


def unknown_names(env_file: Path = ENV_FILE) -> list[str]:
    """Return a line for each name in `.env` that is close to a setting but is none: a typo."""
    if not env_file.is_file():
        return []
    known = [name.upper() for name in Settings.model_fields]
    lines = []
    for name in dotenv_values(env_file, encoding="utf-8"):
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        if name.upper() not in known and close:
            lines.append(f"{name} in {env_file} is not a setting; did you mean {close[0]}?")
    return lines


def needs_first_secrets(env_file: Path = ENV_FILE) -> bool:
    """Tell whether nobody has said anything of the keys yet, in `.env` or the environment."""
    if any(os.environ.get(name) for name in GENERATED):
        return False
    named = dotenv_values(env_file, encoding="utf-8") if env_file.is_file() else {}
    return not any(name.upper() in GENERATED for name in named)


def environment_with(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment, without secrets of ours, and with `variables`: for who we start."""
    fields = Settings.model_fields.items()
    secrets = {name.upper() for name, field in fields if isinstance(field.default, SecretStr)}
    secrets.remove("OPENAI_API_KEY")  # others use it too
    return {k: v for k, v in os.environ.items() if k.upper() not in secrets} | {**variables}


def set_in_environment(name: str) -> bool:
    """Tell whether the environment sets this, so that `.env` does not count."""
    return any(key.upper() == name.upper() and value for key, value in os.environ.items())
