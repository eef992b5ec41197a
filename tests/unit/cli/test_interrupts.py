"""A command ends on what is sent to end it, whatever the parent that started it did to signals. Real subprocesses."""

import os
import signal
import subprocess
import sys

import pytest

from lib.cli.interrupts import ENDING, taking_interrupts
from lib.settings import ROOT

# What a parent may do before it starts a command: both are inherited, also from whoever started these tests, nohup say.
STARTER = """
import os, signal, sys
number = int(sys.argv[2])
signal.signal(number, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
if sys.argv[1] == "ignored":
    signal.signal(number, signal.SIG_IGN)
elif sys.argv[1] == "blocked":
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
os.execv(sys.executable, [sys.executable, "-c", sys.argv[3]])
"""
COMMAND = """
import signal
from lib.cli import interrupts
try:
    with interrupts.taking_interrupts():
        print("ready", flush=True)
        signal.pause()
except KeyboardInterrupt as error:
    print(type(error).__name__, "cleared up", flush=True)
"""
CHILD = """
import signal, subprocess, sys
from lib.cli import interrupts
with interrupts.taking_interrupts():
    blocked = "import signal, sys; sys.exit(7 + len(signal.pthread_sigmask(signal.SIG_BLOCK, ())))"
    print(subprocess.run([sys.executable, "-c", blocked]).returncode, flush=True)
"""


def started(how, number, command):
    line = [sys.executable, "-c", STARTER, how, str(int(number)), command]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", ["as usual", "ignored", "blocked"])
@pytest.mark.parametrize("number", ENDING)
def test_what_ends_a_command_is_taken_however_it_was_started(how, number):
    if (how, number) == ("ignored", signal.SIGHUP):
        return  # nohup's own; below
    with started(how, number, COMMAND) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        said = process.communicate()[0]
    name = "KeyboardInterrupt" if number == signal.SIGINT else "Interrupted"
    assert said == f"{name} cleared up\n"


def test_a_terminal_that_goes_ends_no_command_that_nohup_started():
    with started("ignored", signal.SIGHUP, COMMAND) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.communicate()[0] == "Interrupted cleared up\n"


def test_how_a_child_ended_is_known_also_where_the_parent_ignored_the_ends_of_children():
    with started("ignored", signal.SIGCHLD, CHILD) as process:
        assert process.communicate()[0] == "7\n"


@pytest.mark.parametrize("number", ENDING)
def test_a_child_inherits_nothing_blocked(number):
    with started("blocked", number, CHILD) as process:
        assert process.communicate()[0] == "7\n"


def test_a_second_sigterm_does_not_disturb_the_clearing_up():
    cleared = []
    with pytest.raises(KeyboardInterrupt), taking_interrupts():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            cleared.append("all")
    assert cleared == ["all"]


def test_afterwards_signals_are_as_they_were():
    before = [signal.getsignal(number) for number in ENDING], signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with taking_interrupts():
        pass
    assert ([signal.getsignal(number) for number in ENDING], signal.pthread_sigmask(signal.SIG_BLOCK, ())) == before
