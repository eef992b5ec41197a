"""What `apply` asks before it writes. Writes nothing; asks at a terminal.

Where approval is required, that is the question, and another person has answered it: nothing more is asked. Else
whoever types the command says yes to the plan that is shown, and to no other. What undoes (`rollback`, `restore`)
never asks: it gives back recorded values while check-ins may fail, and has an option of its own for what goes beyond.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lib.changes import loss_guard
from lib.changes.plans import Plan, fingerprint
from lib.cli import runner
from lib.display import plan_table, terminal
from lib.errors import BadParameters, Refused
from lib.record.run_phases import VALIDATION
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings
from lib.values.modes import Approval, Mode

YES = "yes"


@dataclass
class Agreement:
    """Whether somebody is asked before these phases are carried out, and what was said yes to."""

    asks: bool = False
    plan: list[Plan] = field(default_factory=list)  # what was shown

    @classmethod
    def before(cls, chosen: Settings, numbers: Sequence[str], yes: bool) -> "Agreement":
        """That of an apply. Raises BadParameters where somebody must be asked and there is no terminal to ask at."""
        writes = any(number in (*desired.PHASES, VALIDATION) for number in numbers)
        asks = writes and chosen.mode == Mode.APPLY and chosen.approval == Approval.NONE and not yes
        if asks and not terminal.can_ask():
            raise BadParameters(
                f"apply changes account {chosen.account_id} ({chosen.environment}) and asks before it does, but nobody "
                "can answer: standard input is no terminal. Say --yes to do without the question; nothing was written"
            )
        return cls(asks)

    def ask(self, run: ConnectedRun, numbers: Sequence[str]) -> None:
        """Show what would be changed and ask, where that is to be asked. Raises Refused for any answer but `yes`."""
        if not self.asks:
            return
        self.plan = _of_these(runner.plan_all(run.live), numbers)
        with terminal.aloud():  # also with -q: nobody says yes to what is not shown
            plan_table.changes(self.plan, f"Phase {', '.join(numbers)}")
        loss_guard.require_no_loss(self.plan, run)
        terminal.explain(plan_table.besides(numbers, self.plan))
        chosen, caller = run.settings, run.live.identity
        said = terminal.ask_to_apply(
            chosen.environment, caller.account, caller.region, plan_table.count_line(self.plan)
        )
        if said != YES:
            raise Refused(f"the answer was {said or 'nothing'!r}, expected {YES!r}; nothing was written")

    def require_same(self, plans: Sequence[Plan], numbers: Sequence[str]) -> None:
        """Raise Refused where the plan is another by now than the one that was said yes to."""
        now = _of_these(plans, numbers)
        if not self.asks or fingerprint(now) == fingerprint(self.plan):
            return
        shown = {(plan.phase, change.resource.name): change.row() for plan in self.plan for change in plan.changes}
        rows = {(plan.phase, change.resource.name): change.row() for plan in now for change in plan.changes}
        other = [name for phase, name in {**shown, **rows} if shown.get((phase, name)) != rows.get((phase, name))]
        raise Refused(
            f"the account changed while the question was open: {', '.join(other)}; nothing was written. Look who did "
            "that, then apply again"
        )


NOT_ASKED = Agreement()  # of what is begun without a question


def _of_these(plans: Sequence[Plan], numbers: Sequence[str]) -> list[Plan]:
    return [plan for plan in plans if plan.phase in numbers]
