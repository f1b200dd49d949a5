"""Addresses: which may be asked, and how they are shown without a secret."""

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from monokeel.ground.errors import UsageError

_AT = re.compile("@|%40|[\uff20\ufe6b]")  # behind a login
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def check_address(url: str) -> None:
    """Raise UsageError unless *url* is https, or http to a loopback, and no secret."""
    parts = parts_of(url)
    if not any(parts):
        fix = "Write https://HOST."
        raise UsageError(f"{shown_address(url)!r} is no address", fix=fix)
    if parts.username or parts.password:
        fix = "Give them in the variables that ./inv doctor lists."
        raise UsageError(f"the address of {parts.hostname} holds credentials", fix=fix)
    if parts.hostname and is_private(url):
        return
    fix = "Use https; plain http is allowed to a loopback address only."
    raise UsageError(f"{shown_address(url)} is not an https address", fix=fix)


def may_hold_login(address: str) -> bool:
    """Say whether a login may stand in *address*: in its path, if it has a ``/``."""
    return _AT.search(address) is not None


def shown_address(address: str) -> str:
    """Return *address* without query, fragment, or what is before any form of ``@``."""
    scheme = re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?", address)
    start = scheme[0] if scheme else ""
    rest = _AT.split(address.removeprefix(start))[-1]
    return f"{start}{re.split('[?#]', rest)[0]}"


def parts_of(address: str) -> SplitResult:
    """Return the parts of *address*, the host in lower case; all empty if broken."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    login, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{login}{at}{host.lower()}")


def joined(base: str, target: str) -> str:
    """Return the address that *target*, of an answer from *base*, leads to."""
    try:
        return urljoin(base, target)
    except ValueError:
        return ""


def is_private(url: str) -> bool:
    """Say whether nobody on the way can read what goes to *url*."""
    scheme = parts_of(url).scheme
    return scheme == "https" or (scheme == "http" and is_loopback(url))


def is_loopback(url: str) -> bool:
    """Say whether *url* is on this machine."""
    return parts_of(url).hostname in _LOOPBACK
