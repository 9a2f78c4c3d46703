"""The `.env` file: one value changes, every other byte stays."""

import io
import stat

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from cli.env_file import put_value

NAME = "ELEVENLABS_POST_CALL_KEY"


def put(tmp_path, before, value="wsec_new,wsec_old"):
    path = tmp_path / ".env"
    path.write_bytes(before.encode())
    put_value(path, NAME, value)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{NAME}=a\n", f"{NAME}=v\n"),
        (f"{NAME}=\n", f"{NAME}=v\n"),
        (f"{NAME}=a", f"{NAME}=v"),
        (f"A=1\n# note\n{NAME}=a\n\nB=2\n", f"A=1\n# note\n{NAME}=v\n\nB=2\n"),
        (f"A=1\r\n{NAME}=a\r\nB=2\r\n", f"A=1\r\n{NAME}=v\r\nB=2\r\n"),
        (f"export {NAME}=a\n", f"export {NAME}=v\n"),
        (f"  {NAME} = 'a b' # mine\n", f"  {NAME} = v # mine\n"),
        (f'{NAME}="a#b"\t# mine\n', f"{NAME}=v\t# mine\n"),
        (f"{NAME}=a # the first\n", f"{NAME}=v # the first\n"),
        (f"{NAME}=a\n{NAME}=b\n", f"{NAME}=a\n{NAME}=v\n"),
        (f"{NAME.lower()}=a\n", f"{NAME.lower()}=v\n"),
        (f"{NAME}\n", f"{NAME}=v\n"),
        (f"#{NAME}=a\n", f"#{NAME}=a\n{NAME}=v\n"),
        (f"NOTE='two\n{NAME}=no\n'\n{NAME}=a\n", f"NOTE='two\n{NAME}=no\n'\n{NAME}=v\n"),
        ("A=1", f"A=1\n{NAME}=v\n"),
        ("A=1\r\n", f"A=1\r\n{NAME}=v\r\n"),
        ("", f"{NAME}=v\n"),
        (f"\ufeff{NAME}=a\n", f"\ufeff{NAME}=v\n"),
        (f"{NAME}= # nothing yet\n", f"{NAME}= v # nothing yet\n"),
    ],
)
def test_only_the_value_changes(tmp_path, before, after):
    assert put(tmp_path, before, "v") == after


LINES = st.sampled_from(
    [
        "",
        "# note",
        "A=1",
        "B='x y'",
        'C="1\n2"',
        "export D=4",
        "E",
        "=broken",
        "F=a#b # c",
        "  G = 7",
    ]
)


@given(st.lists(LINES), st.lists(LINES), st.sampled_from(["\n", "\r\n"]))
def test_whatever_stands_around_it_is_read_as_before(tmp_path, above, below, end):
    text = end.join([*above, f"{NAME}=old", *below]) + end
    expected = dotenv_values(stream=io.StringIO(text)) | {NAME: "wsec_1,wsec_2"}
    after = put(tmp_path, text, "wsec_1,wsec_2")
    assert dotenv_values(stream=io.StringIO(after)) == expected
    assert after.replace("wsec_1,wsec_2", "old") == text


def test_a_missing_file_is_made_for_its_owner_alone(tmp_path):
    put_value(tmp_path / ".env", NAME, "v")
    assert (tmp_path / ".env").read_text() == f"{NAME}=v\n"
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_mode_and_link_stay(tmp_path):
    target = tmp_path / "settings" / "real.env"
    target.parent.mkdir()
    target.write_text(f"{NAME}=a\n")
    target.chmod(0o640)
    (tmp_path / ".env").symlink_to(target)
    put_value(tmp_path / ".env", NAME, "v")
    assert (tmp_path / ".env").is_symlink()
    assert target.read_text() == f"{NAME}=v\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("value", ["two words", "a'b", 'a"b', "a#b", "a\\b", "a$b", "a\\'b`"])
def test_a_value_that_needs_quotes_gets_them(tmp_path, value):
    put(tmp_path, f"{NAME}=a # mine\nB=1\n", value)
    assert dotenv_values(tmp_path / ".env") == {NAME: value, "B": "1"}


@pytest.mark.parametrize("value", ["a\nB=1", "${HOME}", "a\r"])
def test_a_value_that_would_be_read_as_something_else_is_refused(tmp_path, value):
    with pytest.raises(ValueError):
        put(tmp_path, f"{NAME}=a\n", value)
    assert (tmp_path / ".env").read_text() == f"{NAME}=a\n"


def test_a_file_that_is_no_text_is_left_as_it_is(tmp_path):
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(UnicodeDecodeError):
        put_value(tmp_path / ".env", NAME, "v")
    assert (tmp_path / ".env").read_bytes() == b"A=\xff\n"
    assert list(tmp_path.iterdir()) == [tmp_path / ".env"]
