"""The part of `doctor` that asks ElevenLabs."""

import asyncio
from datetime import UTC, datetime

from cli.elevenlabs.connection import keys_of, open_connection, record_file
from cloud.connecting.examine import Finding, examine
from cloud.connecting.wanted import Goal
from cloud.errors import CloudError, MissingApiKey
from settings import Settings


def findings(settings: Settings) -> list[Finding]:
    """Return what is found at ElevenLabs; an error is a finding too."""
    try:
        return asyncio.run(_findings(settings))
    except MissingApiKey as error:
        return [Finding(name="API key", verdict="problem", detail=str(error),
                        mend="set ELEVENLABS_API_KEY")]  # fmt: skip


async def _findings(settings: Settings) -> list[Finding]:
    try:
        urls = record_file(settings).load().urls
    except CloudError:
        urls = ()  # examine tells what is wrong with the record
    goal = Goal(
        url=next(iter(urls), ""),
        keys=keys_of(settings),
        sends_first_message=settings.send_first_message,
        sends_language=settings.send_language,
    )
    async with open_connection(settings, goal) as connection:
        return await examine(connection, now=datetime.now(UTC))
