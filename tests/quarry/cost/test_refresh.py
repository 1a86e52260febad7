"""``quarry cost --refresh``: what differs from the Price List, and what is written of it."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from configuration.cost import compile as compiler
from lambdas.catalogue import services
from quarry.command_error import CommandError
from quarry.cost.price_list import Listed
from quarry.cost.refresh import Difference, compare, patched
from tests.quarry.conftest import Run
from tests.quarry.cost.conftest import FakePriceList, product

TODAY = date(2027, 1, 2)
TEXT = (compiler.FOLDER / "prices.yaml").read_text(encoding="utf-8")
AGREED = {
    "awskms": [product("us-east-1-KMS-Keys", "1.0000000000")],
    "AmazonES": [product("USE1-IndexingOCU", "0.2400000000"), product("USE1-SearchOCU", "0.2400000000")],
}
List = Callable[..., FakePriceList]


def found(name: str, *usd: float, region: str = "us-east-1") -> list[Difference]:
    return compare(services.load().prices, [Listed(name=name, usd=usd)], region=region)


@pytest.mark.parametrize(
    ("name", "usd", "region", "kind"),
    [
        ("kms.key", (1.0,), "us-east-1", None),
        ("kms.key", (1.0000000001,), "us-east-1", None),
        ("kms.key", (2.0,), "us-east-1", "changed"),
        ("kms.key", (2.0,), "mx-central-1", "new"),
        ("kms.key", (2.0, 3.0), "us-east-1", "ambiguous"),
        ("kms.key", (1.0, 3.0), "us-east-1", None),
        ("kms.key", (), "us-east-1", "missing"),
        ("kms.key", (), "mx-central-1", None),
    ],
)
def test_what_counts_as_a_difference(name: str, usd: tuple[float, ...], region: str, kind: str | None) -> None:
    differences = found(name, *usd, region=region)

    assert [one.kind for one in differences] == ([] if kind is None else [kind])
    assert [one.writable for one in differences] == ([] if kind is None else [kind in ("changed", "new")])


def changed_lines(after: str) -> list[tuple[str, str]]:
    before, now = TEXT.splitlines(), after.splitlines()
    assert len(before) == len(now)
    return [(old, new) for old, new in zip(before, now, strict=True) if old != new]


def test_a_figure_is_written_with_where_it_is_from_and_when_and_nothing_else() -> None:
    after = patched(TEXT, found("kms.key", 1.25), region="us-east-1", today=TODAY)

    old, new = zip(*changed_lines(after), strict=True)
    assert old[0].startswith("    usd: {us-east-1: 1, us-east-2: 1,")
    assert new[0] == old[0].replace("us-east-1: 1,", "us-east-1: 1.25,")
    assert new[1] == old[1].removesuffix('"') + '; us-east-1 by the Price List"'
    assert new[2] == "    checked: 2027-01-02"
    assert (
        compiler.parse(after, (compiler.FOLDER / "resources.yaml").read_text()).prices["kms.key"].usd["us-east-1"]
        == 1.25
    )


def test_a_region_that_we_had_not_is_added() -> None:
    after = patched(TEXT, found("kms.key", 1.5, region="mx-central-1"), region="mx-central-1", today=TODAY)

    assert changed_lines(after)[0][1].endswith(", mx-central-1: 1.5}")


def test_the_last_of_the_regions_can_change() -> None:
    after = patched(TEXT, found("vpc_endpoint.zone", 0.012, region="eu-west-2"), region="eu-west-2", today=TODAY)

    assert changed_lines(after)[0][1].endswith("eu-west-2: 0.012}")


def test_doing_it_again_says_its_source_once() -> None:
    once = patched(TEXT, found("kms.key", 1.25), region="us-east-1", today=TODAY)
    again = patched(once, found("kms.key", 1.5), region="us-east-1", today=TODAY)

    assert again.count("by the Price List") == 1


def test_small_figures_are_written_out() -> None:
    after = patched(TEXT, found("budgets.action", 0.00000002), region="us-east-1", today=TODAY)

    assert "{us-east-1: 0.00000002, " in after


def test_what_somebody_has_to_look_at_is_not_written() -> None:
    assert patched(TEXT, [*found("kms.key", 2, 3), *found("nat_gateway")], region="us-east-1", today=TODAY) == TEXT


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT.replace(
            "  kms.key:\n    unit: key\n    period: month\n    usd: {us-east-1", "  kms.key:\n    usd: {eu-west-9"
        ),
        TEXT.replace("unverified", "").replace('    source: "', "    origin: "),
    ],
)
def test_a_text_of_another_shape_is_not_changed(text: str) -> None:
    with pytest.raises(CommandError, match="edit it by hand"):
        patched(text, found("kms.key", 2), region="us-east-1", today=TODAY)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The prices' files, copied to where they may be written."""
    for path in (*(compiler.FOLDER / name for name in compiler.FILES), services.PATH):
        shutil.copy(path, tmp_path / path.name)
    monkeypatch.setattr(compiler, "FOLDER", tmp_path)
    monkeypatch.setattr(services, "PATH", tmp_path / "services.json")
    return tmp_path


@pytest.fixture
def the_list(monkeypatch: pytest.MonkeyPatch) -> List:
    """Make the Price List answer so; it is asked in us-east-1."""

    def answer(products: dict[str, Any], *, fails: Exception | None = None) -> FakePriceList:
        fake = FakePriceList({**AGREED, **products}, fails=fails)

        def client(name: str, *, region_name: str) -> FakePriceList:
            assert (name, region_name) == ("pricing", "us-east-1")
            return fake

        monkeypatch.setattr("boto3.client", client)
        return fake

    return answer


def test_a_list_that_agrees(run: Run, files: Path, the_list: List) -> None:
    the_list({})
    ran = run("cost", "--refresh", "-e", "dev")

    assert ran.code == 0
    agreed, missing = ran.out.splitlines()
    assert agreed == "The prices of us-east-1 agree with AWS's Price List."
    # What the fake does not have.
    assert missing.startswith("Not in the list, which proves nothing: vpc_endpoint.zone, ")
    assert ran.err.splitlines()[-1].endswith("prices of us-east-1 ...")


def test_what_differs_is_shown_and_left(run: Run, files: Path, the_list: List) -> None:
    the_list({"awskms": [product("us-east-1-KMS-Keys", "1.2500000000")]})
    ran = run("cost", "--refresh", "-e", "dev")

    assert ran.code == 1
    assert "changed  kms.key  1     1.25" in ran.out
    assert "+    usd: {us-east-1: 1.25, us-east-2: 1" in ran.out
    assert "Nothing was written; --write does it." in ran.out
    assert (files / "prices.yaml").read_text(encoding="utf-8") == TEXT


def test_what_differs_is_written_and_compiled(run: Run, files: Path, the_list: List) -> None:
    the_list({"awskms": [product("us-east-1-KMS-Keys", "1.2500000000")]})
    ran = run("cost", "--refresh", "--write", "-e", "dev", "--json")

    assert ran.code == 0
    assert [one for one in ran.json["differences"] if one["kind"] != "missing"] == [
        {"price": "kms.key", "kind": "changed", "ours": 1.0, "price_list": [1.25], "writable": True}
    ]
    assert (files / "services.json").read_bytes() == compiler.compiled()
    written = compiler.parse(*((files / name).read_text(encoding="utf-8") for name in compiler.FILES))
    assert written.prices["kms.key"].usd["us-east-1"] == 1.25
    assert written.prices["kms.key"].checked == datetime.now(UTC).date()


def test_what_has_to_be_looked_at_stays_a_difference(run: Run, files: Path, the_list: List) -> None:
    the_list({"AmazonES": [product("USE1-IndexingOCU", "0.2"), product("USE1-SearchOCU", "0.3")]})
    ran = run("cost", "--refresh", "--write", "-e", "dev")

    assert ran.code == 1
    assert "ambiguous  opensearch_serverless.ocu  0.24  0.2, 0.3" in ran.out
    assert "by hand" in ran.out


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetProducts")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "they need pricing:GetProducts."),
        ("ThrottlingException", "The Price List takes no more requests for now, after 0 of "),
        ("InternalErrorException", "AWS refused: "),
    ],
)
def test_a_list_that_cannot_be_asked_is_told(run: Run, files: Path, the_list: List, code: str, said: str) -> None:
    the_list({}, fails=refused(code))
    ran = run("cost", "--refresh", "--write", "-e", "dev")

    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert (files / "prices.yaml").read_text(encoding="utf-8") == TEXT


def test_what_would_contradict_itself_is_not_written(run: Run, files: Path, the_list: List) -> None:
    (files / "resources.yaml").write_text("free: {}\nby_use: {AWS::KMS::Key: use}\n")
    the_list({"awskms": [product("us-east-1-KMS-Keys", "1.2500000000")]})
    ran = run("cost", "--refresh", "--write", "-e", "dev")

    assert ran.code == 1
    assert "Nothing was written, because the prices would contradict themselves" in ran.err
    assert (files / "prices.yaml").read_text(encoding="utf-8") == TEXT
