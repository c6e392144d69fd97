"""How far a stranger decides what an expression gives, as far as one function alone can tell."""

from __future__ import annotations

import ast
from itertools import islice

from orchestrator_core.analysis.insecure.names import Names
from orchestrator_core.analysis.insecure.sanitisers import (
    BY_LAST_NAME,
    BY_NAME,
    GIVES_NO_TEXT,
    GIVES_WITH_ARGUMENTS,
    PASSES_ON,
    TEXT_METHODS,
    sounds_like_check,
)
from orchestrator_core.analysis.insecure.secret_names import names_secret
from orchestrator_core.analysis.insecure.short_functions import ShortFunction, short_functions, statements
from orchestrator_core.analysis.insecure.sources import (
    ENVIRONMENT,
    ERROR_TEXT,
    MEMBERS,
    OF_HANDLER,
    OF_REQUEST,
    OUTSIDE_CALLS,
    OUTSIDE_METHODS,
    OUTSIDE_NAMES,
    PATH_JOINS,
    REQUESTS,
    SAME_PATH,
    TRUSTED_OF_REQUEST,
)
from orchestrator_core.analysis.insecure.values import (
    ANYTHING,
    CONSTANT,
    ERROR,
    HANDED_IN,
    HOST,
    LINE,
    OUTSIDE,
    PARAMETER,
    PATH,
    SCHEME,
    SECRET,
    TYPE,
    UNKNOWN,
    Value,
    cleaned,
    constant,
    holding,
    joined,
)

_MAX_DEPTH = 40
_MAX_CALLS = 2
_MAX_PARTS = 200


class Evaluator:
    """Values of expressions, given those of variables. Makes no copy: ``variables`` is the flow's own, changed between statements."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.variables: dict[str, Value] = {}
        self.module: ast.Module | None = None
        self.whole: dict[str, Value] = {}
        """What the module's own names stand for, known after its last statement."""
        self._short: dict[str, ShortFunction] | None = None
        self._inside = 0
        self.in_handler = False
        """Inside a class that answers requests."""

    def dotted(self, node: ast.AST) -> str:
        return self.names.dotted(node, self.variables)

    def value(self, node: ast.AST | None, depth: int = 0) -> Value:
        """Total: what is too deep or not understood is ``ANYTHING``."""
        if node is None:
            return CONSTANT
        if depth > _MAX_DEPTH:
            return ANYTHING
        handler = _KINDS.get(type(node))
        if handler is None:
            return CONSTANT if isinstance(node, ast.Compare) else ANYTHING
        found: Value = getattr(self, handler)(node, depth + 1)
        return found

    def _constant(self, node: ast.Constant, depth: int) -> Value:
        return constant(node.value)

    def _name(self, node: ast.Name, depth: int) -> Value:
        known = self.variables.get(node.id)
        if known is not None:
            return known
        # A name in capitals is a constant that is imported or defined further down.
        return CONSTANT if node.id.isupper() else ANYTHING._replace(made=self.names.imported.get(node.id, ""))

    def _attribute(self, node: ast.Attribute, depth: int) -> Value:
        name = self.dotted(node)
        if name:
            kept = self.variables.get(name)
            if kept is not None:
                return kept
            found = self._source(name)
            if found is not None:
                return found
        if node.attr.isupper() and node.attr not in OF_REQUEST:
            return CONSTANT
        base = self.value(node.value, depth)
        if node.attr in ("filename", "name") and (base.levels[TYPE] > HANDED_IN > base.levels[PATH]):
            return OUTSIDE._replace(made=name)
        if node.attr in ("file", "stream"):  # an open file, neither a name of one nor an address
            return cleaned(base._replace(head="", made=name), (PATH, HOST, SCHEME))
        if node.attr in ("name", "stem", "suffix") and "Path()" in base.made:
            return cleaned(base, (PATH,))
        return (
            base._replace(head="", made=name)
            if base.levels != ANYTHING.levels
            else ANYTHING._replace(made=name, origins=base.origins)
        )

    def _source(self, name: str) -> Value | None:
        for request in REQUESTS:
            if name.startswith(request):
                part = name[len(request) :].lstrip(".").partition(".")[0].removesuffix("()")
                if part in OF_REQUEST:
                    # An upload is a file and no name of one; its `filename` is.
                    is_file = part in ("files", "FILES") and not name.endswith((".filename", ".name"))
                    return cleaned(OUTSIDE._replace(made=name), (PATH, HOST, SCHEME) if is_file else ())
                if part in TRUSTED_OF_REQUEST:
                    return ANYTHING
        if name.startswith(OUTSIDE_NAMES) or (self.in_handler and name.startswith(OF_HANDLER)):
            return OUTSIDE._replace(made=name)
        if name in ENVIRONMENT:
            return holding(ANYTHING._replace(made=name), SECRET, 3)
        return None

    def _subscript(self, node: ast.Subscript, depth: int) -> Value:
        value = self.value(node.value, depth)
        if value.levels[SECRET]:
            return self._of_environment(value, node.slice)
        return value._replace(head="")

    def _of_environment(self, whole: Value, key: ast.AST | None) -> Value:
        text = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
        if whole.levels[SECRET] < 3:
            return whole
        return holding(ANYTHING, SECRET, 2) if names_secret(text) else ANYTHING

    def _call(self, node: ast.Call, depth: int) -> Value:  # noqa: C901, PLR0912  # one case for each kind of call, in this order
        name = self.dotted(node.func)
        if name in GIVES_NO_TEXT:
            return CONSTANT
        last = name.rpartition(".")[2] if name else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in OUTSIDE_CALLS or last in OUTSIDE_METHODS:
            return OUTSIDE._replace(made=f"{name}()")
        if last in MEMBERS:
            return PARAMETER._replace(made=f"{name}()")
        if name in ERROR_TEXT:
            return holding(ANYTHING, ERROR, 3)
        if name in ("os.getenv", "os.environ.get"):
            key = node.args[0] if node.args else None
            found = self._of_environment(holding(ANYTHING, SECRET, 3), key)
            return joined([found, *(self.value(a, depth) for a in node.args[1:2])])
        made = f"{name}()" if name else ""
        arguments = [self.value(a, depth) for a in node.args[:_MAX_PARTS]] + [
            self.value(k.value, depth) for k in node.keywords[:_MAX_PARTS]
        ]
        purposes = BY_NAME.get(name)
        if purposes is None and last:
            purposes = BY_LAST_NAME.get(last)
        if purposes is not None:
            head = arguments[0].head if arguments else ""
            return cleaned(joined(arguments, head), purposes)._replace(made=made)
        if name in PATH_JOINS and arguments:
            return _joined_path(arguments, f"{name}()")
        if name in SAME_PATH and arguments:
            inner = arguments[0].made
            return arguments[0]._replace(made=f"{made}.{inner}" if "join" in inner else made)
        if name in PASSES_ON or last in ("Path", "PurePath"):
            return joined(arguments, arguments[0].head if arguments else "")._replace(made=made)
        method = node.func
        if isinstance(method, ast.Attribute):
            if method.attr == "replace":
                return self._replaced(node, self.value(method.value, depth))
            if method.attr.startswith("is") or method.attr in ("startswith", "endswith", "count", "find", "index"):
                return CONSTANT
            source = self._source(name) if name else None
            if source is not None and method.attr != "close":
                return joined([source, *arguments[1:]])._replace(made=made)
            if method.attr in TEXT_METHODS:
                receiver = self.value(method.value, depth)
                if receiver.levels[SECRET] >= 3 and method.attr in ("get", "pop"):
                    return self._of_environment(receiver, node.args[0] if node.args else None)
                if method.attr in GIVES_WITH_ARGUMENTS:
                    if receiver.made.endswith(("Markup()", "SQL()", "SafeString()")):  # they escape what they take in
                        return receiver
                    return joined(
                        [receiver, *arguments],
                        receiver.head.partition("{")[0] if method.attr in ("format", "format_map") else "",
                    )
                return joined([receiver, *arguments[1:]], receiver.head)._replace(made=made)
        if sounds_like_check(last):
            return CONSTANT._replace(made=made)
        own = self._own(node, arguments, depth)
        if own is not None:
            return own
        origins = joined(arguments).origins
        if any(a.levels[ERROR] for a in arguments) and last in ("str", "repr"):
            return holding(ANYTHING, ERROR, 3)
        secret = max((a.levels[SECRET] for a in arguments), default=0)
        found = Value(ANYTHING.levels, "", made, origins)
        return holding(found, SECRET, secret) if secret else found

    def _own(self, node: ast.Call, arguments: list[Value], depth: int) -> Value | None:
        """What a short function of the same text gives for these arguments; None where it is not one."""
        func = node.func
        if isinstance(func, ast.Name):
            name = func.id
        elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in ("self", "cls"):
            name = func.attr
        else:
            return None
        if self._short is None:
            self._short = short_functions(self.module)
        function = self._short.get(name)
        if function is None or self._inside >= _MAX_CALLS or any(isinstance(a, ast.Starred) for a in node.args):
            return None
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        if names[:1] in (["self"], ["cls"]):
            names = names[1:]
        if len(node.args) > len(names):
            return None
        given = dict.fromkeys([*names, *(a.arg for a in function.args.kwonlyargs)], CONSTANT)
        given.update(zip(names, arguments, strict=False))
        for keyword, value in zip(node.keywords, arguments[len(node.args) :], strict=False):
            if keyword.arg is None:
                return None
            given[keyword.arg] = value
        before, self.variables = self.variables, {**self.whole, **given}
        self._inside += 1
        try:
            for statement in statements(function):
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    self.variables[statement.targets[0].id] = self.value(statement.value, depth)
                elif isinstance(statement, ast.Return):
                    found = self.value(statement.value, depth)
                    return joined(
                        [found, *(a for a in arguments if a.origins and found.levels != CONSTANT.levels)], found.head
                    )._replace(made=found.made)
        finally:
            self.variables = before
            self._inside -= 1
        return None

    def _replaced(self, node: ast.Call, receiver: Value) -> Value:
        old = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        # Line breaks taken out make a log or a header safe; quotes doubled or tags cut do not make anything else so.
        return cleaned(receiver, (LINE,)) if old in ("\n", "\r", "\r\n") else receiver

    def _binary(self, node: ast.BinOp, depth: int) -> Value:
        parts: list[ast.AST] = []
        left: ast.AST = node
        while isinstance(left, ast.BinOp) and len(parts) < _MAX_PARTS:
            parts.append(left.right)
            left = left.left
        first = self.value(left, depth)
        if isinstance(node.op, ast.Mod) and first.made.endswith(("Markup()", "SafeString()")):
            return first
        values = [first, *(self.value(part, depth) for part in reversed(parts))]
        head = first.head
        if isinstance(node.op, ast.Mod):
            head = head.partition("%")[0]
        elif first.levels[HOST] < HANDED_IN:  # behind what a stranger begins nothing is at the head
            for value, part in zip(values[1:], reversed(parts), strict=True):
                head += value.head
                if not isinstance(part, ast.Constant):
                    break
        if isinstance(node.op, ast.Div):
            return _joined_path(values, f"{first.made or 'pathlib.Path()'}.joined()")
        return joined(values, head)

    def _formatted(self, node: ast.JoinedStr, depth: int) -> Value:
        values, head, open_head = [], "", True
        for part in islice(node.values, _MAX_PARTS):
            if isinstance(part, ast.FormattedValue):
                value = self.value(part.value, depth)
                if part.conversion in (ord("r"), ord("a")):
                    value = cleaned(value, (LINE,))
                spec = part.format_spec
                if isinstance(spec, ast.JoinedStr) and spec.values and _is_number_format(spec.values[-1]):
                    value = CONSTANT
                values.append(value)
                if open_head:
                    head += value.head
                    open_head = bool(value.head) and value.levels == CONSTANT.levels
            elif open_head and isinstance(part, ast.Constant) and isinstance(part.value, str):
                head += part.value
        return joined(values, head)

    def _choice(self, node: ast.IfExp, depth: int) -> Value:
        from orchestrator_core.analysis.insecure.guards import narrowed  # guards need the evaluator's names

        checked, checked_otherwise = narrowed(node.test, self)
        body, other = self.value(node.body, depth), self.value(node.orelse, depth)
        for names, purposes in checked:
            if _mentions(node.body, names):
                body = cleaned(body, purposes)
        for names, purposes in checked_otherwise:
            if _mentions(node.orelse, names):
                other = cleaned(other, purposes)
        return joined((body, other))

    def _several(self, node: ast.List | ast.Tuple | ast.Set | ast.BoolOp, depth: int) -> Value:
        parts = node.values if isinstance(node, ast.BoolOp) else node.elts
        return joined([self.value(part, depth) for part in parts[:_MAX_PARTS]])

    def _mapping(self, node: ast.Dict, depth: int) -> Value:
        return joined(
            [
                self.value(part, depth)
                for part in (*node.values[:_MAX_PARTS], *node.keys[:_MAX_PARTS])
                if part is not None
            ]
        )

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, depth: int) -> Value:
        from orchestrator_core.analysis.insecure.guards import narrowed

        hidden: dict[str, Value | None] = {}
        for generator in node.generators:
            item = self.value(generator.iter, depth)
            targets = [n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)]
            for name in targets:
                hidden.setdefault(name, self.variables.get(name))
                self.variables[name] = item._replace(made="")
            for test in generator.ifs:
                for checked, purposes in narrowed(test, self)[0]:
                    for name in checked & set(targets):
                        self.variables[name] = cleaned(self.variables[name], purposes)
        found = (
            joined([self.value(node.key, depth), self.value(node.value, depth)])
            if isinstance(node, ast.DictComp)
            else self.value(node.elt, depth)
        )
        for name, before in hidden.items():
            if before is None:
                del self.variables[name]
            else:
                self.variables[name] = before
        return found._replace(head="", made="")

    def _inner(self, node: ast.Await | ast.Starred | ast.FormattedValue | ast.NamedExpr, depth: int) -> Value:
        return self.value(node.value, depth)

    def _unary(self, node: ast.UnaryOp, depth: int) -> Value:
        return CONSTANT


def _joined_path(parts: list[Value], made: str) -> Value:
    """A folder that the caller hands in is the caller's choice; what is joined to it is what must not lead out of it."""
    first, *others = parts
    if first.levels[PATH] == HANDED_IN and others:
        first = first._replace(levels=first.levels[:PATH] + bytes([UNKNOWN]) + first.levels[PATH + 1 :])
    return joined([first, *others], first.head)._replace(made=made)


def _is_number_format(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[-1:] in tuple("dxXobeEfFgGn%")


def _mentions(node: ast.AST, names: frozenset[str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


_KINDS: dict[type[ast.AST], str] = {
    ast.Constant: "_constant",
    ast.Name: "_name",
    ast.Attribute: "_attribute",
    ast.Subscript: "_subscript",
    ast.Call: "_call",
    ast.BinOp: "_binary",
    ast.JoinedStr: "_formatted",
    ast.IfExp: "_choice",
    ast.List: "_several",
    ast.Tuple: "_several",
    ast.Set: "_several",
    ast.BoolOp: "_several",
    ast.Dict: "_mapping",
    ast.ListComp: "_comprehension",
    ast.SetComp: "_comprehension",
    ast.GeneratorExp: "_comprehension",
    ast.DictComp: "_comprehension",
    ast.Await: "_inner",
    ast.Starred: "_inner",
    ast.FormattedValue: "_inner",
    ast.NamedExpr: "_inner",
    ast.UnaryOp: "_unary",
}
