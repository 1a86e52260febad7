from pathlib import Path

import pytest

from lambdas.teardown.thing import Thing, Unseen
from lambdas.teardown.verdict import Verdict
from quarry.command_error import CommandError
from quarry.teardown import report
from quarry.teardown.report import Report
from quarry.teardown.used import Ran, Spent, Used

GONE = Thing(service="bedrock", type="provisioned-throughput", id="pt-1", usd_per_hour=24.0)
LEFT = Thing(service="s3", type="bucket", id="b", usd_per_hour=None, why="AccessDenied: no (DeleteBucket)")
SPENT = Spent(
    key_id="key_1",
    name="Ana | <b>`x`",
    alias="fast",
    requests=1200,
    input_tokens=30000,
    output_tokens=400,
    micro_dollars=1_250_000,
)
BEGAN = 1_796_000_000.0  # 2026-11-30 00:53:20 UTC


def made(*, left: tuple[Thing, ...] = (), unseen: tuple[Unseen, ...] = (), used: Used | None = None) -> Report:
    verdict = Verdict(found=(GONE, *left), deleted=(GONE,), retained=(), left=left, unseen=unseen)
    ran = (Ran(name="quarry-dev-inference", created="2026-11-29T07:33:20+00:00"),)
    return Report(environment="dev", began=BEGAN, used=used or Used(ran=ran, spent=(SPENT,)), verdict=verdict)


def test_it_says_what_ran_what_it_cost_what_is_gone_and_that_nothing_is_left() -> None:
    text = report.markdown(made())

    assert "Nothing is left." in text
    assert "| quarry-dev-inference | 2026-11-29T07:33:20+00:00 | 17.3 |" in text
    assert "| key\\_1 | Ana \\| \\<b\\>\\`x\\` | fast | 1,200 | 30,000 | 400 | $1.25 |" in text
    assert "| bedrock | provisioned-throughput | pt-1 | 24.0000 |" in text


def test_what_is_left_has_its_reason_and_what_to_do() -> None:
    text = report.markdown(made(left=(LEFT,), unseen=(Unseen(what="logs log-group", why="denied"),)))

    assert "Nothing is left." not in text
    assert "| s3 | bucket | b | not priced | AccessDenied: no (DeleteBucket) | Grant the right that is named" in text
    assert "| logs log-group | denied |" in text


def test_a_page_runs_nothing_that_a_name_brings_along() -> None:
    page = report.html(made())

    assert "<b>" not in page
    assert "Ana | &lt;b&gt;`x`" in page
    assert page.count("<table>") == 3


def test_what_cannot_be_told_is_said() -> None:
    assert "It cannot be told: ClientError: no" in report.markdown(made(used=Used(trouble="ClientError: no")))


@pytest.mark.parametrize(("name", "begins"), [("r.md", "# The end of dev"), ("r.html", "<!doctype html>")])
def test_one_file_is_written_where_it_was_named(tmp_path: Path, name: str, begins: str) -> None:
    file = tmp_path / "new" / name

    assert report.write(made(), file) == [file]
    assert file.read_text(encoding="utf-8").startswith(begins)


def test_both_are_written_beside_what_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARRY_STATE", str(tmp_path))
    files = report.write(made(), None)

    assert [one.name for one in files] == ["dev-20261130T005320Z.md", "dev-20261130T005320Z.html"]
    assert all(one.parent == tmp_path / "reports" and one.exists() for one in files)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"as \.md or \.html, not as r\.pdf") as refused:
        report.write(made(), tmp_path / "r.pdf")
    assert refused.value.exit_code == 2


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CommandError, match="The report cannot be written"):
        report.write(made(), tmp_path / "file" / "r.md")
