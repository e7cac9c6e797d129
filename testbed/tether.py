"""`python -m testbed.tether <owner's pid> <module> …`: runs the module in this process, which ends with its owner at the latest.

Even where the owner was killed, and even where this process is stopped (SIGSTOP) then: the kernel does it. Only Linux's can; elsewhere the
module is run all the same.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal comes when the thread that started this process ends."""


def die_with(owner: int) -> None:
    """From now on this process is killed when its parent `owner` ends; at once where that has ended already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:
        os.kill(os.getpid(), signal.SIGKILL)


def _main() -> None:
    owner, module = int(sys.argv[1]), sys.argv[2]
    die_with(owner)
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
