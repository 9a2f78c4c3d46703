"""The cache of search indexes: bounded in bytes, and never older than the memory file."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from memory.embedded import EmbeddedStore
from memory.recall.build import build_index
from memory.recall.cache import IndexCache, Stamp
from memory.recall.terms import terms_of
from tests.memories import ANA, BEN, MONDAY, a_call

ROOT = Path(__file__).parent.parent
FIRST = Stamp(incarnation="a", generation=1)
SECOND = Stamp(incarnation="a", generation=2)

# Another process over the same file: applies one call for each word that it is told.
WRITER = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from memory.embedded import EmbeddedStore
from tests.memories import MONDAY, a_call

async def main():
    store = await EmbeddedStore.open(Path(sys.argv[1]))
    for line in sys.stdin:
        verb, number, word = line.split()
        call = a_call(
            f"conv_{number}", said=[f'Caller: "I ordered a {word}."'],
            at=MONDAY + timedelta(days=int(number)),
        )
        if verb == "rebuild":
            fresh = await store.fresh()
            await fresh.apply([call])
            await store.adopt(fresh)
        else:
            await store.apply([call])
        print("done", flush=True)
    await store.close()

asyncio.run(main())
"""


def an_index(words=3):
    said = [f"Caller: “word{place}”" for place in range(words)]
    return build_index([terms_of(a_call(said=said))])


def test_an_index_is_handed_out_for_its_own_state_only():
    cache, index = IndexCache(max_bytes=10**6), an_index()
    cache.put(ANA, FIRST, index)
    assert cache.get(ANA, FIRST) is index
    assert cache.get(ANA, SECOND) is None
    assert cache.get(ANA, Stamp(incarnation="b", generation=1)) is None
    assert cache.get(BEN, FIRST) is None


def test_the_least_recently_used_goes_first():
    index = an_index()
    cache = IndexCache(max_bytes=2 * index.nbytes)
    cache.put(ANA, FIRST, index)
    cache.put(BEN, FIRST, index)
    assert cache.get(ANA, FIRST)
    cache.put("+15550100199", FIRST, index)
    assert cache.get(BEN, FIRST) is None
    assert cache.get(ANA, FIRST)
    assert cache.nbytes <= 2 * index.nbytes


def test_a_newer_index_takes_the_place_of_the_older():
    small, large = an_index(3), an_index(60)
    cache = IndexCache(max_bytes=10**7)
    cache.put(ANA, FIRST, small)
    cache.put(ANA, SECOND, large)
    assert cache.nbytes == large.nbytes
    assert cache.get(ANA, FIRST) is None


def test_an_index_larger_than_the_limit_is_not_kept():
    small, large = an_index(3), an_index(200)
    cache = IndexCache(max_bytes=large.nbytes - 1)
    cache.put(BEN, FIRST, small)
    cache.put(ANA, FIRST, small)
    cache.put(ANA, SECOND, large)
    assert cache.get(ANA, FIRST) is None
    assert cache.get(ANA, SECOND) is None
    assert cache.get(BEN, FIRST)  # nobody else is driven out
    assert cache.nbytes == small.nbytes


def test_the_size_of_an_index_grows_with_what_it_holds():
    assert an_index(2).nbytes < an_index(20).nbytes < an_index(200).nbytes


async def test_many_callers_stay_within_the_limit(tmp_path):
    store = await EmbeddedStore.open(tmp_path / "memory.db", cache_bytes=100_000)
    callers = [f"+1555010{number:04}" for number in range(100, 160)]
    for number, caller in enumerate(callers):
        said = ['Caller: "Two olive trees, please."']
        await store.apply([a_call(f"conv_{number}", caller=caller, said=said)])
    for caller in callers * 2:
        assert len(await store.search(caller, "olive trees", limit=5)) == 1
        assert store._indexes.nbytes <= 100_000
    await store.close()


@pytest.mark.parametrize("verb", ["apply", "rebuild"])
async def test_a_search_sees_what_another_process_wrote_a_moment_ago(tmp_path, verb):
    path = tmp_path / "memory.db"
    store = await EmbeddedStore.open(path)
    await store.apply([a_call("conv_0", said=['Caller: "I ordered a table."'], at=MONDAY)])
    assert [f.memory.conversation_id for f in await store.search(ANA, "table", limit=5)]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        for number, word in enumerate(("lamp", "chair", "carpet", "mirror"), start=1):
            assert await store.search(ANA, word, limit=5) == []
            writer.stdin.write(f"{verb} {number} {word}\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == "done\n"
            found = await store.search(ANA, word, limit=5)
            assert [f.memory.conversation_id for f in found] == [f"conv_{number}"]
            assert found[0].memory.occurred_at == MONDAY + timedelta(days=number)
        assert bool(await store.search(ANA, "table", limit=5)) == (verb == "apply")
        writer.stdin.close()
    assert writer.returncode == 0
    await store.close()


async def test_a_replaced_call_is_no_longer_found(tmp_path):
    store = await EmbeddedStore.open(tmp_path / "memory.db")
    await store.apply([a_call(said=['Caller: "I ordered a lamp."'])])
    assert await store.search(ANA, "lamp", limit=5)
    await store.apply([a_call(said=['Caller: "I ordered a chair."'], version=(1e12, "cd" * 32))])
    assert await store.search(ANA, "lamp", limit=5) == []
    assert await store.search(ANA, "chair", limit=5)
    await store.apply([a_call(caller=BEN, said=['Caller: "A chair."'], version=(2e12, "ef" * 32))])
    assert await store.search(ANA, "chair", limit=5) == []
    assert await store.search(BEN, "chair", limit=5)
    await store.close()
