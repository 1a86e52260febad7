"""Rosters as people send them: odd names work or are refused with their line, and ids stay when others come and go."""

import codecs
import random
import re
from pathlib import Path

import pytest

from configuration.studio import roster
from configuration.studio.participants import of_people
from configuration.studio.person import Person
from configuration.studio.roster import RosterError

NAME = re.compile(r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")

# A name as it stands in a cell -> its id, and its display name.
ODD = [
    ("Ana Lima", "ana-lima", "Ana Lima"),
    ("José Ñandú", "jose-nandu", "José Ñandú"),
    ("Jose\u0301 Combining", "jose-combining", "José Combining"),
    ("Søren Ærø", "soren-aero", "Søren Ærø"),
    ("Straße Müßig", "strasse-mussig", "Straße Müßig"),
    ("Łukasz Żółć", "lukasz-zolc", "Łukasz Żółć"),
    ("Þóra Ðögg", "thora-dogg", "Þóra Ðögg"),
    ("Iğdır Işık", "igdir-isik", "Iğdır Işık"),
    ("Nguyễn Thị Hồng", "nguyen-thi-hong", "Nguyễn Thị Hồng"),
    ("李雷", "person-9e1b2a", "李雷"),
    ("李雷 (Lei)", "lei", "李雷 (Lei)"),
    ("Мария Иванова", "person-", "Мария Иванова"),
    ("محمد", "person-", "محمد"),
    ("さくら", "person-", "さくら"),
    ("🚀", "person-", "🚀"),
    ("👩🏽‍💻 Dev", "dev", "👩🏽‍💻 Dev"),
    ("ﬁona ①", "fiona-1", "ﬁona ①"),
    ("Ｆｕｌｌ Ｗｉｄｔｈ", "full-width", "Ｆｕｌｌ Ｗｉｄｔｈ"),
    ("-Leading Hyphen", "leading-hyphen", "-Leading Hyphen"),
    ("Trailing-", "trailing", "Trailing-"),
    ("O'Brien--Smith", "o-brien-smith", "O'Brien--Smith"),
    ('"Lima, Ana"', "lima-ana", "Lima, Ana"),
    ('"Ana ""Nini"" Lima"', "ana-nini-lima", 'Ana "Nini" Lima'),
    ("=1+1", "1-1", "=1+1"),
    ("@SUM(A1)", "sum-a1", "@SUM(A1)"),
    ("+49 170", "49-170", "+49 170"),
    ("\tTab Before", "tab-before", "Tab Before"),
    ("  Many   Spaces  ", "many-spaces", "Many Spaces"),
    ("Zero\u200bWidth", "zerowidth", "ZeroWidth"),
    ("Turned\u202earound", "turnedaround", "Turnedaround"),
    ('"Two\nLines"', "two-lines", "Two Lines"),
    ("<script>alert(1)</script>", "script-alert-1-script", "<script>alert(1)</script>"),
    ("../../etc/passwd", "etc-passwd", "../../etc/passwd"),
    ("7", "7", "7"),
    ("x" * 80, "x" * 33 + "-", "x" * 63 + "…"),
    ("Ab " * 26 + "Zz", "ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-", ("Ab " * 21) + "…"),
]


def people(text: str) -> list[Person]:
    return roster.parse(text.encode(), shown="environments/people.csv")


def problems(content: str | bytes) -> list[str]:
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(RosterError) as refused:
        roster.parse(content, shown="environments/people.csv")
    return refused.value.problems


@pytest.mark.parametrize(("cell", "id_", "shown"), ODD)
def test_an_odd_name_has_an_id_that_sagemaker_takes(cell: str, id_: str, shown: str) -> None:
    (one,) = of_people(people(f"name\n{cell}\n"))

    assert NAME.fullmatch(one.id)
    assert one.id == id_ or (id_.endswith("-") and one.id.startswith(id_)) or id_.startswith("person-")
    assert one.id.startswith("person-") == id_.startswith("person-")
    assert one.display_name == shown
    assert 1 <= len(one.display_name) <= 64


def test_all_the_odd_names_fit_into_one_room() -> None:
    everybody = of_people(people("name\n" + "\n".join(cell for cell, _, _ in ODD)))

    assert len({one.id for one in everybody}) == len(ODD) >= 30
    assert all(len(f"{one.id}-{'a' * 6}") <= 63 for one in everybody)


def test_ids_stay_whoever_comes_and_goes() -> None:
    text = [f"{cell},person{number}@example.com" for number, (cell, _, _) in enumerate(ODD)]
    text += ["Ana Lima,other@example.com", "Ana Lima,"]
    everybody = {
        one.display_name + str(one.email): one.id for one in of_people(people("\n".join(["name,email", *text])))
    }
    few = random.Random(9).sample(text, 12)

    for one in of_people(people("\n".join(["name,email", *few]))):
        assert everybody[one.display_name + str(one.email)] == one.id


def test_two_people_of_one_name_are_told_apart_by_their_addresses() -> None:
    first, second, third = of_people(people("name,email\nAna Lima,a@example.com\nana lima,b@example.com\nAna Lima,\n"))

    assert len({first.id, second.id, third.id}) == 3
    assert all(one.id.startswith("ana-lima") for one in (first, second, third))
    assert first.email == "a@example.com"
    assert third.email is None


def test_what_cannot_be_told_apart_is_refused_with_both_lines() -> None:
    told = problems("name,email\nAna Lima,\n\nJörg,a@example.com\nana  lima,\nJORG,A@example.com\n")

    assert told == [
        "environments/people.csv: line 5: 'ana lima' cannot be told apart from line 2; give both a different email",
        "environments/people.csv: line 6: 'JORG' with A@example.com is there already, in line 4; keep one",
    ]


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    told = problems("name,email\nAna,nonsense\n,b@example.com\n---,\nLima, Ana, x\n" + "y" * 201 + ",\n\u202e\u200b,\n")

    assert [line.removeprefix("environments/people.csv: line ").split(" is not")[0] for line in told] == [
        "2: email: 'nonsense'",
        "3: name: ''",
        "4: name: '---'",
        "5: 3 cells where there are 2 columns; put a name with a comma into quotes",
        "6: name: 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'…",
        "7: name: ''",
    ]


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + "name,email\nÅsa,a@example.com\nBo,\n".encode(),
        "\n\nName;E-Mail\nÅsa;a@example.com\n;\nBo;\n\n".replace("E-Mail", "Email").encode(),
        "email\tNAME\r\na@example.com\tÅsa\r\n\r\n\tBo\r\n".encode(),
        "name,email\rÅsa,a@example.com\rBo\r".encode(),
        'name, email\n"Åsa", a@example.com\nBo,,\n'.encode(),
    ],
    ids=["bom", "semicolons and empty lines", "tabs, other order", "old line ends", "blanks, too many commas"],
)
def test_a_spreadsheets_export_is_taken_as_it_comes(content: bytes) -> None:
    assert roster.parse(content, shown="x") == [Person(name="Åsa", email="a@example.com"), Person(name="Bo")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name\nÅsa\n".encode("latin-1"), "line 2: not UTF-8 (byte 0xc5); save it as CSV UTF-8"),
        ("name\nÅsa\n".encode("utf-16"), "line 1: not UTF-8 (byte 0xff); save it as CSV UTF-8"),
        (b"", "line 1: the columns are none; expected name, or name,email, and no others"),
        (b"email\na@example.com\n", "line 1: the columns are email; expected name"),
        (b"\nname,emial\nAna,a@example.com\n", "line 2: the columns are name, emial; expected name"),
        (b"name,name\nAna,Ana\n", "line 1: the columns are name, name; expected name"),
        (b"Ana\nBo\n", "line 1: the columns are ana; expected name"),
        (b"name\n\n\n", "nobody is in it"),
        (b'name\nAna\n"Bo\n', "line 3: not CSV: unexpected end of data"),
        (b"name\nAna\x00Bo,x\n", "line 2: 2 cells where there is"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(content: bytes, told: str) -> None:
    assert problems(content)[0].startswith(f"environments/people.csv: {told}".replace("there is", "there are 1"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"people\.csv: cannot be read: No such file"):
        roster.read(tmp_path / "people.csv", shown="people.csv")


def test_more_than_one_environment_takes_are_told_with_their_number() -> None:
    crowd = "name\n" + "".join(f"Person {number}\n" for number in range(101))

    assert len(people(crowd.removesuffix("Person 100\n"))) == 100
    (told,) = problems(crowd)
    assert told.startswith("environments/people.csv: 101 people; a participant is four resources")


def test_a_file_without_an_end_is_refused_and_a_folder_too(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"people\.csv: more than 1 MB"):
        roster.read(Path("/dev/zero"), shown="people.csv")
    with pytest.raises(RosterError, match=r"people\.csv: cannot be read: Is a directory"):
        roster.read(tmp_path, shown="people.csv")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"])
def test_a_formula_is_text_in_a_csv(text: str) -> None:
    assert roster.cell(text) == f"'{text}"


def test_what_is_no_formula_is_left_alone() -> None:
    assert roster.cell("Ana = Bo") == "Ana = Bo"
