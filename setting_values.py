"""The kinds of values that settings have: how what was typed is read, and what is refused."""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr

_DURATION = re.compile(r"(?P<number>[0-9]{1,6}) *(?P<unit>[smhdw])")
Network = IPv4Network | IPv6Network
ANYONE, PLATFORM = "anyone", "elevenlabs"
REDACTED_KINDS = ("card", "cvv", "iban", "ssn", "otp")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(duration: str) -> int:
    """Return the seconds in "90s", "15m", "12h", "30d" or "2w"; raises ValueError for others."""
    match = _DURATION.fullmatch(duration.strip().lower())
    if match is None:
        raise ValueError(duration)
    return int(match["number"]) * _UNIT_SECONDS[match["unit"]]


def _duration_or_off(value: str) -> str:
    if value != "off" and not seconds_of(value):
        raise ValueError(value)
    return value


def _https_or_empty(value: str) -> str:
    if value and not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError(value)
    return value.rstrip("/")


def _web_address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError(value)
    return value.rstrip("/")


def _host_name(value: str) -> str:
    return value.removeprefix("https://").rstrip("/")


def _without_white_space(value: Any) -> Any:
    # A key copied from a web page often brings a newline or a space; none ever belongs to it.
    return "".join(value.split()) if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _at_home(value: Any) -> Any:
    return os.path.expanduser(value) if isinstance(value, str) else value  # noqa: PTH111  # as typed


def _model(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind, colon, name = value.partition(":")
    return f"{kind.strip().lower()}{colon}{_at_home(name.strip())}"


def _known_region(value: str) -> str:
    if value:
        import phonenumbers  # takes 50 ms, only for who sets it

        if not phonenumbers.country_code_for_region(value):
            raise ValueError(value)
    return value


def _only_the_name(value: str) -> str:
    # {name} is all that is filled in; any other brace would be spoken or break the call.
    if set(value.replace("{name}", "")) & set("{}"):
        raise ValueError(value)
    return value


def _kinds(value: str) -> str:
    """Return the kinds once each, in one order: the same choice is the same text."""
    wanted = {part.strip().lower() for part in value.split(",")} - {"", "none"}
    if wanted - set(REDACTED_KINDS):
        raise ValueError(value)
    return ",".join(kind for kind in REDACTED_KINDS if kind in wanted) or "none"


def networks_of(text: str) -> tuple[Network, ...]:
    """
    Return the networks in "10.0.0.0/8, ::1"; an address alone is a network of one.

    Raises ValueError for what is none, such as 10.0.0.1/8, which names a host and a network.
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _networks(value: str) -> str:
    if value != "none" and not networks_of(value):
        raise ValueError(value)
    return value


def allowed_of(text: str) -> tuple[bool, tuple[Network, ...]]:
    """
    Return whether "elevenlabs" is in the list, and the networks beside it.

    Raises ValueError for a list of nothing, which would let nobody in.
    """
    names = [name for part in text.split(",") if (name := part.strip())]
    if not names:
        raise ValueError(text)
    networks = networks_of(",".join(name for name in names if name != PLATFORM))
    return PLATFORM in names, networks


def _allowed(value: str) -> str:
    # Beside "anyone" nothing else may stand: it would look narrower than it is.
    if value.strip() != ANYONE:
        allowed_of(value)
    return value.strip()


def server_problems(address: str, key: str) -> list[str]:
    """
    Return why an OpenMemory server's address and key cannot be used, a line each.

    Neither is quoted: a password may be in it.
    """
    from memory.openmemory.server.address import server_url  # takes 50 ms, only for who has one

    problems = []
    try:
        if not address.strip():
            raise ValueError("is not set; remote mode needs a port (8080), host:port or a URL")
        server_url(address)
    except ValueError as error:
        problems.append(f"OPENMEMORY_PORT: {error}")
    if not (key.isascii() and key.isprintable()):
        problems.append("OPENMEMORY_KEY: has a character that is not ASCII, copy it again")
    return problems


Location = Annotated[Path, BeforeValidator(_at_home)]
Secret = Annotated[SecretStr, BeforeValidator(_without_white_space)]
DurationOrOff = Annotated[str, BeforeValidator(_lower), AfterValidator(_duration_or_off)]
ApiAddress = Annotated[str, AfterValidator(_https_or_empty)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
HostName = Annotated[str, AfterValidator(_host_name)]
Model = Annotated[str, BeforeValidator(_model)]
Region = Annotated[str, BeforeValidator(_upper), AfterValidator(_known_region)]
Greeting = Annotated[str, AfterValidator(_only_the_name)]
MemoryMode = Annotated[Literal["embedded", "local", "remote"], BeforeValidator(_lower)]
SyncMode = Annotated[Literal["auto", "syncfs", "fsync"], BeforeValidator(_lower)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
LogFormat = Annotated[Literal["console", "json"], BeforeValidator(_lower)]
Networks = Annotated[str, BeforeValidator(_lower), AfterValidator(_networks)]
Allowed = Annotated[str, BeforeValidator(_lower), AfterValidator(_allowed)]
Kinds = Annotated[str, AfterValidator(_kinds)]
Unasked = Annotated[Literal["everything", "name", "nothing"], BeforeValidator(_lower)]
