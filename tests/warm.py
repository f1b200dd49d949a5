"""A Python that has the program loaded: each run is a fork, and a process as ever.

``program()`` stands in for ``sys.executable`` in ``-P -m MODULE ...``: the folder, the
variables, the files and the end of a run are those of a Python started now, but for the
third of a second in which it loads the modules. Any other command line gets a real one.
A test that kills a run at a certain moment takes a real one too: this one dies after.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import io
import marshal
import os
import pkgutil
import random
import resource
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from plumbum.machines.local import LocalEnv, LocalMachine

import monokeel

# What tasks import of other packages; and sandbox.packer.
LOADED = (
    *("copier", "encodings.utf_8_sig", "invoke.program", "requests", "rich.live"),
    *("rich.table", "tarfile", "urllib.request"),
)
_CLIENT = """\
#!{python} -IS
import _socket, marshal, os, resource, sys

asked = sys.argv[1:]
fds = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2))
try:
    if asked[:2] != ["-P", "-m"]:
        raise OSError
    server = _socket.socket(_socket.AF_UNIX)
    server.connect({address!r})
    mask = os.umask(0)
    os.umask(mask)
    limit = resource.getrlimit(resource.RLIMIT_AS)
    rest = (asked[2:], dict(os.environ), os.getcwd(), mask, limit)
    run = marshal.dumps(rest)
    ours = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fds)
    sent = server.sendmsg([run], [ours])
    server.sendall(run[sent:])
    server.shutdown(_socket.SHUT_WR)
except OSError:
    os.execv({python!r}, [{python!r}, *asked])
code = int(server.recv(9) or b"1")
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@functools.cache
def program() -> str:
    """Return the path of the program; it works until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    address = str(folder / "socket")
    client = folder / "python"
    text = _CLIENT.format(python=sys.executable, address=address)
    client.write_text(text, encoding="utf-8")
    client.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, "-P", __file__, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    atexit.register(_end, server, folder)
    return str(client)


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.communicate()
    shutil.rmtree(folder)


def serve(address: str) -> str:
    """Fork for each run; return, in the fork alone, the module that it runs."""
    ours = pkgutil.walk_packages(monokeel.__path__, "monokeel.")
    for module in (*LOADED, *(each.name for each in ours)):
        if not module.endswith("__main__"):
            importlib.import_module(module)
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)
    os.write(1, b"ready\n")
    running: set[int] = set()
    while 0 not in select.select([0, listener.fileno()], [], [])[0]:
        connection, _ = listener.accept()
        if (fork := os.fork()) == 0:
            listener.close()
            return _attend(connection)
        connection.close()
        running.add(fork)
        running -= {each for each in running if os.waitpid(each, os.WNOHANG)[0]}
    raise SystemExit


def _attend(connection: socket.socket) -> str:
    """Fork the run, wait for it and say how it ended; return in the run alone."""
    first, fds, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    data = first + b"".join(iter(lambda: connection.recv(1 << 16), b""))
    child = os.fork()
    if child == 0:
        connection.close()
        return _become(data, fds)
    for fd in (*fds, 0, 1, 2):
        os.close(fd)
    waiting = select.poll()
    ended = os.pidfd_open(child)
    waiting.register(ended, select.POLLIN)
    waiting.register(connection, 0)  # it hangs up when the client was killed
    if ended not in dict(waiting.poll()):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(data: bytes, fds: list[int]) -> str:
    """Be what the client is; return the module it runs."""
    words, variables, folder, mask, limit = marshal.loads(data)  # noqa: S302  # ours
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(folder)
    os.umask(mask)
    os.environ.clear()
    os.environ.update(variables)
    LocalMachine.env = LocalEnv()  # Copier's own copy of them
    sys.path[:0] = filter(None, variables.get("PYTHONPATH", "").split(os.pathsep))
    time.tzset()
    random.seed()
    resource.setrlimit(resource.RLIMIT_AS, limit)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        setattr(sys, name, _stream(number, getattr(sys, name)))
    sys.argv = words
    return str(words[0])


def _stream(number: int, ours: io.TextIOWrapper) -> io.TextIOWrapper:
    """Return the standard stream on *number*: *ours* knows what was there before."""
    stream = open(  # noqa: SIM115  # until the end
        number,
        ours.mode,
        buffering=1 if number == 2 else -1,  # stderr: by line
        encoding=ours.encoding,
        errors=ours.errors,
        closefd=False,
    )
    assert isinstance(stream, io.TextIOWrapper)
    stream.reconfigure(write_through=ours.write_through)
    return stream


def _run(module: str) -> None:
    """Run *module* and end as it does; to take all that is loaded apart costs most."""
    ended = SystemExit()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        ended = error
    if isinstance(ended.code, int | None) and threading.active_count() == 1:
        atexit._run_exitfuncs()  # noqa: SLF001  # what Python does next
        with contextlib.suppress(OSError):  # Python says it, as always
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ended.code or 0)
    raise ended


if __name__ == "__main__":
    _run(serve(sys.argv[1]))
