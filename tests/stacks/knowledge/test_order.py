"""The order in which a knowledge base's parts are made, and deleted in reverse; nothing in a template implies it.

Each pair has a reason in AWS. The last tests prove that the check sees a dependency that is missing.
"""

import copy
from collections.abc import Iterator
from typing import Final

import pytest

from lambdas.knowledge.current_id import CACHE_SECONDS
from lambdas.knowledge.retrieval import TIMEOUT_SECONDS
from lambdas.lifecycle.wait import MAX_SECONDS
from tests.stacks.knowledge.variants import VARIANTS, Template, depends_on, needed_by, templates, the, variant

AOSS: Final = "AWS::OpenSearchServerless"
# What a name below means: type and beginning of the logical id. A part that a variant does not have is left out.
PARTS: Final = {
    "encryption policy": (f"{AOSS}::SecurityPolicy", "OpenSearchEncryption"),
    "network policy": (f"{AOSS}::SecurityPolicy", "OpenSearchNetwork"),
    "collection": (f"{AOSS}::Collection", ""),
    "access policy": (f"{AOSS}::AccessPolicy", ""),
    "right to open": ("AWS::IAM::Policy", "OpenSearchMayOpen"),
    "wait for access": ("Custom::QuarryWait", "OpenSearchAccessWait"),
    "opening": ("Custom::QuarryPublicAccess", "OpenSearchOpen"),
    "index": (f"{AOSS}::Index", ""),
    "binary index": (f"{AOSS}::CollectionIndex", ""),
    "closing": ("Custom::QuarryPublicAccess", "OpenSearchClose"),
    "vector bucket": ("AWS::S3Vectors::VectorBucket", ""),
    "vector index": ("AWS::S3Vectors::Index", ""),
    "role": ("AWS::IAM::Role", "Role"),
    "rights": ("AWS::IAM::Policy", "KnowledgeRights"),
    "more rights": ("AWS::IAM::Policy", "KnowledgeMoreRights"),
    "wait for the index": ("Custom::QuarryWait", "KnowledgeIndexWait"),
    "knowledge base": ("AWS::Bedrock::KnowledgeBase", ""),
    "data source": ("AWS::Bedrock::DataSource", ""),
    "bucket": ("AWS::S3::Bucket", ""),
    "emptying": ("Custom::QuarryEmptyBucket", ""),
    "lifecycle's rights": ("AWS::IAM::Policy", "LifecycleFunctionRoleDefaultPolicy"),
    "recorder": ("AWS::Lambda::Function", "WatchRecorder"),
    "watcher": ("AWS::StepFunctions::StateMachine", ""),
    "starter": ("AWS::Lambda::Function", "IngestionStarter"),
    "right to stop": ("AWS::IAM::Policy", "IngestionMayStop"),
    "first ingestion": ("Custom::QuarryFirstIngestion", ""),
    "batches": ("AWS::Lambda::EventSourceMapping", ""),
    "filling": ("Custom::QuarryFilling", ""),
    "id": ("AWS::SSM::Parameter", "Id"),
    "hand-over": ("Custom::QuarryHandOver", ""),
}
# Earlier, later: made in this order, deleted in reverse.
PAIRS: Final = (
    # A collection without matching encryption policy is refused.
    ("encryption policy", "collection"),
    ("network policy", "collection"),
    # CloudFormation and Bedrock have to be let in before the index is made, and long enough before.
    ("collection", "wait for access"),
    ("access policy", "wait for access"),
    ("wait for access", "index"),
    ("wait for access", "binary index"),
    ("right to open", "opening"),
    ("wait for access", "opening"),
    ("opening", "index"),
    ("index", "closing"),
    ("closing", "wait for the index"),
    # Bedrock looks for the index when a knowledge base is made, and tries its role on it.
    ("index", "wait for the index"),
    ("binary index", "wait for the index"),
    ("vector index", "wait for the index"),
    ("rights", "wait for the index"),
    ("wait for the index", "knowledge base"),
    ("vector bucket", "vector index"),
    ("role", "knowledge base"),
    # A data source empties the index when it is deleted, with all of this.
    *((part, "data source") for part in PARTS if part in {
        "encryption policy", "network policy", "collection", "access policy", "index", "binary index", "vector bucket",
        "vector index", "role", "rights", "more rights", "knowledge base",
    }),
    # A new data source is filled by the starter that knows it; a job is stopped before its data source is deleted.
    ("data source", "first ingestion"),
    ("starter", "first ingestion"),
    ("right to stop", "first ingestion"),
    # Nothing starts another job then.
    ("first ingestion", "batches"),
    # Nobody is told of a knowledge base that is empty, and the former one goes when everybody has heard of it.
    ("first ingestion", "filling"),
    ("filling", "id"),
    ("id", "hand-over"),
    # Nothing writes to the bucket any more when it has been emptied.
    ("bucket", "emptying"),
    ("emptying", "recorder"),
    ("emptying", "watcher"),
    ("emptying", "starter"),
    # The function behind the custom resources may do its part as long as there is one.
    *(("lifecycle's rights", part) for part in ("wait for access", "wait for the index", "emptying", "first ingestion",
                                                "opening", "closing", "filling", "hand-over")),
)  # fmt: skip
# Earlier, later, and what may stay when these two are replaced together: it cannot stand between them.
APART: Final = (("network policy", "index", "collection"), ("network policy", "binary index", "collection"))


def found(template: Template) -> dict[str, str]:
    """Return part -> logical id of those that there are."""
    ids = {}
    for part, (kind, beginning) in PARTS.items():
        if any(r["Type"] == kind and id_.startswith(beginning) for id_, r in template["Resources"].items()):
            ids[part] = the(template, kind, beginning)
    return ids


def out_of_order(template: Template) -> list[str]:
    """Return the pairs whose order nothing guarantees."""
    ids = found(template)
    wrong = [
        f"{earlier} -> {later}"
        for earlier, later in PAIRS
        if {earlier, later} <= ids.keys() and ids[earlier] not in needed_by(template, ids[later])
    ]
    return wrong + [
        f"{earlier} -> {later} without {between}"
        for earlier, later, between in APART
        if {earlier, later} <= ids.keys()
        and ids[earlier] not in needed_by(template, ids[later], without=frozenset({ids[between]}))
    ]


def own_dependencies(template: Template) -> Iterator[tuple[str, str]]:
    """Yield (resource, what it names in DependsOn), but for the CDK's own: functions and machines on their roles."""
    for id_, resource in template["Resources"].items():
        for named in depends_on(resource):
            of_the_cdk = resource["Type"] in ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine")
            if not of_the_cdk or not template["Resources"][named]["Type"].startswith("AWS::IAM::"):
                yield id_, named


@pytest.mark.parametrize("name", VARIANTS)
def test_everything_is_made_in_order_and_deleted_in_reverse(name: str) -> None:
    template = variant(name)

    assert out_of_order(template) == []
    assert len(found(template)) >= 15


def test_every_part_is_in_some_variant() -> None:
    assert {part for template in templates().values() for part in found(template)} == set(PARTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_no_dependency_can_be_left_out(name: str) -> None:
    template = variant(name)
    dependencies = list(own_dependencies(template))

    for id_, named in dependencies:
        without = copy.deepcopy(template)
        without["Resources"][id_]["DependsOn"] = [one for one in depends_on(without["Resources"][id_]) if one != named]
        assert out_of_order(without), f"{id_} need not depend on {named}, as far as the pairs say"

    assert len(dependencies) >= 6


@pytest.mark.parametrize("name", ["OpenSearch", "S3-extras"])
def test_no_wait_runs_at_deletion_and_none_is_longer_than_the_environment_says(name: str) -> None:
    waits = [r["Properties"] for r in variant(name)["Resources"].values() if r["Type"] == "Custom::QuarryWait"]

    assert {wait["Action"] for wait in waits} == {"wait"}
    assert [wait["Seconds"] for wait in waits] == (["90", "90"] if name == "OpenSearch" else ["30"])
    assert all(int(wait["ServiceTimeout"]) < 3600 for wait in waits)


def test_a_hand_over_is_as_long_as_an_id_is_known_and_a_search_may_take() -> None:
    template = variant("S3")
    hand_over = template["Resources"][the(template, "Custom::QuarryHandOver")]["Properties"]

    assert int(hand_over["Seconds"]) >= CACHE_SECONDS + TIMEOUT_SECONDS
    assert int(hand_over["Seconds"]) <= MAX_SECONDS


def test_everything_of_ours_can_be_made_at_all() -> None:
    for template in templates().values():
        for id_ in template["Resources"]:
            assert id_ not in needed_by(template, id_), f"{id_} waits for itself"
