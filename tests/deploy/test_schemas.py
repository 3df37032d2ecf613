"""What is in `deploy/` is valid by the published schemas of who reads it."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource

from resources.configuration.home import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SCHEMAS = Path(__file__).parent / "schemas"
KINDS = {
    "apps/v1 Deployment": "io.k8s.api.apps.v1.Deployment",
    "policy/v1 PodDisruptionBudget": "io.k8s.api.policy.v1.PodDisruptionBudget",
    "networking.k8s.io/v1 NetworkPolicy": "io.k8s.api.networking.v1.NetworkPolicy",
    "autoscaling/v2 HorizontalPodAutoscaler": "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
}
CRDS = {
    "keda.sh/v1alpha1 ScaledObject": "keda-scaledobject",
    "keda.sh/v1alpha1 TriggerAuthentication": "keda-triggerauthentication",
}
VALUES = ("values.yaml", "values-jobs.yaml")
MANIFESTS = sorted(path.name for path in KUBERNETES.glob("*.yaml") if path.name not in VALUES)
SUBCHART = "dagster-user-deployments"


@cache
def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))


def require(instance: Any, by: Any) -> None:
    """Raises ValidationError with the deepest thing that is wrong."""
    kubernetes = Resource.from_contents(schema("kubernetes"))
    registry = Registry().with_resource("kubernetes.json", kubernetes)
    error = best_match(Draft202012Validator(by, registry=registry).iter_errors(instance))
    if error:
        raise error


def documents(name: str) -> list[Any]:
    found = yaml.safe_load_all((KUBERNETES / name).read_text(encoding="utf-8"))
    return [
        item for one in found for item in (one["items"] if one.get("kind") == "List" else [one])
    ]


def by_kind(document: Any) -> Any:
    kind = f"{document['apiVersion']} {document['kind']}"
    if kind in CRDS:
        return schema(CRDS[kind])
    return {"$ref": f"kubernetes.json#/$defs/{KINDS[kind]}"}


def merged(values: Any, others: Any) -> Any:
    """As Helm merges: maps by key, null takes a key away, anything else replaces."""
    if not (isinstance(values, dict) and isinstance(others, dict)):
        return others
    made = {key: merged(values.get(key), other) for key, other in others.items()}
    return {
        key: value for key, value in (values | made).items() if value is not None or key not in made
    }


def chart_values(*files: str) -> Any:
    values = deepcopy(schema("dagster-chart.defaults"))
    for file in files:
        values = merged(values, documents(file)[0])
    return values


def test_compose_is_valid() -> None:
    text = (DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    require(compose, schema("compose"))
    compose["services"]["worker"]["memory_limit"] = "1g"
    with pytest.raises(ValidationError):
        require(compose, schema("compose"))


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_are_valid(name: str) -> None:
    for document in documents(name):
        require(document, by_kind(document))


def test_a_wrong_manifest_is_told() -> None:
    deployment = documents("workers.yaml")[0]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    container["livenesProbe"] = container.pop("livenessProbe")
    with pytest.raises(ValidationError):
        require(deployment, by_kind(deployment))


@pytest.mark.parametrize("files", [VALUES[:1], VALUES])
def test_values_are_valid_by_the_chart(files: tuple[str, ...]) -> None:
    values = chart_values(*files)
    require(values, schema("dagster-chart"))
    defaults = deepcopy(schema(f"{SUBCHART}-chart.defaults"))
    require(merged(defaults, values[SUBCHART]), schema(f"{SUBCHART}-chart"))
    launcher = values["runLauncher"]
    assert launcher["type"][0].lower() + launcher["type"][1:] in launcher["config"]


def test_values_that_the_chart_has_not_are_told() -> None:
    values = chart_values("values.yaml")
    values["dagsterWebserver"]["envSecret"] = []
    with pytest.raises(ValidationError):
        require(values, schema("dagster-chart"))
