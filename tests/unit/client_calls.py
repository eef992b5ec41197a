"""Which functions let botocore's own errors out: what calls a client, or names what does, outside `readable`.

By the code alone. A call counts where its answer is taken: pages where they are walked through, a lambda, a partial or
a generator where its name is used. Methods go by their names, whosever they are, so that this errs to the strict side.
"""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

SERVICE = re.compile(r"""\bclient\(\s*["']([a-z0-9-]+)["']""")
GUARD = "readable"
PAGES = {"get_paginator", "get_waiter"}
STREAMS, TAKES = {"Body", "Payload"}, {"read", "iter_lines", "iter_chunks"}  # of an answer that is still to be read
DEFERS = {"partial", "map", "filter", "iter"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

# Which call a name stands for: any, one that is made where it stands, one that is made where its answer is used.
EITHER, NOW, LATER = "either", "now", "later"
# What makes an object that is made somewhere call a client elsewhere.
WALKED = ("__iter__", "__next__", "__call__", "__getitem__", "__enter__")
# What objects of Python's have as well.
ANYONES = {name for kind in (list, dict, str, set, Path) for name in dir(kind)}


@cache
def operations(asked):
    """Every method of these services' clients that makes a call, and what makes pages and waiters of them."""
    session = botocore.session.get_session()
    names = {xform_name(one) for service in asked for one in session.get_service_model(service).operation_names}
    return frozenset(names | PAGES)


def services(texts):
    """The services whose clients this code asks for."""
    return frozenset(one for text in texts for one in SERVICE.findall(text))


@dataclass
class Part:
    """A function, or a name of a module or class, and what it uses outside a guard: calls, and names that may be."""

    module: str
    name: str  # `function`, `Class.method`, `function.inner`, `NAME`
    line: int
    of_a_class: bool = False
    later: bool = False  # a generator: it makes its calls where it is walked through
    calls: set[int] = field(default_factory=set)
    names: set[tuple[str, str, str]] = field(default_factory=set)  # (base or "", name, of which it counts)
    handed: "Part | None" = None  # what it does not call itself but hands on: a lambda, a partial, a function


class _Reader(ast.NodeVisitor):
    """Collects the parts of one module."""

    def __init__(self, module, made, guards, known, clients):
        self.module, self.made, self.guards, self.streams = module, made, guards, set()
        self.clients = clients
        self.known = {*known, "self", "cls", "super()"}  # of which an attribute is no client's
        self.parts, self.inside, self.guarded = [], [], False
        self.called, self.assigned, self.handing = set(), set(), False
        self.deferred = [{}]  # of each function around: name -> what its use comes to

    def read(self, tree):
        for node in tree.body:
            self._member(node)
        return self.parts

    def _member(self, node):
        if isinstance(node, ast.ClassDef):
            self.inside.append(node.name)
            for one in node.body:
                self._member(one)
            self.inside.pop()
        elif isinstance(node, FUNCTIONS):
            self.visit_FunctionDef(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                with_name = Part(self.module, ".".join([*self.inside, ast.unparse(target)]), node.lineno)
                self._within(with_name, [node.value])

    def _within(self, part, nodes, own=()):
        before = self.guarded, getattr(self, "part", None)
        self.guarded, self.part = False, part
        self.parts.append(part)
        self.deferred.append({name: Part(self.module, "", part.line) for name in own})
        for node in nodes:
            self.visit(node)
        self.deferred.pop()
        self.guarded, self.part = before

    def visit_FunctionDef(self, node):
        outer = getattr(self, "part", None)
        path = f"{outer.name}.{node.name}" if outer else ".".join([*self.inside, node.name])
        part = Part(self.module, path, node.lineno, not outer and bool(self.inside), _is_later(node))
        nodes = [*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body]
        self._within(part, nodes, {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)} | _stored(node))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_With(self, node):
        before = self.guarded
        for item in node.items:
            self.visit(item.context_expr)
            called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
            self.guarded = self.guarded or _last(called) in self.guards
        for one in node.body:
            self.visit(one)
        self.guarded = before

    def visit_Return(self, node):
        before = self.guarded
        if node.value is not None:
            # What is handed out as it is gets used outside.
            self.guarded = self.guarded and not _defers(node.value)
            self.visit(node.value)
        self.guarded = before

    def visit_Assign(self, node):
        for target in node.targets:
            for one, value in _pairs(target, node.value):
                names = [name.id for name in ast.walk(one) if isinstance(name, ast.Name)]
                self.streams |= {name for name in names if _is_stream(value, set())}
                self._assigned(names, value)
            self.visit(target)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self._assigned([node.target.id] if isinstance(node.target, ast.Name) else [], node.value)

    def _use(self, node):
        """Where to note what this node comes to: what is only handed on, apart."""
        if not self.handing and not (isinstance(node, ast.Name) and id(node) not in self.called):
            return self.part
        if self.part.handed is None:
            self.part.handed = Part(self.module, self.part.name, self.part.line)
        return self.part.handed

    def _assigned(self, names, value):
        if names and _defers(value):
            kept, part = Part(self.module, "", value.lineno), self.part
            before, self.guarded, self.part = self.guarded, False, kept
            self.visit(value)
            self.guarded, self.part = before, part
            for name in names:
                self.deferred[-1][name] = kept
            return
        if names and isinstance(value, ast.Call) and (ref := _reference(value.func)):
            for name in names:
                self.deferred[-1][name] = Part(self.module, "", value.lineno, names={(*ref, LATER)})
            for one in (*value.args, *value.keywords):
                self.visit(one)
            self.assigned.add(id(value.func))
            self.called.add(id(value.func))
            self.visit(value.func)
            return
        self.visit(value)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and not self.guarded:
            for scope in reversed(self.deferred):
                if node.id in scope:
                    for one in filter(None, (scope[node.id], scope[node.id].handed)):
                        self._use(node).calls.update(one.calls)
                        self._use(node).names.update(one.names)
                    return
            self._use(node).names.add(("", node.id, NOW if id(node) in self.assigned else EITHER))

    def visit_Attribute(self, node):
        if isinstance(node.ctx, ast.Load) and not self.guarded:
            base = _base(node.value)
            if self._is_call(node, base) or (node.attr in TAKES and _is_stream(node.value, self.streams)):
                self._use(node).calls.add(node.lineno)
            of_a_module = node.value if base in self.known and id(node) not in self.called else node
            self._use(of_a_module).names.add((base, node.attr, NOW if id(node) in self.assigned else EITHER))
        if not (isinstance(node.value, ast.Name) and self._is_unwalked(node.value.id)):
            self.visit(node.value)

    def _is_unwalked(self, name):
        """Whether a name stands for what calls something where it is walked through, and is not walked through here."""
        meant = next((scope[name] for scope in reversed(self.deferred) if name in scope), None)
        return meant is not None and not meant.calls and {when for *_, when in meant.names} == {LATER}

    def _is_call(self, node, base):
        if node.attr not in self.made or base in self.known:
            return False
        # `publish`, `sign`, `scan`: what others have as well.
        return "_" in node.attr or base in self.clients or _last(getattr(node.value, "func", node.value)) == "client"

    def visit_Lambda(self, node):
        before, self.handing = self.handing, True
        self.generic_visit(node)
        self.handing = before

    def visit_Call(self, node):
        self.called.add(id(node.func))
        if isinstance(node.func, ast.Call) and _last(node.func.func) == "getattr" and not self.guarded:
            self._use(node).calls.add(node.lineno)  # of a client, by a name that it is given
        self.visit(node.func)
        before, self.handing = self.handing, self.handing or _last(node.func) == "partial"
        for one in (*node.args, *node.keywords):
            self.visit(one)
        self.handing = before


def _is_later(function):
    own = list(_own(function))
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own)
    return yields or any(isinstance(one, ast.Return) and one.value and _defers(one.value) for one in own)


def _pairs(target, value):
    """What is assigned to what, where a tuple is assigned to a tuple."""
    both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    return list(zip(target.elts, value.elts, strict=True)) if both else [(target, value)]


def _stored(function):
    """The names that a function binds by itself, which are none of its module's."""
    return {one.id for one in _own(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _own(function):
    """The nodes of a function without those of functions in it."""
    ahead = list(ast.iter_child_nodes(function))
    while ahead:
        node = ahead.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.Lambda)):
            ahead += ast.iter_child_nodes(node)


def _defers(value):
    """Whether this expression makes its calls later: whoever uses what it is makes them."""
    if isinstance(value, ast.Lambda | ast.GeneratorExp):
        return True
    if isinstance(value, ast.Call):
        last = _last(value.func)
        if last in DEFERS | PAGES | {"paginate", "cache"}:
            return True
    return False


def _is_stream(value, streams):
    if isinstance(value, ast.Name):
        return value.id in streams
    return isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant) and value.slice.value in STREAMS


def _base(value):
    return value.id if isinstance(value, ast.Name) else "super()" if ast.unparse(value) == "super()" else "."


def _last(called):
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _reference(called):
    if isinstance(called, ast.Name):
        return "", called.id
    if isinstance(called, ast.Attribute):
        return _base(called.value), called.attr
    return None


def _guards(trees):
    """`readable`, and every context manager whose body runs inside it."""
    guards = {GUARD}
    while True:
        more = {
            node.name
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and any(ast.unparse(one) == "contextmanager" for one in node.decorator_list)
            and _yields_inside(node, guards)
        }
        if more <= guards:
            return guards
        guards |= more


def _yields_inside(function, guards):
    return any(
        any(_last(getattr(item.context_expr, "func", item.context_expr)) in guards for item in node.items)
        and any(isinstance(inner, ast.Yield) for inner in ast.walk(node))
        for node in ast.walk(function)
        if isinstance(node, ast.With)
    )


def _imports(tree):
    """What a module's imports bind: name -> (module, name or "")."""
    bound = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                bound[alias.asname or alias.name] = (node.module, alias.name)
    return bound


def _ours(bound):
    return {name for name, (module, _) in bound.items() if module.split(".")[0] == "lib"}


def _sees_aws(bound):
    return any(module.startswith("lib.aws") or module == "lib.resources.live_thing" for module, _ in bound.values())


def _clients(tree):
    """The names by which a module calls clients: what it binds to one, and what parameters are called that take one."""
    names = {"client", "aws"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ".client(" in ast.unparse(node.value):
            names |= {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return names


def escapes(sources, inside=()):
    """`module name` of every part that lets botocore's errors out -> why. `sources`: module -> text.

    `inside`: of these, what they hand on is called by others inside a guard; what they call themselves counts.
    """
    trees = {module: ast.parse(text) for module, text in sources.items()}
    made = operations(services(sources.values()))
    guards = _guards(trees.values())
    bound = {module: _imports(tree) for module, tree in trees.items()}
    read = [
        _Reader(module, made, guards, _ours(bound[module]), _clients(tree)).read(tree) for module, tree in trees.items()
    ]
    parts = [part for one in read for part in one if part.name.split(".")[-1] not in guards]
    open_ones = {(part.module, part.name): f"line {min(part.calls)}" for part in parts if part.calls}
    later = {(part.module, part.name) for part in parts if part.later}
    handed = [part.handed for part in parts if part.handed and f"{part.module} {part.name}" not in inside]
    parts += handed
    open_ones |= {(part.module, part.name): f"line {min(part.calls)}" for part in handed if part.calls}
    keys = {(part.module, part.name) for part in parts}
    of_name = _by_last_name((part.module, part.name) for part in parts if part.of_a_class)
    of_classes = {(part.module, part.name) for part in parts if part.of_a_class and _sees_aws(bound[part.module])}
    while True:
        methods = _by_last_name(key for key in open_ones if key in of_classes)
        # Of another object than its own, a name that others have as well says nothing.
        alone = {name: keys for name, keys in methods.items() if keys == of_name[name] and name not in ANYONES}
        more = {
            (module, name.partition(".")[0]): f"by {name}"
            for module, name in open_ones
            if name.partition(".")[2] in WALKED and (module, name.partition(".")[0]) not in open_ones
        }
        later |= more.keys()
        for part in parts:
            key = (part.module, part.name)
            if key in open_ones:
                continue
            for base, name, when in part.names:
                meant = (
                    _meant(part, base, name, bound, keys, methods if base in ("self", "cls") else alone)
                    & open_ones.keys()
                )
                if {EITHER: meant, NOW: meant - later, LATER: meant & later}[when]:
                    more[key] = f"by {name}"
                    break
        if not more:
            return {f"{module} {name}": why for (module, name), why in open_ones.items()}
        open_ones |= more


def _by_last_name(keys):
    methods = defaultdict(set)
    for module, name in keys:
        if "." in name:
            methods[name.rpartition(".")[2]].add((module, name))
    return methods


def _meant(part, base, name, bound, keys, methods):
    """The parts that a name may mean here."""
    if base == "":
        around = part.name.split(".")
        inner = {(part.module, ".".join([*around[:depth], name])) for depth in range(len(around) + 1)}
        return inner | ({bound[part.module][name]} if name in bound[part.module] else set())
    if base in bound[part.module]:
        module, thing = bound[part.module][base]
        if (whole := f"{module}.{thing}") in bound:
            return {(whole, name)}
        return {(module, f"{thing}.{name}")} | methods.get(name, set())
    own = (part.module, f"{part.name.partition('.')[0]}.{name}")
    if base in ("self", "cls") and own in keys:
        return {own}
    return {(part.module, f"{base}.{name}")} | methods.get(name, set())
