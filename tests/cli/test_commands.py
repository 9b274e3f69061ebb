"""Each command: what it prints, what it stores, and the code it exits with."""

import csv
import json
from pathlib import Path

import pytest

from thongquan.packs import pack as packs
from thongquan.words import LANGUAGES, entry, identifiers

from .conftest import Run

EXAMPLES = Path(packs.__file__).parent / "gb" / "examples"
IMPORT = next((EXAMPLES / "01-import").glob("*.xml"))
BROKEN = next((EXAMPLES / "11-broken").glob("*.xml"))


def test_read_prints_one_object_a_line_and_stores_nothing(run: Run, tmp_path: Path) -> None:
    done = run("read", IMPORT)
    declaration = json.loads(done.stdout)
    assert done.returncode == 0
    assert declaration["function_code"] == "9"
    assert len(declaration["goods_items"]) == 2
    assert not (tmp_path / "data").exists()


def test_what_read_prints_can_be_read_again(run: Run, tmp_path: Path) -> None:
    canonical = tmp_path / "one.json"
    canonical.write_text(run("read", IMPORT).stdout, encoding="utf-8")
    assert run("read", canonical).stdout == canonical.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_broken_file_is_told_with_place_and_remedy(run: Run, language: str) -> None:
    done = run("read", BROKEN, language=language)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[XML_NOT_WELL_FORMED]" in done.stderr
    assert "line" in done.stderr


def test_findings_are_objects_for_machines(run: Run) -> None:
    told = json.loads(run("read", BROKEN, "--json").stderr.splitlines()[0])
    assert told["code"] == "XML_NOT_WELL_FORMED"
    assert told["sentence"]
    assert told["remedy"]


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_assess_writes_a_row_for_each_tax_of_each_line(run: Run, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"taxes.{suffix}"
    done = run("assess", IMPORT, "-o", out, "--on", "2024-06-03", "--json")
    assert json.loads(done.stdout)["lines"] == 2
    with out.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream)) if suffix == "csv" else [json.loads(line) for line in stream]
    # worked by hand in the pack's examples: 25.10 + 15.56 duty, 256.04 + 158.75 VAT
    assert [(int(row["line"]), row["tax"], int(row["payable_minor"])) for row in rows] == [
        (1, "A00", 2510), (1, "B00", 25604), (2, "A00", 1556), (2, "B00", 15875),
    ]  # fmt: skip
    assert done.returncode == 0


SAD = """<ASYCUDA><Identification><Office_segment><Customs_clearance_office_code>ZZ0001</Customs_clearance_office_code>
</Office_segment><Type><Type_of_declaration>IM</Type_of_declaration><Declaration_gen_procedure_code>4</Declaration_gen_procedure_code>
</Type></Identification><Item><Tarification><HScode><Commodity_code>61091000</Commodity_code></HScode>
<Extended_customs_procedure>4000</Extended_customs_procedure></Tarification><Goods_description>
<Country_of_origin_code>XB</Country_of_origin_code></Goods_description><Taxation><Taxation_line><Duty_tax_code>DUT</Duty_tax_code>
<Duty_tax_Base>26000</Duty_tax_Base><Duty_tax_rate>0.08</Duty_tax_rate><Duty_tax_amount>2080</Duty_tax_amount></Taxation_line>
</Taxation><Valuation_item><Item_Invoice><Amount_foreign_currency>1000</Amount_foreign_currency><Currency_code>USD</Currency_code>
</Item_Invoice></Valuation_item></Item></ASYCUDA>"""


def test_the_unit_of_rates_is_an_option_else_the_pack_s_own(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sad.xml"
    file.write_text(SAD)

    def rate(*options: str) -> int | None:
        (fee,) = json.loads(run("read", file, *options).stdout)["goods_items"][0]["duty_tax_fees"]
        return fee.get("tax_rate_millionths")

    # 0.08 as a fraction is eight per cent; as a percentage it is eight hundredths of one; without a unit it is unread.
    assert (rate("--rate-unit", "fraction"), rate("--rate-unit=percent"), rate()) == (8_000_000, 80_000, None)
    assert run("read", file, "--rate-unit", "half").returncode == 2
    out = tmp_path / "taxes.ndjson"
    on = ("--pack", "sample", "--on", "2026-03-02", "--json")
    done = run("assess", file, "-o", out, *on)
    assert json.loads(done.stdout)["lines"] == 1
    # 1,000 USD × 26 = 26,000; 8 % of that is 2,080, as declared: nothing to tell.
    assert "DECLARED_TAX_DIFFERS" not in done.stderr
    file.write_text(SAD.replace(">2080<", ">2000<"))
    told = [
        json.loads(line)
        for line in run("assess", file, "-o", out, *on).stderr.splitlines()
        if line[:1] == "{"
    ]
    (differs,) = [each for each in told if each["code"] == "DECLARED_TAX_DIFFERS"]
    assert differs["says"] == {"tax": "DUT", "declared": "2000", "computed": "2080", "currency": "XTS"}


def test_of_a_folder_edifact_is_read_under_either_of_its_names(run: Run, tmp_path: Path) -> None:
    message = (
        "UNB+UNOC:3+A+B+1:1+R'UNH+1+CUSDEC:D:96B:UN'BGM+929+{}+9'UNS+D'CST+1+22042100'UNS+S'UNT+6+1'UNZ+1+R'"
    )
    (tmp_path / "one.edi").write_text(message.format("A-1"))
    (tmp_path / "two.txt").write_text("UNA:+.? '" + message.format("A-2"))
    (tmp_path / "notes.txt").write_text("Nothing to declare")
    read = [json.loads(line) for line in run("read", tmp_path).stdout.splitlines()]
    assert [one["functional_reference_id"] for one in read] == ["A-1", "A-2"]


def test_assess_leaves_no_half_file_and_knows_two_formats(run: Run, tmp_path: Path) -> None:
    done = run("assess", IMPORT, "-o", tmp_path / "taxes.pdf")
    assert done.returncode == 2
    assert list(tmp_path.glob("taxes*")) == []


def test_lodging_needs_an_account_with_a_post(run: Run) -> None:
    done = run("lodge", IMPORT, "--user", "nobody")
    assert done.returncode == 1
    assert "[ACCOUNT_NOT_ACTIVE]" in done.stderr


def test_a_demonstration_can_be_shown_proven_and_copied(run: Run, tmp_path: Path) -> None:
    lives = [json.loads(line) for line in run("demo", "--json").stdout.splitlines()[:-1]]
    number = next(life["number"] for life in lives if life["story"] == "01-import")
    shown = run("show", number)
    assert shown.returncode == 0
    assert number in shown.stdout
    rates = [line.split() for line in shown.stdout.splitlines() if line.strip().startswith(("1 ", "2 "))]
    assert [(line[1], line[3:5]) for line in rates] == [
        ("A00", ["2", "%"]), ("B00", ["20", "%"]), ("A00", ["2", "%"]), ("B00", ["20", "%"]),
    ]  # fmt: skip
    assert run("show", "26GB0000000000000Z").returncode == 1
    proven = run("verify-log", "--json")
    assert proven.returncode == 0
    assert json.loads(proven.stdout)["faults"] == 0
    assert "rewrite" in run("verify-log").stdout
    copy = tmp_path / "copy.sqlite3"
    assert run("backup", copy).returncode == 0
    assert copy.stat().st_size > 0
    assert run("backup", copy).returncode == 1


def test_an_edition_is_imported_once_and_looked_up_by_day(run: Run, tmp_path: Path) -> None:
    sheet = tmp_path / "rates.csv"
    sheet.write_text(
        "commodity,tax,schedule,preference,origins,rate,unit,currency,first_day,last_day,act,at\n"
        "99887766,import_duty,import,,,5 %,,,2026-01-01,2026-12-31,12/2025/ND-CP,annex 1\n",
        encoding="utf-8",
    )
    imported = (
        "tariff",
        "import",
        sheet,
        "--act",
        "12/2025/ND-CP",
        "--first-day",
        "2026-01-01",
        "--country",
        "xx",
    )
    assert run(*imported).returncode == 0
    assert run(*imported).returncode == 0
    shown = [
        json.loads(line)
        for line in run("tariff", "show", "99887766", "--on", "2026-06-15", "--json").stdout.splitlines()
    ]
    assert [(one["country"], row["rate"], row["law"][:13]) for one in shown for row in one["rates"]] == [
        ("xx", "5 %", "12/2025/ND-CP")
    ]
    assert run("tariff", "show", "99887766", "--on", "2027-01-01").returncode == 1
    assert run("tariff", "show", "99887766", "--on", "15/06/2026").returncode == 2


@pytest.mark.parametrize("name", packs.names())
def test_every_pack_that_comes_with_the_product_holds(run: Run, name: str) -> None:
    done = run("pack-check", name, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["errors"] == 0


def test_a_pack_that_does_not_exist_is_a_wrong_use(run: Run) -> None:
    assert run("pack-check", "../etc").returncode == 2


def test_every_command_has_its_help_in_both_languages() -> None:
    import typer

    from thongquan import cli, words

    known = words.identifiers("cli")

    def keys(command: object, key: str) -> list[str]:
        inner = getattr(command, "commands", {})
        below = (keys(one, f"{key}_{name}".replace("-", "_")) for name, one in inner.items())
        return [key, *(found for part in below for found in part)]

    missing = [key for key in keys(typer.main.get_command(cli.app), "help") if key not in known]
    assert missing == []


def test_help_is_in_both_languages(run: Run) -> None:
    assert "Đọc tờ khai" in run("--help", language="vi").stdout
    assert "Read declarations" in run("--help", language="en").stdout
    assert "Đọc tờ khai" in run("--language", "vi", "--help", language="en").stdout


def test_every_word_of_the_command_line_is_in_both_languages() -> None:
    assert [
        key for key in identifiers("cli") if not all(entry("cli", key).get(one) for one in LANGUAGES)
    ] == []
