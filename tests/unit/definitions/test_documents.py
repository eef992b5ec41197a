"""The documentation that phase 06 writes: what it says is what is deployed."""

from pathlib import Path

import pytest

from lib import settings as parameters
from lib.definitions import documents, loader, marked_sections, templates


def test_changed_is_the_difference_of_two_texts() -> None:
    assert documents.section_diff("a.md", None, "x\ny").split("\n")[-2:] == ["+x", "+y"]
    assert "-x" in documents.section_diff("a.md", "x", None)
    assert documents.section_diff("a.md", "x", "x") == ""


@pytest.fixture(scope="module", params=["local", "prod"])
def texts(request: pytest.FixtureRequest) -> dict[tuple[str, str], str]:
    settings = parameters.load(request.param)
    definition = templates.definition(settings)
    return documents.sections(settings, definition, templates.mermaid(definition), loader.rules())


def test_event_types_and_thresholds_are_the_deployed_ones(texts: dict[tuple[str, str], str]) -> None:
    events = texts["CLAUDE.md", "event-types"]
    for rule in loader.rules():
        cells = (rule["pattern"]["source"][0], rule["pattern"]["detail-type"][0], rule["name"])
        assert "| " + " | ".join(cells) + " |" in events
    assert "Your6-LowSentimentRule" in events
    limits = texts["CLAUDE.md", "thresholds"]
    assert all(words in limits for words in ("risk > 95", "risk > 85", "sentiment < -0.6 or risk > 50", "risk > 30"))


def test_every_documented_runbook_command_and_file_exists(texts: dict[tuple[str, str], str]) -> None:
    from lib.cli.change_commands import main

    lines = texts["CLAUDE.md", "testing"].split("\n")
    commands = [line.split()[1] for line in lines if line.startswith("runbook ")]
    assert commands == ["plan", "apply"]
    assert set(commands) <= set(main.commands)
    named = [word for line in lines if line.startswith("papermill") for word in line.split() if "/" in word]
    assert all((parameters.ROOT / name).exists() for name in named)
    assert len(named) == 2


def test_production_needs_the_approved_plan_and_no_address_is_written() -> None:
    settings = parameters.load("prod")
    assert "--approved-plan" in documents.testing_commands(settings)
    assert "--endpoint-url" not in documents.testing_commands(settings)
    definition = templates.definition(settings)
    text = "".join(documents.sections(settings, definition, "graph", loader.rules()).values())
    assert settings.ops_subscription_endpoint not in text
    assert "--endpoint-url http://127.0.0.1" in documents.testing_commands(parameters.load("local"))


def test_features_without_a_parallel_state_or_a_timeout_still_read_well() -> None:
    text = documents.features(parameters.load("local"), {"States": {"A": {"Type": "Pass"}}})
    assert "Crisis protocol in branches" in text
    assert "ends after" not in text


def test_every_section_the_plan_names_is_there(texts: dict[tuple[str, str], str]) -> None:
    assert set(texts) == {
        ("CLAUDE.md", "event-types"),
        ("CLAUDE.md", "thresholds"),
        ("CLAUDE.md", "testing"),
        ("README.md", "step-functions"),
        ("README.md", "alert-levels"),
        ("README.md", "architecture"),
    }
    assert all(text == marked_sections.normal(text) and text.startswith("## ") for text in texts.values())


def test_a_written_section_reads_back_equal(texts: dict[tuple[str, str], str], tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_bytes(b"# App\n\nWords.\n")
    for (_, name), text in texts.items():
        marked_sections.write_section(readme, name, text)
        assert marked_sections.read_section(readme, name) == text
