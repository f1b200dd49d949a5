"""Answers that somebody has thought of: one line, code 4, no write, no secret sent.

Each through a real command; what a seed spoils is in ``test_hostile_server``.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from monokeel.ground.answers import Json
from tests.e2e.live_shop import LiveShop
from tests.fakes.http import speaking
from tests.fuzz.hostile import hostile
from tests.fuzz.test_hostile_server import RUNS, judged, shop

__all__ = ["shop"]
_A_NO = (b"HTTP/1.1 301", b"HTTP/1.1 307", b"HTTP/1.1 418")
OK = b"HTTP/1.1 200 OK\r\n"
Answer = tuple[int, dict[str, str], bytes]
Spoil = Callable[[str, Answer], Answer]
KEY = "Docker_Content_Digest"

STATUS = ("status",)
GUARD = ("guard", "--version", "1.1.0")
PROMOTE = ("promote", "--env", "staging", "--version", "1.0.0", "--dry-run")
RELEASES = ("drift", "--only", "releases")
EXPORT = ("policy.export",)
HISTORY = ("history", "--env", "dev")

# What stands on the socket in place of every answer.
RAW = {
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
    "http 0.9": b"<html>hello</html>",
    "no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "status 99": b"HTTP/1.1 99 x\r\n\r\n",
    "status 1000": b"HTTP/1.1 1000 x\r\nContent-Length: 2\r\n\r\n{}",
    "negative length": OK + b"Content-Length: -5\r\n\r\n{}",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "length of letters": OK + b"Content-Length: many\r\n\r\n{}",
    "length of 5,000 digits": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
    "cut": OK + b"Content-Length: 5000\r\n\r\n[{",
    "bad chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
    "negative chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "chunk with a long size": OK
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"0" * 70_000
    + b"2\r\n{}\r\n0\r\n\r\n",
    "header without a colon": OK + b"nonsense\r\nContent-Length: 2\r\n\r\n{}",
    "header of 100 kB": OK + b"X: " + b"x" * 100_000 + b"\r\n\r\n{}",
    "500 headers": OK + b"X: y\r\n" * 500 + b"Content-Length: 2\r\n\r\n{}",
    "NUL in a header": OK + b"X: a\0b\r\nDate: \0\r\nContent-Length: 2\r\n\r\n{}",
    "odd cookies": OK
    + b"Set-Cookie: a=b; expires=Fri, 99 Dec 99999 99:99:99; Max-Age=1e99; Domain=\r\n"
    + b"Set-Cookie: =;;;=\xff\r\nContent-Length: 2\r\n\r\n{}",
    "UTF-16": OK
    + b"Content-Type: application/json; charset=utf-16\r\nContent-Length: 6\r\n\r\n"
    + "{}".encode("utf-16"),
    "unknown charset": OK
    + b"Content-Type: application/json; charset=klingon\r\nContent-Length: 2\r\n\r\n{}",
    "br": OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    "zstd": OK + b"Content-Encoding: zstd\r\nContent-Length: 2\r\n\r\n{}",
    "a storm of codings": OK
    + b"Content-Encoding: "
    + b", ".join([b"gzip"] * 90)
    + b"\r\nContent-Length: 2\r\n\r\n{}",
    "gzip cut": OK
    + b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n"
    + gzip.compress(b"{}" * 99)[:12],
    "redirect to itself": b"HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "redirect nowhere": b"HTTP/1.1 301 M\r\nLocation: http://[::1\r\n"
    b"Content-Length: 0\r\n\r\n",
    "redirect to a file": b"HTTP/1.1 307 T\r\nLocation: file:///etc/passwd\r\n"
    b"Content-Length: 0\r\n\r\n",
    "moved without a place": b"HTTP/1.1 308 P\r\nContent-Length: 0\r\n\r\n",
    "moved to odd letters": b"HTTP/1.1 301 M\r\nLocation: \xff\xfe\x1b[31m\r\n"
    b"Content-Length: 0\r\n\r\n",
    "number that is infinite": OK + b"Content-Length: 7\r\n\r\n[1e999]",
    "NaN": OK + b"Content-Length: 5\r\n\r\n[NaN]",
    "a string": OK + b'Content-Length: 3\r\n\r\n"a"',
    "a list of lists": OK + b"Content-Length: 4\r\n\r\n[[]]",
    "teapot with a tale": b"HTTP/1.1 418 T\r\nContent-Length: 99999\r\n\r\n"
    + b"\x1b[31m" * 19999
    + b"aaaa",
}


def field(path: str, name: str, value: Json) -> Spoil:
    """Exchange each member *name* of what answers *path* (a pattern)."""

    def spoil(asked: str, answer: Answer) -> Answer:
        status, headers, body = answer
        if not re.search(path, asked):
            return answer
        found: Json = json.loads(body or b"null")
        stack = [found]
        while stack:
            each = stack.pop()
            if isinstance(each, dict):
                each |= {name: value} if name in each else {}
                stack += [x for key, x in each.items() if key != name]
            elif isinstance(each, list):
                stack += each
        return status, headers, json.dumps(found).encode()

    return spoil


def long(path: str, spaces: int, end: bytes) -> Spoil:
    """Answer *path* with a list of so many *spaces* and its *end*, made when asked."""

    def spoil(asked: str, answer: Answer) -> Answer:
        return whole(path, b"[" + b" " * spaces + end)(asked, answer)

    return spoil


def whole(path: str, body: bytes, **headers: str) -> Spoil:
    """Answer *path* with *body*."""

    def spoil(asked: str, answer: Answer) -> Answer:
        if not re.search(path, asked):
            return answer
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return 200, {**answer[1], **more}, body

    return spoil


ODD = f"sha256:{'Z' * 64}"
NUMBERS = (-1, 1.5, 10**400, "7", True, None)
# Command → what is spoilt on its way, by name.
SPOILT: dict[str, tuple[tuple[str, ...], Spoil]] = {
    **{
        f"{where} {value!r:.9}": (args, field(path, name, value))
        for where, args, path, name in (
            ("ruleset", EXPORT, r"/rulesets", "id"),
            ("release", RELEASES, r"/releases", "id"),
            ("deployment", STATUS, r"/graphql", "databaseId"),
            ("count", HISTORY, r"/graphql", "totalCount"),
        )
        for value in NUMBERS
    },
    **{
        f"time {value:.9}": (HISTORY, field("/graphql", "createdAt", value))
        for value in ("", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z", "9" * 99)
    },
    **{
        f"digest {value:.9}": (PROMOTE, whole(r"/manifests/", b"{}", **{KEY: value}))
        for value in (ODD, "sha512:aa", "../../etc", "x" * 9000)
    },
    "a manifest of ten thousand": (
        PROMOTE,
        whole(
            r"/manifests/",
            json.dumps(
                {"manifests": [{"digest": f"sha256:{n:064x}"} for n in range(10_000)]}
            ).encode(),
            Content_Type="application/vnd.oci.image.index.v1+json",
        ),
    ),
    "a manifest that names itself oddly": (
        PROMOTE,
        whole(
            r"/manifests/",
            b'{"manifests": [{"digest": "../../x"}, {"digest": 1}, 1, null]}',
            Content_Type="application/vnd.oci.image.index.v1+json",
        ),
    ),
    "members said twice": (EXPORT, whole(r"/rulesets\b", b'[{"id": 1, "id": 2}]')),
    "a next page of its own": (
        EXPORT,
        whole(r"/rulesets\b", b"[]", Link='<http://localhost:1/x>; rel="next"'),
    ),
    "a next page in a file": (
        EXPORT,
        whole(r"/rulesets\b", b"[]", Link='<file:///etc/passwd>; rel="next"'),
    ),
    "a next page with a password": (
        EXPORT,
        whole(r"/rulesets\b", b"[]", Link='<http://u:p@127.0.0.1/>; rel="next"'),
    ),
    "a list of 40 MiB": (EXPORT, long(r"/rulesets\b", 40 << 20, b"1]")),
    "a list of 60 MiB": (EXPORT, long(r"/rulesets\b", 60 << 20, b"]")),
    "a cursor that never ends": (
        HISTORY,
        field("/graphql", "pageInfo", {"hasNextPage": True, "endCursor": 1}),
    ),
    "a name of a megabyte": (EXPORT, field(r"/rulesets", "name", "x" * (1 << 20))),
    "a name of control letters": (STATUS, field("/graphql", "login", "\x1b[31m\u202e")),
    "an environment of a list": (STATUS, field("/graphql", "environment", [[]])),
    "a payload of half a letter": (STATUS, field("/graphql", "payload", "\ud800")),
    "a payload that is deep": (STATUS, field("/graphql", "payload", "[" * 99_999)),
}


# Nine seconds each, of trying again: some by default, all by ``nox -s fuzz``.
TRIED = [*RAW] if RUNS > 100 else [*RAW][::6]


@pytest.mark.parametrize("name", TRIED)
def test_who_says_anything_gets_code_4_and_a_line(shop: LiveShop, name: str) -> None:
    """No registry is "free" for it; a query of GraphQL is never refused by it."""
    asked = STATUS if [*RAW].index(name) % 2 or RAW[name].startswith(_A_NO) else EXPORT
    with speaking(lambda client: client.sendall(RAW[name])) as url:
        for task, place in ((asked, "GITHUB_API_URL"), (GUARD, "MONOKEEL_REGISTRY")):
            done = judged(shop, task, **{place: url})

            errors = [x for x in done.stderr.splitlines() if x.startswith("error: ")]
            assert (done.returncode, len(errors)) == (4, 1), (task, done.stderr)


@contextmanager
def spoiling(box_url: str, spoil: Spoil) -> Iterator[str]:
    """Serve what the sandbox serves, spoilt by *spoil*."""
    with hostile(box_url, 1, 0.0) as server:
        server.also = spoil
        yield server.url


@pytest.mark.parametrize("name", SPOILT)
def test_an_odd_answer_among_good_ones_is_no_bug(shop: LiveShop, name: str) -> None:
    args, spoil = SPOILT[name]
    with spoiling(shop.box.url, spoil) as url:
        done = judged(shop, args, GITHUB_API_URL=url, MONOKEEL_REGISTRY=url)

    errors = [x for x in done.stderr.splitlines() if x.startswith("error: ")]
    assert done.returncode in {0, 2, 3, 4}, done.stdout + done.stderr
    assert len(errors) <= 1, done.stdout + done.stderr
