"""Settings: one frozen object, read in one place from the environment and `.env`."""

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from setting_operation import OperationSettings
from setting_values import (
    ANYONE,
    Network,
    allowed_of,
    networks_of,
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


class Settings(OperationSettings):
    """
    Everything that can be set. A description says what a value should be: it is the text of
    `.env.example` and of the message that stops the start.
    """

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
    def redacted_kinds(self) -> tuple[str, ...]:
        """Return the kinds of secrets that are never written to memory."""
        return tuple(kind for kind in self.redact.split(",") if kind != "none")

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        """Return the networks of the reverse proxies that are believed."""
        return _networks(self.trusted_proxies)

    def allowed_networks(self, platform: Sequence[Network]) -> tuple[Network, ...] | None:
        """Return who may send to the webhooks, None for anyone; `platform`: what it publishes."""
        if self.allow_from == ANYONE:
            return None
        has_platform, own = allowed_of(self.allow_from)
        return (*platform, *own) if has_platform else own

    @property
    def metrics_networks(self) -> tuple[Network, ...]:
        """Return the networks that may read /metrics without a key."""
        return _networks(self.metrics_from)

    @property
    def history_path(self) -> Path:
        """Return where the index of the history stands: beside the memory file."""
        path = self.openmemory_db_path
        return path.with_name(f"{path.stem}.history.db")

    @property
    def cors_origin_list(self) -> tuple[str, ...]:
        """Return the web origins that may call the API."""
        return tuple(part.strip() for part in self.cors_origins.split(",") if part.strip())


def _networks(text: str) -> tuple[Network, ...]:
    return () if text == "none" else networks_of(text)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """
    What systemd, or who speaks like it, gives a service it starts.

    `sockets` says how many listening sockets were handed over, `notify_address` where to report,
    and how often that is expected `watchdog_seconds`; 0 and "": none.
    """

    sockets: int = 0
    notify_address: str = ""
    watchdog_seconds: float = 0.0


def take_supervised() -> Supervised:
    """Return it, and take it out of the environment: it is not meant for who we start."""
    names = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
    listen_pid, sockets, _ = (os.environ.pop(name, "") for name in names)
    notify_address = os.environ.pop("NOTIFY_SOCKET", "")
    watchdog_pid = os.environ.pop("WATCHDOG_PID", "")
    microseconds = _count(os.environ.pop("WATCHDOG_USEC", ""))
    us = str(os.getpid())
    return Supervised(
        sockets=_count(sockets) if listen_pid == us else 0,
        notify_address=notify_address,
        watchdog_seconds=microseconds / 1_000_000 if watchdog_pid in {us, ""} else 0.0,
    )


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
