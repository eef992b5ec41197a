"""Runs a module as this process, for as long as the parent lives. Never starts or stops any other process.

Started by path, as `python -P parent_watchdog.py FD MODULE ARGUMENTS...`. FD is the reading end of a pipe that only
the parent holds open: when the parent ends in any way, even by SIGKILL, the pipe closes and this process ends itself.
With `-` for FD nobody is watched, and the module runs until it is stopped by its process id.
"""

import atexit
import gc
import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 8.0


def _follow(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    gc.set_threshold(50_000)  # the account lives long; Python need not look through it at every 700 new objects
    atexit.register(gc.freeze)  # nor look through all of it again at the end
    leash, module, *arguments = sys.argv[1:]
    # Whoever started the parent may have blocked or ignored what we end by.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if leash != "-":
        threading.Thread(target=_follow, args=(int(leash),), daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
