"""Finds what is wrong with a definition before AWS sees it: statelint's findings and our own rules. Read-only, no AWS.

AWS accepts a definition that fails at three in the morning: on a missing variable, an endless wait, a swallowed error.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lib.asl import grammar, json_text, shape, statelint_view
from lib.asl.payload_templates import steps_of
from lib.asl.shape import WORKFLOW, Problem
from lib.asl.states import EdgeKind, State, edges, longest, references, walk
from lib.definitions import thresholds
from lib.definitions.loader import DECISION
from lib.definitions.templates import placeholders
from lib.errors import BadParameters

COMPLETE = "CheckinComplete"
PROCESSOR = "ProcessCheckin"
BRANCH_SECONDS = 25
SUBJECT_LENGTH = 100

Guard = tuple[str, str]  # a variable and a test of it: ("$.userId", "IsPresent")

# Where a check-in's words are: what a message, a notice or an output must not refer to, nor what they lie in.
WORDS = re.compile(
    r"^\$\$?$|^\$\$\.Execution(\.Input|$)|^\$\.(checkin|checkinResult|failure)$|\.(text|textPreview|Cause)\b"
)
# What chooses from a list or counts it: it says no more than the list.
OF_A_LIST = re.compile(r"\[(?:[\d\s,:*-]+|\?\([^\[\]]*\))\]|\.length\(\)")
SUBJECT = re.compile(r"States\.Format\('(\{\}[^'{}]*)', \$\.drill\.label\)")


def check(definition: Any, numbers: Mapping[str, float] | None = None) -> list[Problem]:  # noqa: ANN401
    """Everything wrong with a rendered definition, or with a live one as its text.

    With `numbers` (`settings.thresholds`), also where it decides by other numbers. What is not of the language's shape
    is all that is said then: nothing else can be read of it.
    """
    lost = [Problem(WORKFLOW, words) for words in json_text.trouble(definition)]
    definition = json_text.to_look_at(definition)
    if misshapen := shape.problems(definition):
        return [*(lost or misshapen), Problem("statelint", "was not asked, so it has passed nothing")]
    problems = lost + [Problem("statelint", problem) for problem in statelint_view.findings(definition)]
    problems += grammar.problems(definition)
    problems += _workflow(definition)
    for state in walk(definition):
        problems += [Problem(state.where, problem) for rule in RULES for problem in rule(state)]
    problems += _quotations(definition)
    return problems + (list(_numbers(definition, numbers)) if numbers is not None else [])


def _workflow(definition: Mapping[str, Any]) -> Iterator[Problem]:
    where, limit = WORKFLOW, definition.get("TimeoutSeconds")
    if not isinstance(limit, int):
        yield Problem(where, "has no TimeoutSeconds: an execution could hang for a year")
    elif (most := longest(definition)) >= limit:
        yield Problem(
            where, f"its own tasks may take {most:g} s, longer than TimeoutSeconds {limit}: an alert could be cut off"
        )
    if COMPLETE not in definition.get("States", {}):
        yield Problem(where, f"has no {COMPLETE}: nothing says what became of a check-in")
    for name in sorted(placeholders(definition)):
        yield Problem(where, f"placeholder {name} is not filled")


def _choices_are_guarded(state: State) -> Iterator[str]:
    if state.type != "Choice":
        return
    if "Default" not in state.body:
        yield "has no Default: AWS fails the execution when no rule matches"
    for rule in state.body.get("Choices", []):
        yield from _unguarded(rule, frozenset())


def _unguarded(rule: Mapping[str, Any], guards: frozenset[Guard]) -> Iterator[str]:
    """What a rule compares without having made sure of it. `guards` hold when the rule is read."""
    for part in rule.get("And", []):
        yield from _unguarded(part, guards)
        guards |= _ensured(part)
    for part in rule.get("Or", []):
        yield from _unguarded(part, guards)
        guards |= _ensured({"Not": part})
    if "Not" in rule:
        yield from _unguarded(rule["Not"], guards)
    compared = rule.keys() - {*shape.BESIDE, *shape.JOINTS, "IsPresent"} if "Variable" in rule else set[str]()
    for operator in sorted(compared):  # of JSONata, where a rule has a Condition, statelint says what is not known
        variables = [rule["Variable"]] + ([rule[operator]] if operator.endswith("Path") else [])
        tests = ["IsPresent", "IsNumeric"] if operator.startswith("Numeric") else ["IsPresent"]
        for variable in variables:
            for test in tests:
                if (variable, test) not in guards and not variable.startswith("$$."):
                    yield f"compares {variable} by {operator} without {test} before it"


def _ensured(rule: Mapping[str, Any]) -> frozenset[Guard]:
    """The tests that surely hold once a rule held."""
    if "And" in rule:
        return frozenset().union(*(_ensured(part) for part in rule["And"]))
    denied = rule.get("Not", {})
    if "Not" in denied:
        return _ensured(denied["Not"])
    tests = [(rule, True), (denied, False)]
    return frozenset(
        (str(part["Variable"]), key) for part, sign in tests if "Variable" in part for key in part if part[key] is sign
    )


def _results_are_put_aside(state: State) -> Iterator[str]:
    """A result or an error that replaces the state leaves later paths missing, which no catch on AWS can catch."""
    if state.type in ("Task", "Parallel") and state.body.get("ResultPath", "$") == "$":
        yield "has no ResultPath: its result would replace the check-in"
    if any(catcher.get("ResultPath", "$") == "$" for catcher in state.body.get("Catch", [])):
        yield "has a Catch without ResultPath: the error would replace the check-in"


def _tasks_end(state: State) -> Iterator[str]:
    if state.type != "Task":
        return
    if not isinstance(state.body.get("TimeoutSeconds"), int):
        yield "has no TimeoutSeconds: AWS waits for ever"
    if not state.body.get("Retry"):
        yield "has no Retry: one hiccup decides"
    for retrier in state.body.get("Retry", []):
        if "MaxAttempts" not in retrier:
            yield "has a Retry without MaxAttempts"
    if not state.body.get("Catch"):
        yield "has no Catch: its failure ends the execution without a word"
    elif state.body["Catch"][-1].get("ErrorEquals") != ["States.ALL"]:
        yield "has a Catch that does not end in States.ALL: some errors pass it"


def _failures_are_answered(state: State) -> Iterator[str]:
    """A failed task leads to another task or to a failure; in a branch also to a Pass that says "not reached"."""
    for edge in edges(state.body):
        target = state.beside.get(edge.to)
        if target is None:
            yield f"leads to {edge.to}, which is not there"
        elif edge.kind == EdgeKind.CATCH and state.type == "Task" and state.name != PROCESSOR:
            result = target.get("Result")
            admits = bool(state.inside) and isinstance(result, Mapping) and False in result.values()
            if target.get("Type") not in ("Task", "Fail") and not admits:
                yield f"swallows its failure: the catch leads to {edge.to}"


def _ends_are_known(state: State) -> Iterator[str]:
    if state.inside:
        if state.type == "Fail":
            yield "fails inside a Parallel, which cancels the other branches"
        return
    ends = state.body.get("End") is True or state.type == "Succeed"
    if ends and state.name != COMPLETE:
        yield f"ends the execution; only {COMPLETE} and Fail states may"
    if state.type not in ("Fail", "Choice") and not ends and "Next" not in state.body:
        yield "leads nowhere"


def _branches_stand_alone(state: State) -> Iterator[str]:
    if state.type != "Parallel":
        return
    if not state.body.get("Catch") or state.body["Catch"][-1].get("ErrorEquals") != ["States.ALL"]:
        yield "has no Catch of States.ALL: a branch that fails ends everything"
    for number, branch in enumerate(state.body.get("Branches", []), start=1):
        if (most := longest(branch)) > BRANCH_SECONDS:
            yield f"branch {number} may take {most:g} s; a crisis alert must be out within {BRANCH_SECONDS} s"


def _subjects_are_plain(state: State) -> Iterator[str]:
    parameters = state.body.get("Parameters")
    for key, subject in parameters.items() if isinstance(parameters, Mapping) else ():
        if key.lower() not in ("subject", "subject.$") or subject == "$.subject":
            continue
        if not isinstance(subject, str):
            yield f"has a subject that is no text: {subject!r}"
            continue
        template = SUBJECT.fullmatch(subject)
        if key.endswith(".$") and not template:
            yield f"has a subject that is neither fixed nor a format of the drill's label: {subject}"
            continue
        text = template[1].replace("{}", "[DRILL] ") if template else subject
        if not (text.isascii() and text.isprintable() and 0 < len(text) <= SUBJECT_LENGTH):
            yield f"has a subject that SNS refuses: {text!r}; expected 1 to {SUBJECT_LENGTH} printable ASCII characters"


def _quotations(definition: Mapping[str, Any]) -> Iterator[Problem]:
    """Where a check-in's words, or an error's cause that may quote them, could get into a message or an output."""
    states = list(walk(definition))
    messages = [state for state in states if state.is_task("sns:publish")]
    spoken = {_field(path) for state in messages for path in references(state.body.get("Parameters"))} - {""}
    for state in states:
        parts = [state.body.get("Parameters")] if state in messages or state.name == COMPLETE else []
        parts += [state.body] if state.type == "Fail" else []
        parts += [
            {key: part} for key, part in _written(state.body) if key in spoken or key.removesuffix(".$") in spoken
        ]
        for path in references(parts):
            if _speaks(path):
                yield Problem(state.where, f"may let out a check-in's words: it refers to {path}")


def _written(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of the state's output and what they are made of. A caught error is `$`: its cause may be anything."""
    place = body.get("ResultPath", "$")
    if place == "$":
        made = body.get("Parameters", body.get("Result"))
        yield from made.items() if isinstance(made, Mapping) else ()
    elif place is not None:
        yield _field(place), body.get("Parameters", body.get("Result", {"all.$": "$"}))
    for catcher in body.get("Catch", []):
        if catcher.get("ResultPath"):
            yield _field(catcher["ResultPath"]), {"caught.$": "$"}


def _speaks(path: str) -> bool:
    """Whether a path may lead to somebody's words: also to a variable or to many fields, which nobody can follow."""
    try:
        of_context, keys = steps_of(OF_A_LIST.sub("", path))
    except BadParameters:
        return True
    return bool(WORDS.search("$" * (1 + of_context) + "".join(f".{key}" for key in keys)))


def _field(place: str) -> str:
    """The field of the state's data that a path leads into; "" where it is the whole, or not known here."""
    try:
        _, keys = steps_of(place)
    except BadParameters:
        return ""
    return str(keys[0]) if keys else ""


def _numbers(definition: Mapping[str, Any], wanted: Mapping[str, float]) -> Iterator[Problem]:
    try:
        actual = thresholds.thresholds_of(definition)
    except BadParameters as error:
        yield Problem(DECISION, str(error))
        return
    for name in sorted(wanted.keys() | actual.keys()):
        if actual.get(name) != wanted.get(name):
            yield Problem(DECISION, f"{name} is {actual.get(name)}; the parameters say {wanted.get(name)}")


RULES = (
    _choices_are_guarded, _results_are_put_aside, _tasks_end, _failures_are_answered, _ends_are_known,
    _branches_stand_alone, _subjects_are_plain,
)  # fmt: skip
