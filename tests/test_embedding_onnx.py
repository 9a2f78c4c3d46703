"""A model in a local folder: a tiny real one, made here, through the real runtime."""

import asyncio
import shutil

import numpy as np
import pytest
from onnx import TensorProto

from memory.embedding.encoder import EncoderError
from memory.embedding.onnx import MAX_TOKENS, load_onnx
from tests.encoders import TABLE, write_tiny_model, write_tokenizer


@pytest.fixture
async def encoder(tmp_path):
    write_tiny_model(tmp_path / "model")
    encoder = load_onnx(tmp_path / "model")
    yield encoder
    await encoder.close()


async def test_a_text_is_the_mean_of_its_words(encoder):
    vectors = await encoder.encode(["dog", "cat cat", "dog cat", "what"])
    expected = [[1, 0, 0, 0], [0, 1, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert vectors.dtype == np.float32


async def test_what_else_is_encoded_changes_nothing_and_the_order_is_kept(encoder):
    texts = ["dog " * n + "cat " * (n % 3) + "tea" for n in (9, 1, 30, 4, 0, 2, 300, 7, 5)]
    together = await encoder.encode(texts)
    alone = [(await encoder.encode([text]))[0] for text in texts]
    np.testing.assert_allclose(together, alone, atol=1e-6)


async def test_an_empty_text_is_like_nothing(encoder):
    assert (await encoder.encode([""])).tolist() == [[0, 0, 0, 0]]


async def test_a_long_text_counts_up_to_the_tokens_the_model_reads(encoder):
    dogs = ["dog"] * (MAX_TOKENS - 1)
    whole, cut = await encoder.encode([" ".join([*dogs, "cat"]), " ".join([*dogs, "cat", "cat"])])
    np.testing.assert_allclose(whole, cut, atol=1e-7)
    assert whole[1] > 0


@pytest.mark.parametrize(
    "kind",
    [
        {"inputs": ("input_ids",)},
        {"inputs": ("input_ids", "attention_mask", "token_type_ids")},
        {"integers": TensorProto.INT32},
    ],
)
async def test_models_ask_for_their_input_in_several_ways(tmp_path, kind):
    write_tiny_model(tmp_path, **kind)
    encoder = load_onnx(tmp_path)
    np.testing.assert_allclose(await encoder.encode(["cat"]), [[0, 1, 0, 0]], atol=1e-6)
    await encoder.close()


async def test_a_model_that_pools_by_itself_is_taken_at_its_word(tmp_path):
    write_tiny_model(tmp_path, pooled=True)
    encoder = load_onnx(tmp_path)
    np.testing.assert_allclose(await encoder.encode(["cat dog dog"]), [[0, 1, 0, 0]], atol=1e-6)
    await encoder.close()


@pytest.mark.parametrize("name", ["model.onnx", "model_int8.onnx", "model_quantized.onnx"])
@pytest.mark.parametrize("below", ["", "onnx"])
async def test_the_usual_places_of_a_model_are_known(tmp_path, name, below):
    write_tiny_model(tmp_path / below, name=name, tokenizer=False)
    write_tokenizer(tmp_path)
    by_folder, by_file = load_onnx(tmp_path), load_onnx(tmp_path / below / name)
    assert by_folder.model == by_file.model
    await by_folder.close()
    await by_file.close()


async def test_the_quantised_of_several_models_is_used(tmp_path):
    write_tiny_model(tmp_path, table=TABLE + 1)
    write_tiny_model(tmp_path, name="model_int8.onnx")
    encoder = load_onnx(tmp_path)
    np.testing.assert_allclose(await encoder.encode(["dog"]), [[1, 0, 0, 0]], atol=1e-6)
    await encoder.close()


async def test_the_name_follows_from_the_bytes_and_not_from_the_folder(tmp_path):
    async def name():
        encoder = load_onnx(tmp_path / "b")
        await encoder.close()
        return encoder.model

    write_tiny_model(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    first = await name()
    shutil.rmtree(tmp_path / "a")
    assert await name() == first
    (tmp_path / "b" / "notes.txt").write_text("of no account")
    assert await name() == first
    (tmp_path / "b" / "model.onnx_data").write_bytes(b"large weights lie beside the model")
    with_data = await name()
    write_tiny_model(tmp_path / "b", table=TABLE * 2)
    with_other_weights = await name()
    write_tokenizer(tmp_path / "b", ("[UNK]", "cat", "dog", "tea"))
    with_other_tokens = await name()
    assert len({first, with_data, with_other_weights, with_other_tokens}) == 4


def test_a_folder_without_a_model_says_what_belongs_there(tmp_path):
    with pytest.raises(EncoderError, match=r"MEMORY_EMBEDDINGS=onnx:FOLDER.*tokenizer\.json"):
        load_onnx(tmp_path / "nowhere")
    write_tiny_model(tmp_path, tokenizer=False)
    with pytest.raises(EncoderError, match=r"no tokenizer\.json beside"):
        load_onnx(tmp_path)


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json"])
def test_a_damaged_file_is_named(tmp_path, broken):
    write_tiny_model(tmp_path)
    (tmp_path / broken).write_bytes(b"\x00not a model")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_onnx(tmp_path)


@pytest.mark.parametrize(
    "kind",
    [
        {"inputs": ("input_ids", "pixel_values")},
        {"integers": TensorProto.INT64, "inputs": ("attention_mask", "input_ids", "position_ids")},
    ],
)
def test_a_model_of_another_kind_is_refused_with_what_it_asks_for(tmp_path, kind):
    write_tiny_model(tmp_path, **kind)
    with pytest.raises(EncoderError, match=r"asks for .*only sentence models"):
        load_onnx(tmp_path)


async def test_a_model_that_knows_fewer_words_than_its_tokenizer_is_found_out_in_use(tmp_path):
    write_tiny_model(tmp_path, table=TABLE[:1], words=("hello", "[UNK]"))
    encoder = load_onnx(tmp_path)
    with pytest.raises(EncoderError, match="the embedding model failed"):
        await encoder.encode(["dog"])
    await encoder.close()


async def test_a_question_does_not_wait_for_all_the_texts_before_it(encoder):
    done = []

    async def note(name, texts):
        await encoder.encode(texts)
        done.append(name)

    many = asyncio.create_task(note("many", ["dog cat tea"] * 200))
    await asyncio.sleep(0)  # its first texts are being encoded now
    await note("question", ["dog"])
    await many
    assert done == ["question", "many"]


async def test_the_rest_of_a_cancelled_call_is_not_encoded(encoder):
    many = asyncio.create_task(encoder.encode(["dog cat tea"] * 100_000))
    await encoder.encode(["dog"])
    many.cancel()
    with pytest.raises(asyncio.CancelledError):
        await many
    assert (await encoder.encode(["dog"])).shape == (1, 4)


async def test_what_is_being_encoded_when_the_model_is_closed_ends_with_that_reason(encoder):
    many = asyncio.create_task(encoder.encode(["dog cat tea"] * 100_000))
    await encoder.encode(["dog"])
    await encoder.close()
    with pytest.raises(EncoderError, match="closed"):
        await many


async def test_a_closed_model_says_so(encoder):
    await encoder.close()
    await encoder.close()
    with pytest.raises(EncoderError, match="closed"):
        await encoder.encode(["dog"])
