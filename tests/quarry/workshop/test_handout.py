"""What ``quarry workshop handout`` leaves in its folder."""

from pathlib import Path

import pytest

from configuration.studio.participants import participants
from configuration.studio.section import Studio
from quarry.workshop.handout import CSV_NAME, Handout, write


def handouts(*names: str) -> list[Handout]:
    studio = Studio.model_validate({"roster": [{"name": name} for name in names]})
    return [
        Handout(
            participant=one,
            api_key=f"qk-{one.id}",
            handed_out_at=None,
            base_url="https://example.com/v1",
            alias="fast",
            allowance="$5.00 in all",
            sign_in="aws sagemaker",
        )
        for one in participants(studio)
    ]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_pages_of_those_who_left_go_and_the_others_stay(tmp_path: Path) -> None:
    write(handouts("Ana Lima", "Bob Ray"), tmp_path)
    (tmp_path / "notes.html").write_text("mine")
    assert names(tmp_path) == {CSV_NAME, "ana-lima.html", "bob-ray.html", "notes.html"}

    write(handouts("Ana Lima", "Eve Orr"), tmp_path)

    assert names(tmp_path) == {CSV_NAME, "ana-lima.html", "eve-orr.html", "notes.html"}
    assert "bob-ray" not in (tmp_path / CSV_NAME).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "earlier",
    [
        "id,page\nx,../kept.html\nx,/tmp/kept.html\nx,kept.txt\nx,folder/kept.html\nx,.html\n",
        "id,name\nx,kept.html\n",
        "id,page\nx\n",
        "",
        f'page\n"{"x" * 200_000}"\nkept.html\n',
    ],
)
def test_another_file_than_a_page_of_the_earlier_handout_is_left_alone(tmp_path: Path, earlier: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for kept in (tmp_path / "kept.html", folder / "kept.html", folder / "kept.txt"):
        kept.write_text("mine")
    (folder / CSV_NAME).write_text(earlier, encoding="utf-8")

    write(handouts("Ana Lima"), folder)

    assert names(folder) == {CSV_NAME, "ana-lima.html", "kept.html", "kept.txt"}
    assert (tmp_path / "kept.html").exists()
