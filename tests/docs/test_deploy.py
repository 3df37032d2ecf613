"""What is in `deploy/` fits the code. No container is started: there may be no engine."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from pipelines import health
from pipelines.dagster_home import CONFIGURATION
from pipelines.web.guard import HOSTS
from resources.configuration.home import CHECKOUT
from resources.postgres.database import DAGSTER_URL, URL

DEPLOY = CHECKOUT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
VALUES = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))
DAGSTER = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_the_image_copies_what_is_there() -> None:
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert {"assets", "pipelines", "resources", "sql", "deploy/requirements.lock"} <= set(copied)
    for name in copied:
        assert (CHECKOUT / name).exists(), name


def test_the_image_serves_the_code_location() -> None:
    assert '"-m", "pipelines.code_server"' in DOCKERFILE
    port = re.search(r'"--port", "(\d+)"', DOCKERFILE)
    assert port
    workspace = (DEPLOY / "compose" / "config" / "workspace.yaml").read_text(encoding="utf-8")
    (server,) = yaml.safe_load(workspace)["load_from"]
    assert server["grpc_server"]["port"] == int(port[1])
    code = COMPOSE["services"]["code"]
    assert server["grpc_server"]["host"] in code["networks"]["code"]["aliases"]
    assert f"{server['grpc_server']['host']}:{port[1]}" in code["healthcheck"]["test"]


OUTSIDE = [
    name for name, network in COMPOSE["networks"].items() if not (network or {}).get("internal")
]
"""Networks that reach the world."""


def test_compose_is_whole() -> None:
    services = COMPOSE["services"]
    assert {"postgres", "redis", "migrate", "code", "worker", "daemon", "ui", "proxy"} == set(
        services
    )
    for name, service in services.items():
        for other in service.get("depends_on", []):
            assert other in services
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and source != "./secrets/vendors":
                assert (DEPLOY / "compose" / source).exists(), source
            elif not source.startswith("./"):
                assert source in COMPOSE["volumes"]
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert name == "migrate" or service["healthcheck"]["test"], name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        limits = service.get("deploy", {"resources": {"limits": {}}})["resources"]["limits"]
        assert name == "migrate" or limits["memory"], name
        assert float(limits.get("cpus", 1)) <= 1, "a host with fewer can't start it"
    assert "ports" not in services["ui"], "only the proxy, which asks for a password, is open"
    assert services["ui"]["command"][0] == "callhouse-webserver"
    assert HOSTS in services["ui"]["environment"]


def test_compose_has_its_secrets_in_files(tmp_path: Path) -> None:
    text = (DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8")
    assert "PASSWORD:" not in text.replace("POSTGRES_PASSWORD:", "PASSWORD:")
    shutil.copytree(DEPLOY / "compose", tmp_path / "compose")
    for _ in range(2):  # again changes nothing
        subprocess.run(["sh", tmp_path / "compose" / "make-secrets.sh"], check=True)
        made = {file.name: file for file in (tmp_path / "compose" / "secrets").iterdir()}
        texts = {name: file.read_text().strip() for name, file in made.items() if file.is_file()}
    assert {f"./secrets/{name}" for name in texts} == {
        secret["file"] for secret in COMPOSE["secrets"].values()
    }
    password = texts["postgres-password"]
    assert texts["database-url"] == f"postgresql://callhouse:{password}@postgres/callhouse"
    word = texts["redis.conf"].removeprefix("requirepass ")
    assert texts["broker-url"] == f"redis://:{word}@redis:6379/0"
    assert len({password, word}) == 2
    assert len(password) == len(word) == 48
    assert made["database-url"].parent.stat().st_mode & 0o077 == 0


def test_settings_may_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p'$x@h/d\n")
    command = ["sh", str(DEPLOY / "entrypoint.sh"), "sh", "-c", f'echo "${URL} ${DAGSTER_URL}"']
    environment = {"PATH": os.environ["PATH"], f"{URL}_FILE": str(tmp_path / "url")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "postgresql://u:p'$x@h/d postgresql://u:p'$x@h/d\n"


def test_a_command_in_a_container_has_its_settings_from_files(tmp_path: Path) -> None:
    """`docker compose exec worker callhouse status`: it goes past the image's entry point."""
    assert "ln -s /usr/local/bin/callhouse-entrypoint /commands/callhouse" in DOCKERFILE
    assert "PATH=/commands:/venv/bin:" in DOCKERFILE
    (tmp_path / "url").write_text("postgresql://u:p@h/d\n")
    called = tmp_path / "callhouse"
    text = (DEPLOY / "entrypoint.sh").read_text(encoding="utf-8")
    assert "/venv/bin/callhouse" in text
    called.write_text(text.replace("/venv/bin/callhouse", f"printenv {URL}"))
    environment = {"PATH": os.environ["PATH"], f"{URL}_FILE": str(tmp_path / "url")}
    done = subprocess.run(
        ["sh", str(called)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "postgresql://u:p@h/d\n"


def test_only_those_who_keep_or_show_files_have_the_key_to_the_store(tmp_path: Path) -> None:
    have = {name for name, s in COMPOSE["services"].items() if "aws-access-key-id" in str(s)}
    assert have == {"worker", "ui"}
    settings = COMPOSE["services"]["worker"]["environment"]
    assert settings["AWS_SECRET_ACCESS_KEY_FILE"] == "/run/secrets/aws-secret-access-key"
    (tmp_path / "key").write_text("a key\n")
    (tmp_path / "empty").write_text("\n")
    command = ["sh", str(DEPLOY / "entrypoint.sh"), "sh", "-c", "env | grep ^AWS_"]
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID_FILE": str(tmp_path / "key"),
        "AWS_SECRET_ACCESS_KEY_FILE": str(tmp_path / "empty"),
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "key"),  # AWS' own, which is read there
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert told["AWS_ACCESS_KEY_ID"] == "a key"
    assert told.keys() == environment.keys() - {"PATH"} | {"AWS_ACCESS_KEY_ID"}


def test_only_those_who_ask_vendors_have_their_tokens() -> None:
    have = {
        name
        for name, service in COMPOSE["services"].items()
        if any("secrets/vendors" in volume for volume in service.get("volumes", []))
    }
    assert have == {"code", "worker"}
    on = {n: {k for k, s in COMPOSE["services"].items() if n in s["networks"]} for n in OUTSIDE}
    assert on == {"vendors": {"worker"}, "alerts": {"code"}, "front": {"ui", "proxy"}}
    (deployment,) = VALUES["dagster-user-deployments"]["deployments"]
    assert VALUES["dagsterDaemon"]["envSecrets"] == [{"name": "callhouse"}]
    assert VALUES["dagsterWebserver"]["envSecrets"] == [
        {"name": "callhouse"},
        {"name": "callhouse-store", "optional": True},
    ]
    assert {"name": "callhouse-vendors"} in deployment["envSecrets"]


def test_no_container_can_do_more_than_it_must() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only") or name == "postgres", name
    assert re.search(r"^USER 1000$", DOCKERFILE, re.MULTILINE)
    (deployment,) = VALUES["dagster-user-deployments"]["deployments"]
    for pod in (deployment, VALUES["dagsterWebserver"], VALUES["dagsterDaemon"]):
        assert pod["podSecurityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert pod["securityContext"]["allowPrivilegeEscalation"] is False


def test_every_base_can_be_named_by_its_digest() -> None:
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}
    for name, service in COMPOSE["services"].items():
        assert service["image"] == "callhouse" or service["image"].startswith("${CALLHOUSE_"), name


def test_probes_are_cheap_and_known() -> None:
    """By our own module, which imports no Dagster."""
    workers = (DEPLOY / "kubernetes" / "workers.yaml").read_text(encoding="utf-8")
    text = (DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8") + workers
    asked = set(re.findall(r'"pipelines\.health", "(\w+)"', text))
    assert asked == set(health.PARTS)
    loaded = "import sys, pipelines.health; sys.exit('dagster' in sys.modules)"
    subprocess.run([sys.executable, "-c", loaded], cwd=CHECKOUT, check=True)


def test_the_image_holds_what_runs_and_no_tools() -> None:
    pin = re.compile(r"^([a-z0-9._-]+==[^ ;\\]+)", re.MULTILINE)
    runs = set(pin.findall((DEPLOY / "requirements.lock").read_text(encoding="utf-8")))
    all_of_it = set(pin.findall((CHECKOUT / "requirements.lock").read_text(encoding="utf-8")))
    assert runs < all_of_it, "make lock writes both"
    names = {one.partition("==")[0] for one in runs}
    assert {"dagster", "httpx", "psycopg"} <= names
    assert not names & {"pytest", "ruff", "mypy", "hatchling", "playwright", "import-linter"}


def listens_on(service: dict[str, Any]) -> str:
    """The network of the name that it listens at; without one it would be all that it is on."""
    host = service["command"][service["command"].index("--host") + 1]
    (name,) = (n for n, at in service["networks"].items() if host in at.get("aliases", []))
    return str(name)


def test_only_the_daemon_and_the_ui_reach_the_code_server() -> None:
    services, networks = COMPOSE["services"], COMPOSE["networks"]
    shared = set(services["code"]["networks"])
    neighbours = {name for name, s in services.items() if shared & set(s["networks"])}
    assert neighbours == {"code", "worker", "daemon", "ui", "postgres", "migrate", "redis"}
    on = {name: {n for n, s in services.items() if name in s["networks"]} for name in networks}
    assert on["code"] == {"code", "daemon", "ui"}
    assert on["broker"] == {"redis", "code", "worker", "daemon", "ui"}
    assert on["front"] == {"ui", "proxy"}
    assert on["metrics"] == {"ui"}
    assert {name for name in services if "ports" in services[name]} == {"proxy"}
    assert all(networks[name]["internal"] for name in ("code", "data", "broker", "metrics"))
    assert listens_on(services["code"]) == "code"
    assert listens_on(services["ui"]) == "front"
    (deployment,) = VALUES["dagster-user-deployments"]["deployments"]
    text = (DEPLOY / "kubernetes" / "network-policy.yaml").read_text(encoding="utf-8")
    policy = next(yaml.safe_load_all(text))["spec"]
    assert policy["podSelector"]["matchLabels"]["deployment"] == deployment["name"]
    (ingress,) = policy["ingress"]
    assert ingress["ports"] == [{"port": deployment["port"]}]
    (who,) = ingress["from"][0]["podSelector"]["matchExpressions"]
    assert set(who["values"]) == {"dagster-daemon", "dagster-webserver"}


def test_kubernetes_runs_dagster_as_callhouse_does() -> None:
    daemon = VALUES["dagsterDaemon"]
    coordinator = daemon["runCoordinator"]["config"]["customRunCoordinator"]
    ours = DAGSTER["run_coordinator"]
    assert (coordinator["module"], coordinator["class"]) == (ours["module"], ours["class"])
    assert hasattr(importlib.import_module(ours["module"]), ours["class"])
    assert coordinator["config"] == ours["config"]
    monitoring: dict[str, Any] = DAGSTER["run_monitoring"]
    for name, value in daemon["runMonitoring"].items():
        assert monitoring[re.sub(r"([A-Z])", r"_\1", name).lower()] == value, name
    pools = VALUES["concurrency"]["pools"]
    assert VALUES["concurrency"]["enabled"]
    assert {"granularity": pools["granularity"], "default_limit": pools["defaultLimit"]} == (
        DAGSTER["concurrency"]["pools"]
    )
    assert not VALUES["telemetry"]["enabled"]
    # Dagster's chart starts `dagster-webserver`: in the image that is the guarded one.
    assert "ln -sf callhouse-webserver" in DOCKERFILE
    assert HOSTS in {variable["name"] for variable in VALUES["dagsterWebserver"]["env"]}
