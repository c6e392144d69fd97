"""The security auditor: insecure code, dependency pins and secrets, each with its clean twin.

Secrets are put together at run time: none stands in this file.
"""

from __future__ import annotations

import base64
import random
import string
from typing import Any

import pytest

from orchestrator.agents.workbench.security_auditor import run
from orchestrator.agents.workbench.tree_secrets import find_secrets

_ALPHABET = string.ascii_letters + string.digits
COMMIT = "0f" * 20
DIGEST = "a1" * 32


def _made_up(length: int, alphabet: str = _ALPHABET, seed: int = 7) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


def _key_block() -> str:
    body = "\n".join(_made_up(64, _ALPHABET + "+/", seed) for seed in range(3))
    return f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{body}\n-----END RSA {'PRIVATE'} KEY-----\n"


def _jwt() -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"sub":"4711","name":"Ada"}').decode().rstrip("=")
    return f"{head}.{body}.{_made_up(43)}"


SECRETS = {
    "private-key": _key_block(),
    "aws-access-key": "AK" + "IA" + _made_up(16, string.ascii_uppercase + "234567"),
    "aws-secret-key": "aws_secret" + "_access_key = " + _made_up(40, _ALPHABET + "/+"),
    "github-token": "gh" + "p_" + _made_up(36),
    "gitlab-token": "gl" + "pat-" + _made_up(20),
    "slack-token": "xo" + "xb-" + _made_up(12, string.digits) + "-" + _made_up(24),
    "slack-webhook": "https://hooks.slack" + ".com/services/T" + _made_up(8) + "/B" + _made_up(8) + "/" + _made_up(24),
    "stripe-key": "sk_" + "live_" + _made_up(24),
    "google-api-key": "AI" + "za" + _made_up(35),
    "google-oauth-secret": "GOC" + "SPX-" + _made_up(28),
    "anthropic-key": "sk-" + "ant-api03-" + _made_up(80),
    "openai-key": "sk-" + "proj-" + _made_up(48),
    "huggingface-token": "hf" + "_" + _made_up(34),
    "pypi-token": "py" + "pi-AgE" + _made_up(80),
    "npm-token": "np" + "m_" + _made_up(36),
    "sendgrid-key": "S" + "G." + _made_up(22) + "." + _made_up(43),
    "azure-storage-key": "Account" + "Key=" + _made_up(86) + "==",
    "json-web-token": _jwt(),
    "telegram-token": _made_up(10, "123456789") + ":A" + "A" + _made_up(33),
    "twilio-key": "S" + "K" + _made_up(32, "0123456789abcdef"),
    "digitalocean-token": "do" + "p_v1_" + _made_up(64, "0123456789abcdef"),
    "authorization": "Authorization: Bear" + "er " + _made_up(32),
    "password-in-address": "postgres" + "ql://shop:" + _made_up(14) + "@db.internal:5432/shop",
}


def _issues(report: dict[str, Any], *rules: str) -> list[tuple[str, str, int]]:
    return [(i["rule"], i["path"], i["line"]) for i in report["issues"] if not rules or i["rule"] in rules]


@pytest.mark.parametrize("rule", SECRETS)
def test_a_secret_is_found_and_not_repeated(make_project: Any, rule: str) -> None:
    secret = SECRETS[rule]
    root = make_project({"main.py": "x = 1\n"})
    (root / "notes.txt").write_text(f"line one\n\n{secret}\n")
    report = run("", {"path": root})
    assert _issues(report) == [(rule, "notes.txt", 3)]
    for part in [secret, *(piece for piece in secret.replace("\n", " ").split() if len(piece) >= 14)]:
        assert part not in str(report)


@pytest.mark.parametrize("rule", sorted(set(SECRETS) - {"private-key"}))
def test_two_places_with_one_secret_have_one_fingerprint(rule: str) -> None:
    secret = SECRETS[rule]
    one, two = find_secrets("a.txt", f"{secret}\n\n  {secret}\n")
    assert one.mask == two.mask
    assert (one.line, two.line) == (1, 3)
    assert len(one.mask) == 4


def test_a_key_is_the_same_key_at_another_indentation() -> None:
    key = _key_block()
    one, two = find_secrets("a.txt", f"{key}\n" + "".join(f"    {line}\n" for line in key.splitlines()))
    assert (one.mask, one.line, two.line) == (two.mask, 1, 7)


def test_a_long_token_is_no_less_a_secret() -> None:
    head, _, sign = _jwt().split(".")
    body = base64.urlsafe_b64encode(f'{{"roles":"{_made_up(900)}"}}'.encode()).decode().rstrip("=")
    assert [found.rule for found in find_secrets("a.txt", f"{head}.{body}.{sign}")] == ["json-web-token"]


def test_lines_are_counted_as_editors_count_them() -> None:
    # A form feed and the line separators of Unicode end no line.
    text = f"a\fb\u2028c\n\nx = '{SECRETS['github-token']}'\n"
    assert [found.line for found in find_secrets("a.py", text)] == [3]


def test_different_secrets_have_different_fingerprints() -> None:
    tokens = "\n".join("gh" + "p_" + _made_up(36, seed=seed) for seed in range(6))
    assert len({found.mask for found in find_secrets("a.txt", tokens)}) == 6


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("app.py", 'API_KEY = "V"'),
        ("app.py", 'settings["client_secret"] = "V"'),
        ("app.py", 'TOKEN: str = "V"'),
        ("app.json", '{"auth_token": "V"}'),
        (".env", "SECRET_KEY=V"),
        ("deploy.yml", "  api_key: V  # rotate"),
        ("setup.cfg", "token = V"),
        ("app.py", 'API_TOKEN_PROD = "V"'),
        ("app.py", 'clientSecretText = "V"'),
        ("app.json", '"{\\"auth_token\\": \\"V\\"}"'),
    ],
)
def test_a_random_value_behind_a_telling_name_is_found(path: str, line: str) -> None:
    [found] = find_secrets(path, line.replace("V", _made_up(32)) + "\n")
    assert (found.rule, found.line) == ("assigned-secret", 1)


@pytest.mark.parametrize(
    "line",
    [
        'API_KEY = "your-api-key-goes-here-1234"',
        'password = "changeme"',
        'SECRET_KEY = "django-insecure-placeholder-1a2b3c"',
        'token = os.environ["SERVICE_TOKEN"]',
        'password = getpass("Password: ")',
        'TOKEN_URL = "https://auth.example.com/oauth2/token"',
        'secret_name = "projects/shop/secrets/database"',
        'api_key = "${API_KEY}"',
        'api_key = "{{ vault.api_key_v2 }}"',
        'token = "<your token 12345678>"',
        'password_field = "user_password_confirmation"',
        'KEY = "AKIA' + 'IOSFODNN7EXAMPLE"',
        'url = "postgresql://user:password@localhost/db"',
        'url = "postgresql://postgres:postgres@localhost:5432/test"',
        'url = f"postgresql://{user}:{password}@{host}/db"',
        'url = "https://user:$PASSWORD@host.example/"',
        'github = "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
        'HEADER = "-----BEGIN ' + 'PRIVATE KEY-----"',
        'token_type = "urn:ietf:params:oauth:token-type:jwt"',
        'api_key_id = "shop-2024-release-v2.10"',
        'tokenizer = "a1B2c3D4e5F6g7H8i9J0k1L2"',
        'token_model = "sentence-transformers/all-MiniLM-L6-v2"',
        'api_key = "test_key_1a2b3c4d5e6f7g8h9i"',
        'secret = "aaaaaaaaaaaaaaaaaaaaaaaa"',
        'EYES = "eyJub3QianNvbg.eyJub3QianNvbg.AAAAAAAAAAAAAAAAAAAAAA"',
        "ssh = 'git@github.com:shop/shop.git'",
        'stripe = "sk_' + 'test_a1B2c3D4e5F6g7H8i9J0"',
        'assert token == "a1B2c3D4e5F6g7H8i9J0k1L2"',
        "run --token a1B2c3D4e5F6g7H8i9J0k1L2",
        'headers = {"Authorization": "Bearer your-token-1a2b3c4d5e6f7g8h"}',
        "time = 'https://example.com:8080/@user'",
    ],
)
def test_a_harmless_line_is_left_alone(line: str) -> None:
    assert list(find_secrets("settings.py", line + "\n")) == []


def test_lock_file_hashes_are_no_secrets() -> None:
    digest = _made_up(64, "0123456789abcdef")
    lock = f'[[package]]\nname = "token-thing"\nsdist = {{ url = "https://files.example/x.tar.gz", hash = "sha256:{digest}" }}\n'
    lock += f'token = "{_made_up(40)}"\n'
    assert list(find_secrets("uv.lock", lock)) == []


@pytest.mark.parametrize("mark", ["# pragma: allowlist secret", "# gitleaks:allow"])
def test_a_marked_line_is_left_alone(mark: str) -> None:
    secret = SECRETS["github-token"]
    assert list(find_secrets("a.py", f'x = "{secret}"  {mark}\n')) == []
    assert len(list(find_secrets("a.py", f'x = "{secret}"\n'))) == 1


def test_made_up_values_weigh_less_in_tests(make_project: Any) -> None:
    line = f'API_KEY = "{_made_up(32)}"\n'
    report = run("", {"path": make_project({"app.py": line, "tests/test_app.py": line})})
    assert {(i["path"], i["severity"]) for i in report["issues"]} == {
        ("app.py", "medium"),
        ("tests/test_app.py", "low"),
    }


def test_binary_files_and_endless_lines_are_passed_over(make_project: Any) -> None:
    secret = SECRETS["github-token"]
    root = make_project({"main.py": "x = 1\n"})
    (root / "data.bin").write_bytes(b"\0" + secret.encode())
    (root / "min.js").write_text("x" * 20_001 + secret)
    report = run("", {"path": root})
    assert report["issues"] == []
    assert report["limits"]["binary files not searched"] == 1


def test_insecure_code_is_found_and_its_clean_twin_is_not(make_project: Any) -> None:
    planted = "import subprocess\n\n\ndef run(name):\n    subprocess.run(f'ls {name}', shell=True)\n"
    root = make_project({"tool.py": planted})
    assert _issues(run("", {"path": root})) == [("B602", "tool.py", 5)]
    make_project({"tool.py": planted.replace("f'ls {name}', shell=True", "['/bin/ls', name]")})
    assert [i["severity"] for i in run("", {"path": root})["issues"]] in ([], ["info"])


def test_nosec_lowers_but_does_not_hide(make_project: Any) -> None:
    report = run("", {"path": make_project({"tool.py": "import os\nos.system(input())  # nosec\n"})})
    assert [(i["rule"], i["severity"]) for i in report["issues"]] == [("B605", "info")]


def test_what_tests_are_made_of_is_left_out(make_project: Any) -> None:
    code = "import random\n\n\ndef test_it():\n    password = 'hunter2'\n    assert random.random() < 2 and password\n"
    assert run("", {"path": make_project({"tests/test_a.py": code, "a.py": "x = 1\n"})})["issues"] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("f'select {NAMES} from t where id = ?'", False),
        ("f\"select {', '.join(NAMES)} from t where id in ({', '.join('?' * len(key))})\"", False),
        ("f'select a from t where id = {key}'", True),
        ("f\"select a from t where id in ({', '.join(key)})\"", True),
        ("f'select {NAMES} from t where id = {key.upper()}'", True),
        ("f\"select a from t where id in ({', '.join(f'{NAMES}{key}')})\"", True),
        ("'select a from t where id = ' + key", True),
        ("f'select {NAMES} from t where id = ' + key", True),
        ("f'select {NAMES} from t where id = %s' % key", True),
    ],
)
def test_a_query_of_constants_only_is_no_injection(make_project: Any, text: str, found: bool) -> None:
    root = make_project({"db.py": f"NAMES = 'a'\n\n\ndef get(db, key):\n    return db.execute({text})\n"})
    assert [i["rule"] for i in run("", {"path": root})["issues"]] == ["B608"] * found


def test_a_call_without_a_shell_and_an_assert_are_left_out_and_said(make_project: Any) -> None:
    code = "import subprocess\n\n\ndef f(x):\n    assert x\n    subprocess.run(['ls', x])\n"
    report = run("", {"path": make_project({"a.py": code})})
    assert report["issues"] == []
    assert "B101, B603" in report["limits"]["left out everywhere"]


def test_insecure_code_weighs_less_in_tests(make_project: Any) -> None:
    code = "import os\n\n\ndef test_f(x):\n    os.system(x)\n"
    report = run("", {"path": make_project({"tests/test_a.py": code, "a.py": code})})
    assert {(i["path"], i["severity"]) for i in report["issues"]} == {("a.py", "high"), ("tests/test_a.py", "low")}


@pytest.mark.parametrize(
    ("line", "rule", "severity"),
    [
        ("requests", "any-version", "medium"),
        ("requests>=2", "no-upper-bound", "low"),
        ("requests @ https://host.example/requests-2.whl", "direct-url-without-hash", "high"),
        ("https://user:pw@host.example/requests-2.whl?token=abc", "direct-url-without-hash", "high"),
        (f"requests @ http://host.example/requests-2.whl#sha256={DIGEST}", "plain-http-source", "high"),
        ("git+https://github.com/psf/requests@main", "vcs-without-commit", "medium"),
        ("-e git+https://github.com/psf/requests#egg=requests", "vcs-without-commit", "medium"),
        (f"git+http://git.example/requests@{COMMIT}", "plain-http-source", "high"),
        ("--extra-index-url https://pypi.example/simple", "extra-package-index", "high"),
        ("--trusted-host pypi.example", "trusted-host", "high"),
        ("--index-url http://pypi.example/simple", "plain-http-index", "high"),
    ],
)
def test_an_open_dependency_is_found(make_project: Any, line: str, rule: str, severity: str) -> None:
    root = make_project({"a.py": "x = 1\n", "requirements.txt": f"# what we need\nclick==8.2.1\n{line}\n"})
    report = run("", {"path": root})
    found = [
        (i["rule"], i["severity"], i["path"], i["line"]) for i in report["issues"] if i["rule"] != "password-in-address"
    ]
    assert found == [(rule, severity, "requirements.txt", 3)]
    assert "user:pw" not in str(report)
    assert "token=abc" not in str(report)


@pytest.mark.parametrize(
    "line",
    [
        "requests==2.32.0",
        "requests~=2.32",
        "requests>=2,<3",
        f"requests @ https://host.example/requests-2.whl#sha256={DIGEST}",
        f"https://host.example/requests-2.whl --hash=sha256:{DIGEST}",
        f"git+https://github.com/psf/requests@{COMMIT}",
        "./vendor/requests",
        "-r other.txt",
        "--index-url http://localhost:3141/root/pypi",
        "# --extra-index-url https://pypi.example/simple",
    ],
)
def test_a_closed_dependency_is_left_alone(make_project: Any, line: str) -> None:
    assert run("", {"path": make_project({"a.py": "x = 1\n", "requirements.txt": f"{line}\n"})})["issues"] == []


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        (
            "Dockerfile",
            "FROM python\nRUN pip install --extra-index-url https://x.example/simple shop\n",
            "extra-package-index",
        ),
        ("ci.yml", "env:\n  PIP_TRUSTED_HOST: x.example\n", "trusted-host"),
        ("pip.conf", "[global]\nextra-index-url = https://x.example/simple\n", "extra-package-index"),
        (
            "uv.toml",
            'extra-index-url = ["https://x.example/simple"]\nindex-strategy = "first-index"\n',
            "extra-package-index",
        ),
    ],
)
def test_dangerous_index_options_are_found_where_they_are_set(
    make_project: Any, path: str, text: str, rule: str
) -> None:
    report = run("", {"path": make_project({"a.py": "x = 1\n", path: text})})
    assert [i["rule"] for i in report["issues"]] == [rule]
    assert run("", {"path": make_project({path: "", "README.md": text})})["issues"] == []


def test_a_package_may_give_ranges_once_something_locks_them(make_project: Any) -> None:
    manifest = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["click", "rich>=14", "jinja2>=3,<4"]\n'
    root = make_project({"shop.py": "x = 1\n", "pyproject.toml": manifest})
    assert [(i["rule"], i["severity"]) for i in run("", {"path": root})["issues"]] == [
        ("any-version", "low"),
        ("no-upper-bound", "info"),
    ]
    make_project({"constraints.txt": "click==8.2.1\n"})
    assert [i["rule"] for i in run("", {"path": root})["issues"]] == ["no-upper-bound"]
    make_project({"uv.lock": "version = 1\n"})
    assert run("", {"path": root})["issues"] == []
