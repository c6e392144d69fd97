"""The page as HTML: one file that fetches nothing and runs nothing but its own script.

The policy allows exactly the style and the script whose hashes it names (CSP level 2, https://www.w3.org/TR/CSP2/); a
text that got past escaping could still not run.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from orchestrator_core.errors import MissingDependency
from orchestrator_dashboards.charts import Svg
from orchestrator_dashboards.pages import Page

if TYPE_CHECKING:
    from jinja2 import Template


def render(page: Page) -> bytes:
    """The whole file in UTF-8. The same page gives the same bytes."""
    style, script = _asset("dashboard.css"), _asset("dashboard.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    # Svg means "finished markup": the two assets are this package's own, the data is JSON made inert by ``listing``.
    text = _template().render(
        page=page, policy=policy, style=Svg(style), script=Svg(script), data=Svg(page.data.decode("utf-8"))
    )
    return text.encode("utf-8")


@cache
def _asset(name: str) -> str:
    text = resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")
    # Browsers hash what they parsed, and parsing turns every line end into \n.
    return text.replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"


@cache
def _template() -> Template:
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError as error:
        raise MissingDependency("jinja2", "The dashboard", str(error)) from error
    environment = Environment(
        loader=FunctionLoader(_asset), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("dashboard.html.j2")
