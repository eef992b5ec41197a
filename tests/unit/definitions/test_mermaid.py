"""A diagram of somebody's workflow holds no directive and no markup of theirs."""

from hostile import UNSEEN, machine

from lib.definitions import mermaid


def test_a_diagram_holds_no_directive_and_no_markup_of_a_states_name():
    directive = "%%{init: {'securityLevel': 'loose'}}%%"
    hostile = machine(f'{directive} <img src=x onerror=alert(1)> "]; click A call x() \u202e')
    drawn = mermaid.mermaid(hostile)
    assert "%%" not in drawn
    assert "<img" not in drawn
    assert not UNSEEN.search(drawn)
    assert "#37;#37;#123;init" in drawn  # Mermaid shows these as the characters
