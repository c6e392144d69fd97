"""Where values come from that a stranger, the environment or an error decides, by the names of well-known libraries."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.values import (
    ANYTHING,
    HOST,
    OUTSIDE,
    PATH,
    SCHEME,
    SECRET,
    Value,
    cleaned,
    holding,
)

REQUESTS = (
    "flask.request",
    "bottle.request",
    "quart.request",
    "sanic.request",
    "self.request",
    "request",
    "cherrypy.request",
)
OF_REQUEST = frozenset((
    "args", "form", "values", "files", "cookies", "headers", "json", "data", "get_json", "get_data", "stream", "query_string", "url",
    "path", "full_path", "base_url", "host", "referrer", "view_args", "GET", "POST", "COOKIES", "FILES", "META", "body", "params",
    "query", "query_params", "path_params", "match_info", "get", "arguments", "json_body", "rel_url", "text", "user_agent", "remote_addr",
    "environ", "read", "post", "raw_post_data", "form_data", "get_argument", "QUERY_PARAMS", "content", "forms", "url_root", "uri",
    "get_full_path", "build_absolute_uri", "query_arguments", "body_arguments", "X", "matchdict",
    "get_param", "get_param_as_list", "media", "get_media", "bounded_stream", "get_header", "relative_uri", "get_cookie_values",
))  # fmt: skip
TRUSTED_OF_REQUEST = frozenset(
    ("user", "session", "method", "app", "state", "endpoint", "scheme", "is_secure", "csrf_token", "id")
)
OUTSIDE_CALLS = frozenset((
    "input", "raw_input", "sys.stdin.read", "sys.stdin.readline", "sys.stdin.readlines", "self.get_argument", "self.get_arguments",
    "self.get_query_argument", "self.get_body_argument", "self.get_cookie", "cgi.FieldStorage().getvalue",
    "click.prompt", "self.get_secure_cookie", "argparse.ArgumentParser().parse_args", "fileinput.input", "sys.stdin.buffer.read",
    "streamlit.text_input", "gradio.Textbox",
))  # fmt: skip
OF_HANDLER = ("self.path", "self.headers", "self.rfile")
"""Of ``http.server`` and tornado; in any other class these are attributes like others."""
OUTSIDE_NAMES = ("sys.argv", "sys.stdin", "cgi.FieldStorage()", "argparse.ArgumentParser().parse_args()")
OUTSIDE_METHODS = frozenset(("recv", "recvfrom", "get_argument", "get_query_argument", "get_body_argument"))
MEMBERS = frozenset(("namelist", "infolist", "getnames", "getmembers"))
"""What stands in an archive was written by whoever made it."""
ENVIRONMENT = ("os.environ", "os.environb")
ERROR_TEXT = frozenset(
    (
        "traceback.format_exc",
        "traceback.format_exception",
        "traceback.format_tb",
        "sys.exc_info",
        "traceback.format_stack",
    )
)
PATH_JOINS = frozenset(("os.path.join", "posixpath.join", "ntpath.join"))
SAME_PATH = frozenset(
    ("os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.expanduser", "str", "os.fspath")
)


def source_of(name: str, *, in_handler: bool) -> Value | None:
    """What stands behind a dotted name, where a stranger, a framework or the environment decides it; None for any other."""
    for request in REQUESTS:
        if name.startswith(request):
            part = name[len(request) :].lstrip(".").partition(".")[0].removesuffix("()")
            if part in OF_REQUEST:
                # An upload is a file and no name of one; its `filename` is.
                is_file = part in ("files", "FILES") and not name.endswith((".filename", ".name"))
                return cleaned(OUTSIDE._replace(made=name), (PATH, HOST, SCHEME) if is_file else ())
            if part in TRUSTED_OF_REQUEST:
                return ANYTHING
    if name.startswith(OUTSIDE_NAMES) or (in_handler and name.startswith(OF_HANDLER)):
        return OUTSIDE._replace(made=name)
    if name in ENVIRONMENT:
        return holding(ANYTHING._replace(made=name), SECRET, 3)
    return None
