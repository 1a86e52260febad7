"""What a changed environment file replaces: all that it must, nothing else, and never what the old parts still need."""

import copy
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from configuration.config import Config
from configuration.knowledge.names import KnowledgeNames
from configuration.knowledge.plan import plan_of
from tests.stacks.knowledge.variants import (
    CHUNKINGS,
    S3,
    VARIANTS,
    Template,
    needed_by,
    properties,
    the,
    variant,
)
from tests.varying import Vary

ALL = {"collection", "network", "index", "source"}
COHERE = {"embed": ["cohere.embed-multilingual-v3"]}


def names(config: Config) -> KnowledgeNames:
    assert config.knowledge
    return plan_of(config.knowledge, environment=config.name, aliases=config.alias_targets).names


def replaced(before: Config, after: Config) -> set[str]:
    return {part for part in ALL if getattr(names(before), part) != getattr(names(after), part)}


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"standby": True}, ALL),
        ({"vpc_endpoints": ["vpce-0123456789abcdef0"]}, {"network"}),
        ({"dimensions": 512}, {"index", "source"}),
        ({"dimensions": 1024}, set()),
        ({"vector_type": "binary"}, {"index", "source"}),
        ({"metadata": {"department": "string"}}, {"index", "source"}),
        ({"metadata": {"department": "string", "year": "string", "public": "boolean"}}, {"index", "source"}),
        ({"metadata": {"public": "boolean", "year": "number", "department": "string"}}, set()),
        (S3, {"index", "source"}),
        *(({"chunking": chunking}, {"source"}) for chunking in CHUNKINGS.values()),
        ({"parsing": {"strategy": "foundation_model", "model": "smart"}}, {"source"}),
        ({"results": 9, "search": "hybrid", "score_threshold": 0.1, "alias": "smart"}, set()),
        ({"reranking": {"model": "cohere.rerank-v3-5:0"}}, set()),
        ({"ingestion": {"quiet_seconds": 5}, "propagation_seconds": 9}, set()),
    ],
)
def test_a_change_replaces_what_it_decides_and_what_stands_on_that(
    vary: Vary, change: dict[str, Any], parts: set[str]
) -> None:
    assert replaced(vary(), vary(knowledge=change)) == parts


def test_another_embedding_model_has_an_index_of_its_own_even_of_the_same_length(vary: Vary) -> None:
    after = vary(models={"aliases": {**vary().model_dump()["models"]["aliases"], **COHERE}})

    assert replaced(vary(), after) == {"index", "source"}


def test_another_owner_and_another_answering_model_cost_no_index(vary: Vary) -> None:
    aliases = {**vary().model_dump()["models"]["aliases"], "fast": ["amazon.nova-pro-v1:0"]}

    assert replaced(vary(), vary(owner="another@example.com", models={"aliases": aliases})) == set()


def test_in_s3_vectors_fields_are_no_part_of_the_index(vary: Vary) -> None:
    assert replaced(vary(knowledge=S3), vary(knowledge={**S3, "metadata": {}})) == set()


def test_a_parser_that_is_told_something_else_reads_everything_anew(vary: Vary) -> None:
    parsing = {"strategy": "foundation_model", "model": "smart"}

    assert replaced(
        vary(knowledge={"parsing": parsing}), vary(knowledge={"parsing": {**parsing, "prompt": "Read tables."}})
    ) == {"source"}


def test_environments_do_not_share_names_even_if_theirs_begin_alike(vary: Vary) -> None:
    one, other = (names(vary(name=f"workshop-november-{day}")) for day in (1, 2))

    for name in ("collection_name", "network_policy", "access_policy", "opening_policy", "knowledge_base"):
        assert getattr(one, name) != getattr(other, name)


def test_names_are_such_as_opensearch_takes(vary: Vary) -> None:
    longest = names(vary(name="a-very-long-name-20c"))

    for name in ("collection_name", "network_policy", "access_policy", "opening_policy"):
        assert 3 <= len(getattr(longest, name)) <= 32
    assert len({longest.collection_name, longest.network_policy, longest.access_policy, longest.opening_policy}) == 4


def changed_under_the_source(old: Template, new: Template) -> list[str]:
    """Return what the old data source needs and an update would change before that source is deleted."""
    source = the(old, "AWS::Bedrock::DataSource")
    # It only waits, and is itself the same before and after.
    lifecycle = the(old, "AWS::Lambda::Function", "Lifecycle")
    needed = {source, *needed_by(old, source, without=frozenset({lifecycle}))}
    return [id_ for id_ in needed & new["Resources"].keys() if new["Resources"][id_] != old["Resources"][id_]]


def taken_names(old: Template, new: Template) -> list[str]:
    """Return what is made anew under a name that another resource has until it is deleted."""
    return [
        id_
        for id_ in new["Resources"].keys() - old["Resources"].keys()
        for other in old["Resources"].keys() - new["Resources"].keys()
        if names_in(new["Resources"][id_]) and names_in(new["Resources"][id_]) == names_in(old["Resources"][other])
    ]


def names_in(resource: dict[str, Any]) -> tuple[str, list[Any]] | None:
    named = [value for key, value in resource["Properties"].items() if key in ("Name", "IndexName", "PolicyName")]
    # OpenSearch's policies may have one name if they are of different types.
    return (resource["Type"], [*named, resource["Properties"].get("Type")]) if named else None


@pytest.mark.parametrize("check", [changed_under_the_source, taken_names])
def test_any_variant_can_be_made_of_any_other(check: Callable[[Template, Template], list[str]]) -> None:
    """CloudFormation makes and changes first, and deletes afterwards what the new template does not have."""
    found = {(one, other): check(variant(one), variant(other)) for one, other in permutations(VARIANTS, 2)}

    assert {pair: ids for pair, ids in found.items() if ids} == {}


def test_a_part_that_changes_under_the_old_source_is_found() -> None:
    old, new = variant("OpenSearch"), copy.deepcopy(variant("OpenSearch-none"))
    rights = the(new, "AWS::IAM::Policy", "KnowledgeRights")
    new["Resources"][rights]["Properties"]["PolicyDocument"]["Statement"].pop()

    assert changed_under_the_source(old, new) == [rights]


def test_a_name_that_is_still_taken_is_found() -> None:
    old, new = variant("OpenSearch"), copy.deepcopy(variant("OpenSearch-none"))
    source = the(new, "AWS::Bedrock::DataSource")
    new["Resources"][source]["Properties"]["Name"] = properties(old, "AWS::Bedrock::DataSource")["Name"]

    assert taken_names(old, new) == [source]


def test_a_change_of_chunking_touches_the_data_source_and_its_first_ingestion_only() -> None:
    old, new = (variant(name)["Resources"] for name in ("OpenSearch", "OpenSearch-none"))

    assert {new[id_]["Type"] for id_ in new.keys() - old.keys()} == {
        "AWS::Bedrock::DataSource",
        "Custom::QuarryFirstIngestion",
    }


def test_a_shorter_vector_leaves_the_collection_alone() -> None:
    old, new = (variant(name)["Resources"] for name in ("OpenSearch", "OpenSearch-binary"))
    kept = {old[id_]["Type"] for id_ in old.keys() & new.keys() if old[id_] == new[id_]}

    assert "AWS::OpenSearchServerless::Collection" in kept
    assert "AWS::S3::Bucket" in kept
    assert "AWS::OpenSearchServerless::AccessPolicy" not in kept
    assert "AWS::Bedrock::KnowledgeBase" not in kept
