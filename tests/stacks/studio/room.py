"""Studio stacks of all kinds, synthesised together once: with all checks those that differ in more than numbers."""

from typing import Any, Final

from configuration.config import Config
from configuration.environment_file import load
from configuration.studio.person import Person
from configuration.studio.roster import parse
from stacks.components.checks import add_checks
from stacks.studio.stack import StudioStack
from tests.kept import kept
from tests.templates import new_app

Template = dict[str, Any]

# Names as people have them, and as they are typed: each a line of a roster that is accepted.
ODD_NAMES: Final = (
    "name,email\n"
    "Ana Lima,ana@example.com\nAna Lima,ana.lima@example.org\nana lima,\nAna-Lima!,x@example.com\n"
    "José Núñez,\nZoë Żółć,\nØyvind Ærø,\nGroß Straße,\nĐặng Thị Ngọc,\nIşıl Çağlar,\n"
    "李雷,\n韩梅梅,\nАнна Каренина,\nمحمد,\nשרה,\nさくら,\n김철수,\nभारत,\n"
    "🦄,\n👩‍🔬 Marie,\n★ Star ★,\n007,\n-leading hyphen,\n--7--,x1@example.com\n"
    '=1+1,\n+SUM(A1),\n@cmd,\n"Smith, John",\nO\'Neil <b>,\n"{{evil}} ${AWS::AccountId}",\n'
    "a,\nA very long name that goes on and on and on until it is eighty characters long and,\n"
    "A very long name that goes on and on and on until it is eighty characters long but,\n"
)
FIVE: Final = tuple(f"Person {number}" for number in range(5))

# Name -> what differs from dev with one participant.
VARIANTS: Final[dict[str, dict[str, Any]]] = {
    "One": {"studio": {"participants": 1}},
    "Five": {"studio": {"roster": [{"name": name} for name in FIVE]}},
    "Four": {"studio": {"roster": [{"name": name} for name in FIVE if name != FIVE[2]]}},
    "Full": {"studio": {"participants": 100}},
    "Odd": {"studio": {"roster": [person.model_dump() for person in parse(ODD_NAMES.encode(), shown="odd.csv")]}},
    "Chosen": {
        "retain_data": True,
        "studio": {
            "participants": 1,
            "instance_type": "ml.t3.xlarge",
            "volume_gb": 20,
            "idle_minutes": 120,
            "max_age_hours": 24,
            "converse": False,
            "git_repository": "https://github.com/example/notebooks.git",
            "vpc": {"vpc_id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]},
        },
    },
}
# The checks take a second per participant.
CHECKED: Final = ("One", "Chosen")


def config(name: str) -> Config:
    """Return dev with what the variant changes."""
    return Config.model_validate({**load("dev").model_dump(), "knowledge": None, **VARIANTS[name]})


def people(name: str) -> list[Person]:
    """Return a variant's roster."""
    studio = config(name).studio
    assert studio
    assert studio.roster
    return studio.roster


@kept
def templates(*names: str, checked: bool) -> dict[str, Template]:
    """Return variant -> its template, of these variants."""
    app = new_app()
    for name in names:
        varied = config(name)
        assert varied.studio
        StudioStack(app, name, config=varied, account=None, studio=varied.studio)
    if checked:
        add_checks(app)
    return {stack.id: stack.template for stack in app.synth().stacks}


def variant(name: str) -> Template:
    """Return one variant's template."""
    names = CHECKED if name in CHECKED else tuple(one for one in VARIANTS if one not in CHECKED)
    template: Template = templates(*names, checked=name in CHECKED)[name]
    return template
