"""The settings of who runs it for years: who may come, how much at once, and who looks on."""

from pydantic import Field

from setting_groups import KeepingSettings
from setting_values import Allowed, Networks, WebAddress


class OperationSettings(KeepingSettings):
    """Limits, and what is told to whoever watches over the program."""

    limit_per_address: int = Field(
        100,
        ge=0,
        le=100_000,
        description="how many requests a second one address may send to one endpoint, 0 to 100000 "
        "(signed events and live requests with the right key are never refused for it); "
        "0: no limit",
    )
    limit_per_caller: int = Field(
        60,
        ge=0,
        le=100_000,
        description="how many live requests a minute may be about one caller, 0 to 100000; "
        "0: no limit",
    )
    max_connections: int = Field(
        1000,
        ge=10,
        le=100_000,
        description="how many connections may be open at once, 10 to 100000; a quarter of them "
        "from one address",
    )
    upload_budget_mb: int = Field(
        1024,
        ge=16,
        le=1_000_000,
        description="how much of the disk large bodies that are still arriving may take together, "
        "in MB, 16 to 1000000",
    )
    trusted_proxies: Networks = Field(
        "127.0.0.0/8,::1",
        description="the addresses and networks of your reverse proxies, separated by commas: of "
        "these alone X-Forwarded-For is believed; none: nobody's is",
    )
    allow_from: Allowed = Field(
        "anyone",
        description="who may send to the webhooks: anyone, or, separated by commas, elevenlabs "
        "(the addresses it publishes) and networks of yours",
    )
    metrics_from: Networks = Field(
        "127.0.0.0/8,::1",
        description="the addresses and networks that may read /metrics without ADMIN_KEY, "
        "separated by commas, if they come without a proxy; none: nobody",
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="the port on which a processor that runs alone serves /metrics, on HOST; "
        "0: none",
    )
    otel_exporter_otlp_endpoint: WebAddress = Field(
        "",
        description="the address of an OpenTelemetry collector that takes OTLP over HTTP, such as "
        "http://127.0.0.1:4318; empty: no traces (it needs the extra otel)",
    )
