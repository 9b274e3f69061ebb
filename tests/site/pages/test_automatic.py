"""What the machine decides by itself, and that it decides it once."""

from __future__ import annotations


def test_the_machine_goes_on_until_a_person_comes_next_and_does_nothing_twice(screen, made, country):
    from thongquan.site.clearance import automatic, reads
    from thongquan.site.clearance.following import Follower

    number = made.lodge(screen("khai"), "A-1", "24022000")
    acts = [event.act for event in reads.engine_events(number)]
    assert acts == ["lodge", "accept", "assess", "select"]
    assert automatic.proceed(number, country) == []
    assert Follower(country).sweep() == 0
    assert [event.act for event in reads.engine_events(number)] == acts


def test_what_a_crash_left_is_taken_up(screen, made, country):
    from thongquan.site.accounts.reads import By
    from thongquan.site.clearance import drafts, journey, reads
    from thongquan.site.clearance.following import Follower
    from thongquan.site.kit import clock

    rows = f"{made.HEAD}\n{made.sheet('A-1', ('09011100', '90', '1000'))}\n".encode()
    draft = drafts.of_file("a.csv", rows, country)
    (one,) = drafts.check(draft, country, country.legal_day(clock.now()))
    answer = journey.lodge(message=one.declaration, pack=country, by=By("khai"), key="k", at=clock.now())
    assert reads.facts_of(answer.number).state == "LODGED"
    assert Follower(country).sweep() == 1
    assert reads.facts_of(answer.number).state in ("SELECTED", "CLEARED")


def test_a_declaration_that_looks_like_another_waits_for_its_declarant(screen, made, country):
    from thongquan.site.clearance import reads

    declarant = screen("khai")
    rows = made.sheet("A-1", ("09011100", "90", "1000"))
    for reference in ("A-1", "A-2"):
        content = f"{made.HEAD}\n{rows.replace('A-1,9', f'{reference},9')}\n".encode()
        place = made.upload(declarant, content).headers["Location"]
        number = declarant.post(place, {"does": "send"}).headers["Location"].split("/")[2].split("?")[0]
    assert reads.facts_of(number).state == "LODGED"
    assert declarant.do(number, "confirm_distinct", reason="Lô khác").status_code == 302
    assert reads.facts_of(number).state == "SELECTED"
