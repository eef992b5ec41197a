"""The files of lib/definitions: rules and scenarios agree with the definition, and one that is missing is named."""

import pytest

from lib import settings
from lib.asl.states import walk
from lib.definitions import loader, templates
from lib.errors import BadParameters

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)


def test_rules_and_scenarios_agree_with_the_definition() -> None:
    sent = {
        (entry["Source"], entry["DetailType"])
        for state in walk(PLAIN)
        if state.is_task("events:putEvents")
        for entry in state.body["Parameters"]["Entries"]
    }
    rules = [loader.template(f"rules/{name}.json") for name in ("crisis", "highrisk", "proactive")]
    patterns = {(*rule["pattern"]["source"], *rule["pattern"]["detail-type"]) for rule in rules}
    assert sent == patterns | {("your6.checkin", "Low Sentiment Alert")}
    for rule in rules:
        for sample, matches in ((rule["sample"], True), (rule["nonMatchingSample"], False)):
            assert all(sample[key] in allowed for key, allowed in rule["pattern"].items()) is matches
    kinds = {kind for _, kind in sent}
    for path in (loader.FOLDER / "scenarios").glob("test-*.json"):
        assert set(loader.template(f"scenarios/{path.name}")["expect"]["events"]) <= kinds


def test_a_missing_or_broken_file_is_named() -> None:
    with pytest.raises(BadParameters, match=r"nothing\.json is missing"):
        loader.template("nothing.json")
