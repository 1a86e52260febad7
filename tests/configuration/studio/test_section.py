"""The section `studio`: who takes part, bounds, and the roster beside the file."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from configuration.config import Config
from configuration.environment_file import PROJECT, ConfigError, load
from configuration.section import sentence
from configuration.studio import names
from configuration.studio.participants import participants
from configuration.studio.section import Studio

DEV = (PROJECT / "environments" / "dev.yaml").read_text(encoding="utf-8")


def problem(**section: Any) -> str:
    document = load("dev").model_dump()
    with pytest.raises(ValidationError) as refused:
        Config.model_validate({**document, "studio": section})
    (detail,) = refused.value.errors(include_url=False)
    return sentence(detail)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "guardrails", tmp_path / "guardrails")
    (tmp_path / "environments").mkdir()
    return tmp_path


def loaded(project: Path, section: str, csv: str = "name\nAna\n") -> Config:
    (project / "environments" / "dev.yaml").write_text(f"{DEV}\nstudio: {section}\n", encoding="utf-8")
    (project / "environments" / "people.csv").write_text(csv, encoding="utf-8")
    return load("dev", project=project)


def told(project: Path, section: str, csv: str = "name\nAna\n") -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loaded(project, section, csv)
    return refused.value.problems


def test_an_environment_without_the_section_has_no_studio() -> None:
    assert load("dev").studio is None


def test_participants_of_a_number_are_numbered() -> None:
    everybody = participants(Studio(participants=40))

    assert [everybody[0].id, everybody[8].id, everybody[39].id] == [
        "participant-01",
        "participant-09",
        "participant-40",
    ]
    assert everybody[0].display_name == "Participant 01"
    assert participants(Studio(participants=3)) == everybody[:3]
    assert participants(Studio(participants=100))[:40] == everybody


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ({}, "studio: write one of participants, a number, and roster, a file of names; none is there"),
        ({"participants": 2, "roster": [{"name": "Ana"}]}, "studio: write one of participants, a number, and roster"),
        ({"participants": 0}, "studio.participants: 0 is not accepted: expected 1 to 100; a participant is four"),
        ({"participants": 101}, "studio.participants: 101 is not accepted: expected 1 to 100; a participant is four"),
        ({"participants": True}, "studio.participants: True is not accepted: expected integer"),
        ({"roster": []}, "studio.roster: [] is not accepted"),
        ({"roster": [{"name": f"P{number}"} for number in range(101)]}, "studio.roster: "),
        ({"participants": 1, "idle_minutes": 59}, "studio.idle_minutes: 59 is not accepted: expected 60 to 10080"),
        ({"participants": 1, "volume_gb": 4}, "studio.volume_gb: 4 is not accepted"),
        ({"participants": 1, "volume_gb": 101}, "studio.volume_gb: 101 is not accepted"),
        ({"participants": 1, "max_age_hours": 0}, "studio.max_age_hours: 0 is not accepted"),
        ({"participants": 1, "max_age_hours": 169}, "studio.max_age_hours: 169 is not accepted"),
        ({"participants": 1, "hours": 0}, "studio.hours: 0 is not accepted"),
        (
            {"participants": 1, "idle_minutes": 600, "max_age_hours": 9},
            "studio: max_age_hours: 9 is not accepted: an app would be deleted before 600 minutes",
        ),
        ({"participants": 1, "instance_type": "ml.m5.large"}, "studio.instance_type: 'ml.m5.large' is not"),
        (
            {"participants": 1, "git_repository": "http://example.com/x"},
            "studio.git_repository: 'http://example.com/x'",
        ),
        ({"participants": 1, "git_repository": "https://u:p@example.com/x"}, "studio.git_repository: "),
        ({"participants": 1, "git_repository": "https://example.com/$(id)"}, "studio.git_repository: "),
        ({"participants": 1, "git_repository": "https://example.com/x\ny"}, "studio.git_repository: "),
        ({"participants": 1, "vpc": {"vpc_id": "vpc-12345678"}}, "studio.vpc.subnet_ids: required and missing"),
        ({"participants": 1, "vpc": {"vpc_id": "default", "subnet_ids": ["subnet-12345678"]}}, "studio.vpc.vpc_id: "),
        ({"participants": 1, "allowance": {"usd": 0}}, "studio.allowance.usd: 0 is not accepted"),
        ({"participants": 1, "allowance": {"usd_per_day": 1}}, "studio.allowance.usd_per_day: unknown key"),
        ({"participants": 1, "colour": "red"}, "studio.colour: unknown key; studio has no 'colour'"),
    ],
)
def test_a_mistake_is_told(section: dict[str, Any], line: str) -> None:
    assert problem(**section).startswith(line)


def test_a_roster_is_read_from_beside_the_file(project: Path) -> None:
    config = loaded(project, "{roster: people.csv}", "\ufeffname,email\nAna Lima,ana@example.com\n李雷,\n")

    assert config.studio is not None
    ana, lei = participants(config.studio)
    assert ana.id.startswith("ana-lima-")
    assert lei.display_name == "李雷"
    assert Config.model_validate(config.model_dump()) == config


def test_a_rosters_mistakes_are_told_with_its_own_file(project: Path) -> None:
    assert told(project, "{roster: people.csv}", "name,email\nAna,nonsense\n,\n,x@example.com\n") == [
        "environments/people.csv: line 2: email: 'nonsense' is not accepted: expected one address, as ana@example.com",
        "environments/people.csv: line 4: name: '' is not accepted: expected a letter, a digit or a symbol in it",
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("nobody.csv", "studio.roster: 'nobody.csv': no such file; there are people.csv"),
        ("../../etc/passwd", "studio.roster: '../../etc/passwd': no such file"),
        ("5", "studio.roster: 5 is not accepted: expected the path of a CSV"),
        ("[{name: Ana}]", "studio.roster: [{'name': 'Ana'}] is not accepted: expected the path of a CSV"),
    ],
)
def test_a_roster_that_is_no_file_is_told(project: Path, value: str, line: str) -> None:
    (problem,) = told(project, f"{{roster: {value}}}")

    assert problem.startswith(f"environments/dev.yaml: {line}")


@pytest.mark.parametrize("section", ["5", "[]", "null and void"])
def test_a_section_that_is_no_mapping_is_told(project: Path, section: str) -> None:
    assert told(project, section)[0].startswith("environments/dev.yaml: studio: ")


def test_a_key_gets_micro_dollars() -> None:
    studio = Studio.model_validate({"participants": 1, "allowance": {"usd": 0.29}})

    assert studio.allowance.micro_dollars == 290_000


def test_names_hang_together() -> None:
    assert names.secret_name("dev", "ana") == names.secret_prefix("dev") + "ana" == "quarry/dev/participants/ana"
    assert names.own_prefix("ana") == "participants/ana/"
