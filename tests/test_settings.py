"""Settings: read in one place, every problem named, secrets never shown."""

import stat
from pathlib import Path

import pytest

from cli.env_file import put_first_secrets, write_first_env_file
from settings import (
    GENERATED,
    Settings,
    SettingsError,
    environment_with,
    load_settings,
    needs_first_secrets,
    unknown_names,
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_nothing_needs_to_be_set():
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.openmemory_mode == "embedded"
    assert settings.post_call_secrets == ()


def test_the_environment_counts_for_more_than_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\nUNRELATED=1\n")
    monkeypatch.setenv("PORT", "9001")
    settings = load_settings()
    assert (settings.host, settings.port) == ("0.0.0.0", 9001)


def test_an_empty_value_means_the_default(monkeypatch):
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("PAYLOAD_LOG_PATH", "")
    assert load_settings().port == 8080
    assert load_settings().payload_log_path is None


def test_white_space_in_secrets_is_dropped_and_several_may_be_given(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_POST_CALL_KEY", " wsec_new\n, wsec_old ,")
    monkeypatch.setenv("ELEVENLABS_CLIENT_DATA_KEY", "key\r\n")
    settings = load_settings()
    assert settings.post_call_secrets == ("wsec_new", "wsec_old")
    assert settings.elevenlabs_client_data_key.get_secret_value() == "key"


def test_every_problem_is_named_with_what_it_should_be(monkeypatch):
    wrong = {
        "PORT": "none", "MAX_BODY_MB": "0", "LIVE_DEADLINE_MS": "1", "LOG_LEVEL": "loud",
        "LOG_FORMAT": "xml", "PHONE_REGION": "USA", "GREETING": "Hi {nme}", "SPOOL_SYNC": "never",
        "OPENMEMORY_MODE": "cloud", "SEND_LANGUAGE": "perhaps", "RETRY_BASE_SECONDS": "-1",
    }  # fmt: skip
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(required=("elevenlabs_post_call_key",))
    named = {line.partition(":")[0] for line in caught.value.problems}
    assert named == set(wrong)
    assert all("should be" in line for line in caught.value.problems)


def test_in_embedded_mode_nothing_of_openmemory_needs_to_make_sense(monkeypatch):
    monkeypatch.setenv("OPENMEMORY_PORT", "no address")
    monkeypatch.setenv("OPENMEMORY_KEY", "ké")
    assert load_settings().openmemory_mode == "embedded"


@pytest.mark.parametrize(
    "address", ["8080", " 8080 ", "127.0.0.1:8080", "https://memory.example/x"]
)
def test_a_server_is_a_port_or_an_address(monkeypatch, address):
    monkeypatch.setenv("OPENMEMORY_MODE", "Remote")
    monkeypatch.setenv("OPENMEMORY_PORT", address)
    settings = load_settings()
    assert (settings.openmemory_mode, settings.openmemory_wait_ms) == ("remote", 250)


@pytest.mark.parametrize("address", ["", "  ", "memory.example", "ftp://127.0.0.1:21", "99999"])
def test_a_server_without_a_usable_address_is_named_beside_every_other_problem(
    monkeypatch, address
):
    wrong = {"OPENMEMORY_PORT": address, "OPENMEMORY_KEY": "kéy", "OPENMEMORY_MODE": "remote"}
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(required=("elevenlabs_post_call_key",))
    named = {line.partition(":")[0] for line in caught.value.problems}
    assert named == {"OPENMEMORY_PORT", "OPENMEMORY_KEY", "ELEVENLABS_POST_CALL_KEY"}


def test_neither_a_password_in_the_address_nor_a_key_is_quoted(monkeypatch):
    monkeypatch.setenv("OPENMEMORY_MODE", "remote")
    monkeypatch.setenv("OPENMEMORY_PORT", "http://ana:pass-word@127.0.0.1:99999")
    monkeypatch.setenv("OPENMEMORY_KEY", "secret-ké")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    text = str(caught.value)
    assert "pass-word" not in text
    assert "secret-k" not in text


@pytest.mark.parametrize("milliseconds", ["-1", "10001", "soon"])
def test_how_long_a_search_waits_for_openmemory_has_bounds(monkeypatch, milliseconds):
    monkeypatch.setenv("OPENMEMORY_WAIT_MS", milliseconds)
    with pytest.raises(SettingsError, match="OPENMEMORY_WAIT_MS: should be"):
        load_settings()


@pytest.mark.parametrize(
    "wrong", ["anyone,10.0.0.0/8", "anyone, elevenlabs", ",", " , ", "10.0.0.1/8", "everybody"]
)
def test_who_may_come_is_anyone_or_a_list_with_somebody_in_it(monkeypatch, wrong):
    monkeypatch.setenv("ALLOW_FROM", wrong)
    with pytest.raises(SettingsError, match="ALLOW_FROM: should be"):
        load_settings(Path("no.env"))


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES", "METRICS_FROM"])
@pytest.mark.parametrize("wrong", [",", "10.0.0.1/8", "anyone", "none,::1"])
def test_networks_are_a_list_with_one_in_it_or_none(monkeypatch, name, wrong):
    monkeypatch.setenv(name, wrong)
    with pytest.raises(SettingsError, match=f"{name}: should be"):
        load_settings(Path("no.env"))


def test_a_program_that_we_start_gets_the_environment_but_no_secrets_of_ours(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk_x")
    monkeypatch.setenv("Admin_Key", "x")
    monkeypatch.setenv("OPENAI_API_KEY", "sk_y")
    monkeypatch.setenv("OM_TELEMETRY", "true")
    given = environment_with({"OM_TELEMETRY": "false"})
    assert given["OM_TELEMETRY"] == "false"
    assert given["PATH"]
    assert given["OPENAI_API_KEY"] == "sk_y"  # of others too: its embeddings may need it
    assert not {"ELEVENLABS_API_KEY", "Admin_Key"} & given.keys()


def test_a_missing_secret_is_named_together_with_the_name_it_was_mistyped_as(tmp_path):
    (tmp_path / ".env").write_text("ELEVENLABS_POSTCALL_KEY=wsec_x\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(required=("elevenlabs_post_call_key",))
    first, second = caught.value.problems
    assert first.startswith("ELEVENLABS_POST_CALL_KEY: is not set")
    assert "ELEVENLABS_POSTCALL_KEY" in second


@pytest.mark.parametrize("secret", [",,, ,", "  ", "\n"])
def test_a_secret_of_separators_is_no_secret(monkeypatch, secret):
    monkeypatch.setenv("ELEVENLABS_POST_CALL_KEY", secret)
    with pytest.raises(SettingsError, match="ELEVENLABS_POST_CALL_KEY: is not set"):
        load_settings(required=("elevenlabs_post_call_key",))


def test_memory_does_not_lie_inside_the_spool(monkeypatch, tmp_path):
    monkeypatch.setenv("PAYLOAD_STORAGE_PATH", str(tmp_path / "spool"))
    monkeypatch.setenv("OPENMEMORY_DB_PATH", str(tmp_path / "spool/.spool/ledger.jsonl"))
    with pytest.raises(SettingsError, match="OPENMEMORY_DB_PATH: must not lie inside"):
        load_settings()


def test_a_path_may_begin_at_home_and_a_region_must_be_one(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PAYLOAD_STORAGE_PATH", "~/spool")
    monkeypatch.setenv("PHONE_REGION", "us")
    settings = load_settings()
    assert settings.payload_storage_path == tmp_path / "spool"
    assert settings.phone_region == "US"
    monkeypatch.setenv("PHONE_REGION", "ZZ")
    with pytest.raises(SettingsError, match="PHONE_REGION"):
        load_settings()


@pytest.mark.parametrize("greeting", ["Hi {nme}", "Hi {{name}}", "Hi {name!r}", "Hi {", "{{x}}"])
def test_a_greeting_knows_nothing_but_the_name(monkeypatch, greeting):
    monkeypatch.setenv("GREETING", greeting)
    with pytest.raises(SettingsError, match="GREETING"):
        load_settings()


def test_an_env_file_that_is_a_folder_is_a_named_problem(tmp_path):
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match="is a folder"):
        load_settings()


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "http://127.0.0.1:8080"), ("::1", "http://[::1]:8080")]
)
def test_the_url_of_an_address_is_one_that_clients_understand(host, url):
    assert Settings(host=host).base_url == url


def test_a_file_that_is_not_text_is_a_named_problem(tmp_path):
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(SettingsError, match=r"\.env"):
        load_settings()


def test_a_mistyped_name_is_pointed_out(tmp_path):
    (tmp_path / ".env").write_text("PAYLOAD_STORAGE_PTH=/x\nNGROK_AUTHTOKEN=1\n")
    (line,) = unknown_names()
    assert "PAYLOAD_STORAGE_PATH" in line


def test_secrets_are_not_shown():
    settings = Settings(elevenlabs_post_call_key="wsec_very_secret")
    assert "very_secret" not in repr(settings)


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_the_first_env_file_is_private_works_and_is_never_overwritten(tmp_path):
    path = tmp_path / ".env"
    assert needs_first_secrets()
    assert write_first_env_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = load_settings()
    assert settings.post_call_secrets[0].startswith("wsec_")
    keys = {getattr(settings, name.lower()).get_secret_value() for name in GENERATED}
    assert len(keys) == 3
    before = path.read_bytes()
    assert not write_first_env_file(path)
    assert path.read_bytes() == before
    assert not needs_first_secrets()


def test_secrets_in_the_environment_need_no_file(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_POST_CALL_KEY", "wsec_x")
    assert not needs_first_secrets()


def test_a_file_without_any_key_gets_all_of_them_and_keeps_the_rest(tmp_path):
    path = tmp_path / ".env"
    path.write_text("# mine\nELEVENLABS_API_KEY=sk_test # work\nPORT=9000")
    assert needs_first_secrets()
    put_first_secrets(path)
    assert path.read_text().startswith("# mine\nELEVENLABS_API_KEY=sk_test # work\nPORT=9000\n")
    settings = load_settings(required=[name.lower() for name in GENERATED])
    assert settings.port == 9000
    assert len({getattr(settings, name.lower()).get_secret_value() for name in GENERATED}) == 3
    assert not needs_first_secrets()


@pytest.mark.parametrize("line", ["ELEVENLABS_SEARCH_DATA_KEY=\n", "elevenlabs_post_call_key=a\n"])
def test_who_has_said_something_of_the_keys_is_left_alone(tmp_path, line):
    (tmp_path / ".env").write_text(line)
    assert not needs_first_secrets()
