"""The image is built by the Dockerfile as it stands, and does its work as nobody in particular on a
file system that can't be written to. No engine is needed: Debian's buildah builds it over a base of
Debian's packages, and a chroot runs it.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from resources.configuration.home import CHECKOUT
from resources.embedded.ports import LOOPBACK, free_port, is_taken

TOOLS = ("buildah", "mmdebstrap", "unshare", "chroot", "mount")
PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
HOST_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")
"""What the build takes from this host, as a registry may be behind a mirror. Not in the image."""
WITHOUT = ("pytest", "mypy", "ruff", "hatchling", "playwright", "pip")
lacking = [tool for tool in TOOLS if not shutil.which(tool)]

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts are root's"),
    pytest.mark.skipif(bool(lacking), reason=f"not installed: {', '.join(lacking)}"),
]


WRITABLE = ("tmp", "state", "var/lib/callhouse")
"""What compose.yaml lets a container write to."""
CONTAINER = """
set -eu
root=$1 written=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom; do
    : > "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
for name in %s; do mount --bind "$written/$name" "$root/$name"; done
mount -o remount,bind,ro "$root"
exec env --ignore-environment "$@"
"""
"""Mounts are a namespace's, and go with its processes: the host has none of them, whatever dies."""


@dataclass(frozen=True)
class Image:
    """A built image's file system; what is written in a container of it is in `written`."""

    root: Path
    written: Path
    environment: dict[str, str]

    def command(self, *words: str) -> list[str]:
        """The words, as user 1000 in a container that can write only where compose lets it."""
        chroot = shutil.which("chroot")
        assert chroot
        inside = [chroot, "--userspec=1000:1000", str(self.root), "callhouse-entrypoint", *words]
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        script = CONTAINER % " ".join(WRITABLE)
        container = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
        return [*container, str(self.root), str(self.written), *settings, *inside]

    def having(self, **settings: str) -> "Image":
        """With these in the environment, too."""
        return replace(self, environment=self.environment | settings)

    def run(self, *words: str) -> str:
        """What they print. Raises CalledProcessError."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def do(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=1500)
    assert done.returncode == 0, (words, done.stdout[-3000:] + done.stderr[-3000:])
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("image")
    folder.parent.chmod(0o755)
    folder.chmod(0o755)
    buildah: list[str | Path] = ["buildah", "--root", folder / "store", "--runroot", folder / "run"]
    buildah += ["--storage-driver", "vfs"]
    base = folder / "base.tar"
    do("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", base)
    scratch = do(*buildah, "from", "scratch")
    do(*buildah, "add", "--quiet", scratch, base, "/")
    do(*buildah, "commit", "--quiet", scratch, "callhouse-base")
    volumes = [f"--volume={file}:{file}:ro" for file in HOST_FILES if Path(file).exists()]
    do(
        *buildah, "bud", "--isolation", "chroot", "--network", "host", *volumes,
        "--build-arg", "BASE=localhost/callhouse-base",
        "--tag", "callhouse", "--file", CHECKOUT / "deploy" / "Dockerfile", _context(folder),
    )  # fmt: skip
    container = do(*buildah, "from", "localhost/callhouse")
    root = Path(do(*buildah, "mount", container))
    written = folder / "written"
    for name in WRITABLE:
        (written / name).mkdir(parents=True)
        (written / name).chmod(0o1777)
    yield Image(root, written, _environment())
    do(*buildah, "rm", "--all")
    do(*buildah, "rmi", "--all", "--force")


def _context(folder: Path) -> Path:
    """What git knows of the checkout, as a fresh clone has it."""
    context = folder / "context"
    context.mkdir()
    names = do("git", "-C", CHECKOUT, "ls-files", "--cached", "--others", "--exclude-standard")
    for name in filter(None, names.splitlines()):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        if (CHECKOUT / name).is_file():
            shutil.copy2(CHECKOUT / name, context / name)
    return context


def _environment() -> dict[str, str]:
    """As the image sets it."""
    dockerfile = (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    (written,) = re.findall(r"^ENV (.*?[^\\])$", dockerfile, re.MULTILINE | re.DOTALL)
    found = dict(word.split("=", 1) for word in written.replace("\\\n", " ").split())
    path = found["PATH"].replace("$PATH", os.defpath + ":/usr/local/bin")
    return found | {"PATH": path, "HOME": "/var/lib/callhouse"}


def test_it_holds_what_runs_and_no_tools(image: Image) -> None:
    names = image.run(
        "python", "-c", _MODULES.format(names=["dagster", "celery", "obstore", *WITHOUT])
    )
    assert names.split() == ["dagster", "celery", "obstore"]
    assert image.run("id", "-u").strip() == "1000"
    size = sum(file.lstat().st_size for file in (image.root / "venv").rglob("*"))
    assert size < 550e6, f"{size / 1e6:.0f} MB of packages"


_MODULES = """
from importlib.util import find_spec
print(*(name for name in {names} if find_spec(name)))
"""


def test_nothing_can_be_written_but_the_state(image: Image) -> None:
    for place in ("/app", "/venv", "/dagster", "/dagster/workers", "/etc"):
        with pytest.raises(AssertionError, match=r"[Rr]ead-only|denied"):
            image.run("touch", f"{place}/x")
    image.run("touch", "/state/x", "/tmp/x")


def test_its_commands_and_its_code_server_work(image: Image, database_url: str) -> None:
    accounts = image.written / "tmp" / "accounts.toml"
    accounts.write_text(_ACCOUNTS, encoding="utf-8")
    (image.written / "tmp" / "token").write_text("a-token\n", encoding="utf-8")
    (image.written / "tmp" / "url").write_text(f"{database_url}\n", encoding="utf-8")
    served = image.having(
        CALLHOUSE_ACCOUNTS="/tmp/accounts.toml", CALLHOUSE_DATABASE_URL_FILE="/tmp/url"
    )
    served.run("callhouse", "migrate")
    port = str(free_port())
    arguments = ["python", "-m", "pipelines.code_server", "--host", LOOPBACK, "--port", port]
    with _started(served, arguments) as server:
        _wait_for(int(port), server)
        served.run("python", "-m", "pipelines.health", "code", port)
        for home in ("/dagster", "/dagster/workers"):
            with_home = served.having(
                DAGSTER_HOME=home, CALLHOUSE_BROKER_URL=f"redis://{LOOPBACK}:1/0"
            )
            loaded = with_home.run(
                "python", "-c", "from dagster import DagsterInstance as I; I.get(); print('ok')"
            )
            assert loaded.strip() == "ok"


_ACCOUNTS = """
[accounts.acme]
vendor = "vono"
base_url = "https://vono.example.com"
start_date = 2026-01-01
credentials = { token = { file = "/tmp/token" }, key = { file = "/tmp/token" } }
"""


@contextmanager
def _started(image: Image, arguments: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Ended with all that it has started."""
    process = subprocess.Popen(image.command(*arguments), start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 240
    while not is_taken(port):
        assert server.poll() is None, "the code server has ended"
        assert time.monotonic() < deadline
        time.sleep(0.2)
