import base64
import logging
import multiprocessing
import re
from pathlib import Path

import pytest

from kept.config import (
    SettingsError,
    encryption_keys,
    load,
    providers_elsewhere,
    real_providers_are_loopback,
    setting_names,
)
from kept.keys import made_keys, read_keys
from notifiers.mail_server import Server

ROOT = Path(__file__).parents[3]
SECRET = "hunter2hunter2"
KEY = base64.b64encode(b"0" * 32).decode()
KEY_2 = base64.b64encode(b"1" * 32).decode()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_has_its_default(tmp_path: Path) -> None:
    settings = load()
    assert settings.data_dir == tmp_path / "var"
    assert settings.database.url is None
    assert settings.redis.url is None
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.http.public_url == "http://127.0.0.1:8080"
    assert not any(part.configured for part in (settings.twilio, settings.smtp, settings.telegram))
    assert settings.pilot.only_to is None


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("KEPT_DATABASE_URL", f"mysql://a:{SECRET}@h/kept", "postgresql://name:secret@host:5432/kept"),
        ("KEPT_DATABASE_URL", f"postgresql://a:{SECRET}@h", "names no database"),
        ("KEPT_DATABASE_URL", f"postgresql://a:{SECRET}@h:port/kept", "port"),
        ("KEPT_REDIS_URL", f"http://:{SECRET}@h", "redis://host:6379/0"),
        ("KEPT_REDIS_URL", f"redis://:{SECRET}@h:99999/0", "port"),
        ("KEPT_HTTP", "8080", "127.0.0.1:8080"),
        ("KEPT_HTTP", "127.0.0.1:http", "127.0.0.1:8080"),
        ("KEPT_PUBLIC_URL", "kept.example.com", "https://kept.example.com"),
        ("KEPT_ENCRYPTION_KEYS", SECRET, "k1:BASE64"),
        ("KEPT_ENCRYPTION_KEYS", f"k1:{SECRET}", "base64"),
        ("KEPT_ENCRYPTION_KEYS", "k1:c2hvcnQ=", "5 bytes instead of 32"),
        ("KEPT_ENCRYPTION_KEYS", f"k1:{KEY},k1:{KEY_2}", "same id twice"),
        ("KEPT_ENCRYPTION_KEYS", f"k1:{KEY},k2:{KEY}", "same key twice"),
        ("KEPT_SMTP_URL", f"http://a:{SECRET}@h", "smtp://name:secret@host:587"),
        ("KEPT_SMTP_URL", f"smtp://a:{SECRET}@h?tls=1", "starttls=1"),
        ("KEPT_SMTP_URL", f"smtps://a:{SECRET}@h?starttls=1", "starttls=1"),
        ("KEPT_MAIL_FROM", "nobody", "Example Bank"),
        ("KEPT_TELEGRAM_TOKEN", SECRET, "123456:"),
        ("KEPT_TELEGRAM_API_URL", "localhost", "https://api.telegram.org"),
        ("KEPT_TWILIO_API_URL", "ftp://localhost", "https://api.twilio.com"),
        ("KEPT_ONLY_TO", " , ", "lists no address"),
    ],
)
def test_a_bad_value_is_one_line_with_its_name_and_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    line = str(caught.value)
    assert line.startswith(f"{name} ")
    assert right in line
    assert "\n" not in line
    assert SECRET not in line


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"KEPT_TWILIO_ACCOUNT_SID": "AC1"}, "KEPT_TWILIO_AUTH_TOKEN"),
        ({"KEPT_TWILIO_ACCOUNT_SID": "AC1", "KEPT_TWILIO_AUTH_TOKEN": SECRET}, "KEPT_TWILIO_FROM"),
        ({"KEPT_SMTP_URL": f"smtp://a:{SECRET}@127.0.0.1"}, "KEPT_MAIL_FROM"),
        ({"KEPT_MAIL_FROM": "a@example.com"}, "KEPT_SMTP_URL"),
    ],
)
def test_half_a_provider_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], missing: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{missing} is missing") as caught:
        load()
    assert SECRET not in str(caught.value)


def test_a_misspelt_setting_is_refused_and_foreign_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT_SHARED", "/somewhere")
    load()
    monkeypatch.setenv("KEPT_ONLYTO", "a@example.com")
    with pytest.raises(SettingsError, match="KEPT_ONLYTO is no setting of Kept; did you mean KEPT_ONLY_TO"):
        load()


def test_the_environment_wins_over_the_file_and_an_empty_value_is_unset(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "KEPT_HTTP=127.0.0.1:1\nKEPT_PUBLIC_URL=https://a.example.com/\nKEPT_REDIS_URL=\n"
    )
    monkeypatch.setenv("KEPT_HTTP", "127.0.0.1:2")
    settings = load()
    assert settings.http.port == 2
    assert settings.http.public_url == "https://a.example.com"
    assert settings.redis.url is None


def test_urls_are_read_as_they_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT_DATABASE_URL", "postgres://a:b@h/kept?sslmode=require")
    monkeypatch.setenv("KEPT_SMTP_URL", "smtp://na%40me:se%2Fcret@mail.example.com?starttls=1")
    monkeypatch.setenv("KEPT_MAIL_FROM", "a@example.com")
    monkeypatch.setenv("KEPT_ONLY_TO", "+14155550100, a@example.com")
    settings = load()
    assert settings.database.url is not None
    assert settings.database.url.get_secret_value() == "postgresql+asyncpg://a:b@h/kept?ssl=require"
    server = settings.smtp.server
    assert server == Server("mail.example.com", 587, False, True, "na@me", "se/cret")
    assert "se/cret" not in repr(server)
    assert settings.pilot.only_to == ("+14155550100", "a@example.com")
    assert "se/cret" not in repr(settings)
    assert "se%2Fcret" not in repr(settings)


@pytest.mark.parametrize("host", ["127.0.0.1:9", "127.9.9.9", "localhost:1", "[::1]:2", "twilio.localhost"])
def test_loopback_providers_may_be_played_to(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    for name, value in {
        "ACCOUNT_SID": "AC1",
        "AUTH_TOKEN": "t",
        "FROM": "MG1",
        "API_URL": f"http://{host}",
    }.items():
        monkeypatch.setenv(f"KEPT_TWILIO_{name}", value)
    assert real_providers_are_loopback(load())


def test_one_provider_elsewhere_is_enough_to_forbid_playing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert real_providers_are_loopback(load()), "none is configured, whatever the defaults of the URLs"
    monkeypatch.setenv("KEPT_SMTP_URL", "smtp://127.0.0.1.example.com")
    monkeypatch.setenv("KEPT_MAIL_FROM", "a@example.com")
    monkeypatch.setenv("KEPT_TELEGRAM_TOKEN", "1:a")
    assert providers_elsewhere(load()) == ("KEPT_SMTP_URL", "KEPT_TELEGRAM_API_URL")
    monkeypatch.setenv("KEPT_TELEGRAM_API_URL", "http://127.0.0.1:8081")
    assert not real_providers_are_loopback(load())


def test_the_example_lists_every_setting_commented_and_readable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (ROOT / ".env.example").read_text()
    assert all(not line or line.startswith("#") for line in text.splitlines())
    listed = re.findall(r"^# (KEPT_\w+)=", text, re.MULTILINE)
    assert sorted(listed) == sorted(setting_names())
    uncommented = tmp_path / "all.env"
    uncommented.write_text(re.sub(r"^# (?=KEPT_)", "", text, flags=re.MULTILINE))
    assert load(uncommented).telegram.configured


def test_keys_keep_their_order_and_never_print() -> None:
    rows = read_keys(f"new:{KEY},old:{KEY_2}")
    assert [row.kid for row in rows] == ["new", "old"]
    assert rows[0].secret == b"0" * 32
    assert "0000" not in repr(rows)


def test_unset_keys_are_made_once_in_the_data_folder_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        first = encryption_keys(load())
    assert "KEPT_ENCRYPTION_KEYS is unset" in caplog.text
    path = tmp_path / "var" / "encryption.keys"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    caplog.clear()
    assert encryption_keys(load()) == first
    assert not caplog.records
    path.write_text("k1:broken")
    with pytest.raises(SettingsError, match=r"KEPT_ENCRYPTION_KEYS is unset, and .* cannot be used"):
        encryption_keys(load())


def _make(folder: Path) -> tuple[bytes, bool]:
    rows, made = made_keys(folder)
    return rows[0].secret, made


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        results = pool.map(_make, [tmp_path / "var"] * 16)
    assert len({secret for secret, _ in results}) == 1
    assert sum(made for _, made in results) == 1
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["encryption.keys"]
