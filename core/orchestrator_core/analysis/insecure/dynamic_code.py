"""Texts that are run as Python (CWE-94, CWE-95) or choose what is loaded (CWE-470), and templates from texts (CWE-1336)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, is_constant
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import CODE, FROM_OUTSIDE, HANDED_IN, SHELL, TEMPLATE, TYPE

_PARSE = "Parse data with json or ast.literal_eval; choose actions from a dictionary of functions."
_TEMPLATE = (
    "Keep the template constant and pass values to it; a stranger's template needs jinja2.sandbox.SandboxedEnvironment."
)


def _evaluated(site: Site) -> None:
    node = site.argument(0)
    value = site.value(node)
    # bandit flags a constant as well, which nobody can change.
    site.judged(("B102", "B307"), harmless=node is not None and max(value.levels[: CODE + 1]) == 0 and bool(value.head))
    site.by_level(value.levels[CODE], "evaluated-text", "Python code is run from a text", 95, _PARSE)


def _compiled(site: Site) -> None:
    if len(site.call.args) >= 3 and site.text(site.call.args[2]) in ("exec", "eval", "single"):
        site.by_level(
            site.level(site.call.args[0], CODE), "evaluated-text", "Python code is compiled from a text", 94, _PARSE
        )


def _interactive(site: Site) -> None:
    level = site.level(site.argument(0), CODE)
    site.by_level(level, "evaluated-text", "Python code is run from a text", 94, _PARSE)


def _timed(site: Site) -> None:
    """``timeit`` takes functions as readily as texts."""
    node = site.argument(0, "stmt")
    if not isinstance(node, ast.Name) or node.id not in (
        "f",
        "g",
        "func",
        "fn",
        "function",
        "callback",
        "callable_",
        "target",
    ):
        _interactive(site)


def _imported(site: Site) -> None:
    level = site.level(site.argument(0, "name"), CODE)
    if level == HANDED_IN and not _is_kept(site):  # what is loaded is used at once, or handed on as the answer
        message = "Which module is loaded is a text that the caller hands in"
        site.found("chosen-module", message, "medium", 470, "Look the name up in a fixed dictionary.", confidence=0.5)
        return
    site.by_level(
        level,
        "chosen-module",
        "Which module is loaded is a text",
        470,
        "Look the name up in a fixed dictionary.",
        handed_in="low",
    )


def _is_kept(site: Site) -> bool:
    scope = site.where.node or site.evaluator.module
    return not site.may_look("chosen-module") or any(
        isinstance(inner, ast.Assign | ast.AnnAssign | ast.Expr) and inner.value is site.call
        for inner in (ast.walk(scope) if scope is not None else ())
    )


def _reflected(site: Site) -> None:
    """``getattr(module, name)()``: only when it is called at once is it known to choose an action."""
    call = site.call.func
    if isinstance(call, ast.Call) and site.dotted(call.func) == "getattr" and len(call.args) >= 2:
        if site.text(call.args[1]) in ("eval", "exec", "system", "popen", "__import__", "loads"):
            site.by_level(site.level(site.argument(0), CODE), "evaluated-text", "Code is run from a text", 95, _PARSE)
            return
        level = site.level(call.args[1], CODE)
        site.by_level(
            level,
            "chosen-function",
            "Which function runs is a text",
            470,
            "Look the name up in a fixed dictionary.",
        )
    elif isinstance(call, ast.Subscript) and site.dotted(call.value) in ("globals()", "locals()", "__builtins__"):
        level = site.level(call.slice, CODE)
        site.by_level(
            level, "chosen-function", "Which function runs is a text", 470, "Look the name up in a fixed dictionary."
        )


def _set(site: Site) -> None:
    if site.level(site.argument(1), CODE) >= FROM_OUTSIDE:
        site.found(
            "chosen-attribute",
            "Which attribute is set comes from outside",
            "medium",
            915,
            "Set attributes from a fixed list only.",
        )


def _search_path(site: Site) -> None:
    node = site.argument(1 if site.last == "insert" else 0)
    site.by_level(
        site.level(node, CODE),
        "chosen-search-path",
        "Where modules are looked for is a text",
        427,
        "Add fixed folders only.",
    )


def _from_outside(site: Site) -> None:
    if site.level(site.argument(1), CODE) >= FROM_OUTSIDE:
        site.found(
            "chosen-function",
            "Which attribute is read comes from outside",
            "medium",
            470,
            "Look the name up in a fixed dictionary.",
        )


def _template(site: Site) -> None:
    source = site.argument(0, "source", "template_string", "text", "template")
    if source is None or "Sandbox" in site.dotted(site.call.func):
        return
    level = site.level(source, TEMPLATE)
    text = site.text(source) or ""
    if (
        site.name in ("jinja2.Template", "Template")
        and site.uses("jinja2")
        and "{{" in text
        and "</" in text
        and "|" not in text
        and not is_constant(site.keyword("autoescape"), True)
    ):
        site.found(
            "unescaped-templates",
            "Templates do not escape what they show",
            "medium",
            79,
            "Use an Environment with autoescape=True.",
            confidence=0.6,
        )
    if site.name == "mako.template.Template" and _shows_raw(site, text):
        site.found(
            "unescaped-templates",
            "Templates of mako do not escape what they show",
            "medium",
            79,
            'Pass default_filters=["h"], or write ${x | h}.',
            confidence=0.6,
        )
    if level >= HANDED_IN:
        site.by_level(level, "template-text", "A template is made from a text", 1336, _TEMPLATE)


def _shows_raw(site: Site, text: str) -> bool:
    filters = site.keyword("default_filters")
    escapes = filters is not None and any(constant_text(inner) == "h" for inner in ast.walk(filters))
    return not escapes and "</" in text and any("|" not in part.partition("}")[0] for part in text.split("${")[1:])


def _flask_template(site: Site) -> None:
    source = site.argument(0, "source")
    level = site.level(source, TEMPLATE)
    if level:
        site.by_level(level, "template-text", "A template is made from a text", 1336, _TEMPLATE)
        if level < HANDED_IN and not isinstance(source, ast.Name | ast.Attribute):
            site.found(
                "template-text",
                "A template is put together while the program runs",
                "medium",
                1336,
                _TEMPLATE,
                confidence=0.5,
            )


def _format(site: Site) -> None:
    """``text.format(obj)`` with a stranger's text reads attributes of ``obj``: ``{0.__globals__}``."""
    func = site.call.func
    if (
        not isinstance(func, ast.Attribute)
        or isinstance(func.value, ast.Constant)
        or not (site.call.args or site.call.keywords)
    ):
        return
    value = site.value(func.value)
    if value.head or site.dotted(func.value).startswith("datetime"):
        return
    level = value.levels[TEMPLATE]
    if level >= FROM_OUTSIDE:
        site.found(
            "format-text",
            "A format text comes from outside and can read attributes of its arguments",
            "medium",
            134,
            _TEMPLATE,
            confidence=0.7,
        )
    elif level == HANDED_IN and isinstance(func.value, ast.Name):
        site.found(
            "format-text",
            "A format text is handed in and can read attributes of its arguments",
            "medium",
            134,
            _TEMPLATE,
            confidence=0.4,
        )


def _pandas(site: Site) -> None:
    if site.uses("pandas", "numexpr", "polars", "dask") or site.dotted(getattr(site.call.func, "value", None)) in (
        "df",
        "frame",
        "data",
    ):
        level = site.level(site.argument(0, "expr"), CODE)
        site.by_level(level, "evaluated-text", "An expression is evaluated from a text", 95, _PARSE)


def _environment(site: Site) -> None:
    """jinja2's automatic choice by file name is fine; bandit knows it only by one name."""
    choice = site.keyword("autoescape")
    if choice is not None and not is_constant(choice, False, None, 0) and site.level(choice, SHELL) <= 1:
        site.judged(("B701",), harmless=True)
    if site.name.startswith(("jinja2.", "Environment")) and is_constant(choice, False, 0):
        site.found(
            "unescaped-templates",
            "Templates do not escape what they show",
            "high",
            79,
            "Use autoescape=True or select_autoescape().",
        )


def _named(site: Site) -> None:
    """``globals()[name]`` with a name that comes from outside."""
    scope = site.where.node or site.evaluator.module
    for inner in ast.walk(scope) if scope is not None else ():
        if isinstance(inner, ast.Subscript) and inner.value is site.call:
            key: ast.AST | None = inner.slice
        elif (
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Attribute)
            and inner.func.value is site.call
            and inner.func.attr == "get"
        ):
            key = inner.args[0] if inner.args else None
        else:
            continue
        message = "Which name of the program is used is a text"
        site.by_level(site.level(key, TYPE), "chosen-name", message, 470, "Choose from a dictionary.", handed_in="low")
        return


FAMILY = Family(
    calls={
        "eval": _evaluated, "exec": _evaluated, "builtins.eval": _evaluated, "builtins.exec": _evaluated, "compile": _compiled,
        "code.InteractiveInterpreter().runsource": _interactive, "runpy.run_path": _imported, "timeit.timeit": _timed,
        "asteval.Interpreter()": _interactive, "numexpr.evaluate": _interactive, "execfile": _interactive,
        "cloudpickle.loads": _interactive,
        "importlib.import_module": _imported, "__import__": _imported,
        **dict.fromkeys(("globals", "locals"), _named), "getattr": _from_outside, "setattr": _set,
        "sys.path.append": _search_path, "sys.path.insert": _search_path,
        "jinja2.Template": _template, "Template": _template, "mako.template.Template": _template,
        "django.template.Template": _template,
        "tornado.template.Template": _template, "flask.render_template_string": _flask_template,
        "render_template_string": _flask_template,
        "django.template.engines": _template, "chevron.render": _template, "bottle.template": _template,
        "bottle.SimpleTemplate": _template,
        "jinja2.Environment": _environment, "jinja2.environment.Environment": _environment, "Environment": _environment,
        "string.Formatter().vformat": _template, "sympy.sympify": _interactive, "sympy.parsing.sympy_parser.parse_expr": _interactive,
    },
    methods={"from_string": _template, "format": _format, "format_map": _format, "runcode": _interactive, "runsource": _interactive,
        "eval": _pandas,
        "query": _pandas},
    every_call=(_reflected,),
)  # fmt: skip
