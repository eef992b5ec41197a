"""An answer of the doctor is got within bounds."""

import threading

from doctored import ASKED

from lib.checks import Status
from lib.phases.doctor.findings import find_out


def test_what_takes_too_long_is_cannot_tell():
    ended = threading.Event()
    found = find_out(ASKED, lambda: (Status.PASSED, str(ended.wait())), 0.01)
    ended.set()
    assert found.status == Status.CANNOT_TELL and "no whole answer within 0.01 s" in found.found
