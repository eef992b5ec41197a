"""A plan in the terminal: what is most dangerous first, what differs in a value, the counts, and what comes besides."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lib.changes.plans import Change, Plan
from lib.display import console, signs
from lib.display.marks import Tone
from lib.display.signs import Sign
from lib.record import run_phases
from lib.record.change_rows import Action
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.telemetry.configuration import value_differences
from lib.values import contacts

SHOWN = 12  # places of a value that are shown; plan.json has every one
PLACES = 6  # in a row of a notebook's table
WORDS = {
    Action.REMOVE: ("- remove", Tone.BAD),
    Action.UPDATE: ("~ change", Tone.OPEN),
}
COUNTED = {"add": Action.CREATE, "change": Action.UPDATE, "remove": Action.REMOVE, "unchanged": Action.NONE}
# What a phase does in apply mode that is no change of the plan.
BESIDES = {
    "04": "04 invokes the dispatcher once an event type, for the drill user",
    "03": "03 starts drills on the candidate, and one on the live workflow where that is still the one of before",
    "05": "05 starts drills: temporary queues listen, and alerts marked [DRILL] reach who subscribes to either topic",
}
FOR_A_WHILE = "the definition and role that the workflow gets, drilled before it gets them"
READ_ONLY = ("00", "07", "08")


def _counts(plans: Sequence[Plan]) -> dict[str, int]:
    """How many things would be added, changed and removed, and how many are as wanted."""
    actions = [change.action for plan in plans for change in plan.changes]
    return {word: actions.count(action) for word, action in COUNTED.items()}


def count_line(plans: Sequence[Plan]) -> str:
    """`22 to add, 1 to change, 0 to remove`, and what stays."""
    number = _counts(plans)
    to_do = ", ".join(f"{number[word]} to {word}" for word in ("add", "change", "remove"))
    return f"{to_do}; {number['unchanged']} as wanted already" if number["unchanged"] else to_do


def besides(phases: Collection[str], plans: Sequence[Plan]) -> str:
    """What these phases do beside the plan's changes, for a while or by reading."""
    tried = any(map(desired.candidate, plans))  # where what check-ins run stays as it is, 03 has nothing to drill
    parts = [said for one, said in BESIDES.items() if one in phases and (tried or one != run_phases.WORKFLOW)]
    read = [number for number in READ_ONLY if number in phases]
    parts += [f"{', '.join(read)} only {'read' if len(read) > 1 else 'reads'} the account"] if read else []
    kept = "a run keeps its lock while it lasts, and a few SSM parameters that guard it"
    return f"Besides: {'; '.join([*parts, kept])}."


def changes(plans: Sequence[Plan], title: str = "Plan") -> None:
    """Every change that would be made, what is most dangerous first, and the counts."""
    pending = _by_danger(plans)
    console.paragraph(f"{title}: {count_line(plans)}", result=True)
    existing = [(phase, change) for phase, change in pending if change.action != Action.CREATE]
    for phase, change in existing:
        _in_full(phase, change)
    added = [(phase, change) for phase, change in pending if change.action == Action.CREATE]
    if added:
        rows = [[change.resource.name, phase, change.noticed] for phase, change in added]
        console.table(f"+ {len(added)} to add", ["added", "phase", "who notices"], rows)
        _undo_of([change for _, change in added])
    if passing := [(plan.phase, wanted.resource) for plan in plans if (wanted := desired.candidate(plan))]:
        rows = [[thing.name, phase, FOR_A_WHILE] for phase, thing in passing]
        console.table(f"+- {len(passing)} for a while", ["made and removed", "phase", "what for"], rows)


def temporary_rows(plan: Plan) -> list[dict[str, str | Sign]]:
    """What a phase makes and removes before it carries its plan out, as rows of a notebook's table."""
    wanted = desired.candidate(plan)
    if wanted is None:
        return []
    return [
        {
            "action": "+- for a while",
            "what": wanted.resource.name,
            "what differs": FOR_A_WHILE,
            "undo": "removed before the update",
            "who notices": wanted.resource.noticed,
        }
    ]


def _by_danger(plans: Sequence[Plan]) -> list[tuple[str, Change]]:
    """What would be changed, with its phase: what takes away, then what replaces; first what others rely on."""
    pending = [(plan.phase, change) for plan in plans for change in plan.pending]
    return sorted(pending, key=lambda one: _safety(one[1]))


def by_danger(every: Sequence[Change]) -> list[Change]:
    """The same of changes alone, and what stays as it is last."""
    return sorted(every, key=_safety)


def _safety(change: Change) -> tuple[int, bool]:
    order = (Action.REMOVE, Action.UPDATE, Action.CREATE, Action.NONE)
    return order.index(change.action), not change.resource.others_rely


def _undo_of(added: Sequence[Change]) -> None:
    """How what is added is undone: most of it alike, which is said once."""
    usual = Counter(change.undo for change in added).most_common(1)[0][0]
    console.paragraph(f"Undo of what is added: {usual}.")
    for change in added:
        if change.undo != usual:
            console.paragraph(f"Undo of {change.resource.name}: {change.undo}.")


def _in_full(phase: str, change: Change) -> None:
    word, tone = WORDS[change.action]
    about = [("undo", change.undo), ("who notices", change.noticed)]
    console.item(console.STYLES[tone], f"{word}, phase {phase}: {change.resource.name}", _what_differs(change), about)


def _what_differs(change: Change, most: int = SHOWN) -> list[str]:
    """The first places of a value that differ, and how many more; of a thing that is new or goes, its parts."""
    before, after = change.before, change.after
    nothing = {} if isinstance(before or after, Mapping) else value_differences.MISSING
    was, will_be = (nothing if one is None else one for one in (before, after))
    return [] if change.action == Action.NONE else value_differences.lines(was, will_be, most)


def notebook_row(change: Change) -> dict[str, str | Sign]:
    """One change as a row of a notebook's table."""
    word, tone = WORDS.get(change.action, (str(change.action), Tone.NONE))
    return {
        "action": Sign(word, signs.COLOURS[tone]) if tone is not Tone.NONE else word,
        "what": change.resource.name,
        "what differs": "\n".join(_what_differs(change, PLACES)),
        "undo": change.undo,
        "who notices": change.noticed,
    }


def to_data(plans: Sequence[Plan], run: ConnectedRun, approved: str) -> dict[str, Any]:
    """A plan as plain data, for a script: its keys are documented in docs/operate.md."""
    s, caller, record = run.settings, run.live.identity, run.record
    return {
        "run_id": record.run_id,
        "environment": s.environment,
        "account": caller.account,
        "region": caller.region,
        "approval": str(s.approval),
        "fingerprint": approved,
        "counts": _counts(plans),
        "changes": _rows(plans),
        "for_a_while": [
            {"phase": plan.phase, "kind": one.resource.kind, "name": contacts.mask_text(one.resource.name)}
            for plan in plans
            if (one := desired.candidate(plan))
        ],
        "besides": besides(run_phases.NOTEBOOKS, plans),
        "record": str(record.folder),
    }


def _rows(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Every thing of the plan, what is most dangerous first, then what is as wanted."""
    kept = [(plan.phase, change) for plan in plans for change in plan.changes if change.action == Action.NONE]
    return [
        {
            "phase": phase,
            "action": str(change.action),
            "kind": change.resource.kind,
            "name": contacts.mask_text(change.resource.name),
            "differences": [one.to_row() for one in value_differences.differences(change.before, change.after)],
            "undo": change.undo,
            "who_notices": change.noticed,
        }
        for phase, change in [*_by_danger(plans), *kept]
    ]
