"""Secrets by what is written around them: headers, options of commands, files with columns, encoded texts, and tokens without a gap."""

from __future__ import annotations

import json
import random
import string
from base64 import b64encode
from urllib.parse import quote

import pytest
from secret_samples import samples

from orchestrator_core.analysis.secret_matches import find_formats
from orchestrator_security.contract import ScanContext
from orchestrator_security.secrets.secret_scanner import SecretScanner

_RNG = random.Random(41)
TOKEN = "k" + "".join(_RNG.choices(string.ascii_letters + string.digits, k=18)) + "7Q"
LETTERS = "xQvBzTjw" + "KqRpHzLwX"
PASSWORD = "Vm" + "4!" + "".join(_RNG.choices(string.ascii_letters + string.digits, k=8))
SAMPLES = samples(6)


def covered(text: str, value: str) -> bool:
    start = text.index(value)
    hits = SecretScanner().scan(text, ScanContext())
    return any(h.start <= start and h.end >= start + len(value) and h.confidence >= 0.5 for h in hits)


def found(text: str) -> list[str]:
    return [text[h.start : h.end] for h in SecretScanner().scan(text, ScanContext()) if h.confidence >= 0.5]


@pytest.mark.parametrize("value", [TOKEN, LETTERS], ids=["token", "letters"])
@pytest.mark.parametrize(
    "frame",
    [
        "X-Api-Key: {}", "x-functions-key: {}", "X-Vault-Token: {}", "Ocp-Apim-Subscription-Key: {}", "Private-Token: {}",
        "Authorization: Token {}", "Authorization: ApiKey {}", "authorization: bearer {}", "'X-Auth-Token': '{}'",
        'req.Header.Set("X-Secret-Key", "{}")', "Cookie: theme=dark; sessionid={}", "Set-Cookie: PHPSESSID={}; Path=/; HttpOnly",
        "client-secret: {}", "signing_key='{}'", "'secret' => '{}',", "define('API_TOKEN', '{}');",
        'os.environ.setdefault("SECRET_KEY", "{}")', "jwt.encode(payload, '{}', algorithm='HS256')",
        'variable "db_password" {{\n  default = "{}"\n}}', "https://{}@git.host.org/a/b.git",
    ],
)  # fmt: skip
def test_headers_calls_and_addresses_hold_tokens_of_any_alphabet(frame: str, value: str) -> None:
    assert covered(frame.format(value), value)


@pytest.mark.parametrize(
    "frame",
    [
        "docker login -u ann -p {} registry.host.org", "redis-cli -h cache -a {} ping", "mongosh -u ann -p {} --quiet",
        "net use \\\\srv\\share /user:ann {}", '$p = ConvertTo-SecureString "{}" -AsPlainText -Force', "$env:DB_PASSWORD = '{}'",
        '"adminPassword": {{ "value": "{}" }}',
        'set DB_PASSWORD={}', '[Environment]::SetEnvironmentVariable("DB_PASSWORD", "{}")', "requirepass {}",
        "db.host.org:5432:prod:ann:{}", "*:*:*:ann:{}\n", "machine host.org\n  login ann\n  password {}",
        "jdbc:oracle:thin:ann/{}@db:1521:x",
        "Driver={{ODBC}};Server=db;Uid=sa;Pwd={};", "Passwort: {}", "mot de passe : {}", "contraseña = {}", "パスワード：{}",
        "log in as ann with password {} please",
    ],
)  # fmt: skip
def test_commands_files_and_other_languages_hold_passwords(frame: str) -> None:
    assert covered(frame.format(PASSWORD), PASSWORD)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (quote(f"user=ann&password={TOKEN}&x=1", safe=""), TOKEN),
        ("next=" + quote(f"https://h.org/?access_token={TOKEN}", safe=""), TOKEN),
        ("token" + quote(f"={SAMPLES['github-token']}&", safe=""), SAMPLES["github-token"]),
        ("key" + quote(f"={SAMPLES['npm-token']}", safe=""), SAMPLES["npm-token"]),
        (f"Your password =3D {TOKEN}=0A", TOKEN),
        (f"https://h.org/?token=3D{TOKEN}", TOKEN),
        ('{"body": "{\\"inner\\": \\"{\\\\\\"password\\\\\\": \\\\\\"' + PASSWORD + '\\\\\\"}\\"}"}', PASSWORD),
        ("Authorization: Basic " + b64encode(f"ann:{PASSWORD}".encode()).decode(), b64encode(f"ann:{PASSWORD}".encode()).decode()),
        ('{"auths": {"ghcr.io": {"auth": "' + b64encode(b"ann:" + TOKEN.encode()).decode() + '"}}}',
        b64encode(b"ann:" + TOKEN.encode()).decode()),
    ],
)  # fmt: skip
def test_what_was_encoded_on_the_way_is_read(text: str, value: str) -> None:
    assert covered(text, value)


def test_the_next_parameter_of_an_encoded_address_is_no_part_of_the_value() -> None:
    text = quote(f"user=ann&password={TOKEN}&page=2", safe="")
    assert TOKEN in found(text)


@pytest.mark.parametrize(
    "kind",
    [
        "aws-access-key",
        "github-token",
        "stripe-key",
        "huggingface-token",
        "npm-token",
        "sendgrid-key",
        "google-api-key",
    ],
)
def test_tokens_without_a_gap_are_all_covered(kind: str) -> None:
    values = [samples(seed)[kind] for seed in (11, 12, 13)]
    text = "".join(values)
    covered_by = set()
    for match in find_formats(text):
        covered_by.update(range(match.start, match.end))
    assert len(covered_by) >= len(text) - 1, sorted(set(range(len(text))) - covered_by)


def test_an_access_key_inside_a_longer_word_is_found() -> None:
    value = SAMPLES["aws-access-key"]
    for text in (f"prefix{value}suffix", f"ID_{value}_x", f"{value}{value}"):
        assert value in "".join(found(text))
    assert found("AK" + "IA" * 40) == []


@pytest.mark.parametrize(
    "text",
    [
        "X-Cache-Key: " + TOKEN, "Sec-WebSocket-Key: " + TOKEN, "Idempotency-Key: " + TOKEN, "next-token: " + TOKEN, "requirepass foobared",
        "X-Api-Key: your-api-key", "X-Csrf-Token: " + TOKEN, "x-cache-key: user-profile-page", "Authorization: Bearer token",
        "Set-Cookie: theme=dark-blue-version; Path=/", "Cookie: session=anonymous-visitor", "docker login -u $USER -p $PASS",
        "redis-cli -a $REDIS_PASSWORD ping", "docker run -p 127.0.0.1:8080:80 nginx", "10.0.0.1:8080:a:b:cdefgh",
        "app.py:1234:Foo:bar:warning",
        "Passwort: bitte eingeben", "mot de passe : obligatoire", "the password protects everything", "query, key = apply_rotary_2d(q, k)",
        "https://username@host.org/path", "apiKeyHeaderName: someCamelCaseHeader", "token SomeTokenProviderFactory",
        "secretName: tls-certificate",
        'define("PASSWORD_FIELD", "id_password")', 'os.environ.setdefault("SECRET_KEY", "change-me")',
        "secret: arn:aws:secretsmanager:x:1:secret:db",
        "password%3D%24%7BDB_PASSWORD%7D", 'variable "db_password" {\n  default = "changeme"\n}', "hmac.new(key, message, sha256)",
    ],
)  # fmt: skip
def test_names_words_and_look_ups_in_such_places_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    ["", "\ud800" * 50, "\0" * 300, "://" * 4000, "password " * 2000, "AKIA" * 4000, "-key:" * 3000, "%3D" * 5000],
)
def test_any_text_can_be_searched(text: str) -> None:
    for hit in SecretScanner().scan(text, ScanContext()):
        assert 0 <= hit.start < hit.end <= len(text)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "lines",
    [
        f"API_KEY={TOKEN}\nDATABASE_URL=https://db.host.org/x\n", f"PASSWORD=\nDB_PASSWORD={TOKEN}\n",
        f"export TOKEN={TOKEN}\r\nexport A=1",
        f"api_key: {TOKEN}\ndebug: true\n", f"TOKEN={TOKEN}\tnext", f"API_KEY={TOKEN}\n# see https://a.org\n", f"password: {TOKEN}",
    ],
)  # fmt: skip
def test_a_value_in_a_text_that_stands_in_json_ends_with_its_line(lines: str, depth: int) -> None:
    text = lines
    for _ in range(depth):
        text = json.dumps({"env": text})
    assert TOKEN in found(text)


def test_a_backslash_in_a_password_ends_nothing() -> None:
    for value in ("Kq7\\nV4!x9Zr", "\\tR7!x9Zqm4"):
        assert found(f"password={value} and more") == [value]


@pytest.mark.parametrize(
    "behind", ["_old", "-backup.txt", "sk-proj-" + TOKEN * 2, "_ghp_" + TOKEN * 2, "-AKIA" + "A2B3C4D5" * 2]
)
@pytest.mark.parametrize("prefix", ["npm_", "hf_", "AIza"])
def test_a_token_of_fixed_length_ends_where_its_length_does(prefix: str, behind: str) -> None:
    length = {"npm_": 36, "hf_": 34, "AIza": 35}[prefix]
    token = prefix + (TOKEN + TOKEN[::-1])[:length]
    if prefix == "AIza" and behind in ("_old", "-backup.txt"):
        return  # its alphabet holds both signs
    assert covered(f"use {token}{behind} now", token)
