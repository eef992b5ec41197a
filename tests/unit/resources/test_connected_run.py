"""When a record that another machine had open may be closed by this one: by who holds the lock, over a dictionary."""

from dataclasses import replace

import pytest
from buckets import RUN, a_run
from locks import says, somebodys

from lib.record import records, sealing
from lib.resources import connected_run


@pytest.fixture
def opened(ours, theirs, live):
    """The run as a command of this machine has it open while another machine's process does."""
    a_run(theirs)
    ours.again()
    sealing.seal(ours.record, closing=False)
    ours.start()
    assert records.taken_over(ours.record)
    return connected_run.of(live, ours.record)


@pytest.mark.parametrize(
    ("holder", "may"), [(RUN, False), ("another", True), ("", True)], ids=["this run", "another run", "nobody"]
)
def test_it_is_closed_unless_its_run_writes_elsewhere(holder, may, opened, store):
    if holder:
        somebodys(store, run_id=holder)
    assert opened.may_close() is may


def test_one_whose_run_was_killed_elsewhere_is_closed_once_its_lock_lapsed(opened, store):
    somebodys(store, run_id=RUN)
    store.passes(3601)
    assert opened.may_close()


def test_where_nobody_can_tell_it_stays_open(opened, store):
    def refuse(call):
        raise says("AccessDeniedException")

    store.before = refuse
    assert not opened.may_close()


def test_without_a_store_and_where_nobody_had_it_open_no_lock_is_asked(opened, ours, store):
    assert replace(opened, record=replace(opened.record, store=None)).may_close()
    sealing.seal(ours.record)
    ours.start()
    assert opened.may_close()
    assert store.calls == []
