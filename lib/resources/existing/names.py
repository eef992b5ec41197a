"""What the account calls the things that exist, where a name alone does not tell it. Read-only.

A role's ARN holds its path. A function is called by a version or an alias, and a permission, a policy and an
environment variable are that one's own: to call another one is to run other code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lib.asl import functions, json_text
from lib.asl.functions import Called
from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.changes.plans import same
from lib.errors import NotAsWanted
from lib.resources.existing import traffic_entries
from lib.resources.existing.traffic_entries import Entries
from lib.resources.rules import targets
from lib.resources.workflow import description, value_of
from lib.routes import LOW_SENTIMENT_RULE

VARIABLE = "OPS_SNS_TOPIC_ARN"


def role_arn(live: Live) -> str:
    """The ARN of the role that the live workflow has; where there is no workflow, of the role of that name.

    Raises NotAsWanted for another role than `execution_role_name`: its policy would go to a role that nobody uses.
    """
    s = live.settings
    with readable(f"reading the role of {s.state_machine_name}"):
        machine = description(live, s.state_machine_arn)
        if machine is None:
            return _role_of_that_name(live)
    arn = str(machine["roleArn"])
    if arn.rpartition("/")[2] != s.execution_role_name:
        raise NotAsWanted(
            f"{s.state_machine_name} has the role {arn}, and execution_role_name is {s.execution_role_name}: the "
            "permissions would go to a role that the workflow does not use. Set execution_role_name to "
            f"{arn.rpartition('/')[2]}, if that is the role it shall keep"
        )
    return arn


def _role_of_that_name(live: Live) -> str:
    name = live.settings.execution_role_name
    with absent_is_none("NoSuchEntity"):
        return str(live.client("iam").get_role(RoleName=name)["Role"]["Arn"])
    return live.settings.arn("iam", f"role/{name}")


def function_arn(live: Live, function: Called) -> str:
    """The ARN that calls this function by its version or alias."""
    return live.settings.arn("lambda", f"function:{function.said}")


def processor(live: Live, known: Entries | None = None) -> Called:
    """The processor as the definition calls it that real traffic runs. `known`: the ways in, where they were read.

    Raises NotAsWanted where that calls it by two names, or calls only others.
    """
    name = live.settings.processor_function_name
    running = [json_text.to_look_at(definition) for definition in running_definitions(live, known)]
    called = [one for definition in running for one in functions.functions_of(definition)]
    if called and not any(one and one.name == name for one in called):
        others = sorted({one.said if one else "a function that only a run of it tells" for one in called})
        raise NotAsWanted(
            f"the live workflow calls {', '.join(others)}, and never {name}; the new definition would score check-ins "
            "by another function than they are scored by now. Set processor_function_name to the one that scores them"
        )
    return _the_one(live, name, called, "the live workflow calls it")


def require_variable_seen(live: Live, known: Entries | None = None) -> str:
    """Raise NotAsWanted where check-ins run a published version of the processor that cannot be given our variable.

    The environment of a published version is frozen: what is set now is set on the latest code, which an alias never
    runs. Returns what runs, in words.
    """
    called, wanted = processor(live, known), live.settings.ops_topic_arn
    with readable(f"reading the environment of {called.said}"):
        versions = versions_of(live, called)
        without = [version for version in versions if _variable_of(live, called.name, version) != wanted]
    if without:
        raise NotAsWanted(
            f"check-ins run {called.said}, which is version {' and '.join(without)}: its environment is frozen and has "
            f"no {VARIABLE} of {wanted}, and this plan can set it on the latest code alone, where no check-in sees it. "
            f"Publish a version of {called.name} with {VARIABLE}={wanted}, let check-ins run that one, and plan again"
        )
    if versions:
        return f"{called.said}, version {' and '.join(versions)}: it is set there"
    return f"{called.said} runs its latest code, which phase 01 gives it"


def versions_of(live: Live, called: Called) -> list[str]:
    """The published versions that run under this name, two of a split alias; none where it is the latest code."""
    if not called.qualifier or called.qualifier.isdigit():
        return [called.qualifier] if called.qualifier else []
    answer = live.client("lambda").get_alias(FunctionName=called.name, Name=called.qualifier)
    others = answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return [version for version in (answer["FunctionVersion"], *others) if version != functions.LATEST]


def _variable_of(live: Live, function: str, version: str) -> str | None:
    answer = live.client("lambda").get_function_configuration(FunctionName=function, Qualifier=version)
    value = answer.get("Environment", {}).get("Variables", {}).get(VARIABLE)
    return None if value is None else str(value)


def running_definitions(live: Live, known: Entries | None = None) -> list[dict[str, Any]]:
    """The definitions that real traffic runs now, of the way in that drills take; the likeliest first."""
    entry = (known or traffic_entries.read(live)).arn
    return [value_of(row)["definition"] for row in traffic_entries.run_by(live, entry)]


@dataclass(frozen=True)
class Running:
    """The definition that most check-ins run now, as far as the way in tells. `split`: which others run, or ""."""

    definition: dict[str, Any]
    split: str = ""

    @property
    def said(self) -> str:
        return f"**{self.split}.**" if self.split else "All check-ins run the same definition."


def running_definition(live: Live) -> Running:
    """What most check-ins run now, and in words what the rest runs. Raises NotAsWanted where what they start runs none.

    Versions that hold the same definition are one.
    """
    known = traffic_entries.read(live)
    ways = [known.arn, *(one.arn for one in known.starters if known.ours(one.arn) and not one.possible)]
    shares = [(way, *row) for way in dict.fromkeys(ways) for row in traffic_entries.shares_of(live, way)]
    if not shares:
        raise NotAsWanted(
            f"nothing runs where check-ins start ({live.settings.state_machine_name}, or an alias of it); expected a "
            "definition. Look at the way in of phase 00"
        )
    rows = [(value_of(row)["definition"], _way(known, way, arn, weight), weight) for way, arn, row, weight in shares]
    definition = rows[0][0]
    mine, others = ([row for row in rows if same(row[0], definition) is it] for it in (True, False))
    if not others:
        return Running(definition)
    one_way = len({way for way, *_ in shares}) == 1
    share = f"{sum(weight for *_, weight in mine)} %" if one_way else "an unknown share"
    runs, another = (", ".join(said for _, said, _ in side) for side in (mine, others))
    return Running(
        definition,
        f"Only {share} of check-ins run what is taken here for the definition of today ({runs}); the rest runs another "
        f"one ({another})",
    )


def _way(known: Entries, way: str, arn: str, weight: int) -> str:
    what = "the workflow's latest revision" if arn == known.machine else f"version {known.qualifier(arn)}"
    return what if way == arn else f"{what} ({weight} % of alias {known.qualifier(way)})"


def dispatcher(live: Live) -> Called:
    """The dispatcher as the existing rule calls it. Raises NotAsWanted where it has two names there."""
    with readable(f"reading the targets of {LOW_SENTIMENT_RULE}"):
        rows: Iterable[Mapping[str, Any]] = targets(live, LOW_SENTIMENT_RULE).values()
    called = [functions.function_named(str(row["Arn"])) for row in rows if ":lambda:" in row["Arn"]]
    return _the_one(live, live.settings.dispatcher_function_name, called, f"{LOW_SENTIMENT_RULE} calls it")


def _the_one(live: Live, name: str, called: Iterable[Called | None], where: str) -> Called:
    named, s = [one for one in called if one and one.name == name], live.settings
    away = [one for one in named if one.region not in ("", s.region) or one.account not in ("", s.account_id)]
    if away:
        raise NotAsWanted(
            f"{where} in account {away[0].account}, region {away[0].region or s.region}, and these parameters are of "
            f"{s.account_id} in {s.region}: another function of the same name would take its place. Use the "
            "parameters of that account, or let it be called here"
        )
    mine = sorted({one.said for one in named})
    if len(mine) > 1:
        raise NotAsWanted(
            f"{where} as {' and as '.join(mine)}, which may be different code, and this plan calls one; expected one. "
            "Let all of them call the same version or alias first"
        )
    return functions.function_named(mine[0]) or Called(name) if mine else Called(name)
