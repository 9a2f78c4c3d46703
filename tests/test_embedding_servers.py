"""OpenAI's and Ollama's embeddings, through their own clients, from servers on this machine."""

import asyncio
import json

import numpy as np
import pytest

from memory.embedding.encoder import EncoderError, TextRefused
from memory.embedding.ollama import OllamaEncoder
from memory.embedding.openai import OpenAIEncoder
from tests.embedding_servers import EmbeddingServer

KEY = "sk-very-secret"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def server(aiohttp_server):
    server = EmbeddingServer()
    started = await aiohttp_server(server.app())
    server.address = f"http://127.0.0.1:{started.port}"
    return server


def openai_at(address, *, model="some-model", **more):
    return OpenAIEncoder(model, api_key=KEY, base_url=f"{address}/v1", **more)


def ollama_at(address, **more):
    return OllamaEncoder("some-model", host=address, **more)


@pytest.fixture(params=[openai_at, ollama_at], ids=["openai", "ollama"])
def connect(request):
    return request.param


@pytest.fixture
async def encoder(connect, server):
    encoder = connect(server.address)
    yield encoder
    await encoder.close()


async def test_each_text_gets_its_vector_in_order(encoder, server):
    vectors = await encoder.encode(["tea", "a cat"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], [3, 5], rtol=1e-5)
    assert vectors.dtype == np.float32
    assert server.bodies[0]["model"] == "some-model"


async def test_many_texts_go_in_several_requests(encoder, server):
    texts = ["x" * (1 + number) for number in range(150)]
    vectors = await encoder.encode(texts)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], range(1, 151), rtol=1e-4)
    asked = [body["input"] for body in server.bodies]
    assert [text for each in asked for text in each] == texts
    assert max(map(len, asked)) <= 64


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "answered 401"),
        (403, "answered 403"),
        (404, "some-model"),
        (429, "quota"),
        (500, "answered 500"),
        (503, "answered 503"),
    ],
)
async def test_a_refusal_is_told_once_in_our_words_and_never_retried(encoder, server, status, says):
    text = json.dumps({"error": {"message": f"wrong key {KEY}, said: my dog is ill"}})
    server.answer = (status, text)
    with pytest.raises(EncoderError, match=says) as caught:
        await encoder.encode(["tea"])
    assert server.address in str(caught.value)
    assert KEY not in str(caught.value)
    assert "my dog" not in str(caught.value)
    assert not isinstance(caught.value, TextRefused)
    assert len(server.bodies) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_text_that_is_not_taken_is_told_from_a_server_that_is_down(encoder, server, status):
    server.answer = (status, '{"error": "too long"}')
    with pytest.raises(TextRefused):
        await encoder.encode(["tea"])


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{",
        "[]",
        "null",
        "5",
        "{}",
        '"text"',
        '{"data": null, "embeddings": null}',
        '{"data": [null], "embeddings": [null]}',
        '{"data": {}, "embeddings": {}}',
        '{"data": [], "embeddings": []}',
        '{"data": [{"index": 0, "embedding": []}], "embeddings": [[]]}',
        '{"data": [{"index": 0, "embedding": "AAA"}], "embeddings": ["AAA"]}',
        '{"data": [{"index": 0, "embedding": "AAAA"}], "embeddings": [{}]}',
        '{"data": [{"index": 0, "embedding": "\u00e4"}], "embeddings": [[null]]}',
        '{"data": [{"index": 0, "embedding": [NaN]}], "embeddings": [[NaN]]}',
        '{"data": [{"embedding": [1]}, {"embedding": [1]}], "embeddings": [[1], [1]]}',
    ],
)
async def test_an_answer_of_another_shape_is_the_servers_failure(encoder, server, answer):
    server.answer = (200, answer)
    with pytest.raises(EncoderError):
        await encoder.encode(["tea"])


@pytest.mark.parametrize("answer", ["[]", "null", "{", "<html>"])
async def test_an_error_of_another_shape_is_still_only_an_error(encoder, server, answer):
    server.answer = (500, answer)
    with pytest.raises(EncoderError):
        await encoder.encode(["tea"])


async def test_vectors_of_different_lengths_are_the_models_failure(encoder, server):
    server.rows = lambda text: [1.0] * len(text)
    with pytest.raises(EncoderError, match="different lengths"):
        await encoder.encode(["tea", "a cat"])


async def test_a_model_exchanged_behind_its_name_is_noticed(encoder, server):
    await encoder.encode(["tea"])
    server.rows = lambda text: [1.0, 2.0]
    with pytest.raises(EncoderError, match="exchanged"):
        await encoder.encode(["tea"])


async def test_a_server_that_does_not_answer_is_given_up(connect, server):
    server.is_hanging = True
    encoder = connect(server.address, timeout_seconds=0.05)
    with pytest.raises(EncoderError, match="did not answer within"):
        await encoder.encode(["tea"])
    await encoder.close()


async def test_a_call_that_is_cancelled_ends_and_harms_no_other(encoder, server):
    server.is_hanging = True
    call = asyncio.create_task(encoder.encode(["tea"]))
    while not server.bodies:
        await asyncio.sleep(0.005)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    server.is_hanging = False
    assert (await encoder.encode(["tea"])).shape == (1, 3)


async def test_a_server_that_is_not_there_is_named_with_the_setting(connect, unused_tcp_port):
    encoder = connect(f"http://user:{KEY}@127.0.0.1:{unused_tcp_port}")
    with pytest.raises(EncoderError, match=r"start it, or correct O[A-Z_]+") as caught:
        await encoder.encode(["tea"])
    assert str(unused_tcp_port) in str(caught.value)
    assert KEY not in str(caught.value)
    await encoder.close()


@pytest.mark.parametrize(
    ("connect", "status", "says"),
    [
        (openai_at, 401, "OPENAI_API_KEY"),
        (openai_at, 404, "MEMORY_EMBEDDINGS=openai:MODEL"),
        (ollama_at, 404, "ollama pull some-model"),
    ],
)
async def test_what_is_refused_says_what_to_do(server, connect, status, says):
    server.answer = (status, "{}")
    encoder = connect(server.address)
    with pytest.raises(EncoderError, match=says):
        await encoder.encode(["tea"])
    await encoder.close()


async def test_openai_gets_the_key_and_short_vectors_are_asked_of_models_that_have_them(server):
    for model, name in (
        ("text-embedding-3-small", "openai:text-embedding-3-small/384"),
        ("some-model", "openai:some-model"),
    ):
        encoder = openai_at(server.address, model=model)
        await encoder.encode(["tea"])
        assert encoder.model == name
        await encoder.close()
    assert [body.get("dimensions") for body in server.bodies] == [384, None]
    assert all(headers["Authorization"] == f"Bearer {KEY}" for headers in server.headers)


async def test_a_server_that_knows_no_base64_is_understood_too(server):
    encoder = openai_at(server.address)
    encoded = await encoder.encode(["tea", "a cat"])
    server.knows_base64 = False
    np.testing.assert_array_equal(await encoder.encode(["tea", "a cat"]), encoded)
    await encoder.close()


async def test_a_server_of_ones_own_needs_no_key(server):
    encoder = OpenAIEncoder("some-model", api_key="", base_url=f"{server.address}/v1")
    assert (await encoder.encode(["tea"])).shape == (1, 3)
    await encoder.close()


async def test_ollama_cuts_long_texts_and_understands_an_address_without_http(server):
    encoder = OllamaEncoder("some-model", host=server.address.removeprefix("http://"))
    await encoder.encode(["tea"])
    assert server.bodies[0]["truncate"] is True
    assert encoder.model == "ollama:some-model"
    await encoder.close()


def test_openai_without_a_key_says_which_setting_is_missing():
    with pytest.raises(EncoderError, match="needs OPENAI_API_KEY"):
        OpenAIEncoder("some-model", api_key="", base_url="")


@pytest.mark.parametrize(
    "address", ["http://[", "http://127.0.0.1:port", "http://a b:99", "http://", "ftp://a", "//"]
)
def test_what_is_no_address_is_said_of_the_setting_without_quoting_it(address):
    with pytest.raises(EncoderError, match="OPENAI_BASE_URL is no address"):
        OpenAIEncoder("some-model", api_key=KEY, base_url=address)
    with pytest.raises(EncoderError, match="OLLAMA_HOST is no address"):
        OllamaEncoder("some-model", host=address)
