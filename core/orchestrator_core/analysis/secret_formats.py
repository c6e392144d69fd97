r"""The formats of secrets that a program can know by their looks.

Each rule is a keyword and a pattern that is matched *at* the keyword, so a text without keywords costs a few substring
searches. Patterns are linear by construction: bounded or possessive repetitions of one class, none nested. The formats are
those their issuers document, as the rules of gitleaks list them; the rules here are written anew.

What a match means (redact it, report it, take it for a published example) is decided by those who use the table.
"""

from __future__ import annotations

from msgspec import Struct

# Not in the middle of a word; what JSON, URLs and e-mail escaped in front of it is fine.
WORD_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-F]{2})|(?<=%[0-9a-f]{2})|(?<=\\u00[0-9a-f]{2})|(?<==3D))"
_START = WORD_START
_NOT_WORD = r"(?![A-Za-z0-9_-])"
_NOT_LETTER = r"(?![A-Za-z0-9])"
"""Ends what holds no dash: a file's name or another token may go on with one."""


class SecretFormat(Struct, frozen=True):
    """One format. ``keywords`` are case-sensitive; the pattern starts at one of them unless ``search`` is set."""

    id: str
    what: str
    keywords: tuple[str, ...]
    pattern: str
    min_entropy: float = 0.0
    """Shannon entropy in bits per character that the value must have."""
    search: bool = False
    """The keyword only says that the pattern may be somewhere in the text."""


FORMATS: tuple[SecretFormat, ...] = (
    SecretFormat(
        "aws-access-key",
        "an AWS access key id",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        # The prefix and the alphabet of Base32 suffice, so it is found inside a longer word as well.
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        2.5,
    ),
    SecretFormat(
        "aws-secret-key",
        "an AWS secret key",
        ("aws", "AWS", "Aws"),
        r"(?i:aws)[\w. -]{0,20}(?i:secret|sk)[\w. -]{0,20}[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        3.0,
        search=True,
    ),
    SecretFormat(
        "github-token",
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        r"gh[pousr]_[A-Za-z0-9]{36,255}+",
    ),
    SecretFormat(
        "github-fine-grained",
        "a GitHub fine-grained token",
        ("github_pat_",),
        r"github_pat_[A-Za-z0-9_]{60,255}+",
    ),
    SecretFormat(
        "gitlab-token",
        "a GitLab token",
        (
            "glpat-",
            "gldt-",
            "glrt-",
            "glptt-",
            "glcbt-",
            "glsoat-",
            "glft-",
            "glagent-",
            "gloas-",
        ),
        r"gl[a-z]{2,6}-[A-Za-z0-9_.-]{20,255}+",
    ),
    SecretFormat(
        "slack-token",
        "a Slack token",
        ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe", "xapp-"),
        r"x(?:ox[a-z]|app)[.-][A-Za-z0-9.-]{15,300}+",
        2.5,
    ),
    SecretFormat(
        "slack-webhook",
        "a Slack webhook address",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{30,100}+",
    ),
    SecretFormat(
        "stripe-key",
        "a Stripe key",
        ("sk_live_", "sk_test_", "rk_live_", "rk_test_"),
        r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}+",
    ),
    SecretFormat(
        "stripe-webhook",
        "a Stripe webhook secret",
        ("whsec_",),
        r"whsec_[A-Za-z0-9+/=]{32,100}+",
    ),
    SecretFormat(
        "google-api-key",
        "a Google API key",
        ("AIza",),
        rf"AIza[A-Za-z0-9_-]{{35}}{_NOT_WORD}",
        3.0,
    ),
    SecretFormat(
        "google-oauth",
        "a Google OAuth secret or token",
        ("GOCSPX-", "ya29."),
        r"(?:GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{20,500}+)",
    ),
    SecretFormat(
        "anthropic-key",
        "an Anthropic key",
        ("sk-ant-",),
        r"sk-ant-[A-Za-z0-9_-]{40,200}+",
        3.0,
    ),
    SecretFormat(
        "openai-key",
        "an OpenAI-style key",
        ("sk-",),
        rf"{_START}sk-(?:(?:proj|svcacct|admin|None|or-v1|lf)-[A-Za-z0-9_-]{{20,250}}+|[A-Za-z0-9]{{32,100}}+)",
        3.0,
    ),
    SecretFormat(
        "huggingface-token",
        "a Hugging Face token",
        ("hf_", "api_org_"),
        rf"{_START}(?:hf|api_org)_[A-Za-z0-9]{{34}}{_NOT_LETTER}",
        3.0,
    ),
    SecretFormat(
        "pypi-token",
        "a PyPI upload token",
        ("pypi-AgE",),
        r"pypi-AgE[A-Za-z0-9_-]{50,1000}+",
    ),
    SecretFormat(
        "npm-token",
        "an npm token",
        ("npm_",),
        rf"{_START}npm_[A-Za-z0-9]{{36}}{_NOT_LETTER}",
        2.5,
    ),
    SecretFormat(
        "sendgrid-key",
        "a SendGrid key",
        ("SG.",),
        rf"{_START}SG\.[A-Za-z0-9_-]{{16,32}}+\.[A-Za-z0-9_-]{{16,64}}+",
        3.0,
    ),
    SecretFormat(
        "twilio-key",
        "a Twilio key",
        ("SK",),
        rf"{_START}SK[0-9a-f]{{32}}(?![A-Za-z0-9])",
        2.5,
    ),
    SecretFormat(
        "telegram-token",
        "a Telegram bot token",
        (":A",),
        rf"{_START}[0-9]{{8,10}}+:A[A-Za-z0-9_-]{{34}}{_NOT_WORD}",
        3.0,
        search=True,
    ),
    SecretFormat(
        "jwt",
        "a JSON web token",
        ("eyJ",),
        rf"(?:(?<!-){_START})eyJ[A-Za-z0-9_-]{{8,2000}}+\.eyJ[A-Za-z0-9_-]{{8,8000}}+\.[A-Za-z0-9_-]{{10,2000}}+",
    ),
    SecretFormat(
        "azure-storage-key",
        "an Azure storage or service-bus key",
        ("AccountKey=", "SharedAccessKey="),
        r"(?:Account|SharedAccess)Key=(?P<secret>[A-Za-z0-9+/]{40,100}+={0,2})",
    ),
    SecretFormat(
        "azure-client-secret",
        "an Azure client secret",
        ("Q~",),
        r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}+",
        3.0,
        search=True,
    ),
    SecretFormat(
        "digitalocean-token",
        "a DigitalOcean token",
        ("dop_v1_", "doo_v1_", "dor_v1_"),
        r"do[opr]_v1_[a-f0-9]{64}",
    ),
    SecretFormat(
        "mailgun-key",
        "a Mailgun key",
        ("key-",),
        rf"{_START}key-[a-f0-9]{{32}}(?![A-Za-z0-9])",
        2.5,
    ),
    SecretFormat(
        "discord-webhook",
        "a Discord webhook address",
        ("/api/webhooks/",),
        r"/api/webhooks/[0-9]{15,22}+/(?P<secret>[A-Za-z0-9_-]{50,100}+)",
    ),
    SecretFormat(
        "mailchimp-key",
        "a Mailchimp key",
        ("-us",),
        r"(?<![A-Za-z0-9])[a-f0-9]{32}-us[0-9]{1,2}(?![A-Za-z0-9])",
        2.5,
        search=True,
    ),
    SecretFormat(
        "discord-token",
        "a Discord bot token",
        ("discord", "Discord", "DISCORD", "Bot "),
        r"(?<![A-Za-z0-9_.-])[MNO][A-Za-z0-9_-]{23,27}+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}+",
        3.0,
        search=True,
    ),
    SecretFormat(
        "discord-bot-token",
        "a Discord bot token",
        ("MD", "MT", "Mj", "Mz", "ND", "NT", "Nj", "Nz", "OD", "OT"),  # how the digits of a number begin in base64
        r"(?<![A-Za-z0-9_.-])[MNO][A-Za-z0-9_-]{23,27}+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}+",
        3.0,
    ),
    SecretFormat(
        "shopify-token",
        "a Shopify token",
        ("shpat_", "shpca_", "shppa_", "shpss_"),
        r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    ),
    SecretFormat(
        "databricks-token",
        "a Databricks token",
        ("dapi",),
        rf"{_START}dapi[a-f0-9]{{32}}(?:-[0-9])?(?![A-Za-z0-9])",
        2.5,
    ),
    SecretFormat(
        "vault-token",
        "a HashiCorp Vault token",
        ("hvs.", "hvb."),
        rf"{_START}hv[sb]\.[A-Za-z0-9_-]{{24,300}}+",
        3.0,
    ),
    SecretFormat(
        "terraform-token",
        "a Terraform token",
        (".atlasv1.",),
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}+",
        search=True,
    ),
    SecretFormat(
        "grafana-token",
        "a Grafana token",
        ("glc_", "glsa_"),
        r"(?:glc_[A-Za-z0-9+/=]{32,400}+|glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8})",
    ),
    SecretFormat(
        "sentry-token",
        "a Sentry token",
        ("sntrys_", "sntryu_"),
        r"sntry[su]_[A-Za-z0-9+/=_]{60,400}+",
    ),
    SecretFormat("groq-key", "a Groq key", ("gsk_",), rf"{_START}gsk_[A-Za-z0-9]{{48,60}}+", 3.0),
    SecretFormat(
        "replicate-token",
        "a Replicate token",
        ("r8_",),
        rf"{_START}r8_[A-Za-z0-9]{{37}}(?![A-Za-z0-9])",
        3.0,
    ),
    SecretFormat(
        "square-token",
        "a Square token",
        ("sq0atp-", "sq0csp-"),
        r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}+",
    ),
    SecretFormat(
        "age-key",
        "an age private key",
        ("AGE-SECRET-KEY-1",),
        r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    ),
    SecretFormat(
        "planetscale-token",
        "a PlanetScale secret",
        ("pscale_",),
        r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}+",
    ),
)
