"""The pictures of the pages in the docs, taken anew: python tests/browser/pictures.py [FOLDER]

A small office of the sample country, with invented traders, in both languages. FOLDER: where to, docs/pictures if not
said.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from test_journey import SHEET, Desk  # noqa: E402

from conftest import ARGUMENTS  # noqa: E402

GOODS = (
    ("24022000", "Thuốc lá điếu", "XA", 4800), ("61091000", "Áo phông cotton dệt kim", "XB", 1960),
    ("09011100", "Cà phê chưa rang", "XA", 640), ("24022000", "Thuốc lá điếu đầu lọc", "XA", 2310),
    ("61091000", "Áo phông trẻ em", "XB", 955), ("61091000", "Áo phông in hình", "XB", 418),
)  # fmt: skip
"""Code, description, origin, value in USD; one declaration of each, of a trader of its own."""


@contextmanager
def served() -> Iterator[str]:
    """The address of an office that is taken down again."""
    folder = tempfile.mkdtemp()
    process = subprocess.Popen(
        [sys.executable, str(HERE / "office.py"), folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def sheet() -> str:
    """One line for each of the declarations."""
    head = SHEET.splitlines()[0]
    rows = [
        f"LO-{place:02},9,IMA,ZZ0001,ZZ-DEMO-{place},ZZ-DEMO-{place},1,CIF,{value},USD,Z,705,LO-{place:02},{origin},0,1,"
        f"{code},{description},{origin},4000,600,KGM,580,KGM,400,{value},USD"
        for place, (code, description, origin, value) in enumerate(GOODS, 1)
    ]
    return "\n".join((head, *rows, ""))


def take(browser, office: str, language: str, folder: Path) -> None:
    def picture(desk: Desk, name: str) -> None:
        desk.page.mouse.move(0, 0)
        desk.page.screenshot(path=folder / f"{name}-{language}.png")

    def desk(user: str) -> Desk:
        made = Desk(browser, office, user, language)
        made.page.set_viewport_size({"width": 1280, "height": 720})
        return made

    declarant = desk("khai")
    declarant.go("/khai-moi")
    content = SHEET.format(reference=f"LO-{language}").encode()
    declarant.page.set_input_files("#file", [{"name": "lo.csv", "mimeType": "text/csv", "buffer": content}])
    declarant.page.click("button[value=file]")
    declarant.page.wait_for_url("**/khai-moi/*")
    picture(declarant, "errors")
    officer = desk("hoso")
    officer.go("/viec")
    officer.page.locator("tr[data-row]").first.wait_for()
    officer.page.keyboard.press("j")
    officer.page.wait_for_load_state("networkidle")
    picture(officer, "work")
    number = officer.page.locator("tr.here a").get_attribute("href")
    officer.go(f"{number}/thue")
    picture(officer, "taxes")
    officer.go(number)
    picture(officer, "declaration")
    officer.go(f"{number}/sua")
    officer.page.fill("[name='c.0.description']", "Thuốc lá điếu đầu lọc, bao 20 điếu")
    officer.page.fill("[name='c.0.item_charge']", "2500")
    officer.page.fill("[name='c.0.invoice_amount']", "2500")
    officer.page.locator("main button[value=check]").last.click()
    officer.page.locator("#thay-doi ins").first.wait_for()
    picture(officer, "amendment")


def main(folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium is not None, "no Chromium on this machine: apt-get install chromium"
    with served() as office, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        agent = Desk(browser, office, "daily", "vi")
        agent.go("/khai-moi")
        agent.page.set_input_files(
            "#file", [{"name": "lo.csv", "mimeType": "text/csv", "buffer": sheet().encode()}]
        )
        agent.page.click("button[value=file]")
        agent.page.wait_for_url("**/khai-moi/*")
        agent.page.click("button.main[value=send]")
        agent.page.wait_for_load_state()
        for language in ("vi", "en"):
            take(browser, office, language, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1] / "docs" / "pictures")
