"""The recording taken out of the stream: the same bytes however the body is cut into blocks."""

import base64
import json
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import audio_payload, encoded, transcription_payload
from voice.audio_stream import AudioSplitter, NotStreamable
from voice.delivery import NotUnderstood, identify
from voice.large_body import decode_audio_file, identify_file

LONG = 20
MP3 = bytes(range(256))[-60:]  # encodes to slashes and plus signs as well


def split(body, cuts=(), *, long_chars=LONG, max_envelope_bytes=1000):
    """Feed `body` cut at these offsets; return (the event, the recording)."""
    sunk = []
    splitter = AudioSplitter(
        sunk.append, long_chars=long_chars, max_envelope_bytes=max_envelope_bytes
    )
    for block in pieces(body, cuts):
        splitter.feed(block)
    return splitter.finish(), b"".join(sunk)


def pieces(body, cuts):
    edges = [0, *sorted(cuts), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def given_back(body, cuts):
    """Return (what the splitter gives back, what it was fed); None if it takes the body."""
    sunk, fed = [], b""
    splitter = AudioSplitter(sunk.append, long_chars=LONG, max_envelope_bytes=400)
    try:
        for block in pieces(body, cuts):
            fed += block
            splitter.feed(block)
        splitter.finish()
    except NotStreamable as error:
        return b"".join(error.consumed(iter(sunk))), fed
    return None


def document(data, **others):
    return {"type": "post_call_audio", "data": {"conversation_id": "conv_1", **data}, **others}


def spellings(mp3):
    """Return one audio event in every layout that a JSON encoder may choose."""
    text = base64.b64encode(mp3).decode()
    first = document({"full_audio": text, "note": 'a "quoted" \\ note, é'}, event_timestamp=5)
    last = document({"note": '"full_audio": "', "full_audio": text})
    early = {"data": {"full_audio": text, "conversation_id": "conv_1"}, "type": "post_call_audio"}
    short = document({"x": {"full_audio": "short"}, "full_audio": text})
    return [
        json.dumps(first).encode(),
        json.dumps(last, separators=(",", ":")).encode(),
        json.dumps(early, indent=2).encode(),
        json.dumps(short, ensure_ascii=False, indent="\t").encode(),
        encoded(audio_payload(conversation_id="conv_1", mp3=mp3)),
    ]


@pytest.mark.parametrize("length", [57, 58, 59, 60])
def test_every_cut_in_two_gives_the_same_recording(length):
    mp3 = MP3[:length]
    for body in spellings(mp3):
        for cut in range(len(body) + 1):
            event, recording = split(body, [cut])
            assert recording == mp3
            assert event.delivery == identify(body)
            text = base64.b64encode(mp3)
            assert event.body_prefix.encode() + text + event.body_suffix.encode() == body


def test_a_body_fed_byte_by_byte_gives_the_same_recording():
    for body in spellings(MP3):
        assert split(body, range(len(body)))[1] == MP3


@given(
    mp3=st.binary(min_size=LONG, max_size=200),
    layout=st.integers(min_value=0, max_value=4),
    cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=12),
    long_chars=st.integers(min_value=0, max_value=LONG),
)
def test_any_recording_in_any_blocks_is_given_back(mp3, layout, cuts, long_chars):
    body = spellings(mp3)[layout]
    if b"short" in body:
        long_chars = LONG
    event, recording = split(body, cuts, long_chars=long_chars)
    assert recording == mp3
    assert event.delivery.conversation_id == "conv_1"


TEXT = base64.b64encode(MP3).decode()
GOOD = json.dumps(document({"full_audio": TEXT})).encode()
REFUSED = {
    "escaped slash": GOOD.replace(b"/", b"\\/"),
    "escaped letter": GOOD.replace(b"/", b"\\u002f"),
    "escaped quote": GOOD.replace(b"/", b'\\"'),
    "not base64": GOOD.replace(b"/", b"_"),
    "not text": GOOD.replace(b"/", b"\xff"),
    "white space in it": GOOD.replace(b"/", b"/ "),
    "a character too few": GOOD.replace(TEXT.encode(), TEXT[:-1].encode()),
    "padding inside": GOOD.replace(TEXT.encode(), b"AA==" + TEXT.encode()),
    "padding twice": GOOD.replace(TEXT.encode(), TEXT.encode() + b"AA==AA=="),
    "bits in the padding": GOOD.replace(TEXT.encode(), TEXT.encode() + b"AB=="),
    "no recording": encoded(transcription_payload(turns=2))[:300],
    "short recording": json.dumps(document({"full_audio": "AAAA"})).encode(),
    "recording elsewhere": json.dumps({**document({"x": 1}), "full_audio": TEXT}).encode(),
    "recording as text": json.dumps(document({"note": f'"full_audio": "{TEXT}'})).encode(),
    "two recordings": GOOD.replace(b'"}}', f'", "full_audio": "{TEXT}"}}}}'.encode()),
    "another one later": GOOD.replace(b'"}}', b'", "full_audio": "a"}}'),
    "an escaped one later": GOOD.replace(b'"}}', b'", "full_audio": "\\u0061"}}'),
    "transcription": GOOD.replace(b"post_call_audio", b"post_call_transcription"),
    "unknown type": GOOD.replace(b"post_call_audio", b"post_call_video"),
    "bad id": GOOD.replace(b"conv_1", b"../conv"),
    "not UTF-8": GOOD.replace(b"conv_1", b"conv_1\xff"),
    "cut off in the recording": GOOD[:-20],
    "cut off at its end": GOOD[:-2],
    "cut off after it": GOOD[:-1],
    "more after the end": GOOD + b"x",
    "too large around": GOOD.replace(b'"data"', b'"pad": "' + b"x" * 400 + b'", "data"'),
    "too large after": GOOD + b" " * 400,
    "nothing": b"",
}


@pytest.mark.parametrize("name", REFUSED)
def test_all_that_a_refused_body_had_so_far_is_given_back_for_every_cut(name):
    body = REFUSED[name]
    for cut in range(len(body) + 1):
        back, fed = given_back(body, [cut])
        assert back == fed


@given(
    name=st.sampled_from(sorted(REFUSED)),
    cuts=st.lists(st.integers(min_value=0, max_value=500), max_size=12),
)
def test_all_that_a_refused_body_had_so_far_is_given_back_for_any_cuts(name, cuts):
    back, fed = given_back(REFUSED[name], cuts)
    assert back == fed


@given(body=st.binary(max_size=120), cuts=st.lists(st.integers(min_value=0, max_value=120)))
def test_any_bytes_are_taken_or_given_back(body, cuts):
    body = GOOD[:70] + body + GOOD[70:] if len(body) % 2 else body
    found = given_back(body, cuts)
    if found:
        assert found[0] == found[1]


@pytest.mark.parametrize("block_bytes", [1000, 65_536, 1_000_000])
def test_a_long_recording_is_given_back_from_blocks_of_any_size(block_bytes):
    sunk = []
    body = encoded(audio_payload(mp3=MP3 * 20_000))[:-100] + b"\\"
    splitter = AudioSplitter(sunk.append)
    splitter.feed(body[:-1000])
    with pytest.raises(NotStreamable) as refused:
        splitter.feed(body[-1000:])
    recording = b"".join(sunk)
    assert len(recording) > 1_000_000
    blocks = (
        recording[start : start + block_bytes] for start in range(0, len(recording), block_bytes)
    )
    assert b"".join(refused.value.consumed(blocks)) == body


def test_an_error_of_the_sink_is_not_hidden():
    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        AudioSplitter(full, long_chars=LONG).feed(GOOD)


def test_the_memory_used_does_not_depend_on_the_length_of_the_recording():
    block = base64.b64encode(bytes(3 * 64 * 1024))
    head, tail = encoded(audio_payload(mp3=b"")).split(b'""')
    taken = 0

    def count(part):
        nonlocal taken
        taken += len(part)

    tracemalloc.start()
    splitter = AudioSplitter(count)
    splitter.feed(head + b'"')
    for _ in range(100):
        splitter.feed(block)
    splitter.feed(b'"' + tail)
    splitter.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken == 100 * 3 * 64 * 1024
    assert peak < 4 * len(block)


def test_a_stored_raw_body_is_identified_from_its_file(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(encoded(transcription_payload()))
    assert identify_file(path).kind == "transcription"
    with pytest.raises(NotUnderstood, match="larger than 0 MiB"):
        identify_file(path, max_document_bytes=100)


LARGE = bytes(range(256)) * 512  # more than one "long" text, escapes all over


@pytest.mark.parametrize("limit", [16 * 1024 * 1024, 1000])
@pytest.mark.parametrize("slash", [b"/", b"\\/", b"\\u002f", b"\\u002F"])
def test_a_recording_with_escapes_is_decoded_from_its_file(tmp_path, slash, limit):
    path, recording = tmp_path / "body", []
    path.write_bytes(encoded(audio_payload(mp3=LARGE)).replace(b"/", slash))
    found = identify_file(path, max_document_bytes=limit)
    assert decode_audio_file(path, recording.append, max_document_bytes=limit) == found
    assert found.kind == "audio"
    assert b"".join(recording) == LARGE


def test_an_escape_across_the_blocks_of_a_file_is_read_as_one(tmp_path):
    # "/" everywhere: some escape lies across every edge between two blocks of the file.
    mp3 = b"\xff" * 300_001
    path, recording = tmp_path / "body", []
    path.write_bytes(encoded(audio_payload(mp3=mp3)).replace(b"/", b"\\u002f"))
    decode_audio_file(path, recording.append, max_document_bytes=1000)
    assert b"".join(recording) == mp3


def test_an_escaped_backslash_is_not_the_beginning_of_an_escape(tmp_path):
    path, mp3 = tmp_path / "body", bytes(600_000)
    body = encoded(audio_payload(mp3=mp3)).removesuffix(b"}}") + b', "note": "'
    for distance in range(10):  # of the backslashes from the edge between two blocks of the file
        padding = b"x" * (1024 * 1024 - len(body) - distance)
        path.write_bytes(body + padding + b"\\\\\\\\u002b some more text" + b'"}}')
        recording = []
        decode_audio_file(path, recording.append, max_document_bytes=1000)
        assert b"".join(recording) == mp3


def test_a_large_file_with_a_broken_recording_is_not_understood(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(encoded(audio_payload(mp3=LARGE)).replace(b"/", b"_"))
    with pytest.raises(NotUnderstood, match="not plain base64"):
        identify_file(path, max_document_bytes=1000)
    with pytest.raises(NotUnderstood, match="not base64"):
        decode_audio_file(path, len)
