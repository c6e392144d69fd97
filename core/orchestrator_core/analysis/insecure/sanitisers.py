"""Calls that make a text harmless for a purpose, by the names of well-known libraries."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.values import (
    ALL,
    CODE,
    HOST,
    HTML,
    LDAP,
    LINE,
    NOSQL,
    PATH,
    REGEX,
    SCHEME,
    SHELL,
    SQL,
    TEMPLATE,
    TYPE,
    XML,
    XPATH,
)  # fmt: skip

_MARKUP = (HTML, XML, TEMPLATE)

BY_NAME: dict[str, tuple[int, ...]] = {
    "shlex.quote": (SHELL,),
    "pipes.quote": (SHELL,),
    "shlex.join": (SHELL,),
    "html.escape": _MARKUP,
    "cgi.escape": _MARKUP,
    "markupsafe.escape": _MARKUP,
    "markupsafe.escape_silent": _MARKUP,
    "markupsafe.Markup.escape": _MARKUP,
    "flask.escape": _MARKUP,
    "jinja2.escape": _MARKUP,
    "bleach.clean": _MARKUP,
    "bleach.linkify": (),
    "nh3.clean": _MARKUP,
    "nh3.clean_text": _MARKUP,
    "xml.sax.saxutils.escape": _MARKUP,
    "xml.sax.saxutils.quoteattr": _MARKUP,
    "django.utils.html.format_html": _MARKUP,
    "django.utils.html.format_html_join": _MARKUP,
    "django.utils.html.strip_tags": (),
    "urllib.parse.quote": (HTML, HOST, SCHEME, LINE, XML, XPATH, SHELL),
    "urllib.parse.quote_plus": (HTML, HOST, SCHEME, LINE, XML, XPATH, SHELL, PATH),
    "urllib.parse.urlencode": (HTML, HOST, SCHEME, LINE, XML, XPATH, PATH),
    "json.dumps": (LINE, NOSQL),
    "io.BytesIO": (HOST, SCHEME, PATH),
    "io.StringIO": (HOST, SCHEME, PATH),
    "repr": (LINE,),
    "ascii": (LINE,),
    "os.path.basename": (PATH,),
    "posixpath.basename": (PATH,),
    "ntpath.basename": (PATH,),
    "re.escape": (REGEX,),
    "regex.escape": (REGEX,),
    "glob.escape": (REGEX,),
    "ast.literal_eval": (CODE, SHELL, SQL, LINE, HTML),
    "quopri.encodestring": (),
    "str": (NOSQL, TYPE),
    "subprocess.list2cmdline": (),
    "base64.b64encode": ALL,
    "base64.urlsafe_b64encode": ALL,
    "sqlite3.complete_statement": ALL,
}

BY_LAST_NAME: dict[str, tuple[int, ...]] = {
    "secure_filename": (PATH, SHELL, LINE),
    "get_valid_filename": (PATH, SHELL, LINE),
    "sanitize_filename": (PATH,),
    "safe_join": (PATH,),
    "escape_filter_chars": (LDAP,),
    "escape_dn_chars": (LDAP,),
    "escape_rdn": (LDAP,),
    "conditional_escape": _MARKUP,
    "format_html": _MARKUP,
    "xhtml_escape": _MARKUP,
    "escape": (*_MARKUP, REGEX, LDAP),
    "e": (),
    "quote_ident": (SQL,),
    "quote_identifier": (SQL,),
    "quote_name": (SQL,),
    "escape_string": (SQL,),
    "mogrify": (SQL,),
    "Identifier": (SQL,),
    "Literal": (SQL,),
    "Placeholder": (SQL,),
    "bindparam": (SQL,),
    "hexdigest": ALL,
    "digest": ALL,
    "ObjectId": ALL,
    "UUID": ALL,
    "Decimal": ALL,
    "ip_address": ALL,
    "ip_network": ALL,
    "fromisoformat": ALL,
    "strptime": ALL,
    "timestamp": ALL,
    "isoformat": ALL,
    "url_for": ALL,
    "reverse": ALL,
    "render_template": (HTML,),
    "render": (HTML,),
    "render_to_string": (HTML,),
    "jsonify": (HTML, NOSQL),
    "JsonResponse": (HTML,),
    "JSONResponse": (HTML,),
    "token_hex": ALL,
    "token_urlsafe": ALL,
    "uuid4": ALL,
}

GIVES_NO_TEXT = frozenset((
    "int", "float", "bool", "len", "round", "ord", "hash", "id", "abs", "sum", "isinstance", "issubclass", "hasattr", "callable",
    "range", "time.time", "complex", "any", "all", "divmod", "pow",
))  # fmt: skip
"""Their results are numbers or yes and no."""

PASSES_ON = frozenset((
    "str", "repr", "ascii", "bytes", "bytearray", "list", "tuple", "dict", "set", "frozenset", "sorted", "reversed", "enumerate",
    "zip", "map", "filter", "iter", "next", "min", "max", "format", "memoryview", "textwrap.dedent", "os.path.join", "os.path.abspath",
    "os.path.realpath", "os.path.normpath", "os.path.expanduser", "os.path.expandvars", "os.fspath", "os.fsdecode", "posixpath.join",
    "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath", "anyio.Path", "urllib.parse.urljoin",
    "urllib.parse.unquote", "urllib.parse.unquote_plus", "urllib.parse.urlparse", "urllib.parse.urlsplit", "urllib.parse.urlunparse",
    "urllib.parse.parse_qs", "json.loads", "json.dumps", "base64.b64decode", "base64.urlsafe_b64decode", "bytes.fromhex",
    "codecs.decode", "binascii.unhexlify", "zlib.decompress", "gzip.decompress", "copy.copy", "copy.deepcopy", "shlex.split",
    "shlex.quote", "string.Template", "sqlalchemy.text", "sqlalchemy.sql.text", "textwrap.fill", "urllib.request.Request",
    "requests.Request", "httpx.URL", "yarl.URL", "io.StringIO", "io.BytesIO", "ast.literal_eval", "html.unescape", "ast.parse",
    "compile", "traceback.format_exception", "traceback.format_exception_only", "socket.gethostbyname", "getattr",
    "django.utils.safestring.mark_safe", "markdown.markdown", "markdown2.markdown", "mistune.html", "commonmark.commonmark",
    "markupsafe.Markup",
    "psycopg2.sql.SQL", "psycopg.sql.SQL", "vars",
))  # fmt: skip
"""Their result is as dangerous as what they are given."""

TEXT_METHODS = frozenset((
    "format", "format_map", "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "split", "rsplit",
    "splitlines", "partition", "rpartition", "encode", "decode", "removeprefix", "removesuffix", "expandtabs", "zfill", "ljust",
    "rjust", "center", "translate", "get", "getlist", "get_json", "read", "json", "pop", "items", "values", "keys", "copy", "joinpath",
    "with_suffix", "with_name", "resolve", "absolute", "expanduser", "safe_substitute", "substitute", "readline", "readlines",
    "setdefault", "to_dict", "dict", "model_dump", "get_data", "as_posix", "geturl", "getvalue", "hex", "popleft", "tobytes", "form",
    "body", "text", "replace", "join", "union", "first", "format_exc", "__str__", "receive_text", "receive_json", "receive",
))  # fmt: skip
"""Methods whose result is as dangerous as what they are called on and given."""

GIVES_WITH_ARGUMENTS = frozenset(
    ("format", "format_map", "join", "joinpath", "with_name", "substitute", "safe_substitute", "replace")
)

_WORDS_OF_CHECKS = (
    "sanit",
    "escape",
    "valid",
    "safe",
    "clean",
    "whitelist",
    "allowlist",
    "allowed",
    "slugify",
    "normalize_filename",
)
_NOT_CHECKS = ("unescape", "unsafe", "mark_safe", "safe_load", "invalid", "safe_dump", "unsanit")


def sounds_like_check(name: str) -> bool:
    """Whether a function of the program's own says by its name that it checks or cleans: ``validate_url``, ``is_safe_path``."""
    lowered = name.lower()
    return any(word in lowered for word in _WORDS_OF_CHECKS) and not any(word in lowered for word in _NOT_CHECKS)
