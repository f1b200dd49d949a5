"""Who pushes what the rules protect: the deploy key, and the secrets that hold it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import Settings
from monokeel.ground.words import stamp
from monokeel.setup.environments import RELEASE
from monokeel.setup.permissions import PUSH
from monokeel.setup.ports import DeployKey, KeyPair, Outside, Repository, fingerprint
from monokeel.setup.rows import INIT, Answer, AsWanted, Declared, Expectation, Otherwise

KEY_TITLE = "monokeel"
WRITER = "writer"
# Writer → the secret that proves it, in the Environments whose jobs push.
SECRETS = {"deploy-key": "MONOKEEL_DEPLOY_KEY", "app": "MONOKEEL_WRITER_KEY"}
_UNUSED = timedelta(days=300)
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


def our_keys(
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


def writer_row(declared: Declared, outside: Outside) -> Expectation:
    """Expect the App, or one deploy key of ours that is enabled and may write."""
    settings, pair = declared.settings, outside.keys
    if settings.writer == "app":
        return Expectation(
            name=WRITER,
            item="writer_app",
            reads=(PUSH,),
            lost=_LOST,
            ask=partial(_app, settings, outside),
            watched="note" if outside.mint is None else "drift",
        )

    def make(pair: KeyPair) -> None:
        public = pair.public_key() or pair.create(f"{KEY_TITLE} {settings.repository}")
        taken = _unusable(settings, [], outside.repository.deploy_keys())
        if declared.register and not taken:
            outside.repository.create_deploy_key(KEY_TITLE, public)

    return Expectation(
        name=WRITER,
        item="deploy_keys",
        reads=("GET /keys",),
        writes=("POST /keys",),
        lost=_LOST,
        ask=partial(_deploy_key, declared, outside),
        make=partial(make, pair) if pair else None,
    )


def _app(settings: Settings, outside: Outside) -> Answer:
    """Judge the App that pushes; only who holds its key can ask."""
    name = f"GitHub App {settings.app_id}"
    if outside.mint is None:
        reason = f"set {SECRETS['app']} to the private key of {name}: nobody else"
        return Unknown(reason=f"{reason} can ask what it may", hidden=True)
    try:
        outside.mint()
    except RefusedError as error:
        return Otherwise(detail=error.problem, remedy=error.fix)
    return AsWanted(detail=f"{name} may push")


def _deploy_key(declared: Declared, outside: Outside) -> Answer:
    settings, keys = declared.settings, outside.repository.deploy_keys()
    here = (outside.keys.public_key() or "") if outside.keys else ""
    ours = our_keys(settings, keys, here)
    usable = [each for each in ours if each.writes and each.enabled]
    if usable:
        return _in_use(usable[0], outside.repository.now())
    by_hand = (
        f"open https://github.com/{settings.repository}/settings/keys/new, title"
        f' "{KEY_TITLE}", key "{here}", tick "Allow write access"; then {INIT} again'
    )
    return _unusable(settings, ours, keys) or Otherwise(
        detail=f"no writable, enabled deploy key called {KEY_TITLE}",
        remedy=by_hand if here and not declared.register else INIT,
    )


def _in_use(key: DeployKey, now: datetime) -> Answer:
    """Judge a key that works: GitHub removes one that was not used for a year."""
    used = key.last_used or key.created_at
    if now - used <= _UNUSED:
        return AsWanted(detail=f"{key.title}, {key.fingerprint}")
    return Otherwise(
        detail=f"the deploy key {key.title} was not used since {used:%Y-%m-%d}: GitHub"
        " removes it after a year",
        remedy="use it: export it as MONOKEEL_DEPLOY_KEY, then ./inv status without"
        " GITHUB_TOKEN",
    )


def _unusable(
    settings: Settings, ours: Sequence[DeployKey], keys: Sequence[DeployKey]
) -> Otherwise | None:
    """Say why a key that is there cannot be used: disabled, read-only, exchanged."""
    page = f"https://github.com/{settings.repository}/settings/keys"
    exchanged = [each for each in keys if each.title == KEY_TITLE]
    if ours and ours[0].enabled:
        detail = f"the deploy key {ours[0].title} may not write"
        remedy = f"delete it at {page}, then {INIT}"
    elif ours:
        detail = f"the deploy key {ours[0].title} is disabled by the organization"
        remedy = "an owner allows deploy keys at https://github.com/organizations"
        remedy += f"/{settings.owner}/settings/deploy_keys"
    elif exchanged:
        known = exchanged[0].fingerprint or "no fingerprint"
        detail = f"the deploy key {KEY_TITLE} is another one ({known})"
        remedy = f"delete it at {page} if nobody uses it, then {INIT}"
    else:
        return None
    return Otherwise(detail=detail, remedy=remedy)


def foreign_keys_row(declared: Declared, outside: Outside) -> Expectation:
    """Expect no other deploy key that may write: the rules let each of them pass."""

    def ask() -> Answer:
        keys = outside.repository.deploy_keys()
        here = (outside.keys.public_key() or "") if outside.keys else ""
        # A title is only a name: of two that have ours, one is somebody else's. The
        # key of this machine tells, unless it is an old one.
        there = fingerprint(here) in {each.fingerprint for each in keys}
        ours = our_keys(declared.settings, keys, here if there else "")
        twice = ours if len(ours) > 1 else []
        foreign = [k for k in keys if k.writes and (k in twice or k not in ours)]
        if not foreign:
            return AsWanted(detail="none")
        call = f"gh api --method DELETE repos/{declared.settings.repository}/keys"
        named = ", ".join(sorted(map(_described, foreign)))
        deleted = " and ".join(f"{call}/{x.id}" for x in foreign if x not in twice)
        either = " or ".join(f"{call}/{each.id}" for each in twice)
        return Otherwise(
            detail=f"deploy keys that may write beside ours: {named}"
            f"{'; which of them is ours cannot be told' if twice else ''}",
            remedy="; ".join(
                x
                for x in (
                    deleted and f"{_NOT_OURS}{deleted}",
                    twice and f"{_TWICE}{either}",
                )
                if x
            ),
            severe=True,
        )

    return Expectation(
        name="other write keys",
        item="deploy_keys",
        reads=("GET /keys",),
        lost="somebody else can move env/* and create release tags",
        ask=ask,
    )


def _described(key: DeployKey) -> str:
    by = f" by {key.added_by}" if key.added_by else ""
    known = key.fingerprint or "no fingerprint"
    return f"{key.title} (id {key.id}, {known}, added{by} at {stamp(key.created_at)})"


def secret_rows(declared: Declared, outside: Outside) -> Iterator[Expectation]:
    """Expect the private key in each Environment that pushes, and nowhere else."""
    names = [each.name for each in declared.settings.environments]
    for name in (RELEASE, *names):
        yield Expectation(
            name=f"secret in {name}",
            item="secrets",
            reads=(*_SECRETS, "GET /keys"),
            writes=("PUT /environments/{name}/secrets/{secret}",),
            lost=f"jobs of {name} cannot push",
            ask=partial(_secret, declared.settings, outside, name),
            make=outside.set_secret and partial(_set_secret, declared, outside, name),
            after=(WRITER,),
        )
    yield Expectation(
        name="secrets of the repository",
        item="secrets",
        reads=_SECRETS,
        lost="a workflow of any branch can read the key that may write",
        ask=partial(_no_wider_secret, declared.settings, outside.repository),
    )


def _set_secret(declared: Declared, outside: Outside, environment: str) -> None:
    if outside.repository.environment(environment) is None:
        raise RefusedError(f"Environment {environment} is not there")
    if outside.set_secret is not None:
        outside.set_secret(SECRETS[declared.settings.writer], environment)


def _no_wider_secret(settings: Settings, repository: Repository) -> Answer:
    secret = SECRETS[settings.writer]
    if secret not in repository.secrets(""):
        return AsWanted(detail="none")
    if secret not in (_secrets(repository, RELEASE) or {}):
        return AsWanted(detail="the Environments have none: it stands in for them")
    return Otherwise(
        detail=f"{secret} is a secret of the repository, too",
        remedy=f"gh secret delete {secret} --repo {settings.repository}",
        severe=True,
    )


def _secrets(repository: Repository, environment: str) -> Mapping[str, datetime] | None:
    """Return the secrets of *environment*, ``None`` where that is not there."""
    try:
        return repository.secrets(environment)
    except ServiceError:
        if repository.environment(environment) is None:
            return None
        raise


def _secret(settings: Settings, outside: Outside, environment: str) -> Answer:
    """Judge the secret of *environment*: set after its key was registered.

    Where the plan has no branch policies a secret of the repository serves as well: the
    workflows' ``secrets.…`` falls back to it.
    """
    repository, secret = outside.repository, SECRETS[settings.writer]
    found = _secrets(repository, environment)
    if found is None:
        if secret in repository.secrets(""):
            return AsWanted(detail=f"{secret} of the repository: {_OPEN}")
        remedy = INIT
        if repository.get_repository().get("private") is True:
            command = _command(settings, outside.keys, "")
            remedy += f"; where the plan refuses Environments: {command} ({_OPEN})"
        return Otherwise(detail="its Environment is not there", remedy=remedy)
    command = _command(settings, outside.keys, environment)
    changed = found.get(secret)
    if changed is None:
        return Otherwise(detail="not set", remedy=command)
    # Of an App's key nobody can say when it was made.
    keys = repository.deploy_keys() if settings.writer == "deploy-key" else ()
    made = max((each.created_at for each in our_keys(settings, keys)), default=changed)
    if changed >= made:
        return AsWanted(detail=secret)
    return Otherwise(
        detail=f"{secret} ({stamp(changed)}) is older than its key ({stamp(made)})",
        remedy=f"set it again: {command}",
    )


def _command(settings: Settings, pair: KeyPair | None, environment: str) -> str:
    """Return the command that sets the secret, from the key of this machine if any."""
    where = f"--env {environment} " if environment else ""
    secret = SECRETS[settings.writer]
    command = f"gh secret set {secret} {where}--repo {settings.repository}"
    if pair is not None and pair.public_key():
        return f"{command} < {pair.file}"
    if settings.writer == "app":
        return f"{command}, from the private key of GitHub App {settings.app_id}"
    return (
        f"{command}, from the private key ({INIT} does it on the machine that has it)"
    )
