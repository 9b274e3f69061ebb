"""Findings: collected, ordered, the same in every run."""

from thongquan.engine.findings import Finding, LegalRef, Refusal, Severity, errors, in_order


def test_findings_stand_by_place_then_code_and_numbers_by_size():
    found = [
        Finding("B", at="goods_items[10].origin"),
        Finding("B", at="goods_items[2].origin"),
        Finding("A", at="goods_items[2].origin"),
        Finding("Z"),
    ]
    assert [(f.at, f.code) for f in in_order(found)] == [
        ("", "Z"),
        ("goods_items[2].origin", "A"),
        ("goods_items[2].origin", "B"),
        ("goods_items[10].origin", "B"),
    ]


def test_the_order_of_finding_does_not_matter():
    found = [Finding("A", at=f"line {n}", says={"n": str(n)}) for n in range(20)]
    assert in_order(reversed(found)) == in_order(found)


def test_a_finding_is_told_once():
    one = Finding("A", at="line 1", says={"b": "2", "a": "1"})
    same = Finding("A", at="line 1", says={"a": "1", "b": "2"})
    other = Finding("A", at="line 1", says={"a": "2"})
    assert in_order([one, same, other]) == (one, other)


def test_only_errors_reject():
    error = Finding("A")
    warning = Finding("B", severity=Severity.WARNING)
    note = Finding("C", severity=Severity.NOTE)
    assert errors([warning, error, note]) == (error,)


def test_a_refusal_says_every_reason():
    refusal = Refusal("clear", (Finding("DUTY_NOT_SECURED"), Finding("OBLIGATION_OPEN")))
    assert refusal.codes == ("DUTY_NOT_SECURED", "OBLIGATION_OPEN")


def test_a_source_reads_as_an_act_and_a_place_in_it():
    assert str(LegalRef("12/2025/ND-CP", "art. 1")) == "12/2025/ND-CP, art. 1"
    assert str(LegalRef("12/2025/ND-CP")) == "12/2025/ND-CP"
    assert LegalRef("a", "art. 1") < LegalRef("a", "art. 2") < LegalRef("b")
