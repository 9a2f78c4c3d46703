"""From settings to the options of each part."""

from cloud.options import CloudOptions
from receiver.context import ReceiverOptions
from settings import Settings
from voice.greeting import GreetingOptions
from voice.webhook_addresses import PUBLISHED


def receiver_options(settings: Settings) -> ReceiverOptions:
    """Return the receiver's options as the settings have them."""
    return ReceiverOptions(
        post_call_secrets=settings.post_call_secrets,
        client_data_key=settings.elevenlabs_client_data_key.get_secret_value(),
        search_data_key=settings.elevenlabs_search_data_key.get_secret_value(),
        admin_key=settings.admin_key.get_secret_value(),
        max_body_bytes=settings.max_body_mb * 1024 * 1024,
        live_deadline_seconds=settings.live_deadline_ms / 1000,
        greeting=GreetingOptions(
            template=settings.greeting,
            tell_unasked=settings.tell_unasked,
            send_first_message=settings.send_first_message,
            send_language=settings.send_language,
        ),
        phone_region=settings.phone_region,
        cors_origins=settings.cors_origin_list,
        metrics_from=settings.metrics_networks,
        trusted_proxies=settings.trusted_networks,
        allow_from=settings.allowed_networks(PUBLISHED),
        limit_per_address=settings.limit_per_address,
        limit_per_caller=settings.limit_per_caller,
        upload_budget_bytes=settings.upload_budget_mb * 1024 * 1024,
    )


def cloud_options(settings: Settings) -> CloudOptions:
    """Return where ElevenLabs is and who asks, as the settings have them."""
    return CloudOptions(
        api_key=settings.elevenlabs_api_key.get_secret_value(),
        base_url=settings.elevenlabs_base_url,
    )
