"""
A stand-in for ElevenLabs' platform: it keeps state and answers as the platform documents.

    async with platform() as p:
        client = AsyncElevenLabs(base_url=p.url, api_key=p.api_key)
"""

from tests.platform.faults import Faults
from tests.platform.server import platform, platform_in_thread
from tests.platform.state import Platform, Request

__all__ = ["Faults", "Platform", "Request", "platform", "platform_in_thread"]
