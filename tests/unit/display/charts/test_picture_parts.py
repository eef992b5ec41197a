"""A long workflow is drawn in pictures of a screen, with every state and way once."""

from typing import Any

from lib import settings as parameters
from lib.definitions import templates
from lib.display.charts import picture_parts, workflow_picture
from lib.display.charts.picture_parts import ELSEWHERE, edges_of

PHASE_3 = templates.definition(parameters.load("local"))


def chain(count: int, *more: tuple[str, str]) -> dict[str, Any]:
    """States one after the other, and what a choice of one adds."""
    states: dict[str, Any] = {
        f"S{at}": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Next": f"S{at + 1}"}
        for at in range(count)
    }
    states[f"S{count}"] = {"Type": "Succeed"}
    for source, target in more:
        states[source]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": target}]
    return {"StartAt": "S0", "States": states}


def test_a_long_workflow_is_drawn_in_pictures_of_a_screen_with_every_state_and_way_once() -> None:
    found = picture_parts.parts(PHASE_3)
    assert len(found) == 2
    for part in found:
        width, height = workflow_picture.workflow(part).get_size_inches()
        assert height <= width
    drawn = [name for part in found for name, body in part["States"].items() if body.get("Comment") != ELSEWHERE]
    assert sorted(drawn) == sorted(PHASE_3["States"])
    ways = [(name, one) for part in found for name, body in part["States"].items() for one in edges_of(name, body)]
    assert sorted(map(str, ways)) == sorted(
        str((name, one)) for name, body in PHASE_3["States"].items() for one in edges_of(name, body)
    )
    stub = found[1]["StartAt"]
    assert found[0]["States"][stub]["Comment"] == ELSEWHERE
    texts = {text.get_text() for text in workflow_picture.workflow(found[0]).axes[0].texts}
    assert ELSEWHERE in texts


def test_what_is_short_or_has_no_only_way_on_is_one_picture() -> None:
    short, long = chain(5), chain(40)
    assert picture_parts.parts(short) == [short]
    assert len(picture_parts.parts(long)) > 2
    tied = chain(40, *((f"S{at}", "S40") for at in range(40)))
    assert picture_parts.parts(tied) == [tied]
    width, height = workflow_picture.workflow(tied).get_size_inches()
    assert height <= width


def test_a_dotted_box_has_no_bar_of_an_end() -> None:
    first, *_ = picture_parts.parts(chain(40))
    bars = [line for line in workflow_picture.workflow(first).axes[0].lines if line.get_linewidth() == 2.5]
    assert bars == []
