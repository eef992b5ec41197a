"""Our widgets in a dashboard of somebody's: every other is passed over and kept to the byte."""

import json

import pytest
from theirs import Fake, live

from lib.errors import NotAsWanted
from lib.resources.resource_kinds import Widgets
from lib.values.exact_json import dumps

WIDGETS = [None, 7, "x", [], {}, {"properties": None}, {"properties": []}, {"properties": {"title": 7}},
           {"properties": {"title": None}}, {"type": "text", "properties": {"markdown": "Phase 3: x"}}]  # fmt: skip


@pytest.mark.parametrize("theirs", [*([one] for one in WIDGETS), WIDGETS], ids=repr)
def test_a_widget_of_any_shape_is_somebodys(theirs):
    body = json.dumps({"start": "x", "widgets": theirs}, indent=1)
    client = Fake(get_dashboard={"DashboardBody": body})
    thing = Widgets(live(cloudwatch=client), "d", "Phase 3:")
    assert thing.read() is None
    mine = {"properties": {"title": "Phase 3: a"}}
    thing.write([mine])
    written = client.written[0][1]["DashboardBody"]
    assert json.loads(written)["widgets"] == [*theirs, mine]
    assert written.replace(f", {dumps(mine)}", "") == body
    thing.write(None)
    assert len(client.written) == 1  # there is nothing of ours in what is live


@pytest.mark.parametrize(
    ("body", "said"), [("[]", "no JSON object"), ("{", "cannot be read"), ('{"widgets": 7}', "no list")]
)
def test_a_body_that_is_no_dashboard_is_one_sentence_and_left_alone(body, said):
    client = Fake(get_dashboard={"DashboardBody": body})
    with pytest.raises(NotAsWanted, match=f"the body of dashboard d .*{said}"):
        Widgets(live(cloudwatch=client), "d", "Phase 3:").write([{}])
    assert client.written == []


def test_a_dashboard_without_widgets_gets_ours_and_an_empty_one_of_somebodys_is_never_deleted():
    for body in ("{}", '{"widgets":[]}', '{"widgets": []}', '{"start": "x"}'):
        client = Fake(get_dashboard={"DashboardBody": body})
        thing = Widgets(live(cloudwatch=client), "d", "P")
        thing.write([{"properties": {"title": "P"}}])
        client.answers["get_dashboard"] = {"DashboardBody": client.written[-1][1]["DashboardBody"]}
        assert thing.read() == [{"properties": {"title": "P"}}]
        thing.write(None)
        assert [operation for operation, _ in client.written] == ["put_dashboard", "put_dashboard"]
