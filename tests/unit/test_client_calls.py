"""Whatever AWS answers is a sentence of ours: no public function, and no cell, lets botocore's own errors out."""

from datetime import UTC, datetime, timedelta

import client_calls
import nbformat
import pytest
from machines import connected, says
from test_house import LIB

from lib.drills import drill_runner
from lib.drills.drill_session import Group
from lib.errors import NotAsWanted, Unreachable
from lib.phases import preflight, state_machine
from lib.phases.watch import delivery
from lib.phases.watch.checkpoint import Span
from lib.resources import connected_run, functions, workflow
from lib.settings import ROOT
from lib.telemetry import executions
from lib.telemetry.deliveries import alarm_history

SOURCES = {module: path.read_text(encoding="utf-8") for module, path in LIB.items()}
# What these hand on is called inside `readable` by whoever takes it. What they call themselves is no part of this.
INSIDE = {
    "lib.phases.proofs.ownership _pieces": "each is asked by `owners`",
    "lib.phases.watch.reader questions": "each is asked by `checkpoint.make`",
    "lib.resources.existing.baseline_pieces pieces": "each is asked by `_exists`",
    "lib.resources.existing.traffic_entries read": "each is walked through by `_asked`",
    **{
        f"lib.telemetry.configuration.{subject}": "a Reading, which `live_configuration` reads"
        for subject in (
            "callers of_a_function",
            "callers of_the_bus",
            "compute function",
            "compute key",
            "compute role",
            "compute state_machine",
            "messaging event_bus",
            "messaging queue",
            "messaging rule",
            "messaging topic",
            "storage bucket",
            "storage log_group",
            "storage table",
        )
    },
}
# What a live thing reads while it is written must tell by AWS's own code what may be tried again, and an absence is
# told by it as well. Whoever else calls one of these has to make its errors readable, which is seen here as well.
IN_BOTOCORES_ERRORS = {
    "lib.resources.existing.names versions_of",
    "lib.resources.existing.subscriptions attributes_of",
    "lib.resources.existing.subscriptions audience",
    "lib.resources.existing.subscriptions ended_by_a_mail",
    "lib.resources.existing.subscriptions has_mail",
    "lib.resources.existing.subscriptions served_by",
    "lib.resources.existing.subscriptions subscriptions",
    "lib.resources.existing.subscriptions with_attributes",
    "lib.resources.existing.traffic_starters by_apis",
    "lib.resources.existing.traffic_starters by_environment",
    "lib.resources.existing.traffic_starters by_executions",
    "lib.resources.existing.traffic_starters by_functions",
    "lib.resources.existing.traffic_starters by_machines",
    "lib.resources.existing.traffic_starters by_pipes",
    "lib.resources.existing.traffic_starters by_rules",
    "lib.resources.existing.traffic_starters by_schedules",
    "lib.resources.existing.traffic_starters by_the_processors_aliases",
    "lib.resources.functions permissions",
    "lib.resources.queues messages",
    "lib.resources.roles inline_policies",
    "lib.resources.rules targets",
    "lib.resources.users item_of",
    "lib.resources.workflow_alias WorkflowAlias.definitions",
    "lib.resources.workflow definitions_held",
    "lib.resources.workflow Workflow.definitions",
    "lib.resources.running_executions arns_running",
    "lib.resources.workflow description",
    "lib.resources.workflow versions",
    "lib.resources.workflow_alias aliases",
    "lib.resources.workflow_alias routing_of",
    "lib.resources.workflow_alias routings",
    "lib.telemetry.checkin_reading read_checkin",
}


def is_public(part):
    """Whether others may call it: a function, or a class's method; what is inside a function is that one's own."""
    names = part.partition(" ")[2].split(".")
    return not any(name.startswith("_") for name in names) and (len(names) == 1 or names[0][0].isupper())


def inside_a_function(part):
    names = part.partition(" ")[2].split(".")
    return len(names) > 2 or (len(names) == 2 and not names[0].lstrip("_")[0].isupper())


def test_no_public_function_lets_botocores_errors_out():
    escaping = client_calls.escapes(SOURCES, INSIDE)
    public = {part: why for part, why in escaping.items() if is_public(part) and not inside_a_function(part)}
    assert {part: why for part, why in public.items() if part not in IN_BOTOCORES_ERRORS} == {}
    assert public.keys() >= IN_BOTOCORES_ERRORS  # and what stands there without need is taken out


def test_what_is_handed_on_is_named_only_where_that_matters():
    escaping = client_calls.escapes(SOURCES)
    assert {part for part in INSIDE if part not in escaping} == set()


def test_no_cell_calls_what_lets_botocores_errors_out():
    modules = {part.partition(" ")[0].rpartition(".")[2] + "." + part.partition(" ")[2] for part in IN_BOTOCORES_ERRORS}
    cells = {
        path.name: "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
        for path in (ROOT / "runbooks").glob("*.ipynb")
    }
    assert cells
    assert {(file, one) for file, text in cells.items() for one in modules if f"{one}(" in text} == set()


GUARDED = """
from lib.aws_answers import absent_is_none, readable
def asked(live):
    with readable("asking"):
        {}
"""


@pytest.mark.parametrize(
    "call",
    [
        "return live.client('sns').get_topic_attributes(TopicArn=arn)",
        "return [page for page in live.client('sns').get_paginator('list_topics').paginate()]",
        "for page in live.client('sns').get_paginator('list_topics').paginate(): pass",
        "return live.client('lambda').invoke(FunctionName=name)['Payload'].read()",
        "answer = live.client('lambda').invoke(FunctionName=name); body = answer['Payload']; return body.read()",
        "return until(lambda: live.client('sns').get_topic_attributes(TopicArn=arn), bool)",
        "pages = live.client('sns').get_paginator('list_topics').paginate(); return list(pages)",
    ],
)
def test_a_call_inside_is_no_fault_and_outside_it_is_one(call):
    assert client_calls.escapes({"a": GUARDED.format(call)}) == {}
    bare = GUARDED.format(call).replace('readable("asking")', 'absent_is_none("NotFound")')
    assert "a asked" in client_calls.escapes({"a": bare})


@pytest.mark.parametrize(
    "source",
    [
        # Called through others.
        "def _raw(live): return live.client('sns').list_topics()\ndef asked(live): return _raw(live)",
        "def asked(live):\n    def inner(): return live.client('sns').list_topics()\n    return until(inner)",
        "ASK = lambda live: live.client('sns').list_topics()\ndef asked(live): return ASK(live)",
        "def _raw(live): return live.client('sns').list_topics()\nALL = {'topics': _raw}\n"
        "def asked(live): return ALL['topics'](live)",
        # A client by another name, and a call by a name that is given.
        "def asked(live):\n    one = two = live.client('sns')\n    return two.publish(Message='x')",
        "def asked(live, operation): return getattr(live.client('sns'), operation)(TopicArn='x')",
        "def asked(live): return partial(live.client('sns').list_topics)()",
        # Made inside, and walked through or called outside.
        "def asked(live):\n    with readable('x'):\n        pages = live.client('sns').get_paginator('y').paginate()\n"
        "    return list(pages)",
        "def asked(live):\n    with readable('x'):\n        return (one for one in live.client('sns').list_topics())",
        "def asked(live):\n    with readable('x'):\n        return lambda: live.client('sns').list_topics()",
        "def asked(live):\n    with readable('x'):\n        body = live.client('lambda').invoke()['Payload']\n"
        "    return body.read()",
        "def _pages(live):\n    yield from live.client('sns').get_paginator('y').paginate()\n"
        "def asked(live):\n    with readable('x'):\n        pages = _pages(live)\n    return list(pages)",
        "class _Pages:\n    def __iter__(self): yield live.client('sns').list_topics()\n"
        "def asked(live):\n    pages = _Pages()\n    return list(pages)",
        # Before the guard begins, and where it has ended.
        "def asked(live):\n    with opened(live.client('sns').list_topics()), readable('x'): pass",
        "def asked(live):\n    try:\n        with readable('x'): pass\n    finally:\n"
        "        live.client('sns').list_topics()",
        # Of an object.
        "class Thing:\n    def _raw(self): return self.live.client('sns').list_topics()\n"
        "    def other(self): return self._raw()\ndef asked(thing): return thing.other()",
    ],
)
def test_that_rule_is_not_fooled(source):
    whole = f"from lib.aws import Live\nfrom lib.aws_answers import readable\n{source}"
    assert "a asked" in client_calls.escapes({"a": whole})


def test_a_context_manager_that_runs_inside_a_guard_is_one():
    source = (
        "@contextmanager\ndef answering():\n    with readable('x'):\n        yield\n"
        "def asked(live):\n    with answering():\n        return live.client('sns').list_topics()"
    )
    assert client_calls.escapes({"a": source}) == {}


def test_what_is_handed_on_counts_for_whoever_is_not_named():
    source = (
        "def asked(live): return {'topics': lambda: live.client('sns').list_topics()}\n"
        "def other(live): return [lambda: 1, live.client('sns').list_topics()]"
    )
    sources = {"a": source}
    assert client_calls.escapes(sources).keys() == {"a asked", "a other"}
    assert client_calls.escapes(sources, {"a asked", "a other"}).keys() == {"a other"}


class Refusing:
    """A client that refuses every call."""

    def __init__(self, code):
        self.code = code

    def __getattr__(self, operation):
        def call(*_, **__):
            raise says(self.code)

        return call

    def get_paginator(self, _):
        return self


WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ONES = {
    "backup": lambda run: state_machine.backup(run),
    "publication": lambda run: state_machine.publication(run.live),
    "listeners": lambda run: state_machine.event_listeners(run.live),
    "environment": lambda run: functions.environment_keys(run.live, "f"),
    "baseline": lambda run: preflight.baseline(run.live),
    "counts": lambda run: preflight.counts(run.live, []),
    "missing pieces": lambda run: preflight.missing_pieces(run.live),
    "running": lambda run: workflow.running_executions(run.live),
    "revision": lambda run: executions.revision(run.live, "arn:x"),
    "alarms": lambda run: list(alarm_history.changes_of_state(run.live, WHEN, WHEN)),
    "functions": lambda run: delivery.functions(run, Span(WHEN - timedelta(hours=1), WHEN)),
    "subscribers": lambda run: delivery.subscribers(run, Span(WHEN - timedelta(hours=1), WHEN)),
    "drill": lambda run: drill_runner.run(run, [Group("crisis", [])], gated=False),
}


@pytest.mark.parametrize("asked", ONES)
@pytest.mark.parametrize(
    ("code", "kind", "exit_code"), [("ThrottlingException", NotAsWanted, 1), ("ExpiredTokenException", Unreachable, 2)]
)
def test_what_aws_refuses_is_a_sentence_and_its_exit_code(settings, record, asked, code, kind, exit_code):
    services = client_calls.services(SOURCES.values())
    live = connected(settings, **{service: Refusing(code) for service in services})
    with pytest.raises(kind) as refused:
        ONES[asked](connected_run.of(live, record))
    assert refused.value.exit_code == exit_code
