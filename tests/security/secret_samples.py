"""Made-up secrets of each format, assembled at run time so that no file holds one."""

from __future__ import annotations

import base64
import random
import string

_ALNUM = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + "234567"
_HEX = "0123456789abcdef"
_URL = _ALNUM + "_-"


def samples(seed: int = 1) -> dict[str, str]:
    """One value of each kind."""
    rng = random.Random(seed)

    def of(alphabet: str, length: int) -> str:
        return "".join(rng.choice(alphabet) for _ in range(length))

    def jwt_part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    begin, end = "-----BEGIN ", "-----END "
    label = "RSA PRIVATE" + " KEY-----"
    return {
        "aws-access-key": "AK" + "IA" + of(_UPPER, 16),
        "github-token": "gh" + "p_" + of(_ALNUM, 36),
        "github-fine-grained": "github" + "_pat_" + of(_ALNUM, 22) + "_" + of(_ALNUM, 59),
        "gitlab-token": "gl" + "pat-" + of(_URL, 20),
        "slack-token": "xo" + "xb-" + of(string.digits, 12) + "-" + of(string.digits, 12) + "-" + of(_ALNUM, 24),
        "slack-webhook": f"hooks.slack.com/services/T{of(_UPPER, 8)}/B{of(_UPPER, 8)}/{of(_ALNUM, 24)}",
        "stripe-key": "sk" + "_live_" + of(_ALNUM, 24),
        "google-api-key": "AI" + "za" + of(_URL, 35),
        "openai-key": "sk" + "-proj-" + of(_ALNUM, 48),
        "anthropic-key": "sk" + "-ant-api03-" + of(_URL, 93) + "AA",
        "huggingface-token": "h" + "f_" + of(string.ascii_letters, 34),
        "pypi-token": "py" + "pi-AgEIcHlwaS5vcmc" + of(_URL, 100),
        "npm-token": "np" + "m_" + of(_ALNUM, 36),
        "sendgrid-key": "S" + "G." + of(_URL, 22) + "." + of(_URL, 43),
        "twilio-key": "S" + "K" + of(_HEX, 32),
        "telegram-token": of("123456789", 10) + ":A" + "A" + of(_URL, 33),
        "jwt": ".".join(
            [jwt_part('{"alg":"HS256","typ":"JWT"}'), jwt_part('{"sub":"4711","iat":1700000000}'), of(_URL, 43)]
        ),
        "private-key": f"{begin}{label}\n" + "\n".join(of(_ALNUM, 64) for _ in range(4)) + f"\n{end}{label}",
        "digitalocean-token": "do" + "p_v1_" + of(_HEX, 64),
        "mailgun-key": "ke" + "y-" + of(_HEX, 32),
        "shopify-token": "sh" + "pat_" + of(_HEX, 32),
        "databricks-token": "da" + "pi" + of(_HEX, 32),
        "vault-token": "hv" + "s." + of(_URL, 40),
        "linear-key": "lin" + "_api_" + of(_ALNUM, 40),
    }


def contextual(seed: int = 2) -> dict[str, tuple[str, str]]:
    """Text and value, for secrets that only their surroundings give away."""
    rng = random.Random(seed)

    def of(alphabet: str, length: int) -> str:
        return "".join(rng.choice(alphabet) for _ in range(length - 1)) + "7"

    word = of(_ALNUM, 24)
    short = "hun" + "ter2x"
    key = of(_ALNUM + "/+", 40)
    encoded = base64.b64encode(b"someone:with1pass").decode()
    return {
        "env": (f"export API_KEY='{word}'", word),
        "json": (f'{{"client_secret": "{word}"}}', word),
        "escaped json": (f'{{\\"client_secret\\": \\"{word}\\"}}', word),
        "yaml": (f"db:\n  password: {short}\n", short),
        "spoken": (f"my password is {short}1, please debug", short + "1"),
        "command line": (f"tool --api-key {word} run", word),
        "typed": (f'token: str = "{word}"', word),
        "subscript": (f'os.environ["MY_TOKEN"] = "{word}"', word),
        "header": (f"Authorization: Bearer {word}", word),
        "own header": (f"curl -H 'X-Api-Key: {word}' https://api.internal/x", word),
        "basic header": (f"Authorization: Basic {encoded}", encoded),
        "aws secret": (f"aws_secret_access_key = /{key[1:]}", "/" + key[1:]),
        "query": (f"GET /x?token={word}&page=2", word),
        "xml": (f"<password>{short}</password>", short),
        "database address": (f"postgres://app:{short}#1@db.internal:5432/prod", short + "#1"),
        "web address": (f"https://bob:{word}@api.internal/v1", word),
        "azure storage": ("AccountKey=" + of(_ALNUM, 86) + "==", ""),
        "discord token": ("discord: M" + of(_ALNUM, 23) + "." + of(_ALNUM, 6) + "." + of(_ALNUM, 30), ""),
        "discord webhook": ("https://discord.com/api/webhooks/123456789012345678/" + word * 3, word * 3),
        "long": (f"secret = '{word * 100}'", word * 100),
    }  # fmt: skip
