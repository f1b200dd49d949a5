"""Deploy keys as files of this machine, and as secrets by gh."""

from pathlib import Path

from monokeel.adapters.process import reason_in, run
from monokeel.ground.errors import RefusedError, UsageError


class Keys:
    """The key pair at *path* (private) and ``path.pub``, outside the repository.

    Raises UsageError when *path* is inside *root*: it would be committed one day.
    """

    def __init__(self, path: Path, *, root: Path) -> None:
        self._path = path.expanduser().absolute()
        if self._path.resolve().is_relative_to(root.resolve()):
            raise UsageError(
                f"{self._path} is inside the repository",
                fix="Name a file elsewhere: ./inv init --key-file FILE",
            )
        if self._path.is_dir():
            fix = f"Name a file in it: ./inv init --key-file {self._path}/monokeel"
            raise UsageError(f"{self._path} is a folder", fix=fix)

    @property
    def file(self) -> str:
        """The path of the private key."""
        return str(self._path)

    def public_key(self) -> str | None:
        """Read it from the private key, so a lost ``.pub`` file does no harm."""
        if not self._path.is_file():
            return None
        args = ["ssh-keygen", "-y", "-P", "", "-f", self.file]
        return " ".join(run(args, stdin="").stdout.split()[:2])

    def create(self, comment: str) -> str:
        """Make an ed25519 pair that its owner alone can read (ssh-keygen's own doing).

        It has no passphrase: a workflow has nobody to type one.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        args = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment]
        run([*args, "-f", self.file], stdin="n\n")
        public = self.public_key()
        if public is None:
            raise UsageError(f"ssh-keygen made no key at {self.file}")
        return public


def set_secret(key: Path, repository: str, name: str, environment: str) -> None:
    """Make the file *key* the secret *name* of *environment*, by gh.

    gh has the encryption that GitHub asks for; the value goes to its standard input
    and nowhere else. Raises RefusedError with gh's words when it does not. Source:
    gh-secret-set(1).
    """
    args = ["gh", "secret", "set", name, "--repo", repository, "--env", environment]
    done = run(args, stdin=key.read_text(encoding="utf-8"), ok=range(256))
    if done.code:
        raise RefusedError(f"gh could not set {name}: {reason_in(done.stderr)}")
