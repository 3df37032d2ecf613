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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Image:
    """A built image's file system, mounted so that nothing of it can be written."""

    root: Path
    environment: dict[str, str]

    def command(self, *words: str) -> list[str]:
        """The words, as user 1000 in there."""
        chroot = shutil.which("chroot")
        assert chroot
        inside = [chroot, "--userspec=1000:1000", str(self.root), "callhouse-entrypoint", *words]
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        return ["env", "--ignore-environment", *settings, *inside]

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
    with ExitStack() as stack:
        yield _read_only(root, folder / "mounted", stack)


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


def _read_only(root: Path, mounted: Path, stack: ExitStack) -> Image:
    """As compose.yaml has it: everything read-only but the state and what is temporary."""
    dockerfile = (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    (written,) = re.findall(r"^ENV (.*?[^\\])$", dockerfile, re.MULTILINE | re.DOTALL)
    environment = dict(word.split("=", 1) for word in written.replace("\\\n", " ").split())
    environment["PATH"] = environment["PATH"].replace("$PATH", os.defpath + ":/usr/local/bin")
    mounted.mkdir()

    def mount(*words: str | Path) -> None:
        do("mount", *words)
        stack.callback(do, "umount", "--lazy", words[-1])

    mount("--bind", root, mounted)
    for name in ("tmp", "state", "var/lib/callhouse"):
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", mounted / name)
    mount("--bind", "/dev", mounted / "dev")
    mount("-t", "proc", "proc", mounted / "proc")
    do("mount", "-o", "remount,bind,ro", mounted)
    return Image(mounted, environment | {"HOME": "/var/lib/callhouse"})


def test_it_holds_what_runs_and_no_tools(image: Image) -> None:
    names = image.run("python", "-c", _MODULES.format(names=["dagster", "celery", *WITHOUT]))
    assert names.split() == ["dagster", "celery"]
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
    accounts = image.root / "tmp" / "accounts.toml"
    accounts.write_text(_ACCOUNTS, encoding="utf-8")
    (image.root / "tmp" / "token").write_text("a-token\n", encoding="utf-8")
    (image.root / "tmp" / "url").write_text(f"{database_url}\n", encoding="utf-8")
    served = Image(
        image.root,
        image.environment
        | {"CALLHOUSE_ACCOUNTS": "/tmp/accounts.toml", "CALLHOUSE_DATABASE_URL_FILE": "/tmp/url"},
    )
    served.run("callhouse", "migrate")
    port = str(free_port())
    arguments = ["python", "-m", "pipelines.code_server", "--host", LOOPBACK, "--port", port]
    with _started(served, arguments) as server:
        _wait_for(int(port), server)
        served.run("python", "-m", "pipelines.health", "code", port)
        for home in ("/dagster", "/dagster/workers"):
            with_home = Image(
                served.root,
                served.environment
                | {"DAGSTER_HOME": home, "CALLHOUSE_BROKER_URL": f"redis://{LOOPBACK}:1/0"},
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
