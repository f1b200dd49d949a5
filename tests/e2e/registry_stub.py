"""A stub that plays the registry of somebody before Debian's docker-registry.

What is said where (the challenge, the words of a "no", whether a repository is made by
a push) comes from ``registry_kinds.json`` and from the rows of
``tests/adapters/registry_answers.json``, each with its source; those without one are
marked as suspected. The code never reads these files.
"""

import base64
import json
import re
from contextlib import closing
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from monokeel.adapters.manifests import MEDIA_TYPES
from tests.e2e.registry_proxy import Proxy, Reply

USER, PASSWORD = "robot", "p4ssw0rd-of-the-robot"
_HERE = Path(__file__).parent
_ROWS = json.loads(
    (_HERE.parent / "adapters/registry_answers.json").read_text(encoding="utf-8")
)
_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<what>manifests|blobs|tags)/(?P<rest>.*)")
_BASIC = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
_OK, _DENIED = 200, 401


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One registry as it is known: *images* is where it keeps them.

    *challenge* is its ``WWW-Authenticate``, empty where it asks for nothing. A push
    *creates* a repository, or somebody has to. *asks* says whom it tells that there is
    no repository: whoever may ``pull``, who may ``push``, or nobody (``probe``: only
    that an upload is begun shows it).
    """

    registry: str
    host: str
    images: str
    challenge: str
    source: str
    mark: str
    creates: bool = True
    token: str = "token"
    asks: str = "pull"

    def __str__(self) -> str:
        return self.registry

    @property
    def refuses(self) -> bool:
        """Whether it can keep a tag from being overwritten."""
        return self.answer("overwrite", "", "") is not None

    @property
    def odd(self) -> bool:
        """Whether it says in words of its own that there is no such tag."""
        said = self.answer("no tag", "", "")
        return said is not None and b"MANIFEST_UNKNOWN" not in said[2]

    def answer(self, when: str, name: str, tag: str) -> Reply | None:
        """Return the quoted answer, with *name* and *tag* in the place of its own."""
        for row in _ROWS:
            if (row["registry"], row["when"]) == (self.registry, when):
                body = json.dumps(row["body"])
                body = body.replace("acme/shop/api", name).replace("1.4.0", tag)
                kind = {"Content-Type": "application/json; charset=utf-8"}
                return row["status"], kind, body.encode()
        return None


KINDS = [
    Kind(**each)
    for each in json.loads((_HERE / "registry_kinds.json").read_text(encoding="utf-8"))
]


@dataclass(kw_only=True)
class Played:
    """*kind* before the registry at the port *upstream*.

    *made* are the repositories that there are, *said* the situations in which quoted
    answers were given. The next *blind* reads of a manifest find nothing.
    """

    kind: Kind
    proxy: Proxy
    upstream: int
    made: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    blind: int = 0

    def front(self, method: str, path: str, headers: Message) -> Reply | None:
        """Return what this registry says, ``None`` to pass the request on."""
        parts = urlsplit(path)
        realm = re.search(r'realm="\{url\}([^"]*)"', self.kind.challenge)
        if realm is not None and parts.path == realm[1]:
            return self._token(parse_qs(parts.query)["scope"][0], headers)
        place = _PATH.fullmatch(parts.path)
        if place is None:
            return None
        name = place["name"]
        rights = self._rights(name, headers)
        if rights is None or (method not in {"GET", "HEAD"} and "push" not in rights):
            return self._refused(name)
        if place["what"] == "manifests":
            return self._manifest(method, name, place["rest"], rights)
        if name in self.made or self.kind.creates:
            return None
        return self._missing(name)

    def _manifest(self, method: str, name: str, tag: str, rights: str) -> Reply | None:
        there = self._is_there(name, tag)
        if method == "PUT":
            self.made.add(name)
            taken = there and not tag.startswith(("sha-", "sha256:"))
            return self._quoted("overwrite", name, tag) if taken else None
        if self.blind and ":" not in tag:
            self.blind -= 1
        elif there:
            return None
        if name in self.made or (self.kind.asks == "push" and "push" in rights):
            return self._quoted("no tag", name, tag)
        return self._missing(name, tag)

    def _missing(self, name: str, tag: str = "") -> Reply:
        said = self._quoted("no repository", name, tag)
        assert said is not None, self.kind.registry
        status, headers, body = said
        if status == _DENIED:
            headers |= self._refused(name)[1]
        return status, headers, body

    def _quoted(self, when: str, name: str, tag: str) -> Reply | None:
        found = self.kind.answer(when, name, tag)
        self.said += [when] if found else []
        return found

    def _rights(self, name: str, headers: Message) -> str | None:
        """Return what may be done to *name*, ``None`` for nobody who is known."""
        given = headers.get("Authorization", "")
        if not self.kind.challenge:
            return "pull,push"
        if self.kind.challenge.startswith("Basic"):
            return "pull,push" if given == _BASIC else None
        _, _, scope = given.partition(f"Bearer repository:{name}:")
        return scope or None

    def _token(self, scope: str, headers: Message) -> Reply:
        name = scope.split(":")[1]
        missing = name not in self.made and self.kind.asks == "probe"
        if headers.get("Authorization") != _BASIC:
            return _DENIED, {}, b'{"errors":[{"code":"UNAUTHORIZED","message":"who?"}]}'
        if missing and scope.endswith(":pull"):
            return self._missing(name)
        return _OK, {}, json.dumps({self.kind.token: scope}).encode()

    def _refused(self, name: str) -> Reply:
        said = self.kind.challenge.format(url=self.proxy.url, name=name)
        body = (
            b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
        )
        return _DENIED, {"WWW-Authenticate": said}, body

    def _is_there(self, name: str, reference: str) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.upstream)) as behind:
            path = f"/v2/{name}/manifests/{reference}"
            behind.request("HEAD", path, headers={"Accept": ", ".join(MEDIA_TYPES)})
            return behind.getresponse().status == _OK
