"""The same secret in all the ways in which people write one down, and formats of many services."""

from __future__ import annotations

import random
import string
from base64 import b64encode

import pytest

from orchestrator_core.analysis.service_formats import service_formats
from orchestrator_security.contract import ScanContext
from orchestrator_security.secrets.secret_scanner import SecretScanner

_RNG = random.Random(17)
_ALNUM = string.ascii_letters + string.digits


def _of(alphabet: str, length: int) -> str:
    return "".join(_RNG.choice(alphabet) for _ in range(length - 2)) + "q7"


TOKEN = _of(_ALNUM, 32)
PASSWORD = "Tk" + "9#" + _of(_ALNUM, 10)


def covered(text: str, value: str) -> bool:
    start = text.index(value)
    hits = SecretScanner().scan(text, ScanContext())
    return any(h.start <= start and h.end >= start + len(value) and h.confidence >= 0.5 for h in hits)


@pytest.mark.parametrize("value", [TOKEN, PASSWORD], ids=["token", "password"])
@pytest.mark.parametrize(
    "frame",
    [
        "{K}={v}", "export {K}='{v}'", "{k}: {v}", "{k}: |\n  {v}\n", '{{"{k}": "{v}"}}', '"{{\\"{k}\\": \\"{v}\\"}}"', "{k} = b'{v}'",
        '{k} = ("{v}")', '{k} = ["{v}"]', '{k} = """{v}"""', "connect({k}='{v}')", 'static final String {K} = "{v}";', 'var {k} = @"{v}";',
        'const {K} string = "{v}"', 'let {k}: &str = "{v}";', "{k}?: '{v}'", "define('{K}', '{v}');", "'{k}' => '{v}',", "<{k}>{v}</{k}>",
        '<add key="{K}" value="{v}" />', "      - {K}={v}", "ENV {K} {v}", 'setx {K} "{v}"', "tool --{d} {v}", "tool --{d}={v} run",
        "docker run -e {K}={v} image", 'Header.Set("X-{K}", "{v}")', "https://x.io/a?b=1&{k}={v}", "# {k}: {v}",
        "- name: {K}\n  value: {v}", '{{"name": "{K}", "value": "{v}"}}', 'os.getenv("{K}", "{v}")', "use the {s} `{v}` to log in",
        "**{s}**: `{v}`", "| {s} | {v} |", "{k}\t{v}", "my {s} is {v}", "+{K}={v}", '{k} = str("{v}")', "--set {k}={v}", "{K} := {v}",
    ],
)  # fmt: skip
def test_an_assigned_value_is_covered_however_it_is_written(frame: str, value: str) -> None:
    name = "db_password" if value == PASSWORD else "api_key"
    spoken = name.replace("_", " ")
    text = frame.format(k=name, K=name.upper(), d=name.replace("_", "-"), s=spoken, v=value)
    assert covered(text, value)


@pytest.mark.parametrize(
    "frame",
    [
        "sshpass -p {} ssh root@h", "mysql -uroot -p{} db", "curl -u admin:{} https://h/", 'curl --user "bob:{}" https://h/',
        "Server=db;User Id=sa;Password={};", "DB_PASS={}", '{{"login": "x", "pass": "{}"}}', "CREATE USER x IDENTIFIED BY '{}'",
        "machine h login bob password {}", "redis://:{}@h:6379/0", "PASSWORD_PROD={}", "SECRET_KEY_BASE='{}'",
    ],
)  # fmt: skip
def test_passwords_of_commands_and_connection_strings(frame: str) -> None:
    assert covered(frame.format(PASSWORD), PASSWORD)


@pytest.mark.parametrize(
    "frame", ['setx DB_PASS "{}"', '#define DB_PASS "{}"', "ENV DB_PASS {}", "tool --db-pass {} run"]
)
def test_a_short_password_behind_a_mere_space_of_a_command(frame: str) -> None:
    assert covered(frame.format("Tk" + "9#x2Y"), "Tk" + "9#x2Y")


def test_basic_credentials_need_no_digit_in_their_encoding() -> None:
    encoded = b64encode(b"uspjzj:" + b"6sqlD1XMuEZE").decode()
    assert not any(c.isdigit() for c in encoded.rstrip("="))
    assert covered(f"Authorization: Basic {encoded}", encoded)
    assert not SecretScanner().scan("Authorization: Basic AuthenticationMiddleware", ScanContext())


def test_a_placeholder_for_an_address_holds_no_password() -> None:
    assert not SecretScanner().scan("git://[path-to-repo[:]][ref@]path/to/file", ScanContext())


@pytest.mark.parametrize(
    "value",
    [
        "EA" + "A" + _of(_ALNUM, 120),
        "AK" + "ID" + _of(_ALNUM, 32),
        "webhook.office" + ".com/webhookb2/{0}@{0}/IncomingWebhook/{1}/{0}".format(
            "9b2c4d6e-1a3b-4c5d-8e7f-0a1b2c3d4e5f", "0a1b2c3d" * 4
        ),
    ],
)  # fmt: skip
def test_further_services(value: str) -> None:
    assert covered(f'x = "https://acme.{value}"' if "office" in value else f"x = '{value}'", value)


def test_an_escaped_quote_does_not_end_a_password() -> None:
    value = 'Zq8\\"kLm' + "2pT4"
    assert covered(f'password: "{value}"', value)


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ("", "hel" + "7Q~" + _of(_ALNUM, 34)),
        ("", _of(_ALNUM, 14) + ".atlasv1." + _of(_ALNUM, 64)),
        ("", "pplx" + "-" + _of(_ALNUM, 48)),
        ("", "ATBB" + _of(_ALNUM, 32)),
        ("", "dckr" + "_pat_" + _of(_ALNUM, 27)),
        ("", _of("0123456789abcdef", 30).replace("q", "a") + "ab-us12"),
        ("Authorization: token ", _of(_ALNUM, 40)),
        ("https://x.blob/c?sv=2020&sig=", _of(_ALNUM, 40) + "%3D"),
    ],
)
def test_formats_are_covered_from_their_first_character(before: str, value: str) -> None:
    assert covered(f"log: {before}{value} was refused", value)


def test_every_service_has_an_exact_beginning() -> None:
    assert all(len(each.keywords) == 1 and len(each.keywords[0]) >= 2 for each in service_formats())


@pytest.mark.parametrize(
    "text",
    [
        "csrf-token=" + _of(_ALNUM + "+/", 44), "nextToken: " + _of(_ALNUM, 40), "bypass = 'level3mode'", "pass 2 of 3: optimizing",
        "password: Optional[str]=None,", "nb_tokens = router_logits.shape[0]", "you can pass `level=\"a/b/<n>\"` on",
        "passed: 123",
        'add_argument("--token", "-t2")', '["password", "username2"]', "| token | 4096 |", 'key = f"user:{user_id}:v2"',
        "token: Optional[str]",
        "password: str = Field(..., min_length=8)", 'resource "aws_secret" "my_key1"',
        "secretKeyRef:\n  name: db-creds\n  key: password",
        "API_KEY=xoxb-your-token-here-please-123", "pass=$1", "TOKEN=$(gh auth token)", "curl -u $USER:$PASS https://h/",
        "curl -u user:{pass}",
        "mysql -p < dump.sql", "sshpass -p $PW ssh h", "the token | None is a union", "pat.match(x)", "sk.estimators", "v1.2.3",
    ],
)  # fmt: skip
def test_code_and_prose_of_that_shape_are_left_alone(text: str) -> None:
    assert [h for h in SecretScanner().scan(text, ScanContext()) if h.confidence >= 0.5] == []
