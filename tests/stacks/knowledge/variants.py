"""Knowledge stacks of all kinds, synthesised together once with all checks, and their templates as graphs."""

from typing import Any, Final

from aws_cdk import App

from configuration.config import Config
from configuration.environment_file import load
from stacks.components.checks import add_checks
from stacks.knowledge.stack import KnowledgeStack
from tests.kept import kept
from tests.policy import rules
from tests.templates import new_app

Template = dict[str, Any]

S3: Final = {"vector_store": "s3_vectors"}
CHUNKINGS: Final[dict[str, dict[str, Any]]] = {
    "fixed": {"strategy": "fixed", "max_tokens": 200, "overlap_percent": 10},
    "none": {"strategy": "none"},
    "hierarchical": {"strategy": "hierarchical", "parent_tokens": 1200, "child_tokens": 250, "overlap_tokens": 50},
    "semantic": {"strategy": "semantic", "max_tokens": 250, "buffer_size": 1, "breakpoint_percentile": 90},
}
ENDPOINT: Final = "vpce-0123456789abcdef0"
PRIVATE: Final = {"vpc_endpoints": [ENDPOINT], "standby": True}
BINARY: Final = {"vector_type": "binary", "dimensions": 512}
EXTRAS: Final[dict[str, Any]] = {
    "dimensions": 256,
    "parsing": {"strategy": "foundation_model", "model": "smart", "prompt": "Read tables row by row."},
    "reranking": {"model": "cohere.rerank-v3-5:0", "results": 3},
    "ingestion": {"quiet_seconds": 600, "max_minutes": 1440, "alarm_email": "owner@example.com"},
}
# Name -> what differs from dev's section: both stores, all chunkings, and everything that makes more resources.
VARIANTS: Final[dict[str, dict[str, Any]]] = {
    "OpenSearch": {},
    "OpenSearch-none": {"chunking": CHUNKINGS["none"]},
    "OpenSearch-private": {"chunking": CHUNKINGS["hierarchical"], **PRIVATE},
    "OpenSearch-binary": {"chunking": CHUNKINGS["semantic"], **BINARY},
    "S3": {**S3, "chunking": CHUNKINGS["fixed"]},
    "S3-none": {**S3, "chunking": CHUNKINGS["none"]},
    "S3-hierarchical": {**S3, "chunking": CHUNKINGS["hierarchical"]},
    "S3-extras": {**S3, "chunking": CHUNKINGS["semantic"], **EXTRAS},
}


def config(name: str) -> Config:
    """Return dev with the variant's section."""
    document = load("dev").model_dump()
    document["knowledge"] = {**document["knowledge"], **VARIANTS[name]}
    return Config.model_validate(document)


@kept
def templates() -> dict[str, Template]:
    """Return variant -> its template."""
    app: App = new_app()
    for name in VARIANTS:
        varied = config(name)
        assert varied.knowledge
        KnowledgeStack(app, name, config=varied, account=None, knowledge=varied.knowledge)
    add_checks(app)
    return {stack.id: stack.template for stack in app.synth().stacks}


def variant(name: str) -> Template:
    """Return one variant's template."""
    template: Template = templates()[name]
    return template


def the(template: Template, kind: str, beginning: str = "") -> str:
    """Return the logical id of the one resource of a type whose logical id begins so."""
    (found,) = (
        id_ for id_, resource in template["Resources"].items() if resource["Type"] == kind and id_.startswith(beginning)
    )
    return str(found)


def properties(template: Template, kind: str, beginning: str = "") -> dict[str, Any]:
    """Return its properties."""
    found: dict[str, Any] = template["Resources"][the(template, kind, beginning)]["Properties"]
    return found


def references(resource: Any) -> set[str]:
    """Return the logical ids that a resource, or a part of one, refers to; not those in DependsOn."""
    found: set[str] = set()
    if isinstance(resource, dict):
        if "Ref" in resource:
            found.add(resource["Ref"])
        if "Fn::GetAtt" in resource:
            found.add(resource["Fn::GetAtt"][0])
        for name, value in resource.items():
            if name != "DependsOn":
                found |= references(value)
    if isinstance(resource, list):
        for value in resource:
            found |= references(value)
    return found


def depends_on(resource: dict[str, Any]) -> list[str]:
    """Return what the resource names in DependsOn."""
    named = resource.get("DependsOn", [])
    return [named] if isinstance(named, str) else list(named)


def needed_by(template: Template, later: str, *, without: frozenset[str] = frozenset()) -> set[str]:
    """Return everything that is made before ``later`` and deleted after it, on paths that pass no id of ``without``."""
    resources = template["Resources"]
    found: set[str] = set()
    waiting = [later]
    while waiting:
        resource = resources[waiting.pop()]
        for id_ in {*references(resource), *depends_on(resource)} & resources.keys():
            if id_ not in found:
                found.add(id_)
                if id_ not in without:
                    waiting.append(id_)
    return found


def flat(value: Any) -> str:
    """Return a Join or Sub of strings and references as one string."""
    if isinstance(value, dict):
        if "Fn::Sub" in value:
            return str(value["Fn::Sub"])
        parts = value["Fn::Join"][1] if "Fn::Join" in value else [f"<{next(iter(references(value)))}>"]
        return "".join(flat(part) for part in parts)
    return str(value)


def allowed(template: dict[str, Any], beginning: str) -> dict[str, str]:
    """Return action -> resource of the policies whose logical id begins so."""
    return {
        action: flat(statement["Resource"])
        for id_, policy in rules.of_type(template, "AWS::IAM::Policy")
        if id_.startswith(beginning)
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
