"""Compose is started whole, by a real Docker, with stand-in vendors behind TLS.

The images of Postgres, Redis, Caddy and of the base are pulled, or are those that the variables
CALLHOUSE_…_IMAGE name.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from resources.configuration.home import CHECKOUT
from resources.standin import demo

VENDORS = "vendors.test"
PASSWORD = "open sesame"
IMAGE = "callhouse-test"
STARTED_S = 1200
IMAGES = {n: v for n, v in os.environ.items() if re.fullmatch(r"CALLHOUSE_\w+_IMAGE", n)}
"""Read before the tests' environment is cleaned."""
OPENSSL = shutil.which("openssl")


def lacking() -> str:
    """Why Compose can't be started here; nothing if it can."""
    for command in (["docker", "compose", "version"], ["docker", "version"]):
        try:
            done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return "docker isn't installed, or doesn't answer"
        if done.returncode:
            return f"no Docker with compose answers: {' '.join(command)}"
    return "" if OPENSSL else "openssl isn't installed"


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Compose"]:
    if reason := lacking():
        pytest.skip(reason)
    made = Compose(tmp_path_factory.mktemp("compose"))
    try:
        yield made
    finally:
        made.do("down", "--volumes", "--remove-orphans")
        subprocess.run(["docker", "image", "rm", IMAGE], capture_output=True, check=False)


pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


@dataclass
class Compose:
    """A checkout of its own, a project of its own, without ports of this host."""

    folder: Path

    def __post_init__(self) -> None:
        names = _output(
            "git", "-C", CHECKOUT, "ls-files", "--cached", "--others", "--exclude-standard"
        )
        for name in filter(None, names.splitlines()):
            if (CHECKOUT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, self.folder / name)
        place = self.folder / "deploy" / "compose"
        _output("sh", place / "make-secrets.sh")
        _write_accounts(place)
        vendors = self.folder / "vendors"
        vendors.mkdir()
        _make_certificate(vendors)
        (vendors / "Caddyfile").write_text(CADDYFILE, encoding="utf-8")
        services = yaml.safe_load((place / "compose.yaml").read_text(encoding="utf-8"))["services"]
        ours = [name for name, service in services.items() if service.get("image") == "callhouse"]
        override = yaml.safe_dump(_override(ours, vendors)).replace(
            "ports: RESET", "ports: !reset []"
        )
        (self.folder / "override.yaml").write_text(override, encoding="utf-8")
        self.project = f"callhouse-test-{os.getpid()}"

    def do(self, *words: str, text: str = "", timeout_s: float = 1800) -> str:
        """What `docker compose` prints. Raises AssertionError with it when it fails."""
        files = ["-f", "deploy/compose/compose.yaml", "-f", "override.yaml"]
        done = subprocess.run(
            ["docker", "compose", "--project-name", self.project, *files, *words],
            cwd=self.folder, input=text, capture_output=True, text=True, check=False,
            timeout=timeout_s, env=os.environ | IMAGES | {"CALLHOUSE_UI_PASSWORD_HASH": HASH},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def states(self) -> dict[str, tuple[str, str]]:
        """State and health of each container."""
        lines = self.do("ps", "--all", "--format", "json").splitlines()
        found: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return {one["Name"]: (one["State"], one["Health"]) for one in found}

    def query(self, statement: str) -> list[list[str]]:
        """The rows, as text."""
        asked = ["psql", "-U", "callhouse", "-AtF", "\t", "-c", statement]
        rows = self.do("exec", "-T", "postgres", *asked).splitlines()
        return [row.split("\t") for row in rows]

    def python(self, service: str, program: str) -> str:
        return self.do("exec", "-T", service, "python", "-", text=program).strip()

    def until(self, fact: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not fact():
            assert time.monotonic() < deadline, self.states()
            time.sleep(3)


CADDYFILE = f"""
{{
	auto_https off
	admin off
}}
https://{VENDORS} {{
	tls /vendors/cert.pem /vendors/key.pem
	reverse_proxy 127.0.0.1:8000
}}
"""
HASH = "$2a$14$mcgrTKJnOvjbeVNAThhomecvzXzTtMp3eZzJ.Nu055R2N2CxC42Fq"
"""Of PASSWORD, by `caddy hash-password`."""


def _output(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _write_accounts(place: Path) -> None:
    first_day = datetime.now(UTC).date() - timedelta(days=3)
    written = place / "config" / "accounts.toml"
    demo.write_accounts(written, f"https://{VENDORS}", first_day)
    tokens = written.with_name("accounts-secrets")
    text = written.read_text(encoding="utf-8").replace(
        str(tokens.resolve()), "/run/secrets/vendors"
    )
    written.write_text(text, encoding="utf-8")
    for file in tokens.iterdir():
        shutil.move(file, place / "secrets" / "vendors" / file.name)
    tokens.rmdir()
    for file in (written, *(place / "secrets" / "vendors").iterdir()):
        file.chmod(0o644)


def _make_certificate(folder: Path) -> None:
    """One that vouches for itself; the key can be read by whoever is in a container."""
    _output(
        str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=vendors", "-addext", f"subjectAltName=DNS:{VENDORS}",
        "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
    )  # fmt: skip
    (folder / "key.pem").chmod(0o644)


def _override(ours: list[str], vendors: Path) -> dict[str, Any]:
    mounted = f"{vendors}:/vendors:ro"
    standin = ["python", "-m", "resources.standin", "--port", "8000", "--state", "/tmp/state.json"]
    caddy = ["caddy", "run", "--config", "/vendors/Caddyfile", "--adapter", "caddyfile"]
    services: dict[str, Any] = {name: {"image": IMAGE} for name in ours}
    services["worker"] |= {
        "volumes": [mounted],
        "environment": {"SSL_CERT_FILE": "/vendors/cert.pem"},
    }
    services["proxy"] = {"ports": "RESET"}
    services["standin"] = {
        "image": IMAGE,
        "entrypoint": standin,
        "networks": {"vendors": {"aliases": [VENDORS]}},
    }
    services["standin-tls"] = {
        "image": "${CALLHOUSE_PROXY_IMAGE:-caddy:2}",
        "network_mode": "service:standin",
        "volumes": [mounted],
        "command": caddy,
    }
    return {"services": services}


REACHES = """
import socket
for host, port in {addresses}:
    try:
        socket.create_connection((host, port), 5).close()
        print(host)
    except OSError:
        pass
"""
ADDRESSES = [
    ("postgres", 5432),
    ("redis", 6379),
    ("code-server", 4000),
    ("code", 4000),
    ("web", 3000),
    ("proxy", 443),
    (VENDORS, 443),
]
LOGIN = """
import base64, http.client, socket, ssl
for password in ("", "wrong", {password!r}):
    trusting = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("localhost", context=trusting)
    connection.sock = trusting.wrap_socket(
        socket.create_connection(("proxy", 443)), server_hostname="localhost")
    login = base64.b64encode(f"callhouse:{{password}}".encode()).decode()
    headers = {{"Authorization": f"Basic {{login}}"}} if password else {{}}
    connection.request("GET", "/", headers=headers)
    print(connection.getresponse().status)
"""


def test_all_of_it_starts_polls_and_is_shut_where_it_should_be(compose: Compose) -> None:
    compose.do("up", "--detach", "--build", "--scale", "worker=2")
    compose.until(lambda: _all_are_well(compose.states()), STARTED_S)

    five = "SELECT DISTINCT vendor FROM facts.calls ORDER BY vendor"
    vendors = [["clickfono"], ["conpeek"], ["evolux"], ["vono"], ["wolkvox"]]
    compose.until(lambda: compose.query(five) == vendors, 600)
    assert "demo-conpeek-warsaw" in compose.do("exec", "-T", "worker", "callhouse", "status")

    assert compose.python("ui", LOGIN.format(password=PASSWORD)).split() == ["401", "401", "200"]
    reached = {
        name: compose.python(name, REACHES.format(addresses=ADDRESSES)).split()
        for name in ("worker", "daemon", "ui")
    }
    assert reached["worker"] == ["postgres", "redis", VENDORS]
    assert reached["daemon"] == ["postgres", "redis", "code-server"]
    assert reached["ui"] == ["postgres", "redis", "code-server", "web", "proxy"]

    (before,) = compose.query("SELECT count(*) FROM facts.calls")
    compose.do("down")
    compose.do("up", "--detach", "--scale", "worker=2")
    compose.until(lambda: _all_are_well(compose.states()), STARTED_S)
    (after,) = compose.query("SELECT count(*) FROM facts.calls")
    assert int(after[0]) >= int(before[0]) > 0


def _all_are_well(states: dict[str, tuple[str, str]]) -> bool:
    """Those that have a health check say so; `migrate` has ended."""
    for name, (state, health) in states.items():
        if "migrate" in name:
            if state != "exited":
                return False
        elif state != "running" or health not in ("healthy", ""):
            return False
    return len(states) >= 10
