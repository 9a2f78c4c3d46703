"""The embedded store with each kind of OpenMemory, composed as the program composes them."""

from contextlib import AsyncExitStack, asynccontextmanager

from memory.embedded import EmbeddedStore
from memory.openmemory.ledger import Ledger, ledger_beside
from memory.openmemory.mirror import Mirror
from memory.openmemory.recall import Recall
from memory.openmemory.server.backend import ServerBackend
from memory.openmemory.store import MirroredStore
from tests.openmemory.fake import FakeBackend
from tests.openmemory.mirroring import quick
from tests.openmemory.real import real_server, server_kinds
from tests.openmemory.sdk_cases import KINDS as SDK_KINDS
from tests.openmemory.sdk_cases import sdk
from tests.openmemory.server import openmemory_server

WAIT_SECONDS = 20.0  # a test waits for OpenMemory's part of every answer


class Composed(MirroredStore):
    """Mirrors at once what it is given, so that every search has all of it in both."""

    def __init__(self, store, recall, mirror):
        super().__init__(store, recall, mirror)
        self.recall = recall
        self.mirror = mirror

    async def apply(self, conversations, **given):
        await super().apply(conversations, **given)
        await self._mirror_now()

    async def adopt(self, fresh):
        await super().adopt(fresh)
        await self._mirror_now()

    async def search(self, caller, query, **given):
        await self.recall.look()
        return await super().search(caller, query, **given)

    async def _mirror_now(self):
        await self.mirror.catch_up()
        await self.mirror._went_well()  # as a running mirror reports it


@asynccontextmanager
async def composed(folder, kind):
    """Open a store with the kind of backend named `kind`; see `KINDS`."""
    async with AsyncExitStack() as stack:
        backend = await stack.enter_async_context(_backend(folder, kind))
        ledger = await Ledger.open(ledger_beside(folder / "memory.db", backend.identity))
        stack.push_async_callback(ledger.close)
        store = await EmbeddedStore.open(folder / "memory.db")
        mirror = Mirror(store, ledger, backend, options=quick())
        recall = Recall(backend, ledger, wait_seconds=WAIT_SECONDS)
        composed_store = Composed(store, recall, mirror)
        stack.push_async_callback(composed_store.close)
        yield composed_store


@asynccontextmanager
async def _backend(folder, kind):
    what, _, how = kind.partition(" ")
    if what == "fake":
        yield FakeBackend()
    elif what == "sdk":
        async with sdk(folder, kind=how) as backend:
            yield backend
    elif how == "real":
        with real_server() as server:
            async with _client(server) as backend:
                yield backend
    else:
        async with openmemory_server() as server, _client(server) as backend:
            yield backend


@asynccontextmanager
async def _client(server):
    backend = await ServerBackend.open(server.url, server.key)
    try:
        yield backend
    finally:
        await backend.close()


KINDS = [
    "fake",
    *(f"server {kind}" for kind in server_kinds()),
    *(f"sdk {kind}" for kind in SDK_KINDS),
]
