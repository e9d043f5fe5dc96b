"""A process in a world of its own: what a submission can see, write, reach and use up, on Linux.

`apart` moves this process into namespaces of its own (users, mounts, processes, network), with a
file system made anew: the system's and Python's folders, read-only; a working folder in memory; and
nothing else. Whoever runs there is nobody special, and all that it starts ends with it.
"""

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import time
from pathlib import Path

NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000  # user mnt pid net ipc
BIND, RECURSIVE, PRIVATE, DETACH = 4096, 16384, 1 << 18, 2
NO_SUID, NO_DEV, NO_EXEC, READ_ONLY = 2, 4, 8, 1
SETATTR = 442  # mount_setattr has no function in older C libraries; a number on all processors
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
NO_NEW_PRIVILEGES, DROP_CAPABILITY, DEATH_SIGNAL, DUMPABLE = 38, 24, 1, 4
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "passwd", "group", "hosts")
SETTINGS += ("nsswitch.conf", "fonts", "alternatives", "mime.types")
DEVICES = ("null", "zero", "full", "random", "urandom")
THREADS = 256  # of all processes together; who is root outside may have more
PAUSE = 0.2  # seconds between two looks at what is used


def _library():
    return ctypes.CDLL(None, use_errno=True)


def _call(name, *arguments):
    """A function of the C library; its error is an `OSError`."""
    given = [os.fsencode(a) if isinstance(a, str | Path) else a for a in arguments]
    if getattr(_library(), name)(*given) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(source, target, kind=None, flags=0, options=None):
    _call("mount", source, target, kind, ctypes.c_ulong(flags), options)


def read_only(place):
    """Lets nobody write below a mount."""
    wanted = (ctypes.c_uint64 * 4)(READ_ONLY | NO_SUID, 0, 0, 0)
    path = os.fsencode(place)
    _call("syscall", SETATTR, -100, path, 0x8000, wanted, ctypes.c_size_t(32))


def apart():
    """Moves this process out of sight of the others; what it forks next begins the new world.

    Raises:
        OSError: the system does not let it.
    """
    user, group = os.geteuid(), os.getegid()
    _call("unshare", NAMESPACES)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path("/proc/self", name).write_text(text)


def furnish(root, seen, hidden, writable, copied, size):
    """Makes the file system of the new world, and enters it.

    Args:
        root: an empty folder.
        seen: what can be read there, besides the system's own folders.
        hidden: files and folders that cannot, wherever they lie.
        writable: folders and files that are the same inside and outside.
        copied: a folder that is there as a copy, under its own name, to be written.
        size: bytes of all that is written.
    """
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _mount("world", root, "tmpfs", NO_SUID | NO_DEV, f"size={size},nr_inodes=100000,mode=755")
    shown = _outermost([*SYSTEM, *(f"/etc/{name}" for name in SETTINGS), *seen])
    for path in shown:
        _show(root, path)
        if not path.is_symlink():
            read_only(_inside(root, path))
    for path in map(Path, hidden):
        if any(path.is_relative_to(other) for other in shown):  # else it is not there anyway
            _hide(root, path)
    for name in DEVICES:
        _show(root, Path("/dev", name))
    for name in ("dev/shm", "tmp", "proc"):
        Path(root, name).mkdir(parents=True, exist_ok=True)
    flags = READ_ONLY | NO_SUID | NO_DEV | NO_EXEC  # who is root may else change the system's
    _mount("proc", Path(root, "proc"), "proc", flags)
    for path in writable:
        _show(root, Path(path))
    shutil.copytree(copied, _inside(root, copied), symlinks=True, dirs_exist_ok=True)
    os.chdir(root)
    number = PIVOT_ROOT[os.uname().machine]
    _call("syscall", number, b".", b".")
    _call("umount2", b".", DETACH)
    os.chdir("/")


def _inside(root, path):
    return Path(root, Path(path).relative_to("/"))


def _outermost(paths):
    """Those that exist and lie in no other of them, in order."""
    known = sorted({Path(path) for path in paths if os.path.lexists(path)} - {Path("/")})
    real = [path for path in known if not path.is_symlink()]
    return [p for p in known if not any(p != o and p.is_relative_to(o) for o in real)]


def _show(root, path):
    """The same file or folder at the same place of the new world."""
    target = _inside(root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    if path.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    _mount(path, target, None, BIND | RECURSIVE)


def _hide(root, path):
    """An empty file or folder in place of one that could be seen."""
    target = _inside(root, path)
    if target.is_dir():
        _mount("nothing", target, "tmpfs", READ_ONLY, "size=4k,mode=555")
    elif target.exists():
        _mount("/dev/null", target, None, BIND)


def limit(memory, file_size, seconds):
    """The limits of this process and of each that it starts."""
    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, THREADS),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def first_in_turn():
    """Lets this process run before others, where it may: who watches must get its turn."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def last_in_turn():
    """Takes that back, and a bit more."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(5)


def nobody_special():
    """Gives up for ever what the first process of the new world may do."""
    for capability in range(64):
        _library().prctl(DROP_CAPABILITY, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def ends_with_its_parent():
    """Asks the system to end this process when the one that forked it ends."""
    _call("prctl", DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def seen_by_others(seen):
    """Lets processes of the same user look into this one and what it forks, or not."""
    _call("prctl", DUMPABLE, int(seen), 0, 0, 0)


def watched(kernel, memory, processes):
    """Waits for the end of a process; in a world of its own, looks at all that lives there.

    Returns:
        None, or what there was too much of.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    next_look = 0
    while True:
        while True:
            try:
                ended = os.waitpid(-1, os.WNOHANG)[0]
            except ChildProcessError:
                return None
            if ended == kernel:
                return None
            if not ended:
                break
        lives = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]  # noqa: PTH208
        if len(lives) > processes:
            return f"more than {processes} processes"
        much = sum(map(_touched, lives)) > memory and time.monotonic() > next_look
        if much:  # or does each of many share its part with who forked it?
            if sum(map(_used, lives)) > memory:
                return f"more than {memory / 1e9:g} GB of memory"
            next_look = time.monotonic() + 1  # that look is a slow one
        signal.sigtimedwait({signal.SIGCHLD}, PAUSE)


def _touched(process):
    """Bytes that a process has to itself, or shares with who forked it: quick to tell."""
    fields = _read(process, "statm").split() or ("0",) * 3
    return (int(fields[1]) - int(fields[2])) * resource.getpagesize()


def _used(process):
    """Bytes of a process, of what several share its part."""
    lines = _read(process, "smaps_rollup").splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))


def _read(process, name):
    try:
        return Path("/proc", process, name).read_text(encoding="ascii")
    except OSError:
        return ""  # it has ended
