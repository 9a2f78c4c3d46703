"""
The addresses from which ElevenLabs sends webhooks, as its documentation publishes them.

Source: the page "Post-call webhooks" of the Agents Platform's documentation, section "IP
whitelisting", as of October 2026. Compare it from time to time: an address that is missing here is
refused only where ALLOW_FROM says elevenlabs; add it there as well until an update has it.
"""

from ipaddress import IPv4Network

_US = ("34.67.146.145", "34.59.11.47")
_EU = ("35.204.38.71", "34.147.113.54")
_ASIA = ("35.185.187.110", "35.247.157.189")
_EU_RESIDENCY = ("34.77.234.246", "34.140.184.144")
_INDIA_RESIDENCY = ("34.93.26.174", "34.93.252.69")
_SINGAPORE_RESIDENCY = ("34.87.23.17", "34.126.179.103")

PUBLISHED: tuple[IPv4Network, ...] = tuple(
    IPv4Network(address)
    for address in (
        *(*_US, *_EU, *_ASIA),
        *(*_EU_RESIDENCY, *_INDIA_RESIDENCY, *_SINGAPORE_RESIDENCY),
    )
)
