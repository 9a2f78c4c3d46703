"""The stand-in for the platform, through the SDK that talks to it."""

import asyncio
import copy
import json
import time
from contextlib import asynccontextmanager

import httpx
import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core import ApiError
from elevenlabs.types import (
    AgentConfig,
    AgentPlatformSettingsRequestModel,
    AgentWorkspaceOverridesInput,
    AnalysisProperty,
    ConvAiSecretLocator,
    ConvAiWebhooks,
    ConversationalConfig,
    ConversationInitiationClientDataWebhook,
    DynamicVariablesConfig,
    LiteralJsonSchemaProperty,
    ObjectJsonSchemaPropertyInput,
    ToolRequestModel,
    ToolRequestModelToolConfig_Webhook,
    WebhookHmacSettings,
    WebhookToolApiSchemaConfigInput,
)

from tests.platform import platform, platform_in_thread, samples
from voice.payload import parse_event

ONCE = {"max_retries": 0}
URL = "https://memory.bikes.example"
EVENTS = ["transcript", "audio", "call_initiation_failure"]


@asynccontextmanager
async def connected(where, *, api_key=None):
    async with httpx.AsyncClient(timeout=20) as http:
        yield AsyncElevenLabs(
            base_url=where.url, api_key=api_key or where.api_key, httpx_client=http
        )


@asynccontextmanager
async def workspace(**options):
    async with platform(**options) as cloud, connected(cloud) as client:
        yield cloud, client


async def refused(call, status):
    """Return the body of the error with which the platform refuses this call."""
    with pytest.raises(ApiError) as error:
        await call
    assert error.value.status_code == status, error.value.body
    return error.value.body["detail"]


def tool(**changes):
    """Return the request for a tool that asks us, with these changes of its configuration."""
    schema = WebhookToolApiSchemaConfigInput(
        url=f"{URL}/search",
        method="POST",
        request_body_schema=ObjectJsonSchemaPropertyInput(
            type="object",
            required=["query"],
            properties={
                "query": LiteralJsonSchemaProperty(type="string", description="What to look up"),
                "caller_id": LiteralJsonSchemaProperty(
                    type="string", dynamic_variable="system__caller_id"
                ),
            },
        ),
    )
    config = {"name": "search_memory", "description": "Looks up.", "api_schema": schema}
    return ToolRequestModel(tool_config=ToolRequestModelToolConfig_Webhook(**(config | changes)))


def properties(**items):
    """Return the changes that give a tool these properties."""
    schema = {"type": "object", "properties": items}
    return {
        "api_schema": {"url": f"{URL}/x", "method": "POST", "request_body_schema": schema},
    }


async def post_call_webhook(client, *, url=f"{URL}/post-call"):
    settings = WebhookHmacSettings(name="memory", webhook_url=url)
    return await client.webhooks.create(settings=settings, request_options=ONCE)


async def test_a_wrong_key_is_refused():
    async with platform() as cloud, connected(cloud, api_key="xi-other") as client:
        detail = await refused(client.user.get(request_options=ONCE), 401)
        assert detail["status"] == "invalid_api_key"
        assert cloud.requests[-1].status == 401


async def test_a_webhook_tells_its_secret_only_when_it_is_made():
    async with workspace() as (cloud, client):
        made = await post_call_webhook(client)
        assert cloud.webhooks[made.webhook_id]["secret"] == made.webhook_secret
        listed = (await client.webhooks.list(include_usages=True)).webhooks
        assert [webhook.webhook_id for webhook in listed] == [made.webhook_id]
        assert made.webhook_secret not in listed[0].model_dump_json()


async def test_a_webhook_can_be_renamed_and_enabled_but_not_moved():
    async with workspace() as (cloud, client):
        webhook_id = (await post_call_webhook(client)).webhook_id
        cloud.webhooks[webhook_id]["is_auto_disabled"] = True
        await client.webhooks.update(
            webhook_id, is_disabled=False, name="new", retry_enabled=True, request_options=ONCE
        )
        stored = cloud.webhooks[webhook_id]
        assert (stored["name"], stored["retry_enabled"]) == ("new", True)
        assert not stored["is_auto_disabled"]
        moved = {"additional_body_parameters": {"webhook_url": f"{URL}/other"}, **ONCE}
        await refused(
            client.webhooks.update(webhook_id, is_disabled=False, name="n", request_options=moved),
            422,
        )
        await refused(
            client.webhooks.update("wh_none", is_disabled=False, name="n", request_options=ONCE),
            404,
        )


async def test_deleting_a_bound_webhook_is_complained_of_and_the_binding_dangles():
    async with workspace() as (cloud, client):
        webhook_id = (await post_call_webhook(client)).webhook_id
        bound = ConvAiWebhooks(post_call_webhook_id=webhook_id, events=EVENTS)
        await client.conversational_ai.settings.update(webhooks=bound)
        listed = (await client.webhooks.list(include_usages=True)).webhooks
        assert [usage.usage_type for usage in listed[0].usage] == ["ConvAI Settings"]
        await client.webhooks.delete(webhook_id)
        assert cloud.settings["webhooks"]["post_call_webhook_id"] == webhook_id
        assert len(cloud.complaints) == 1


async def test_an_address_must_be_https_unless_it_is_this_machine():
    async with workspace() as (_, client):
        await refused(post_call_webhook(client, url="http://memory.bikes.example/hook"), 422)
        await post_call_webhook(client, url="http://127.0.0.1:8080/hook")


@pytest.mark.parametrize("merge", ["deep", "replace"])
async def test_nested_settings_are_merged_or_replaced(merge):
    async with workspace(settings_merge=merge) as (cloud, client):
        webhook_id = (await post_call_webhook(client)).webhook_id
        update = client.conversational_ai.settings.update
        await update(webhooks=ConvAiWebhooks(post_call_webhook_id=webhook_id, events=EVENTS))
        answer = await update(webhooks=ConvAiWebhooks(transcript_format="json"))
        kept = webhook_id if merge == "deep" else None
        assert answer.webhooks.post_call_webhook_id == kept
        assert cloud.settings["a_setting_of_the_future"] == {"level": 3}


async def test_null_takes_the_initiation_webhook_away():
    async with workspace() as (cloud, client):
        webhook = ConversationInitiationClientDataWebhook(url=f"{URL}/init", request_headers={})
        update = client.conversational_ai.settings.update
        await update(conversation_initiation_client_data_webhook=webhook)
        assert cloud.settings["conversation_initiation_client_data_webhook"]["url"].startswith(URL)
        await update(conversation_initiation_client_data_webhook=None)
        assert cloud.settings["conversation_initiation_client_data_webhook"] is None


@pytest.mark.parametrize(
    ("webhooks", "where"),
    [
        ({"post_call_webhook": "wh"}, ["body", "webhooks", "post_call_webhook"]),
        ({"events": ["transcription"]}, ["body", "webhooks", "events", 0]),
        ({"transcript_format": "opentelemtry"}, ["body", "webhooks", "transcript_format"]),
        ({"post_call_webhook_id": "wh_none"}, ["body", "webhooks", "post_call_webhook_id"]),
        ({"exclude_transcript": "no"}, ["body", "webhooks", "exclude_transcript"]),
    ],
)
async def test_a_typo_in_the_settings_is_named(webhooks, where):
    async with workspace() as (cloud, client):
        before = copy.deepcopy(cloud.settings)
        update = client.conversational_ai.settings.update(webhooks=webhooks, request_options=ONCE)
        detail = await refused(update, 422)
        assert detail[0]["loc"] == where
        assert cloud.settings == before


async def test_secrets_have_unique_names_and_are_kept_while_they_are_used():
    async with workspace() as (cloud, client):
        secrets = client.conversational_ai.secrets
        made = await secrets.create(name="CALLSPOOL", value="one", request_options=ONCE)
        await refused(secrets.create(name="CALLSPOOL", value="two", request_options=ONCE), 409)
        await secrets.update(made.secret_id, name="CALLSPOOL", value="two", request_options=ONCE)
        assert cloud.secrets[made.secret_id]["value"] == "two"
        headers = {"X-Key": ConvAiSecretLocator(secret_id=made.secret_id)}
        webhook = ConversationInitiationClientDataWebhook(
            url=f"{URL}/init", request_headers=headers
        )
        await client.conversational_ai.settings.update(
            conversation_initiation_client_data_webhook=webhook
        )
        found = await secrets.get(made.secret_id)
        assert found.used_by.others == ["conversation_initiation_webhook"]
        await refused(secrets.delete(made.secret_id, request_options=ONCE), 409)
        await client.conversational_ai.settings.update(
            conversation_initiation_client_data_webhook=None
        )
        await secrets.delete(made.secret_id, request_options=ONCE)
        await refused(secrets.get(made.secret_id, request_options=ONCE), 404)


async def test_two_secrets_may_share_a_name_where_the_workspace_allows_it():
    async with workspace(unique_secret_names=False) as (cloud, client):
        for value in ("one", "two"):
            await client.conversational_ai.secrets.create(name="CALLSPOOL", value=value)
        assert [secret["value"] for secret in cloud.secrets.values()] == ["one", "two"]


async def test_secrets_come_in_pages():
    async with workspace() as (_, client):
        for number in range(5):
            await client.conversational_ai.secrets.create(name=f"S{number}", value="v")
        names, cursor = [], None
        for _ in range(3):
            page = await client.conversational_ai.secrets.list(page_size=2, cursor=cursor)
            names += [secret.name for secret in page.secrets]
            cursor = page.next_cursor
        assert names == ["S0", "S1", "S2", "S3", "S4"]
        assert cursor is None


async def test_a_header_names_a_secret_that_exists():
    async with workspace() as (_, client):
        headers = {"X-Key": ConvAiSecretLocator(secret_id="sec_none")}
        webhook = ConversationInitiationClientDataWebhook(
            url=f"{URL}/init", request_headers=headers
        )
        update = client.conversational_ai.settings.update(
            conversation_initiation_client_data_webhook=webhook, request_options=ONCE
        )
        assert (await refused(update, 404))["status"] == "document_not_found"


async def test_a_tool_is_made_found_changed_and_deleted():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        tools = client.conversational_ai.tools
        made = await tools.create(request=tool())
        assert made.tool_config.response_timeout_secs == 20  # its default
        page = await tools.list(search="search_")
        assert [found.id for found in page.tools] == [made.id]
        await tools.update(made.id, request=tool(response_timeout_secs=10))
        assert cloud.tools[made.id]["tool_config"]["response_timeout_secs"] == 10
        await tools.delete(made.id)
        await refused(tools.get(made.id, request_options=ONCE), 404)


async def test_a_tool_in_use_is_deleted_by_force_only():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        tools = client.conversational_ai.tools
        dependents = await tools.get_dependent_agents("tool_user_stock")
        assert [agent.id for agent in dependents.agents] == ["agent_books"]
        detail = await refused(tools.delete("tool_user_stock", request_options=ONCE), 409)
        assert detail["status"] == "tool_in_use"
        await tools.delete("tool_user_stock", force=True)
        prompt = cloud.agents["agent_books"]["conversation_config"]["agent"]["prompt"]
        assert prompt["tool_ids"] == ["tool_user_booking"]


_TWO_SOURCES = {"type": "string", "description": "x", "dynamic_variable": "system__caller_id"}
_TWICE = properties(query={"type": "string", "description": "x"})
_TWICE["api_schema"] |= {
    "url": f"{URL}/{{query}}",
    "path_params_schema": {"query": {"type": "string", "description": "x"}},
}


@pytest.mark.parametrize(
    "changes",
    [
        {"response_timeout_secs": 4},
        {"response_timeout_secs": 301},
        {"response_timeout": 10},
        {"tool_error_handling_mode": "hidden"},
        {"name": "search memory"},
        properties(caller_id=_TWO_SOURCES),
        properties(caller_id={"type": "string"}),
        properties(caller_id={"type": "string", "dynamic_variable": "system__callerid"}),
        properties(caller_id={"type": "string", "dynamic_varable": "system__caller_id"}),
        properties(caller_id={"type": "text", "description": "x"}),
        _TWICE,
        {"api_schema": {"url": "http://memory.bikes.example/search"}},
        {"api_schema": {"method": "POST"}},
    ],
)
async def test_a_tool_that_could_not_work_is_refused(changes):
    async with workspace() as (cloud, client):
        request = json.loads(tool().model_dump_json(exclude_unset=True))
        request["tool_config"] |= {"type": "webhook", **changes}
        create = client.conversational_ai.tools.create(request=request, request_options=ONCE)
        await refused(create, 422)
        assert not cloud.tools


async def test_a_tools_unknown_field_of_the_users_survives_being_sent_back():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        config = copy.deepcopy(cloud.tools["tool_user_stock"]["tool_config"])
        config["description"] = "Changed"
        update = client.conversational_ai.tools.update
        await update("tool_user_stock", request={"tool_config": config}, request_options=ONCE)
        schema = cloud.tools["tool_user_stock"]["tool_config"]["api_schema"]
        assert schema["a_tool_field_of_the_future"] == 1
        config["another_field"] = 1
        call = update("tool_user_stock", request={"tool_config": config}, request_options=ONCE)
        await refused(call, 422)


def agent_change(*, placeholders=None, collected=None):
    variables = DynamicVariablesConfig(dynamic_variable_placeholders=placeholders)
    config = ConversationalConfig(agent=AgentConfig(dynamic_variables=variables))
    settings = AgentPlatformSettingsRequestModel(data_collection=collected)
    return {"conversation_config": config, "platform_settings": settings, "request_options": ONCE}


async def test_an_agent_keeps_what_a_patch_does_not_name():
    async with workspace() as (cloud, client):
        before = copy.deepcopy(cloud.add_agent())
        field = AnalysisProperty(type="string", description="First name")
        change = agent_change(placeholders={"name": "there"}, collected={"first_name": field})
        await client.conversational_ai.agents.update("agent_books", **change)
        after = copy.deepcopy(cloud.agents["agent_books"])
        variables = after["conversation_config"]["agent"]["dynamic_variables"]
        assert variables["dynamic_variable_placeholders"].pop("name") == "there"
        collection = after["platform_settings"]["data_collection"]
        assert collection.pop("first_name")["description"] == "First name"
        del before["metadata"], after["metadata"]
        assert after == before


async def test_maps_may_be_replaced_as_a_whole():
    async with workspace(agent_merge="replace_maps") as (cloud, client):
        cloud.add_agent()
        field = AnalysisProperty(type="string", description="First name")
        change = agent_change(placeholders={"name": "there"}, collected={"first_name": field})
        await client.conversational_ai.agents.update("agent_books", **change)
        after = cloud.agents["agent_books"]
        assert list(after["platform_settings"]["data_collection"]) == ["first_name"]
        variables = after["conversation_config"]["agent"]["dynamic_variables"]
        assert variables["dynamic_variable_placeholders"] == {"name": "there"}


@pytest.mark.parametrize("merge", ["deep", "replace_maps"])
async def test_null_takes_an_entry_out_of_a_map(merge):
    async with workspace(agent_merge=merge) as (cloud, client):
        cloud.add_agent()
        change = agent_change(placeholders={"plan": None, "opening_hour": "ten"})
        del change["platform_settings"]
        await client.conversational_ai.agents.update("agent_books", **change)
        variables = cloud.agents["agent_books"]["conversation_config"]["agent"]["dynamic_variables"]
        assert variables == {"dynamic_variable_placeholders": {"opening_hour": "ten"}}


async def test_an_explicit_null_sets_null_and_a_list_is_replaced():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        update = client.conversational_ai.agents.update
        await update("agent_books", tags=["only"], platform_settings={"summary_language": None})
        agent = cloud.agents["agent_books"]
        assert agent["tags"] == ["only"]
        assert agent["platform_settings"]["summary_language"] is None
        assert agent["name"] == "Harbour Bikes reception"


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"overrides": {"conversation_config_override": {"agent": {"firstmessage": True}}}}, 422),
        ({"overrides": {"enable_from_webhook": True}}, 422),
        ({"data_collection": {"x": {"type": "string", "descripton": "y"}}}, 422),
        ({"data_collection": {"x": {"description": "y"}}}, 422),
        ({"data_collection": {"x": {"type": "string", **_TWO_SOURCES}}}, 422),
        ({"workspace_overrides": {"webhooks": {"post_call_webhook_id": "wh_none"}}}, 422),
        (
            {
                "workspace_overrides": {
                    "conversation_initiation_client_data_webhook": {
                        "url": URL,
                        "request_headers": {"X-Key": {"secret_id": "sec_none"}},
                    }
                }
            },
            404,
        ),
        ({"data_colection": {}}, 422),
    ],
)
async def test_an_agents_wrong_settings_are_refused(settings, status):
    async with workspace() as (cloud, client):
        before = copy.deepcopy(cloud.add_agent())
        update = client.conversational_ai.agents.update(
            "agent_books", platform_settings=settings, request_options=ONCE
        )
        await refused(update, status)
        assert cloud.agents["agent_books"] == before


async def test_an_agent_collects_25_values_at_most():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        update = client.conversational_ai.agents.update
        fields = {f"f{n}": {"type": "string", "description": "d"} for n in range(24)}
        too_many = {"data_collection": fields}
        call = update("agent_books", platform_settings=too_many, request_options=ONCE)
        await refused(call, 422)
        del fields["f0"]
        await update("agent_books", platform_settings=too_many, request_options=ONCE)
        settings = cloud.agents["agent_books"]["platform_settings"]
        assert len(settings["data_collection"]) == 25


async def test_an_agent_has_tools_that_exist():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        made = await client.conversational_ai.tools.create(request=tool())
        ids = ["tool_user_stock", "tool_user_booking", made.id]
        update = client.conversational_ai.agents.update
        for tool_ids, status in (([*ids, "tool_none"], 404), (ids, None)):
            config = {"agent": {"prompt": {"tool_ids": tool_ids}}}
            call = update("agent_books", conversation_config=config, request_options=ONCE)
            await (refused(call, status) if status else call)
        prompt = cloud.agents["agent_books"]["conversation_config"]["agent"]["prompt"]
        assert prompt["tool_ids"] == ids
        assert prompt["prompt"].startswith("You are the receptionist")


async def test_an_agent_of_another_workspace_is_not_found():
    async with workspace() as (_, client):
        call = client.conversational_ai.agents.get("agent_elsewhere", request_options=ONCE)
        assert (await refused(call, 404))["status"] == "document_not_found"


async def test_an_agent_may_have_a_webhook_of_its_own():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        webhook_id = (await post_call_webhook(client)).webhook_id
        overrides = AgentWorkspaceOverridesInput(
            webhooks=ConvAiWebhooks(post_call_webhook_id=webhook_id, events=EVENTS)
        )
        settings = AgentPlatformSettingsRequestModel(workspace_overrides=overrides)
        await client.conversational_ai.agents.update("agent_books", platform_settings=settings)
        listed = (await client.webhooks.list(include_usages=True)).webhooks
        assert [usage.usage_type for usage in listed[0].usage] == ["ConvAI Agent Settings"]


async def listed(client, **filters):
    """Return the numbers of the conversations that are listed, page by page."""
    found, cursor = [], None
    while True:
        page = await client.conversational_ai.conversations.list(
            cursor=cursor, request_options=ONCE, **filters
        )
        found += [int(row.conversation_id[-6:]) for row in page.conversations]
        if not page.has_more:
            assert page.next_cursor is None
            return found
        cursor = page.next_cursor


async def test_conversations_come_in_pages_filtered_and_in_order():
    async with workspace() as (cloud, client):
        for number in range(70):
            status = "processing" if number % 10 == 3 else "done"
            agent_id = "agent_other" if number % 7 == 0 else "agent_books"
            cloud.add_conversation(samples.conversation(number, agent_id=agent_id, status=status))
        assert await listed(client) == list(range(69, -1, -1))
        assert len([r for r in cloud.requests if r.path == "/v1/convai/conversations"]) == 3
        chosen = await listed(
            client,
            page_size=4,
            agent_id="agent_books",
            call_start_after_unix=samples.STARTED_AT + 10 * 60,
            call_start_before_unix=samples.STARTED_AT + 30 * 60,
            exclude_statuses=["processing", "initiated"],
            sort_direction="asc",
        )
        assert chosen == [n for n in range(10, 31) if n % 7 and n % 10 != 3]


async def test_a_cursor_that_is_none_is_refused():
    async with workspace() as (cloud, client):
        for number in range(5):
            cloud.add_conversation(samples.conversation(number))
        conversations = client.conversational_ai.conversations
        await refused(conversations.list(cursor="nonsense", request_options=ONCE), 400)
        page = await conversations.list(page_size=2)
        await refused(
            conversations.list(cursor=page.next_cursor, agent_id="a", request_options=ONCE), 400
        )
        cloud.expire_cursors()
        await refused(conversations.list(cursor=page.next_cursor, request_options=ONCE), 400)
        await refused(conversations.list(page_size=101, request_options=ONCE), 422)


async def heard(client, conversation_id):
    """Return what came of a recording, and the error with which it broke off, if it did."""
    audio = b""
    try:
        async for chunk in client.conversational_ai.conversations.audio.get(
            conversation_id, request_options={**ONCE, "chunk_size": 4096}
        ):
            audio += chunk
    except httpx.RemoteProtocolError as error:
        return audio, error
    return audio, None


async def test_a_recording_breaks_off_late_and_is_whole_the_next_time():
    async with workspace() as (cloud, client):
        body = samples.conversation(1)
        audio = b"ID3" + bytes(range(256)) * 800
        cloud.add_conversation(body, audio=audio)
        cloud.faults.cut_audio(body["conversation_id"], after_bytes=100_000)
        part, error = await heard(client, body["conversation_id"])
        assert error is not None
        assert 90_000 < len(part) <= 100_000
        assert audio.startswith(part)
        assert await heard(client, body["conversation_id"]) == (audio, None)


async def test_what_is_not_there_is_not_found():
    async with workspace() as (cloud, client):
        body = samples.conversation(1)
        cloud.add_conversation(body)
        conversations = client.conversational_ai.conversations
        await refused(conversations.get("conv_none", request_options=ONCE), 404)
        chunks = conversations.audio.get(body["conversation_id"], request_options=ONCE)
        await refused(anext(aiter(chunks)), 404)
        found = await conversations.get(body["conversation_id"])
        assert found.metadata.phone_call.external_number == "+15550100142"


async def dialled(client, to_number, *, provider="twilio", **more):
    line = client.conversational_ai.twilio if provider == "twilio" else None
    return await (line or client.conversational_ai.sip_trunk).outbound_call(
        agent_id="agent_books",
        agent_phone_number_id="phnum_twilio" if provider == "twilio" else "phnum_sip",
        to_number=to_number,
        request_options=ONCE,
        **more,
    )


async def test_a_call_is_dialled_by_the_provider_of_the_number():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        numbers = await client.conversational_ai.phone_numbers.list()
        assert [number.provider for number in numbers] == ["twilio", "sip_trunk"]
        one = await dialled(client, "+12025550101")
        other = await dialled(client, "+12025550102", provider="sip_trunk")
        assert one.call_sid
        assert other.sip_call_id
        assert [call["provider"] for call in cloud.dialled] == ["twilio", "sip_trunk"]
        found = await client.conversational_ai.conversations.get(one.conversation_id)
        assert (found.status, found.metadata.phone_call.direction) == ("initiated", "outbound")


async def test_a_call_that_cannot_be_dialled_says_why():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        cloud.outcomes["+12025550103"] = "busy"
        answer = await dialled(client, "+12025550103")
        assert (answer.success, answer.conversation_id) == (False, None)
        assert "busy" in answer.message
        await refused(dialled(client, "202 555 0103"), 422)
        call = client.conversational_ai.twilio.outbound_call(
            agent_id="agent_books",
            agent_phone_number_id="phnum_sip",
            to_number="+12025550103",
            request_options=ONCE,
        )
        await refused(call, 400)
        assert cloud.dialled == []


async def test_a_key_without_permission_dials_nothing():
    async with workspace(may_dial=False) as (cloud, client):
        cloud.add_agent()
        detail = await refused(dialled(client, "+12025550104"), 403)
        assert detail["status"] == "missing_permissions"
        assert cloud.dialled == []


async def test_a_call_that_would_drop_at_once_is_complained_of():
    async with workspace() as (cloud, client):
        cloud.add_agent()
        variables = {"plan": "gold", "opening_hour": "nine"}
        data = {"dynamic_variables": variables}
        await dialled(client, "+12025550105", conversation_initiation_client_data=data)
        assert cloud.complaints == []
        del variables["plan"]
        data["conversation_config_override"] = {"agent": {"first_message": "Hi"}}
        await dialled(client, "+12025550105", conversation_initiation_client_data=data)
        assert cloud.complaints == [
            "Missing required dynamic variables: ['plan']",
            "Override for field 'agent.first_message' is not allowed by config",
        ]
        data["dynamic_varables"] = {}
        call = dialled(client, "+12025550105", conversation_initiation_client_data=data)
        await refused(call, 422)


async def test_too_many_requests_come_with_the_time_to_wait():
    async with workspace() as (cloud, client):
        cloud.faults.add(path="^/v1/user$", status=429, times=2, retry_after=3)
        for _ in range(2):
            with pytest.raises(ApiError) as error:
                await client.user.get(request_options=ONCE)
            assert error.value.headers["retry-after"] == "3"
        await client.user.get(request_options=ONCE)


async def test_an_answer_is_lost_although_the_work_is_done():
    async with workspace() as (cloud, client):
        cloud.faults.add(method="POST", path="/secrets", status=500, before=False)
        create = client.conversational_ai.secrets.create
        await refused(create(name="one", value="v", request_options=ONCE), 500)
        cloud.faults.drop("POST", "/secrets", after_work=True)
        with pytest.raises(httpx.RemoteProtocolError):
            await create(name="two", value="v", request_options=ONCE)
        cloud.faults.drop("POST", "/secrets")
        with pytest.raises(httpx.RemoteProtocolError):
            await create(name="three", value="v", request_options=ONCE)
        assert [secret["name"] for secret in cloud.secrets.values()] == ["one", "two"]
        assert [request.status for request in cloud.requests] == [500, None, None]


async def test_every_third_request_fails_and_some_are_slow():
    async with workspace() as (cloud, client):
        cloud.faults.every(3, 503, "/v1/user")
        cloud.faults.slow("/v1/user", 0.2)
        started = time.monotonic()
        for expected in (None, None, 503, None, None, 503):
            call = client.user.get(request_options=ONCE)
            await (refused(call, expected) if expected else call)
        assert time.monotonic() - started >= 0.2


async def test_a_fault_lets_the_first_requests_pass():
    async with workspace() as (cloud, client):
        cloud.faults.add(path="/v1/user", status=500, skip=2)
        for expected in (None, None, 500, None):
            call = client.user.get(request_options=ONCE)
            await (refused(call, expected) if expected else call)


def test_the_platform_runs_in_a_thread():
    with platform_in_thread() as cloud:
        cloud.add_agent()

        async def ask():
            async with connected(cloud) as client:
                return await client.conversational_ai.agents.get("agent_books")

        assert asyncio.run(ask()).name == "Harbour Bikes reception"
        assert [request.method for request in cloud.requested("GET")] == ["GET"]


async def test_a_mistake_of_the_stand_in_itself_fails_the_test():
    with pytest.raises(AssertionError, match="the platform itself failed"):
        async with workspace() as (cloud, client):
            cloud.agents["agent_broken"] = {"agent_id": "agent_broken"}
            with pytest.raises(ApiError):
                await client.conversational_ai.agents.list(request_options=ONCE)


@pytest.mark.parametrize("number", range(12))
async def test_a_delivery_says_the_same_as_get_in_other_bytes(number):
    async with platform() as cloud:
        body = samples.conversation(
            number,
            collected={"first_name": "Ana", "visits": 5},
            caller=None if number == 5 else f"+1202555{number:04d}",
            direction="outbound" if number % 3 == 0 else "inbound",
        )
        cloud.add_conversation(body)
        sent = cloud.delivery(body["conversation_id"])
        assert sent == cloud.delivery(body["conversation_id"])
        data = json.loads(sent)["data"]
        assert json.dumps(data) != json.dumps(body)
        assert data["metadata"].keys() > body["metadata"].keys()
        assert parse_event("transcription", sent).turns


@pytest.mark.parametrize("result", ["no_answer", "busy", "failed"])
@pytest.mark.parametrize("provider", ["twilio", "sip_trunk"])
async def test_a_call_nobody_took_is_delivered_as_a_failure(result, provider):
    async with platform() as cloud:
        body = samples.failed_call(3, result=result, provider=provider)
        cloud.add_conversation(body)
        sent = cloud.delivery(body["conversation_id"])
        event = json.loads(sent)
        assert event["type"] == "call_initiation_failure"
        assert event["data"]["metadata"]["type"] == ("twilio" if provider == "twilio" else "sip")
        assert parse_event("failure", sent).caller == "+15550100142"


def test_samples_are_the_same_every_time_and_vary_by_number():
    assert samples.conversation(7) == samples.conversation(7)
    summaries = {samples.conversation(n)["analysis"]["transcript_summary"] for n in range(5)}
    assert len(summaries) == 5
    kinds = {samples.conversation(n)["metadata"]["phone_call"]["type"] for n in range(2)}
    assert kinds == {"twilio", "sip_trunking"}
