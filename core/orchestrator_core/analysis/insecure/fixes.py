"""What to write instead, for each of bandit's checks."""

from __future__ import annotations

_SHELL = (
    "Give the program and its arguments as a list, without a shell; quote with shlex.quote what must pass through one."
)
_PICKLE = "Read data with json, msgpack or another format that holds no code."
_XML = "Parse with defusedxml."
_TLS = "Leave certificate checks on; pass an own authority's file as verify or cafile."
_PLAIN = "Use TLS: https, FTP_TLS or SFTP, SSH."
_SECRET = "Read it from the environment or a secret store."  # noqa: S105 - advice
_MARKUP = "Escape values with markupsafe.escape or format_html, or show them through an autoescaped template."
_BIND = "Keep the query constant and bind values as parameters."
_TLS_VERSION = "Use ssl.create_default_context()."

BY_TEST: dict[str, str] = {
    "B101": "Raise an exception: asserts vanish with python -O.",
    "B102": "Choose actions from a dictionary of functions.",
    "B103": "Give 0o600 to files and 0o700 to folders.",
    "B104": "Listen on 127.0.0.1, or on the one address that is meant.",
    **dict.fromkeys(("B105", "B106", "B107"), _SECRET),
    "B108": "Use the tempfile module, which makes names that nobody can foresee.",
    "B110": "Name the exceptions that can happen, and log them.",
    "B112": "Name the exceptions that can happen, and log them.",
    "B113": "Give a timeout in seconds.",
    "B201": "Leave debug off outside development.",
    "B202": "Use extractall(path, filter=\"data\").",
    **dict.fromkeys(("B301", "B302", "B403"), _PICKLE),
    **dict.fromkeys(("B303", "B324"), "Use SHA-256 or BLAKE2; pass usedforsecurity=False where it is only a checksum."),
    **dict.fromkeys(("B304", "B305", "B413"), "Use AES-GCM or ChaCha20-Poly1305 from cryptography."),
    "B306": "Use tempfile.NamedTemporaryFile or mkstemp.",
    "B307": "Use ast.literal_eval or json.",
    **dict.fromkeys(("B308", "B702", "B703", "B704"), _MARKUP),
    "B310": "Accept https addresses only, of hosts on a list.",
    "B311": "Use the secrets module.",
    **dict.fromkeys(("B312", "B321", "B401", "B402"), _PLAIN),
    **dict.fromkeys(("B313", "B314", "B315", "B316", "B317", "B318", "B319", "B320", "B405", "B406", "B407", "B408", "B409", "B410",
        "B411"), _XML),
    "B323": _TLS,
    "B404": _SHELL,
    "B412": "Serve through WSGI; CGI takes a proxy address from the request.",
    "B415": "Use an IPMI library that is kept up, over a protected network.",
    "B501": _TLS,
    **dict.fromkeys(("B502", "B503", "B504"), _TLS_VERSION),
    "B505": "Use 2048 bits or more for RSA, SECP256R1 or larger for curves.",
    "B506": "Use yaml.safe_load.",
    "B507": "Load known_hosts and use RejectPolicy.",
    "B508": "Use SNMP version 3.",
    "B509": "Use SNMP version 3 with authentication and encryption.",
    **dict.fromkeys(("B601", "B602", "B603", "B604", "B605", "B606", "B607", "B609"), _SHELL),
    **dict.fromkeys(("B608", "B610", "B611"), _BIND),
    "B612": "Pass verify=... to logging.config.listen.",
    "B613": "Remove the invisible characters.",
    "B614": "Pass weights_only=True, or use safetensors.",
    "B615": "Name the revision to download.",
    "B701": "Use autoescape=True or select_autoescape().",
}  # fmt: skip
