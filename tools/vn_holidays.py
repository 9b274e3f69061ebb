"""Print the working days of Vietnam as rows of packs/vn/data/hours.csv, from the library `holidays` and the decrees.

`python tools/vn_holidays.py 2018 2028 > src/thongquan/packs/vn/data/hours.csv`, and read the difference. The library
knows Tết and the days off in lieu; swapped days are decreed for each year, so they stand here with their act, and a
new decree makes a new edition of the calendar. The program itself never asks the library: its calendar is data.
"""

from __future__ import annotations

import csv
import sys
from datetime import date

import holidays

EDITION = "lịch làm việc 2018-2027, lần 1"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE_HOURS = "08:00-12:00 13:00-17:00"
CODE_2012, CODE_2019 = "10/2012/QH13", "45/2019/QH14"
NEW_CODE = 2021

SWAPPED = {
    date(2018, 12, 31): (date(2019, 1, 5), "6519/VPCP-KGVX"),
    date(2019, 4, 29): (date(2019, 5, 4), "6519/VPCP-KGVX"),
    date(2024, 4, 29): (date(2024, 5, 4), "2450/VPCP-KGVX"),
    date(2025, 5, 2): (date(2025, 4, 26), "6150/TB-BLĐTBXH"),
    date(2026, 8, 31): (date(2026, 8, 22), CODE_2019),
}
"""Day off → the Saturday that is worked in its place, and the act that says so."""


def rows(first_year: int, until_year: int) -> list[list[str]]:
    """The week, then the days that differ from it, in their order."""
    period = [f"{first_year}-01-01", f"{until_year - 1}-12-31"]
    week = [
        [EDITION, name, OFFICE_HOURS if place < 5 else "", *period, CODE_2012, "art. 104"]
        for place, name in enumerate(WEEKDAYS)
    ]
    days = []
    for day in holidays.country_holidays("VN", years=range(first_year, until_year)):
        act, at = (CODE_2012, "art. 115") if day.year < NEW_CODE else (CODE_2019, "art. 112")
        if day in SWAPPED:
            act, at = SWAPPED[day][1], f"swapped with {SWAPPED[day][0]}"
        days.append([EDITION, str(day), "", *period, act, at])
    for off, (worked, act) in SWAPPED.items():
        days.append([EDITION, str(worked), OFFICE_HOURS, *period, act, f"worked in place of {off}"])
    return [*week, *sorted(days, key=lambda row: row[1])]


def main() -> None:
    first_year, until_year = (int(text) for text in sys.argv[1:3])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["edition", "day", "hours", "first_day", "last_day", "act", "at"])
    writer.writerows(rows(first_year, until_year))


if __name__ == "__main__":
    main()
