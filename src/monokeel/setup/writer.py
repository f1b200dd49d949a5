"""Who pushes what the rules protect: the deploy key, and the secrets that hold it."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from monokeel.ground import words
from monokeel.ground.answers import Unknown, as_number, as_text
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import Settings
from monokeel.setup import ports
from monokeel.setup.environments import RELEASE
from monokeel.setup.permissions import PUSH
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise

KEY_TITLE = "monokeel"
WRITER = "writer"
ALLOW_KEYS = (
    "an owner allows deploy keys at"
    " https://github.com/organizations/{owner}/settings/deploy_keys"
)
# Writer → the secret that proves it, in the Environments whose jobs push.
SECRETS = {"deploy-key": "MONOKEEL_DEPLOY_KEY", "app": "MONOKEEL_WRITER_KEY"}
_UNUSED = timedelta(days=300)  # GitHub removes a key that was not used for a year
_OPEN = "a workflow of any branch can read it"
_LOST = "nothing can be released or promoted"
_TWICE = (
    "one of them is ours: ./inv doctor, where ./inv init made it, names the"
    " other, and that one goes. If nobody knows where, delete each of them, then ./inv"
    " init makes a new one, whose fingerprint belongs into infra/platform.toml as"
    " [repository] writer_key. To delete one: "
)
_NOT_OURS = "delete what is not ours, for a job that only reads needs no such key: "
_SECRETS = ("GET /environments/{name}/secrets", "GET /actions/secrets")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKey:
    """A deploy key as GitHub lists it; *key* is type and base64, without a comment."""

    id: int
    title: str
    key: str
    writes: bool
    enabled: bool
    created_at: datetime
    added_by: str = ""
    last_used: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ``ssh-keygen -l`` and GitHub's page write it."""
        return fingerprint(self.key)


def fingerprint(public_key: str) -> str:
    """Return ``SHA256:…`` as ssh-keygen(1) does, "" for what is no public key."""
    parts = public_key.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (IndexError, ValueError):
        return ""
    digest = hashlib.sha256(blob).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def deploy_keys(repository: ports.Repository) -> tuple[DeployKey, ...]:
    """Return the deploy keys."""
    return tuple(
        DeployKey(
            id=as_number(key.get("id")),
            title=as_text(key.get("title")),
            key=as_text(key.get("key")),
            writes=key.get("read_only") is not True,
            enabled=key.get("enabled") is not False,  # older servers leave it out
            created_at=words.parse_time(as_text(key.get("created_at"))),
            added_by=str(key.get("added_by") or ""),
            last_used=words.parse_time(as_text(used))
            if (used := key.get("last_used"))
            else None,
        )
        for key in repository.listed("/keys")
    )


def secrets_of(
    repository: ports.Repository, environment: str = ""
) -> dict[str, datetime] | None:
    """Return name (upper case) → last change; ``None`` where *environment* is not."""
    path = f"/environments/{environment}" if environment else "/actions"
    try:
        listed = repository.listed(f"{path}/secrets", "secrets")
    except ServiceError:
        if not environment or repository.environment(environment) is not None:
            raise
        return None
    return {
        as_text(each.get("name")): words.parse_time(as_text(each.get("updated_at")))
        for each in listed
    }


def _ours(
    settings: Settings, keys: Sequence[DeployKey], here: str = ""
) -> list[DeployKey]:
    """Return those of *keys* that are our writer's.

    With a fingerprint in the file it decides, then the public key *here*; the title is
    only a name, which anybody with administration can give to another key.
    """
    if settings.writer == "app":
        return []
    known = settings.writer_key or fingerprint(here)
    if known:
        return [each for each in keys if each.fingerprint == known]
    return [each for each in keys if each.title == KEY_TITLE]


def _key_here(at: ports.Connection) -> str:
    return (at.keys.public_key() or "") if at.keys else ""


def writer_row(at: ports.Connection) -> Expectation:
    """Expect the App, or one deploy key of ours that is enabled and may write."""
    settings, pair, mint = at.settings, at.keys, at.mint

    def app() -> Answer:  # only who holds its key can ask
        name = f"GitHub App {settings.app_id}"
        if mint is None:
            reason = f"set {SECRETS['app']} to the private key of {name}: nobody else"
            return Unknown(reason=f"{reason} can ask what it may", hidden=True)
        try:
            mint()
        except RefusedError as error:
            return Otherwise(error.problem, error.fix)
        return AsWanted(f"{name} may push")

    def make() -> None:
        if pair is None:
            return
        public = pair.public_key() or pair.create(f"{KEY_TITLE} {settings.repository}")
        taken = _unusable(settings, [], deploy_keys(at.repository))
        if at.register and not taken:
            at.repository.write(
                "POST /keys", {"title": KEY_TITLE, "key": public, "read_only": False}
            )

    if settings.writer == "app":
        row = Expectation(WRITER, "writer_app", (PUSH,), _LOST, app)
        return replace(row, watched="note" if mint is None else "drift")
    keys, ask = ("GET /keys",), partial(_deploy_key, at)
    row = Expectation(WRITER, "deploy_keys", keys, _LOST, ask)
    return replace(row, writes=("POST /keys",), make=make if pair else None)


def _deploy_key(at: ports.Connection) -> Answer:
    settings, keys, here = at.settings, deploy_keys(at.repository), _key_here(at)
    ours = _ours(settings, keys, here)
    for key in (each for each in ours if each.writes and each.enabled):
        used = key.last_used or key.created_at
        if at.repository.now() - used <= _UNUSED:
            goes = "; it goes when that token is deleted; regenerating keeps it"
            said = f"{key.title}, {key.fingerprint}"
            return AsWanted(said + goes * at.register)
        return Otherwise(
            f"the deploy key {key.title} was not used since {used:%Y-%m-%d}: GitHub"
            " removes it after a year",
            "use it: export it as MONOKEEL_DEPLOY_KEY, then ./inv status without"
            " GITHUB_TOKEN",
            by_hand=True,
        )
    waits = bool(here) and not at.register
    page = (
        f"open https://github.com/{settings.repository}/settings/keys/new, title"
        f' "{KEY_TITLE}", key "{here}", tick "Allow write access" (it outlives every'
        f" token); then {INIT} again"
    )
    return _unusable(settings, ours, keys) or Otherwise(
        f"no writable, enabled deploy key called {KEY_TITLE}",
        page if waits else INIT,
        by_hand=waits,
    )


def _unusable(
    settings: Settings, ours: Sequence[DeployKey], keys: Sequence[DeployKey]
) -> Otherwise | None:
    """Say why a key that is there cannot be used: disabled, read-only, exchanged."""
    page = f"https://github.com/{settings.repository}/settings/keys"
    titled = [key for key in keys if key.title == KEY_TITLE]
    if ours and ours[0].enabled:
        detail = f"the deploy key {ours[0].title} may not write"
        remedy = f"delete it at {page}, then {INIT}"
    elif ours:
        detail = f"the deploy key {ours[0].title} is disabled by the organization"
        remedy = ALLOW_KEYS.format(owner=settings.owner)
    elif titled:
        known = titled[0].fingerprint or "no fingerprint"
        detail = f"the deploy key {KEY_TITLE} is another one ({known})"
        remedy = f"delete it at {page} if nobody uses it, then {INIT}"
    else:
        return None
    return Otherwise(detail, remedy, by_hand=True)


def foreign_keys_row(at: ports.Connection) -> Expectation:
    """Expect no other deploy key that may write: the rules let each of them pass."""

    def ask() -> Answer:
        keys, here = deploy_keys(at.repository), _key_here(at)
        # A title is only a name: of two that have ours, one is somebody else's. The
        # key of this machine tells, unless it is an old one.
        there = fingerprint(here) in {each.fingerprint for each in keys}
        ours = _ours(at.settings, keys, here if there else "")
        twice = ours if len(ours) > 1 else []
        foreign = [k for k in keys if k.writes and (k in twice or k not in ours)]
        if not foreign:
            return AsWanted("none")
        call = f"gh api --method DELETE repos/{at.settings.repository}/keys"
        named = sorted(
            f"{key.title} (id {key.id}, {key.fingerprint or 'no fingerprint'}, added"
            f"{f' by {key.added_by}' if key.added_by else ''} at"
            f" {words.stamp(key.created_at)})"
            for key in foreign
        )
        deleted = " and ".join(f"{call}/{x.id}" for x in foreign if x not in twice)
        either = " or ".join(f"{call}/{each.id}" for each in twice)
        steps = (
            f"{_NOT_OURS}{deleted}" * bool(deleted),
            f"{_TWICE}{either}" * bool(twice),
        )
        return Otherwise(
            f"deploy keys that may write beside ours: {', '.join(named)}"
            f"{'; which of them is ours cannot be told' if twice else ''}",
            "; ".join(filter(None, steps)),
            severe=True,
        )

    lost = "somebody else can move env/* and create release tags"
    return Expectation("other write keys", "deploy_keys", ("GET /keys",), lost, ask)


def secret_rows(at: ports.Connection) -> Iterator[Expectation]:
    """Expect the private key in each Environment that pushes, and nowhere else."""
    settings, repository, store = at.settings, at.repository, at.set_secret
    secret = SECRETS[settings.writer]

    def put(name: str) -> None:
        if store is not None and repository.environment(name) is not None:
            store(secret, name)

    def wider() -> Answer:
        if secret not in (secrets_of(repository) or {}):
            return AsWanted("none")
        if secret not in (secrets_of(repository, RELEASE) or {}):
            return AsWanted("the Environments have none: it stands in for them")
        remedy = f"gh secret delete {secret} --repo {settings.repository}"
        detail = f"{secret} is a secret of the repository, too"
        return Otherwise(detail, remedy, severe=True)

    for name in (RELEASE, *(each.name for each in settings.environments)):
        yield Expectation(
            f"secret in {name}",
            "secrets",
            (*_SECRETS, "GET /keys"),
            f"jobs of {name} cannot push",
            partial(_secret, at, name),
            writes=("PUT /environments/{name}/secrets/{secret}",),
            make=store and partial(put, name),
            after=(WRITER,),
        )
    lost = "a workflow of any branch can read the key that may write"
    yield Expectation("secrets of the repository", "secrets", _SECRETS, lost, wider)
    lost = "nobody watches which branches can read the key that may write"
    for name in (each.was for each in settings.environments if each.was):
        ask = partial(_left_behind, at, name)
        yield Expectation(f"secret in {name}", "secrets", _SECRETS, lost, ask)


def _left_behind(at: ports.Connection, environment: str) -> Answer:
    """Judge the secret of an *environment* that has another name by now."""
    secret = SECRETS[at.settings.writer]
    if secret not in (secrets_of(at.repository, environment) or {}):
        return AsWanted("none, as it was renamed")
    remedy = f"gh secret delete {secret} --env {environment} --repo"
    detail = f"{secret} is left in it, and it was renamed"
    return Otherwise(detail, f"{remedy} {at.settings.repository}", severe=True)


def _secret(at: ports.Connection, environment: str) -> Answer:
    """Judge the secret of *environment*: set after its key was registered.

    Where the plan has no branch policies a secret of the repository serves as well: the
    workflows' ``secrets.…`` falls back to it.
    """
    settings, repository, secret = (
        at.settings,
        at.repository,
        SECRETS[at.settings.writer],
    )
    found = secrets_of(repository, environment)
    stands_in, where = found is None, f"--env {environment} "
    if found is None:
        found, where = secrets_of(repository), ""
    command, changed = _command(at, where), (found or {}).get(secret)
    if changed is None and stands_in:
        remedy = INIT
        if repository.read("/").get("private") is True:
            remedy += f"; where the plan refuses Environments: {command} ({_OPEN})"
        return Otherwise("its Environment is not there", remedy)
    if changed is None:
        return Otherwise("not set", command)
    # Of an App's key nobody can say when it was made.
    keys = deploy_keys(repository) if settings.writer == "deploy-key" else ()
    ours = _ours(settings, keys, _key_here(at)) or _ours(settings, keys)
    made = max((each.created_at for each in ours), default=changed)
    if changed >= made:
        return AsWanted(f"{secret} of the repository: {_OPEN}" if stands_in else secret)
    older = (
        f"{secret} ({words.stamp(changed)}) is older than its key ({words.stamp(made)})"
    )
    return Otherwise(older, f"set it again: {command}")


def _command(at: ports.Connection, where: str) -> str:
    """Return the command that sets the secret, from the key of this machine if any."""
    settings, pair, secret = at.settings, at.keys, SECRETS[at.settings.writer]
    command = f"gh secret set {secret} {where}--repo {settings.repository}"
    if pair is not None and pair.public_key():
        return f"{command} < {pair.file}"
    of_app = f"from the private key of GitHub App {settings.app_id}"
    here = f"from the private key ({INIT} does it on the machine that has it)"
    return f"{command}, {of_app if settings.writer == 'app' else here}"
