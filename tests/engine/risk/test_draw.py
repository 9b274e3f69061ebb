"""The random share: fair, bound to the consignment, recomputable from what was published before."""

import hashlib
import hmac
from dataclasses import replace
from datetime import date
from math import isqrt

import numpy as np
import pytest

from thongquan.engine.findings import Finding
from thongquan.engine.risk import draw as drawing
from thongquan.engine.risk.draw import (
    Draw,
    commitment,
    consignment_id,
    draw,
    draw_many,
    drawn_once,
    proves,
    secret_of_day,
)

SECRET = bytes(range(32))
DAY = date(2020, 6, 15)


def test_a_draw_is_the_first_fair_word_of_the_hmac():
    digest = hmac.new(SECRET, b"T/ABC123/0100000001", hashlib.sha256).digest()
    assert draw(SECRET, "T/ABC123/0100000001") == int.from_bytes(digest[:8], "big") % 1_000_000


def test_words_that_would_favour_small_results_are_passed_over(monkeypatch):
    # 2^64 = 18,446,744,073,709,551,616: the last 551,616 words are passed over
    assert 2**64 - drawing._FAIR == 551_616
    unfair = (2**64 - 1).to_bytes(8, "big")
    digests = {
        b"x": unfair * 4,
        b"x\x00" + (1).to_bytes(8, "big"): unfair + (42).to_bytes(8, "big") + bytes(16),
    }
    monkeypatch.setattr(drawing, "_hmac", lambda key, message: digests[message])
    assert draw(SECRET, "x") == 42
    assert draw_many(SECRET, ["x", "x"]).tolist() == [42, 42]
    digests[b"x"] = drawing._FAIR.to_bytes(8, "big") + (drawing._FAIR - 1).to_bytes(8, "big") + bytes(16)
    assert draw(SECRET, "x") == 999_999  # the last fair word gives the largest result


def test_many_draws_are_each_draw():
    names = [f"T/{number}/A" for number in range(500)]
    assert draw_many(SECRET, names).tolist() == [draw(SECRET, name) for name in names]
    assert draw_many(SECRET, []).tolist() == []


def test_a_million_draws_keep_the_share_within_four_sigma():
    drawn = draw_many(SECRET, (f"T/{number}/0100000001" for number in range(1_000_000)))
    assert drawn.min() >= 0
    assert drawn.max() < 1_000_000
    for share in (1_000, 20_000, 50_000, 500_000):
        # hits ~ binomial(1,000,000, p): mean n·p = share, variance n·p·(1-p) = share·(1,000,000 - share) / 1,000,000
        sigma = isqrt(share * (1_000_000 - share) // 1_000_000) + 1
        assert abs(int((drawn < share).sum()) - share) <= 4 * sigma, share
    # 100 equal classes of 10,000: chi-square with 99 degrees of freedom, mean 99, deviation √198 ≈ 14.07
    classes = np.bincount(drawn // 10_000, minlength=100)
    squares = int(((classes - 10_000) ** 2).sum())
    assert abs(squares - 99 * 10_000) <= 4 * 15 * 10_000


def test_the_same_consignment_draws_the_same_on_every_lodgement_and_others_differ():
    first = drawn_once(None, SECRET, "T/ABC/X", DAY)
    again = drawn_once(first, bytes(reversed(SECRET)), "T/ABC/X", date(2020, 6, 16))
    assert again is first
    assert first == Draw("T/ABC/X", DAY, commitment(SECRET), draw(SECRET, "T/ABC/X"))
    with pytest.raises(ValueError):
        drawn_once(first, SECRET, "T/OTHER/X", DAY)


def test_relodging_five_times_gains_nothing():
    # Among consignments that are selected at 5 %, none escapes by being lodged again under another own number.
    names = [f"T/{number}/A" for number in range(2_000)]
    kept = {name: drawn_once(None, SECRET, name, DAY) for name in names}
    for day in range(16, 21):
        for name in names:
            secret = hashlib.sha256(bytes([day])).digest()
            assert drawn_once(kept[name], secret, name, date(2020, 6, day)).u_ppm == kept[name].u_ppm


def test_a_revealed_secret_proves_a_draw_and_any_other_does_not():
    kept = drawn_once(None, SECRET, "T/ABC/X", DAY)
    assert proves(kept, SECRET)
    assert not proves(kept, bytes(reversed(SECRET)))
    assert not proves(replace(kept, u_ppm=(kept.u_ppm + 1) % 1_000_000), SECRET)
    assert not proves(replace(kept, consignment="T/OTHER/X"), SECRET)


def test_the_commitment_is_the_sha256_of_the_secret():
    assert commitment(SECRET) == hashlib.sha256(SECRET).hexdigest()
    assert SECRET.hex() not in commitment(SECRET)


def test_two_custodians_make_the_secret_of_a_day_together():
    key_a, key_b = b"a" * 32, b"b" * 32
    half_a = hmac.new(key_a, b"2020-06-15", hashlib.sha256).digest()
    half_b = hmac.new(key_b, b"2020-06-15", hashlib.sha256).digest()
    secret = secret_of_day(key_a, key_b, DAY)
    assert secret == bytes(a ^ b for a, b in zip(half_a, half_b, strict=True))
    assert secret != secret_of_day(key_a, key_b, date(2020, 6, 16))
    assert secret not in (half_a, half_b)


def test_short_keys_and_secrets_are_refused():
    short = b"x" * 31
    for call in (
        lambda: commitment(short),
        lambda: draw(short, "x"),
        lambda: draw_many(short, ["x"]),
        lambda: secret_of_day(short, SECRET, DAY),
        lambda: secret_of_day(SECRET, short, DAY),
    ):
        with pytest.raises(ValueError, match="32 bytes"):
            call()


def test_a_consignment_is_its_transport_document_and_consignee_however_they_are_written():
    known = consignment_id("MAEU 123-456", "0100000001")
    assert known == "T/MAEU123456/0100000001"
    for document in ("maeu123456", " MAEU.123.456 ", "ＭＡＥＵ123456", "MAEU\u200b123456"):
        assert consignment_id(document, " 01000 00001") == known
    assert consignment_id("MAEU 123-457", "0100000001") != known
    assert consignment_id("MAEU 123-456", "0100000002") != known


def test_goods_without_a_transport_document_are_known_by_something_else_or_not_at_all():
    truck = consignment_id("", "0100000001", otherwise="14C-123.45 / seal 778")
    assert truck == "O/14C12345SEAL778/0100000001"
    assert consignment_id("14C12345SEAL778", "0100000001") != truck
    assert consignment_id(" - ", "0100000001") == Finding("CONSIGNMENT_NOT_IDENTIFIED")
