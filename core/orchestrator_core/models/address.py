"""Where a model server may stand, and which model names stay on this machine. Pure; opens nothing."""

from __future__ import annotations

from msgspec import Struct

from orchestrator_core.errors import ModelRefused, SettingsError

DEFAULT_PORT = 11434


class ServerAddress(Struct, frozen=True):
    """A checked address of a model server."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def is_loopback(host: str) -> bool:
    """Whether a host names this machine itself: ``localhost`` or a loopback IP address. Resolves nothing."""
    if host.rstrip(".").lower() == "localhost":
        return True
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def parse_address(url: str, *, offline: bool) -> ServerAddress:
    """The address in a base URL such as ``http://127.0.0.1:11434``.

    Raises:
        SettingsError: it is no http(s) URL with a host.
        ModelRefused: ``offline`` is set and the host is not this machine.
    """
    text = url.strip()
    # As the client does: a bare host means the server's own port, a full URL means the scheme's.
    whole = "://" in text
    address = address_of(
        text if whole else f"http://{text}", "evaluation.ollama_url", port=DEFAULT_PORT, scheme_port=whole
    )
    if offline and not is_loopback(address.host):
        raise ModelRefused(
            f"the model server {address.host!r} is not on this machine, and Magnus is offline. "
            f"Set evaluation.ollama_url to http://127.0.0.1:{DEFAULT_PORT}, or offline = false to allow that host."
        )
    return address


def address_of(url: str, setting: str, *, port: int, scheme_port: bool = False) -> ServerAddress:
    """The address in the URL of a setting. Where it names no port, it is ``port``, or the scheme's own with ``scheme_port``.

    Raises:
        SettingsError: it is no http(s) URL with a host, or holds a user, query or fragment.
    """
    from urllib.parse import urlsplit

    example = f"Write it like http://127.0.0.1:{port}."
    try:
        parts = urlsplit(url.strip())
        host, stated = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingsError(f"{setting} {url!r} is no URL ({error}). {example}") from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in host):
        raise SettingsError(f"{setting} {url!r} is no http address with a host. {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(
            f"{setting} names the host {host!r} with a user, query or fragment, which are never sent. {example}"
        )
    default = {"http": 80, "https": 443}[parts.scheme] if scheme_port else port
    return ServerAddress(parts.scheme, host, stated or default, parts.path.rstrip("/"))


def is_remote_name(model: str) -> bool:
    """Whether a model name stands for a model on someone else's machine (``name:cloud``, ``name:120b-cloud``)."""
    name = model.strip().lower()
    return name.endswith((":cloud", "-cloud"))


def local_name(model: str) -> str:
    """The name itself, if it may stay on this machine.

    Raises:
        ModelRefused: it is a cloud model.
    """
    if is_remote_name(model):
        raise ModelRefused(
            f"{model!r} is a cloud model: its text would leave this machine. Choose a local one (ollama list shows them)."
        )
    return model


def same_model(wanted: str, name: str) -> bool:
    """Whether two names mean one model: matching ignores case, and no tag means ``latest``."""

    def full(text: str) -> str:
        text = text.strip().lower()
        return text if ":" in text.rsplit("/", 1)[-1] else f"{text}:latest"

    return full(wanted) == full(name)
