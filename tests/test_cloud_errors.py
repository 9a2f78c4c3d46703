"""What the platform's errors become: our words, and the next step."""

import pytest

from cloud.calling.result import failed
from cloud.errors import ADVICE, refused

NOT_PERMITTED = {"detail": {"status": "missing_permissions", "message": "convai_write is missing."}}


def test_every_advised_status_names_code_text_and_next_step():
    for status, advice in ADVICE.items():
        body = {"detail": {"status": "some_code", "message": "Some text."}}
        error = refused(status, body, retry_after_seconds=None)
        assert (error.status, error.code) == (status, "some_code")
        assert str(error) == f"ElevenLabs refused ({status} some_code): Some text; {advice}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": [{"loc": ["body", "name"], "msg": "is missing"}]}, "body.name: is missing"),
        ({"detail": "Not found"}, "Not found"),
        ("<html> gateway\n </html>", "<html> gateway </html>"),
        (None, "refused (500); "),
        ({"detail": [1, None]}, "1; None"),
    ],
)
def test_every_shape_of_an_error_becomes_one_line(body, words):
    message = str(refused(500, body, retry_after_seconds=None))
    assert words in message
    assert "\n" not in message


def test_a_missing_permission_is_told_as_one_whatever_the_status():
    error = refused(401, NOT_PERMITTED, retry_after_seconds=None)
    assert str(error).endswith(ADVICE[403])


def test_a_page_in_place_of_json_is_no_refusal():
    error = refused(200, "<html>Sign in</html>", retry_after_seconds=None)
    assert "refused" not in str(error)
    assert "ELEVENLABS_BASE_URL" in str(error)
    assert failed(error).state == "unknown"


def test_a_number_that_the_platform_does_not_take_was_not_dialled():
    body = {"detail": [{"loc": ["body", "to_number"], "msg": "invalid number"}]}
    result = failed(refused(422, body, retry_after_seconds=None))
    assert (result.state, result.code, result.status) == ("refused", "invalid_number", 400)
    assert "body.to_number: invalid number; check the number" in result.message
