"""The workspace through the SDK: reading all that matters, and one method for each change."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError

from cloud.client import ONCE, as_json, translated
from cloud.connecting.current import Current
from cloud.connecting.edits import Json
from cloud.errors import Refused
from cloud.retrying import Patience

Answer = TypeVar("Answer")

_PAGE = 100
_FORBIDDEN = (401, 403)  # only admins may ask for usages
_GONE = 404
_TOO_MANY = 429
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


class Workspace:
    """
    One workspace. Every method raises CloudError.

    Reading, changing and deleting are repeated while that may help: doing them twice is the same
    as once. Creating is not, except when the platform says that it did nothing.
    """

    def __init__(self, client: AsyncElevenLabs, patience: Patience) -> None:
        self._client = client
        self._patience = patience

    async def read(self, agents: Iterable[str], *, asked: str = "") -> Current:
        """
        Return what the workspace holds, with these agents, None for one that is not there.

        The agent that was `asked` for must be there: else this raises Refused (404).
        """
        ids = sorted({*agents, asked} - {""})
        found = {each: await self._agent_or_none(each, must_exist=each == asked) for each in ids}
        return Current(
            settings=await self.settings(),
            webhooks=tuple(await self.webhooks()),
            secrets=tuple(await self._secrets()),
            tools=tuple(await self._tools()),
            agents=found,
        )

    async def settings(self) -> Json:
        """Return the workspace's settings for agents."""
        request = self._client.conversational_ai.settings.get
        return as_json(await self._patience.read(lambda: request(request_options=ONCE)))

    async def agent(self, agent_id: str) -> Json:
        """Return an agent."""
        request = self._client.conversational_ai.agents.get
        return as_json(await self._patience.read(lambda: request(agent_id, request_options=ONCE)))

    async def webhooks(self) -> list[Json]:
        """Return the webhooks, with what uses them where the key may know that."""
        request = self._client.webhooks.list
        try:
            answer = await self._patience.read(
                lambda: request(include_usages=True, request_options=ONCE)
            )
        except Refused as error:
            if error.status not in _FORBIDDEN:
                raise
            answer = await self._patience.read(lambda: request(request_options=ONCE))
        return [as_json(each) for each in answer.webhooks]

    async def _agent_or_none(self, agent_id: str, *, must_exist: bool) -> Json | None:
        try:
            return await self.agent(agent_id)
        except Refused as error:
            if error.status != _GONE or must_exist:
                raise
            return None

    async def _secrets(self) -> list[Json]:
        request = self._client.conversational_ai.secrets.list
        found: list[Json] = []
        cursor: str | None = None
        while True:
            page = await self._patience.read(
                lambda cursor=cursor: request(  # type: ignore[misc]  # bound now, not later
                    page_size=_PAGE, cursor=cursor, request_options=ONCE
                )
            )
            found += [as_json(each) for each in page.secrets]
            cursor = page.next_cursor
            if not cursor:
                return found

    async def _tools(self) -> list[Json]:
        request = self._client.conversational_ai.tools.list
        found: list[Json] = []
        cursor: str | None = None
        while True:
            page = await self._patience.read(
                lambda cursor=cursor: request(  # type: ignore[misc]  # bound now, not later
                    page_size=_PAGE, cursor=cursor, request_options=ONCE
                )
            )
            found += [as_json(each) for each in page.tools]
            cursor = page.next_cursor
            if not cursor:
                return found

    async def create_secret(self, name: str, value: str) -> str:
        """Create a workspace secret and return its id."""
        request = self._client.conversational_ai.secrets.create
        answer = await self._create(lambda: request(name=name, value=value, request_options=ONCE))
        return str(answer.secret_id)

    async def create_webhook(self, name: str, url: str) -> tuple[str, str]:
        """Create a post-call webhook; return its id and its secret, "" if none came."""
        settings: Any = {"auth_type": "hmac", "name": name, "webhook_url": url}
        request = self._client.webhooks.create
        answer = await self._create(lambda: request(settings=settings, request_options=ONCE))
        return answer.webhook_id, answer.webhook_secret or ""

    async def create_tool(self, config: Json) -> Json:
        """Create a tool and return it."""
        body: Any = {"tool_config": config}
        request = self._client.conversational_ai.tools.create
        answer = await self._create(lambda: request(request=body, request_options=ONCE))
        return as_json(answer)

    async def enable_webhook(self, webhook_id: str, name: str) -> None:
        """Switch a webhook and its retries on."""
        request = self._client.webhooks.update
        await self._change(
            lambda: request(
                webhook_id, is_disabled=False, name=name, retry_enabled=True, request_options=ONCE
            )
        )

    async def update_tool(self, tool: Json, config: Json) -> Json:
        """Put another configuration into a tool, and return it; its mocks stay."""
        body: Any = {"tool_config": config}
        if tool.get("response_mocks"):
            body["response_mocks"] = tool["response_mocks"]
        request = self._client.conversational_ai.tools.update
        answer = await self._change(lambda: request(tool["id"], request=body, request_options=ONCE))
        return as_json(answer)

    async def patch_settings(self, body: Json) -> Json:
        """Change the workspace's settings and return what they are then."""
        request = self._client.conversational_ai.settings.update
        await self._change(lambda: request(**body, request_options=ONCE))
        return await self.settings()

    async def patch_agent(self, agent_id: str, body: Json) -> Json:
        """Change an agent and return what it is then."""
        request = self._client.conversational_ai.agents.update
        await self._change(lambda: request(agent_id, **body, request_options=ONCE))
        return await self.agent(agent_id)

    async def tool_users(self, tool_id: str) -> list[str]:
        """Return the ids of agents that use a tool, as far as the first page tells."""
        request = self._client.conversational_ai.tools.get_dependent_agents
        try:
            answer = await self._patience.read(lambda: request(tool_id, request_options=ONCE))
        except Refused as error:
            if error.status == _GONE:
                return []
            raise
        return [str(as_json(each).get("id")) for each in answer.agents]

    async def secret_users(self, secret_id: str) -> list[str]:
        """Return what uses a secret, as far as the first page tells."""
        request = self._client.conversational_ai.secrets.get
        try:
            answer = await self._patience.read(lambda: request(secret_id, request_options=ONCE))
        except Refused as error:
            if error.status == _GONE:
                return []
            raise
        used_by = as_json(answer).get("used_by") or {}
        lists = [value for value in used_by.values() if isinstance(value, list)]
        return [
            str(each.get("name") or each.get("id") if isinstance(each, dict) else each)
            for several in lists
            for each in several
        ]

    async def webhook_users(self, webhook_id: str) -> list[str]:
        """Return what uses a webhook, as far as the platform tells."""
        for each in await self.webhooks():
            if each["webhook_id"] == webhook_id:
                return [str(usage.get("usage_type")) for usage in each.get("usage") or []]
        return []

    async def delete_tool(self, tool_id: str) -> None:
        """Delete a tool; one that is gone is as good."""
        request = self._client.conversational_ai.tools.delete
        await self._delete(lambda: request(tool_id, request_options=ONCE))

    async def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook; one that is gone is as good."""
        request = self._client.webhooks.delete
        await self._delete(lambda: request(webhook_id, request_options=ONCE))

    async def delete_secret(self, secret_id: str) -> None:
        """Delete a secret; one that is gone is as good."""
        request = self._client.conversational_ai.secrets.delete
        await self._delete(lambda: request(secret_id, request_options=ONCE))

    async def _delete(self, request: Callable[[], Awaitable[Any]]) -> None:
        try:
            await self._change(request)
        except Refused as error:
            if error.status != _GONE:
                raise

    async def _change(self, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat while that may help; a conflict is an answer."""
        return await self._ask(
            request, is_final=lambda error: getattr(error, "status_code", None) == _CONFLICT
        )

    async def _create(self, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask once; again only if the platform had no time for it."""
        return await self._ask(
            request, is_final=lambda error: getattr(error, "status_code", None) != _TOO_MANY
        )

    async def _ask(
        self,
        request: Callable[[], Awaitable[Answer]],
        *,
        is_final: Callable[[Exception], bool],
    ) -> Answer:
        async def once() -> Answer | _Failed:
            try:
                return await request()
            except (ApiError, httpx.HTTPError) as error:
                if is_final(error):
                    return _Failed(error)
                raise

        answer = await self._patience.read(once)
        if isinstance(answer, _Failed):
            with translated():
                raise answer.error
        return answer
