"""Two persons enter a rate of exchange over HTTP; reading asks for no more than a key."""

from __future__ import annotations

RATE = {
    "currency": "USD",
    "price_millionths": 2_500_000,
    "act": "Bank, 1/2030",
    "first_day": "2030-01-01",
    "last_day": "2030-12-31",
}


def test_one_machine_enters_and_another_persons_confirms(api):
    rita, lena = api("rita"), api("lena")
    entered = rita.post("/exchange-rates", RATE)
    assert entered.status == 201, entered.json
    assert (entered.json["confirmed"], entered.json["entered_by"]) == (False, "rita")
    path = f"/exchange-rates/{entered.json['rate']}/confirmation"
    assert rita.post(path).code == "FOUR_EYES_SAME_PERSON"
    confirmed = lena.post(path)
    assert (confirmed.status, confirmed.json["confirmed"]) == (200, True)
    (listed,) = api("ann").get("/exchange-rates").json["rates"]
    assert (listed["currency"], listed["price_millionths"], listed["last_day"]) == (
        "USD",
        2_500_000,
        "2030-12-31",
    )
    again = rita.post("/exchange-rates", {**RATE, "price_millionths": 3_000_000})
    assert (again.status, again.code) == (409, "RATE_OVERLAPS")


def test_what_cannot_be_meant_is_refused(api):
    rita = api("rita")
    assert rita.post("/exchange-rates", {**RATE, "price_millionths": 0}).status == 422
    assert rita.post("/exchange-rates", {**RATE, "first_day": None}).code == "RATE_DAYS_MISSING"
    assert rita.post("/exchange-rates", {**RATE, "currency": "dollar"}).status == 422
    assert api("lena").post(f"/exchange-rates/{'0' * 64}/confirmation").status == 404
    assert api("ann").post("/exchange-rates", RATE).status == 403
