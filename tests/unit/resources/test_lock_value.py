"""Whether the process that a lock names is gone, by what the lock alone and this machine tell."""

import os
import platform
import subprocess
import sys

from locks import somebodys

from lib.values import processes


def test_one_whose_process_on_this_machine_is_gone_is_stale_although_its_lease_lasts(store, live):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lock = somebodys(store, host=platform.node(), pid=process.pid, born=processes.born(process.pid))
    assert lock.stale == ""
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie: ended, and nobody has asked how
    assert lock.stale == f"its process {process.pid} on this machine is gone"
    process.wait()
    assert lock.stale == f"its process {process.pid} on this machine is gone"


def test_another_process_with_the_same_id_is_not_the_holder(store, live):
    boot = processes.boot()
    assert somebodys(store, host=platform.node(), pid=os.getpid(), born=f"{boot} 1").stale
    assert not somebodys(store, host=platform.node(), pid=os.getpid(), born=processes.born(os.getpid())).stale


def test_a_machine_that_only_has_the_same_name_tells_nothing_about_the_process(store, live):
    assert somebodys(store, host=platform.node(), pid=2**22 + 1, born="another-boot 1").stale == ""


def test_a_container_of_the_same_machine_tells_nothing_about_the_process(store, live):
    other = processes.boot().rpartition("/")[0] + "/pid:[1]"
    assert somebodys(store, host=platform.node(), pid=2**22 + 1, born=f"{other} 1").stale == ""
    assert somebodys(store, host=platform.node(), pid=2**22 + 1, born=f"{processes.boot()} 1").stale != ""
