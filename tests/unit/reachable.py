"""Which attributes code of ours may read, by what it names: functions, classes and values, and all that these name."""

import ast
import functools

from test_house import LIB, tree

# Keeps the plan and the verdict of a run by hand, of whatever phase: what it reads is no notebook's own.
OF_NONE = {("lib.phases.hand_run", "_HandRun")}


def attributes(code):
    """Every attribute that this code reads, or anything of the library that it comes to by names."""
    found, seen, ahead = _read(code), {*OF_NONE}, list(_named(code, _imported(code)))
    while ahead:
        module, name = ahead.pop()
        if (module, name) in seen or module not in LIB:
            continue
        seen.add((module, name))
        known = _known(module)
        if node := _defined(module).get(name):
            found |= _read(node)
            ahead += _named(node, known)
        elif isinstance(known.get(name), tuple):  # handed on from another module
            ahead.append(known[name])
    return found


def _read(code):
    return {node.attr for node in ast.walk(code) if isinstance(node, ast.Attribute)}


def _named(code, known):
    """(module, name) of each thing of ours that is named: as `module.name`, or alone."""
    for node in ast.walk(code):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if isinstance(module := known.get(node.value.id), str):
                yield module, node.attr
        elif isinstance(node, ast.Name) and isinstance(thing := known.get(node.id), tuple):
            yield thing


def _imported(code):
    """What imports bind: a module of ours by its name, anything else as (module, name)."""
    found = {}
    for node in [node for node in ast.walk(code) if isinstance(node, ast.ImportFrom)]:
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            found[alias.asname or alias.name] = whole if whole in LIB else (node.module, alias.name)
    return found


@functools.cache
def _known(module):
    return _imported(tree(LIB[module])) | {name: (module, name) for name in _defined(module)}


@functools.cache
def _defined(module):
    found = {}
    for node in tree(LIB[module]).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return found
