"""People at screens: the sample country, one person for each role, and a browser that only asks and reads."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest

PASSWORD = "mot cau that dai de nho"

PEOPLE = {
    "khai": ("DECLARANT", {"trader": "ZZ-DEMO-1"}),
    "khac": ("DECLARANT", {"trader": "ZZ-DEMO-9"}),
    "hoso": ("OFFICER", {"office": "ZZ0001"}),
    "xa": ("OFFICER", {"office": "ZZ0002"}),
    "kiem": ("INSPECTOR", {"office": "ZZ0001"}),
    "thu": ("REVENUE", {"office": "ZZ0001"}),
    "cong": ("SUPERVISOR", {"office": "ZZ0001"}),
    "truong": ("LEADER", {"office": "ZZ0001"}),
    "pho": ("LEADER", {"office": "ZZ0001"}),
}


@pytest.fixture(autouse=True)
def site(settings):
    """The sample country, and a hash that costs nothing: what Argon2id costs is not what is tried here."""
    settings.PACK = "sample"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def one_check() -> None:
    """Here every check is asked, as people meet them."""


@pytest.fixture
def country():
    from thongquan.packs import pack as packs

    return packs.load("sample")


@pytest.fixture
def people(committed, site) -> None:
    """Everybody at his post, in a database in which things are really committed."""
    from django.contrib.auth.hashers import make_password

    from thongquan.site.accounts import acts as accounts
    from thongquan.site.accounts.models import User

    hashed = make_password(PASSWORD)
    for name, (role, where) in PEOPLE.items():
        accounts.post(name, role, first_day=date(2024, 1, 1), **where)
        User.objects.filter(username=name).update(password=hashed)


def browser(**environment: object):
    """A browser that comes over https, as the site asks for."""
    from django.test import Client

    class Https(Client):
        def generic(self, *args, **extra):
            return super().generic(*args, **{**extra, "secure": True})

    return Https(**environment)


class Screen:
    """A person's browser: what it gets, as text and as forms."""

    def __init__(self, user: str = "", language: str = "vi", **environment: str) -> None:
        self.client = browser(**environment)
        self.client.cookies["thongquan_language"] = language
        if user:
            answer = self.post("/dang-nhap", {"username": user, "password": PASSWORD})
            assert answer.status_code == 302, answer.status_code

    def get(self, path: str, **headers: str):
        return self.client.get(path, headers=headers)

    def post(self, path: str, fields: dict | None = None):
        return self.client.post(path, fields or {})

    def see(self, path: str, status: int = 200) -> str:
        """A page as it is read."""
        answer = self.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return read(answer)

    def do(self, number: str, act: str, **fields: str):
        """Open the declaration, and send the form of an act as the page gave it."""
        page = self.get(f"/to-khai/{number}{'/sua' if act == 'amend' else ''}").content.decode()
        form = re.search(rf'action="/to-khai/{number}/lam/{act}".*?</form>', page, re.S)
        assert form is not None, f"{act} is not open"
        hidden = dict(re.findall(r'<input type="hidden" name="(key|seen)" value="([^"]*)"', form[0]))
        return self.post(f"/to-khai/{number}/lam/{act}", {**hidden, **fields})


def read(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text)).strip()


@pytest.fixture
def screen(people):
    return Screen


HEAD = (
    "functional_reference_id,function_code,type_code,declaration_office_id,declarant_id,importer_id,"
    "goods_item_quantity,incoterm,invoice_amount,invoice_amount_currency,header_previous_document_1_category_code,"
    "header_previous_document_1_code,header_previous_document_1_id,export_country_id,container_code,sequence_numeric,"
    "commodity_code,description,origin_country_code,procedure_code,gross_mass,gross_mass_unit,net_mass,net_mass_unit,"
    "tariff_quantity,item_charge,item_charge_currency"
)


def sheet(
    reference: str, *lines: tuple[str, str, str], origin: str = "XA", description: str = "Hàng mẫu"
) -> str:
    """Rows of one declaration without the heading. lines: commodity code, net mass, value in USD."""
    rows = []
    for place, (code, net, value) in enumerate(lines, 1):
        head = (
            f"9,IMA,ZZ0001,ZZ-DEMO-1,ZZ-DEMO-1,{len(lines)},CIF,{sum(int(v) for _, _, v in lines)},USD,Z,705,"
            f"{reference},{origin},0"
        )
        first = head if place == 1 else "," * head.count(",")
        rows.append(
            f"{reference},{first},{place},{code},{description},{origin},4000,100,KGM,{net},KGM,10,{value},USD"
        )
    return "\n".join(rows)


def upload(screen: Screen, content: bytes, name: str = "lo.csv"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return screen.post("/khai-moi", {"how": "file", "file": SimpleUploadedFile(name, content)})


def lodge(screen: Screen, reference: str, code: str = "61091000", **says: str) -> str:
    """Lodge one line through the pages; the number."""
    rows = sheet(reference, (code, "90", "1000"), **says)
    draft = upload(screen, f"{HEAD}\n{rows}\n".encode()).headers["Location"]
    answer = screen.post(draft, {"does": "send"})
    assert answer.status_code == 302, read(answer)[:600]
    return answer.headers["Location"].split("/")[2].split("?")[0]


@pytest.fixture
def made():
    """What tests make: `upload`, `lodge`, `sheet`, `HEAD`, `read`, and a plain `browser`."""
    import types

    return types.SimpleNamespace(
        upload=upload, lodge=lodge, sheet=sheet, HEAD=HEAD, read=read, PASSWORD=PASSWORD, browser=browser
    )
