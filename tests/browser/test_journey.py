"""One declaration from a file with two wrong lines to its release, by people who press keys, in both languages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("office_of_the_browser", Path(__file__).parent / "office.py")
assert _spec is not None
assert _spec.loader is not None
_office = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_office)
PASSWORD = _office.PASSWORD

SHEET = """\
functional_reference_id,function_code,type_code,declaration_office_id,declarant_id,importer_id,goods_item_quantity,\
incoterm,invoice_amount,invoice_amount_currency,header_previous_document_1_category_code,\
header_previous_document_1_code,header_previous_document_1_id,export_country_id,container_code,sequence_numeric,\
commodity_code,description,origin_country_code,procedure_code,gross_mass,gross_mass_unit,net_mass,net_mass_unit,\
tariff_quantity,item_charge,item_charge_currency
{reference},9,IMA,ZZ0001,ZZ-DEMO-1,ZZ-DEMO-1,3,CIF,6000,USD,Z,705,{reference},XA,0,1,24022000,Thuốc lá điếu,XA,4000,\
600,KGM,580,KGM,,3000,USD
{reference},,,,,,,,,,,,,,,2,09011100,Cà phê chưa rang,XA,4000,200,KGM,hai trăm,KGM,,1000,USD
{reference},,,,,,,,,,,,,,,3,99999999,Áo phông,XA,4000,100,KGM,90,KGM,400,2000,USD
"""

SAYS = {
    "vi": {
        "wrong": "1 trong 1 tờ khai có lỗi",
        "cleared": "Đã thông quan",
        "red": "Đỏ",
        "work": "Việc của tôi",
    },
    "en": {"wrong": "1 of 1 declarations have errors", "cleared": "Cleared", "red": "Red", "work": "My work"},
}


class Desk:
    """One person at a screen; whatever the browser complains of is kept."""

    def __init__(self, browser, office: str, user: str, language: str, **looks) -> None:
        self.context = browser.new_context(viewport={"width": 1440, "height": 860}, **looks)
        self.context.add_cookies([{"name": "thongquan_language", "value": language, "url": office}])
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.office = office
        self.page.goto(f"{office}/dang-nhap")
        self.page.fill("#username", user)
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "dang-nhap" not in url)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.office}{path}")

    def press_key_and_send(self, key: str, **fields: str) -> None:
        """Open an act by its letter, fill what it asks for, and send it."""
        self.page.keyboard.press(key)
        form = self.page.locator("details.act[open] form").first
        for name, value in fields.items():
            field = form.locator(f"[name={name}]")
            field.select_option(value) if field.evaluate("e => e.tagName") == "SELECT" else field.fill(value)
        form.locator("button").last.click()
        self.page.wait_for_url("**xong=**")

    def faults(self, axe: str) -> list[str]:
        """What axe-core finds against WCAG 2.2 A and AA on the page as it is."""
        self.page.evaluate(axe)
        found = self.page.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
        )
        return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]


def _amend_by_form(officer: Desk, axe: str) -> None:
    """After red, goods are amended by an officer: on a form that holds the current version."""
    page = officer.page
    page.keyboard.press("s")
    page.wait_for_url("**/sua")
    assert page.input_value("[name='c.1.net_mass']") == "190,5"
    page.fill("[name='c.2.description']", "Áo phông dệt kim")
    page.locator("main button[value=check]").last.click()
    page.locator("#thay-doi ins").wait_for()
    # What will change is seen before it is sent, and nothing else does.
    assert page.locator("#thay-doi ins").all_inner_texts() == ["Áo phông dệt kim"]
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 860})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert officer.faults(axe) == []
    page.fill("#reason", "Mô tả chưa đủ")
    page.click("button.main[value=send]")
    page.wait_for_url("**/ban-khai?xong=amend*")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_file_with_two_wrong_lines_is_mended_checked_inspected_paid_and_released(
    browser, office, axe, tmp_path, language
):
    says = SAYS[language]
    declarant = Desk(browser, office, "khai", language)
    declarant.go("/khai-moi")
    content = SHEET.format(reference=f"LO-{language}").encode()
    declarant.page.set_input_files("#file", [{"name": "lo.csv", "mimeType": "text/csv", "buffer": content}])
    declarant.page.click("button[value=file]")
    declarant.page.wait_for_url("**/khai-moi/*")
    summary = declarant.page.locator(".errors")
    assert says["wrong"] in summary.inner_text()
    # Both lines at once: the one that cannot be read, and the one whose code the tariff does not know.
    links = summary.locator("li a")
    assert links.count() == 2
    assert declarant.faults(axe) == []
    links.first.click()
    assert declarant.page.evaluate("document.activeElement.name") == "c.1.net_mass"
    declarant.page.fill("[name='c.1.net_mass']", "190,5")
    declarant.page.fill("[name='c.2.commodity_code']", "61091000")
    declarant.page.click("button.main[value=send]")
    declarant.page.wait_for_url("**/to-khai/**")
    number = declarant.page.url.split("/to-khai/")[1].split("?")[0]
    assert says["red"] in declarant.page.locator(".top").inner_text()
    # Red is told to the declarant; why it is red is not.
    assert declarant.page.locator("a[href$='/rui-ro']").count() == 0

    officer = Desk(browser, office, "hoso", language)
    officer.go("/viec?luong=RED")
    assert says["work"] in officer.page.title()
    officer.page.locator(f"tr[data-row] a[href='/to-khai/{number}']").wait_for()
    for _ in range(20):
        if officer.page.locator(f"tr.here a[href='/to-khai/{number}']").count():
            break
        officer.page.keyboard.press("j")
    officer.page.locator(f"#preview a[href='/to-khai/{number}']").wait_for()
    assert officer.faults(axe) == []
    officer.page.screenshot(path=tmp_path / f"viec-{language}.png")
    officer.page.keyboard.press("Enter")
    officer.page.wait_for_url(f"**/to-khai/{number}")
    _amend_by_form(officer, axe)
    officer.go(f"/to-khai/{number}")
    officer.press_key_and_send("h", result="CONFORMS")
    # What customs itself changed is no declaration: a person says that it changes no amount.
    officer.page.locator("#lam-assess summary").click()
    officer.page.locator("#lam-assess button").last.click()
    officer.page.wait_for_url("**xong=assess*")
    assert officer.faults(axe) == []

    inspector = Desk(browser, office, "kiem", language)
    inspector.go(f"/to-khai/{number}")
    inspector.press_key_and_send("i", result="CONFORMS", note="Đủ 3 dòng hàng")

    revenue = Desk(browser, office, "thu", language)
    revenue.go("/nop-thue")
    assert revenue.faults(axe) == []
    revenue.go(f"/to-khai/{number}")
    revenue.press_key_and_send("n", source="KB", reference=f"BC-{language}-1", treasury="KB-ZZ0001")

    officer.go(f"/to-khai/{number}")
    officer.page.screenshot(path=tmp_path / f"to-khai-{language}.png", full_page=True)
    officer.press_key_and_send("t")
    assert says["cleared"] in officer.page.locator(".top").inner_text()
    with officer.page.expect_download() as download:
        officer.page.locator("a[href$='/in/quyet-dinh']").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    for part in ("", "/hang", "/thue", "/ho-so", "/rui-ro", "/ban-khai", "/nhat-ky"):
        for width in (1440, 390):
            officer.page.set_viewport_size({"width": width, "height": 844})
            officer.go(f"/to-khai/{number}{part}")
            assert officer.page.evaluate("document.documentElement.scrollWidth") == width, (part, width)
            assert officer.faults(axe) == [], (part, width)
    for desk in (declarant, officer, inspector, revenue):
        assert desk.complaints == []
        desk.context.close()


def test_no_page_scrolls_sideways_on_a_phone_and_the_dark_one_can_be_read(browser, office, axe):
    leader = Desk(browser, office, "truong", "vi", color_scheme="dark")
    leader.page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "/viec",
        "/to-khai",
        "/nop-thue",
        "/bieu-thue?q=ca+phe",
        "/bieu-thue/09011100",
        "/xu-phat?nuoc=vn&ngay=2020-12-10",
        "/huong-dan",
    ):
        leader.go(path)
        assert leader.page.evaluate("document.documentElement.scrollWidth") == 390, path
        assert leader.faults(axe) == [], path
    leader.context.close()


def test_what_is_written_into_a_form_is_kept_while_it_is_written(browser, office):
    declarant = Desk(browser, office, "khai", "vi")
    declarant.go("/khai-moi")
    declarant.page.click("button[value=blank]")
    declarant.page.wait_for_url("**/khai-moi/*")
    place = declarant.page.url
    declarant.page.fill("[name='c.0.functional_reference_id']", "NHAP-1")
    declarant.page.fill("[name='c.0.description']", "Máy tính xách tay")
    with declarant.page.expect_response("**/luu"):
        declarant.page.locator("[name='c.0.description']").blur()
    declarant.page.goto(place)
    assert declarant.page.input_value("[name='c.0.description']") == "Máy tính xách tay"
    assert declarant.complaints == []
    declarant.context.close()
