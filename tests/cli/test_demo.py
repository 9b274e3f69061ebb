"""The demonstration, run twice as a newcomer runs it."""

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from thongquan.demo import stories as told
from thongquan.packs import pack as packs

from .conftest import Run

EXAMPLES = Path(packs.__file__).parent / "gb" / "examples"


def _lives(output: str) -> tuple[list[dict], dict]:
    *lives, totals = map(json.loads, output.splitlines())
    return lives, totals


def test_every_example_goes_as_far_as_its_facts_allow_and_a_second_run_changes_nothing(run: Run) -> None:
    first = run("demo", "--json")
    again = run("demo", "--json")
    lives, totals = _lives(first.stdout)
    lives_again, totals_again = _lives(again.stdout)
    assert (first.returncode, again.returncode) == (0, 0)
    ends = [
        "number", "story", "file", "act", "refused", "channel", "taxes_minor", "state", "version", "notice",
    ]  # fmt: skip
    assert [[life[end] for end in ends] for life in lives] == [
        [life[end] for end in ends] for life in lives_again
    ]
    counted = ("messages", "done", "refused", "declarations", "ended", "events", "journals")
    assert {name: totals[name] for name in counted} == {name: totals_again[name] for name in counted}
    assert (totals["faults"], totals["doubled"], totals["sum_minor"]) == (0, 0, 0)
    assert all(life["replay"] for life in lives_again if not life["refused"])
    refused = {life["story"]: life["refused"] for life in lives if life["refused"]}
    assert refused == {"10-duplicate": ["DUPLICATE_REFERENCE"], "11-broken": ["XML_NOT_WELL_FORMED"]}
    waiting = {life["story"] for life in lives if life["waits"]}
    assert waiting == {"12-rate-not-known"}


def test_the_taxes_are_those_that_were_worked_out_by_hand(run: Run) -> None:
    lives, _ = _lives(run("demo", "--json").stdout)
    number = {life["story"]: life["number"] for life in lives if not life["refused"]}
    by_hand: dict[str, Counter[tuple[int, str]]] = {}
    with (EXAMPLES / "expected.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["payable"] and row["story"] != "06-cancellation":
                pence = int(row["payable"].replace(".", ""))
                by_hand.setdefault(row["story"], Counter())[int(row["item"]), row["tax"]] += pence
    shown = {
        story: json.loads(run("show", number[story], "--json").stdout)["taxes"]
        for story in ("01-import", "05-amendment", "07-red-by-rule", "09-northern-ireland")
    }
    for story, taxes in shown.items():
        ours: Counter[tuple[int, str]] = Counter()
        for tax in taxes:
            ours[tax["line"], tax["tax"]] += tax["payable_minor"]
        assert ours == by_hand[story], story


def test_it_works_in_no_folder_that_holds_something_else(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.sqlite3").write_text("somebody's")
    done = run("demo", "--reset")
    assert done.returncode == 2
    assert "THONGQUAN_DATA" in done.stderr
    assert (tmp_path / "data" / "ledger.sqlite3").read_text() == "somebody's"


def test_a_real_folder_tells_stories_with_their_answers(shared_data: Path) -> None:
    samples = shared_data / "hmrc_cds" / "samples"
    found = {story.name: story for story in told.stories(samples)}
    amended = found["TT_IM008b"]
    assert [path.name for path in amended.originals] == ["TT_IM008b.xml"]
    assert [path.name for path in amended.followups] == ["TT_IM008b_Amendment.xml"]
    assert amended.external_reference == "21GB31AJB9S50C90R6"
    assert sum(len(story.originals) + len(story.followups) for story in found.values()) == 233


@pytest.mark.parametrize(("language", "word"), [("vi", "Số tờ khai"), ("en", "Number")])
def test_the_table_speaks_the_reader_s_language(run: Run, language: str, word: str) -> None:
    assert word in run("demo", "--no-serve", language=language).stdout


def test_without_a_terminal_it_serves_one_page_prints_a_link_for_each_role_and_ends(run: Run) -> None:
    done = run("demo")
    links = [line for line in done.stdout.splitlines() if "http://127.0.0.1:" in line and "/vao/" in line]
    assert len(links) == 8
    assert "answered 200" in done.stdout
    assert done.returncode == 0


@pytest.mark.django_db
def test_an_amendment_after_red_is_the_officer_s_and_a_second_run_repeats_his_answer() -> None:
    from thongquan.demo import office

    # Every consignment is drawn; a real pack draws few, so that only some runs of the command would show this.
    pack = replace(office.open_office(packs.load("gb")), random_share_ppm=1_000_000)
    (story,) = (story for story in told.stories(EXAMPLES) if story.name == "05-amendment")
    first = office.live(story, pack, EXAMPLES)
    again = office.live(story, pack, EXAMPLES)
    assert [life.act for life in first] == ["lodge", "amend"]
    assert [(life.number, life.act, life.refused) for life in again] == [
        (life.number, life.act, ()) for life in first
    ]
    assert [life.replay for life in again] == [True, True]


def test_a_command_tells_in_words_what_it_did_and_logs_nothing_beside(run: Run) -> None:
    assert run("demo", EXAMPLES / "01-import").stderr == ""


@pytest.mark.django_db
def test_every_role_finds_work_on_its_desk_and_a_second_start_adds_none() -> None:
    from thongquan.demo import morning, office
    from thongquan.site.clearance import desk
    from thongquan.site.clearance.models import Declaration

    # Nothing is drawn at random here, so that the channels are those that the examples' rules give.
    pack = replace(office.open_office(packs.load("gb")), random_share_ppm=0)
    first = morning.lodge_morning(pack, EXAMPLES)
    again = morning.lodge_morning(pack, EXAMPLES)
    assert all(answer.done for answer in first)
    assert [answer.number for answer in again] == [answer.number for answer in first]
    assert Declaration.objects.count() == len(first) == 8
    rows = {row.functional_reference: (row.channel_name, row.state) for row in Declaration.objects.all()}
    assert rows["SANG-01"] == ("RED", "SELECTED")
    assert rows["SANG-07"] == ("GREEN", "SELECTED")
    assert rows["SANG-08"] == ("", "PRELODGED")
    for role in office.PEOPLE:
        assert desk.work(Declaration.objects.all(), [role]), role
