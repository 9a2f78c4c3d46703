"""What the OpenMemory SDK does, by behaviour, and what to tell the owner about it."""

from memory.openmemory.backend import Backend, Examined
from memory.openmemory.probe import probe_users

_KNOWN = "1.3"


async def examine_sdk(backend: Backend, *, version: str, mark: str = "") -> Examined:
    """
    Try the SDK out with the two users of `mark`, see `Backend.examine`.

    `version` is what the package says, "" if it says nothing.
    """
    probed = await probe_users(backend, mark=mark)
    advice = []
    if not probed.keeps_users_apart:
        advice.append(
            "A search for one caller also returns memories of others here; they are left out, "
            "but fewer are found. Use version 1.3.2 of the SDK."
        )
    if probed.shortens:
        advice.append("This SDK stores long texts shortened; answers still have them whole.")
    if version and not version.startswith(f"{_KNOWN}."):
        advice.append(f"Version {version} of the SDK is newer than what was tried, 1.3.2.")
    return Examined(
        product=f"openmemory-py {version or _KNOWN} (SDK)",
        keeps_users_apart=probed.keeps_users_apart,
        shortens=probed.shortens,
        advice=tuple(advice),
    )
