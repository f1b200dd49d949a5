"""Git's hooks ``proc-receive`` and ``post-receive``: ask the sandbox, ref by ref.

GitHub judges each ref of a push alone (stacktale#163), which ``pre-receive`` cannot.
Run by git in a new interpreter without our packages, twice for each push: it imports
little, and neither ``socket``, ``json`` nor ``typing``: each takes half of its time.
"""

from __future__ import annotations

import _socket
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


def read_packet(stream: BinaryIO) -> bytes | None:
    """Return the next pkt-line, ``None`` at a flush (gitprotocol-common)."""
    size = int(stream.read(4) or b"0", 16)
    return stream.read(size - 4) if size else None


def write_packet(stream: BinaryIO, text: str | None) -> None:
    """Write *text* as a pkt-line, ``None`` as a flush."""
    if text is None:
        stream.write(b"0000")
    else:
        line = text.encode() + b"\n"
        stream.write(f"{len(line) + 4:04x}".encode() + line)


def ask(path: str, actor: str, updates: list[list[str]]) -> list[str]:
    """Say to the sandbox who moves what, and return the parts of its answer."""
    host, _, port = os.environ["SANDBOX_URL"].partition("//")[2].partition(":")
    text = "\0".join([actor, *(part for each in updates for part in each)]).encode()
    head = (
        f"POST {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    connection = _socket.socket()
    connection.connect((host, int(port)))
    connection.sendall(head.encode() + text)
    parts = list(iter(lambda: connection.recv(65536), b""))
    answer = b"".join(parts).partition(b"\r\n\r\n")[2]
    return answer.decode().split("\0")


def proc_receive(source: BinaryIO, target: BinaryIO) -> None:
    """Let git update what the rules allow, and refuse the rest."""
    while read_packet(source) is not None:
        pass  # the version and its capabilities
    write_packet(target, "version=1\0atomic")
    write_packet(target, None)
    target.flush()
    updates = []
    while (line := read_packet(source)) is not None:
        updates.append(line.decode().strip().split(" ", 2))
    actor = os.environ.get("SANDBOX_ACTOR")
    answer = [""] * 2 * len(updates)  # reason and text of each
    if actor:
        answer = ask("/_sandbox/push", actor, updates)
    for (_, _, ref), reason, text in zip(
        updates, answer[::2], answer[1::2], strict=True
    ):
        sys.stderr.write(text)
        if reason:
            write_packet(target, f"ng {ref} {reason}")
        else:
            write_packet(target, f"ok {ref}")
            write_packet(target, "option fall-through")
    sys.stderr.flush()
    write_packet(target, None)
    target.flush()


def post_receive(source: BinaryIO) -> None:
    """Tell the sandbox which refs moved."""
    updates = [line.decode().rstrip("\n").split(" ") for line in source]
    actor = os.environ.get("SANDBOX_ACTOR")
    if actor:
        ask("/_sandbox/pushed", actor, updates)


if __name__ == "__main__":
    if sys.argv[1] == "proc-receive":
        proc_receive(sys.stdin.buffer, sys.stdout.buffer)
    else:
        post_receive(sys.stdin.buffer)
