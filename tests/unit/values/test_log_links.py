"""A link to a log stream: where it leads, and that it is shown whole, and nothing else that looks like one. No AWS."""

import html
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.checks import Check, Status
from lib.display import console, page, show
from lib.record.records import Record
from lib.values import contacts, log_links
from lib.values.check_registry import Id

GROUPS = [
    "/aws/lambda/Your6-CheckinProcessor", "/aws/vendedlogs/states/Your6-CheckinWorkflow", "their_logs.of#one/group",
]  # fmt: skip
STREAMS = [
    "2026/11/29/[$LATEST]0123456789abcdef0123456789abcdef", "states/Your6/2026-11-29-17-20/550e8400-e29b-41d4",
    "2026/11/29/[live]5f", "Flüsse (1)", "50%off", "a b,c;d|e",
]  # fmt: skip
PLACES = [("aws", "us-east-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
LINK = log_links.link("aws", "us-east-1", GROUPS[0], STREAMS[0])
OTHER = log_links.link("aws", "us-east-1", GROUPS[1], STREAMS[1])


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
    ],
)
def test_a_link_leads_to_the_console_of_the_partition(partition, host):
    assert log_links.link(partition, "somewhere-1", "/g", "s").startswith(
        f"https://somewhere-1.{host}/cloudwatch/home?"
    )
    assert log_links.link("aws-iso", "us-iso-east-1", "/g", "s") == "/g s"


@pytest.mark.parametrize(("before", "after"), [("", ""), ("2 times; see ", ". Next"), ('{"at": "', '"}'), ("(", ")")])
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("place", PLACES)
def test_a_link_is_shown_whole_wherever_it_stands(place, stream, group, before, after):
    link = log_links.link(*place, group, stream)
    assert contacts.mask_text(f"{before}{link}{after}") == f"{before}{link}{after}"
    assert f"log-group/{group}/log-events/{stream}" in log_links.names_in(link)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_link_names_the_stream_that_it_was_made_of(group, stream):
    link = log_links.link("aws", "us-east-1", group, stream)
    assert [unquote(unquote(part.replace("$", "%"))) for part in link.split("log-group/")[1].split("/log-events/")] == [
        group,
        stream,
    ]


@pytest.mark.parametrize(
    "stream",
    [
        "jane.roe@example.org", "2026/jane.roe%40example.org", "+15550100123", "of (555) 010-0123",
        "https://u:p@h.example.org",
    ],
)  # fmt: skip
def test_a_link_that_names_a_person_is_cut(stream):
    shown = contacts.mask_text(log_links.link("aws", "us-east-1", "/g", stream))
    assert shown.startswith("https://us-east-1.console.aws.amazon.com/(not shown: ")
    assert contacts.mask_text(shown) == shown


@pytest.mark.parametrize(
    "other",
    [
        LINK.replace("https", "http"), LINK.replace(".aws.amazon.com", ".aws.amazon.com.example.org"),
        LINK.replace("https://", "https://u:p@"), LINK.replace("region=us-east-1", "region=key-8f31c2"),
        LINK.replace("#logsV2", "&k=key#logsV2"), LINK.replace("/home", "/key"), f"{LINK}?key=1", f"{LINK}/more",
        f"{LINK}%40example.org", f"{LINK}@example.org", f"1{LINK}", LINK.replace("$252F", "/key/"), LINK.upper(),
        LINK.replace("us-east-1", "u@example.org"), LINK.replace("us-east-1", "+15550100123"),
    ],
)  # fmt: skip
def test_what_only_looks_like_such_a_link_is_cut_as_every_url(other):
    assert "(not shown: " in contacts.mask_text(other)
    assert "log-events" not in contacts.mask_text(other)


def test_a_check_a_table_and_the_record_show_the_whole_link(capsys, tmp_path):
    record = Record(tmp_path, "run")
    record.checked("05", [Check(Id.DRILL_LOGS, "logs", Status.CANNOT_TELL, f"1 timeout; see {LINK}", "nothing")])
    record.keep_text("evidence/x.csv", f"where,size\n{LINK},1.5\n")
    assert LINK in (tmp_path / "checks.jsonl").read_text()
    assert (tmp_path / "evidence/x.csv").read_text() == f"where,size\n{LINK},1.5\n"
    show.table([{"where": LINK, "said": f"1 timeout; see {LINK}"}])
    console.table("", ["where"], [[LINK]])
    shown = capsys.readouterr().out
    assert LINK in shown
    assert "(not shown" not in shown


def test_in_a_terminal_links_stand_below_the_table_each_once_and_can_be_copied(capsys):
    rows = [["processor", f"cannot tell; see {LINK}"], ["workflow", f"see {LINK} and {OTHER}"], ["dispatcher", ""]]
    console.table("Drill", ["log", "found"], rows)
    *drawn, first, second = capsys.readouterr().out.splitlines()
    assert [first, second] == [f"[1] {LINK}", f"[2] {OTHER}"]
    assert "see [1] and [2]" in "".join(drawn)
    assert "https" not in "".join(drawn)


def test_on_a_page_a_link_can_be_followed_and_is_no_wider_than_its_words():
    shown = page.grid(["found"], [[f"<b> see {LINK}, {OTHER}"]])
    links = re.findall(r'<a href="([^"]+)"', shown.html)
    assert [html.unescape(link) for link in links] == [LINK, OTHER]
    assert "https" not in re.sub(r'href="[^"]+"', "", shown.html)
    assert "&lt;b&gt; see <a" in shown.html
    assert LINK in shown.text and OTHER in shown.text
