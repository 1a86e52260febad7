"""The rules about who may import whom: each holds, and each can fail. ``make lint`` runs the same with lint-imports."""

import copy
from functools import cache
from typing import Any, Final

import grimp
import pytest
from importlinter import api
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from tests.structure import PROJECT, graph

CONFIGURATION: Final[dict[str, Any]] = api.read_configuration(str(PROJECT / "pyproject.toml"))

KINDS: Final[dict[str, type[Contract]]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}

# Contract -> an import that it forbids. Both modules exist; the import does not.
FORBIDDEN: Final[dict[str, list[tuple[str, str]]]] = {
    "lambdas <- configuration <- stacks | quarry": [
        ("lambdas.chat.service", "configuration.aliases"),
        ("configuration.config", "stacks.platform"),
        ("lambdas.common.aws", "stacks.components.checks"),
        ("lambdas.knowledge.asking", "quarry.output"),
        ("configuration.section", "quarry.command_error"),
        ("stacks.platform", "quarry.output"),
        ("quarry.deployed.deployment", "stacks.components.environment_stack"),
    ],
    "Only stacks know aws_cdk": [
        ("configuration.knowledge.names", "aws_cdk"),
        ("lambdas.catalogue.facts", "aws_cdk"),
        ("quarry.output", "constructs"),
        ("sandbox.state", "cdk_nag"),
    ],
    "The sandbox knows AWS and nothing of ours": [
        ("sandbox.server", "lambdas.common.errors"),
        ("sandbox.inventory", "configuration.environment_file"),
        ("sandbox.model.converse", "quarry.output"),
    ],
    "Nothing that is shipped or deploys knows the sandbox, the benchmarks or the documents": [
        ("lambdas.common.aws", "sandbox.connection"),
        ("quarry.cli", "sandbox.connection"),
        ("stacks.platform", "benchmarks.table"),
        ("lambdas.api.handler", "docs.reference"),
    ],
    "Nothing that is shipped or deploys knows app.py and the tests": [
        ("stacks.platform", "app"),
        ("sandbox.server", "tests"),
    ],
    "configuration: what people write, over the sections of capabilities": [
        ("configuration.section", "configuration.knowledge.section"),
        ("configuration.studio.section", "configuration.tuning.section"),
        ("configuration.aliases", "configuration.config"),
        ("configuration.schema", "configuration.synthesis"),
        ("configuration.catalogue.compile", "configuration.targets"),
    ],
    "lambdas: the request's way, from the edge down": [
        ("lambdas.exchange.exchanges", "lambdas.api.outcome"),
        ("lambdas.knowledge.asking", "lambdas.exchange.exchanges"),
        ("lambdas.sessions.service", "lambdas.knowledge.settings"),
        ("lambdas.sessions.service", "lambdas.prompts.definition"),
        ("lambdas.chat.service", "lambdas.sessions.session"),
        ("lambdas.allowances.ledger", "lambdas.api.dialects.chat.request"),
        ("lambdas.common.caller", "lambdas.allowances.usage"),
        ("lambdas.catalogue.facts", "lambdas.common.errors"),
    ],
    "lambdas: what is started by events": [
        ("lambdas.lifecycle.wait", "lambdas.ingestion.changes"),
        ("lambdas.common.aws", "lambdas.lifecycle.wait"),
        ("lambdas.studio.clean_up", "lambdas.tuning.names"),
        ("lambdas.teardown.teardown", "lambdas.expiry.end"),
    ],
    "lambdas: no function knows who decides about keys, nor who is started by events": [
        ("lambdas.authorizer.handler", "lambdas.lifecycle.wait"),
        ("lambdas.api.handler", "lambdas.authorizer.keys"),
        ("lambdas.knowledge.asking", "lambdas.lifecycle.wait"),
        ("lambdas.exchange.documents", "lambdas.ingestion.message"),
        ("lambdas.api.composition", "lambdas.tuning.names"),
        ("lambdas.ingestion.starter", "lambdas.teardown.ownership"),
    ],
    "lambdas: nor do these know the request's way": [
        ("lambdas.authorizer.handler", "lambdas.api.outcome"),
        ("lambdas.ingestion.starter", "lambdas.api.outcome"),
        ("lambdas.lifecycle.wait", "lambdas.chat.errors"),
        ("lambdas.ingestion.outcome", "lambdas.knowledge.fields"),
        ("lambdas.tuning.conductor", "lambdas.chat.service"),
    ],
    "stacks: capabilities over components": [
        ("stacks.components.log_group", "stacks.inference.rest_api"),
        ("stacks.knowledge.stack", "stacks.prompts.definitions"),
        ("stacks.prompts.stack", "stacks.platform"),
        ("stacks.inference.permissions", "stacks.studio.domain"),
        ("stacks.tuning.stack", "stacks.studio.domain"),
        ("stacks.playground.pages", "stacks.inference.rest_api"),
        ("stacks.components.table", "stacks.tuning.states"),
    ],
    "stacks: of the knowledge base the others know how it is asked": [
        ("stacks.inference.stack", "stacks.knowledge.permissions"),
        ("stacks.inference.served_models", "stacks.knowledge.asked"),
    ],
    "stacks: of the environment's end and budget the others know how is counted": [
        ("stacks.inference.stack", "stacks.foundation.permissions")
    ],
    "stacks: of the prompts the others know the layer": [("stacks.inference.stack", "stacks.prompts.stack")],
    "stacks: of the playground the others know its pages and their domain": [
        ("stacks.inference.stack", "stacks.playground.files")
    ],
    "stacks: of the endpoint the others know how models are called": [
        ("stacks.studio.stack", "stacks.inference.served_models"),
        ("stacks.tuning.stack", "stacks.inference.permissions"),
    ],
    "stacks: nobody knows the constructs of the guardrail, of Studio and of tuning": [
        ("stacks.inference.stack", "stacks.guardrails.stack"),
        ("stacks.inference.stack", "stacks.studio.domain"),
        ("stacks.studio.stack", "stacks.tuning.tuning_bucket"),
    ],
    "quarry: commands over what is deployed": [
        ("quarry.deployed.endpoint", "quarry.chat.conversation"),
        ("quarry.keys.commands", "quarry.knowledge.stack"),
        ("quarry.output", "quarry.deployed.connection"),
        ("quarry.tuning.start", "quarry.workshop.plan"),
        ("quarry.tuning.start", "quarry.cost.estimate"),
        ("quarry.terminal_text", "quarry.output"),
        ("quarry.workshop.plan", "quarry.cli"),
    ],
    "No circles": [
        ("configuration.section", "configuration.config"),
        ("lambdas.allowances.usage", "lambdas.allowances.ledger"),
        ("sandbox.transport", "sandbox.server"),
        ("docs.generated", "docs.reference"),
    ],
}

# Folders whose rooms stand on floors, each named in a contract: a new one has to be given its place.
FLOORED: Final = ("configuration", "lambdas", "stacks", "quarry")


@cache
def imports() -> grimp.ImportGraph:
    """Who imports whom today, third-party packages and imports for type checking included."""
    return graph(*CONFIGURATION["session_options"]["root_packages"], external=True)


def contracts() -> list[Contract]:
    """Return pyproject.toml's contracts."""
    made = []
    for options in CONFIGURATION["contracts_options"]:
        session = CONFIGURATION["session_options"]
        made.append(KINDS[options["type"]](name=options["name"], session_options=session, contract_options=options))
    return made


def holds(contract: Contract, *more: tuple[str, str]) -> bool:
    """Return whether a contract holds with these imports beside those that there are."""
    with_more = copy.deepcopy(imports())
    for importer, imported in more:
        assert importer in with_more.modules
        assert imported in with_more.modules or imported in {"aws_cdk", "constructs", "cdk_nag", "app", "tests"}
        if imported not in with_more.modules:
            with_more.add_module(imported, is_squashed=True)
        assert not with_more.direct_import_exists(importer=importer, imported=imported)
        with_more.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    return contract.check(with_more, verbose=False).kept


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.name)
def test_a_contract_holds(contract: Contract) -> None:
    assert holds(contract)


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.name)
def test_a_contract_can_fail(contract: Contract) -> None:
    assert FORBIDDEN[contract.name]
    for bad in FORBIDDEN[contract.name]:
        assert not holds(contract, bad), bad


def test_every_bad_example_belongs_to_a_contract() -> None:
    assert FORBIDDEN.keys() == {contract.name for contract in contracts()}


@pytest.mark.parametrize("folder", FLOORED)
def test_a_room_that_no_floor_names_is_found(folder: str) -> None:
    floors = [one for one in contracts() if folder in one.contract_options.get("containers", [])]
    with_more = copy.deepcopy(imports())
    with_more.add_module(f"{folder}.attic")

    assert floors
    assert [one.name for one in floors if one.check(with_more, verbose=False).kept] == []


def test_imports_for_type_checking_count() -> None:
    assert "exclude_type_checking_imports" not in CONFIGURATION["session_options"]


def test_every_package_is_looked_at() -> None:
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}

    assert set(CONFIGURATION["session_options"]["root_packages"]) == packages
