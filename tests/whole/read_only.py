"""`python -m tests.whole.read_only …`: the `provisioner` command in a process that can't write, make or remove any file, but for devices.

It needs no special rights. Linux's Landlock has the kernel refuse it, to C libraries too. Where there is no Landlock, an audit hook refuses
what Python itself is asked for. What the process was given open, such as its output, it may write to, and sockets are no files.
"""

import ctypes
import errno
import os
import runpy
import struct
import sys

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on all of Linux's architectures: landlock(7)."""

_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_REFER = 1 << 13
_VERSION_WITH_TRUNCATE = 3
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset(
    {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"}
)


def seal() -> None:
    """From now on every such call of this process fails."""
    if not _landlocked():
        sys.addaudithook(_refuse)


def _landlocked() -> bool:
    if sys.platform != "linux":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(_CREATE_RULESET, None, 0, 1)
    if version < _VERSION_WITH_TRUNCATE:
        return False
    handled = _WRITE_FILE | _REMOVE_AND_MAKE | _REFER | _TRUNCATE
    ruleset = system.syscall(_CREATE_RULESET, struct.pack("Q", handled), 8, 0)
    devices = os.open("/dev", os.O_PATH)
    rule = struct.pack("=Qi", _WRITE_FILE | _TRUNCATE, devices)
    added = system.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    restricted = system.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(devices)
    os.close(ruleset)
    if added or restricted:
        raise OSError(ctypes.get_errno(), "Landlock does not restrict this process")
    return True


def _refuse(name: str, arguments: tuple[object, ...]) -> None:
    if name == "open":
        path, _, flags = arguments
        writes = isinstance(flags, int) and flags & _WRITES and not str(path).startswith("/dev/")
    else:
        writes = name in _CHANGES
    if writes:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(arguments[0]))


if __name__ == "__main__":
    seal()
    sys.argv[0] = "provisioner"
    runpy.run_module("consumer.cli", run_name="__main__", alter_sys=True)
