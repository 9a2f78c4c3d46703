"""Most settings, in groups that build on one another: the order is that of `.env.example`."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from setting_values import (
    ApiAddress,
    DurationOrOff,
    Greeting,
    HostName,
    Kinds,
    Location,
    LogFormat,
    LogLevel,
    MemoryMode,
    Model,
    Region,
    Secret,
    SyncMode,
    Unasked,
)


class PlatformSettings(BaseSettings):
    """ElevenLabs, and who may ask for what."""

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


class MemorySettings(PlatformSettings):
    """Where memories are, and how they are found."""

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


class ServingSettings(MemorySettings):
    """Where the spool is, how it is served, and what is logged."""

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


class KeepingSettings(ServingSettings):
    """What is kept, for how long, and what is told of it."""

    retain_audio_days: int = Field(
        0, ge=0, le=36_500, description="days after which a recording is deleted; 0: never"
    )
    retain_transcripts_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days after which a transcript is deleted; what was remembered from it stays; "
        "0: never",
    )
    retain_memories_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days after which what was remembered from a call is forgotten; 0: never",
    )
    store_audio: bool = Field(
        True,
        description="true or false: keep recordings; false: each is deleted at once, its receipt "
        "stays",
    )
    store_transcripts: bool = Field(
        True,
        description="true or false: keep transcripts; false: each is deleted once memory is "
        "derived from it, its receipt stays",
    )
    max_spool_gb: float = Field(
        0,
        ge=0,
        le=1_000_000,
        description="how large the spool may grow, in GB, before the oldest recordings are "
        "deleted; 0: as large as the disk",
    )
    redact: Kinds = Field(
        "card,cvv,iban,ssn,otp",
        description="what is never written to memory, a placeholder instead: card (payment card "
        "numbers), cvv (card verification codes), iban, ssn (US social security numbers), otp "
        "(one-time codes), separated by commas; none: nothing",
    )
    tell_unasked: Unasked = Field(
        "everything",
        description="what the agent is told of a known caller before he has said a word: "
        "everything, name (the first name and that he has called before) or nothing; a search in "
        "the call finds what is known in each case",
    )
