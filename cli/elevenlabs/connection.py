"""From settings to a connection with the workspace: its goal, its record, the secrets in `.env`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

from cli.assembly.options import cloud_options
from cli.env_file import put_value
from cloud.client import open_client
from cloud.connecting.connect import Connection
from cloud.connecting.record import Record, RecordFile
from cloud.connecting.secret_file import SecretFile
from cloud.connecting.wanted import KEYS, Goal, Key, Scope
from cloud.connecting.workspace import Workspace
from cloud.retrying import Patience
from processor.errors import ProcessorError
from processor.lock import held
from settings import ENV_FILE, Settings, load_settings, set_in_environment
from spool.format import STATE_FOLDER
from spool.layout import create_durably

POST_CALL_KEY = "ELEVENLABS_POST_CALL_KEY"
_HERE = ("127.0.0.1", "localhost")


class Unusable(Exception):
    """The call or a setting cannot be used; nothing was changed."""


class AlreadyConnecting(ProcessorError):
    """Another connect or disconnect works on this record."""


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the record for one connect or disconnect; raises AlreadyConnecting, SpoolError."""
    folder = settings.payload_storage_path / STATE_FOLDER
    create_durably(folder)
    with held(folder / "connection.lock", refusal=AlreadyConnecting, holder="connect"):
        yield


def record_file(settings: Settings) -> RecordFile:
    """Return where what connect made is recorded."""
    return RecordFile(settings.payload_storage_path)


def server_address(url: str) -> str:
    """Return the address that webhooks begin with, without a slash at its end; or Unusable."""
    if not url:
        raise Unusable("--url is missing: where is this server reached? https://…")
    try:
        parts = urlsplit(url.strip())
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_whole = False
    if not is_whole or any(char.isspace() for char in url.strip()):
        raise Unusable(f"--url {url!r} is no address: give it as https://…")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise Unusable("--url must begin with https://: callers' words travel to it")
    if parts.username is not None or parts.password is not None:
        raise Unusable("--url must not hold a user name or a password")
    if parts.query or parts.fragment or "/webhook" in parts.path:
        raise Unusable(
            "--url is the address alone, without ? or # and without /webhook/…, which is added"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def keys_of(settings: Settings) -> dict[Key, str]:
    """Return what the header X-Api-Key must hold on each of the two live endpoints."""
    return {key: getattr(settings, f"elevenlabs_{key}_key").get_secret_value() for key in KEYS}


def goal_of(settings: Settings, record: Record, agent: str, *, url: str, scope: Scope) -> Goal:
    """Return what connect is to reach for this agent; raises Unusable."""
    if not agent.strip() or any(char.isspace() or char in "/?#" for char in agent):
        raise Unusable(f"--agent {agent!r} is no id of an agent: take it from the dashboard")
    if set_in_environment(POST_CALL_KEY):
        raise Unusable(
            f"{POST_CALL_KEY} is set in the environment, which counts more than {ENV_FILE}: take "
            f"it out there, so that the new webhook's secret in {ENV_FILE} is used"
        )
    keys = keys_of(settings)
    if missing := [f"ELEVENLABS_{key.upper()}_KEY" for key in KEYS if not keys[key]]:
        raise Unusable(
            f"{' and '.join(missing)}: not set, and the endpoints are open to everybody; set it to "
            "a long random text (start all-in-one once without .env, and all are made)"
        )
    return Goal(
        url=url,
        keys=keys,
        sends_first_message=settings.send_first_message,
        sends_language=settings.send_language,
        agents=frozenset([*record.agents, agent]),
        asked=agent,
        scope=scope,
    )


@asynccontextmanager
async def open_connection(settings: Settings, goal: Goal) -> AsyncIterator[Connection]:
    """Open the SDK's client over the workspace of this API key; raises MissingApiKey."""
    async with open_client(cloud_options(settings)) as client:
        yield Connection(
            workspace=Workspace(client, Patience()),
            goal=goal,
            record_file=record_file(settings),
            secrets=SecretFile(
                read=_accepted_secrets,
                write=_accept_secrets,
                is_fixed=set_in_environment(POST_CALL_KEY),
            ),
        )


def _accepted_secrets() -> tuple[str, ...]:
    return load_settings().post_call_secrets


def _accept_secrets(secrets: tuple[str, ...]) -> None:
    put_value(ENV_FILE, POST_CALL_KEY, ",".join(secrets))
