"""A small office of the sample country on a free port, for the browser: a process of its own, with its own data.

python office.py FOLDER      prints the address, then serves until it is ended
"""

import os
import socketserver
import sys
from datetime import date

TRADERS = (
    "Công ty TNHH Cơ khí Đông Triều", "Công ty CP Thực phẩm Hạ Long", "Công ty TNHH May Cẩm Phả",
    "Công ty CP Thủy sản Vân Đồn", "Công ty TNHH Điện tử Bình Minh", "Công ty TNHH Gỗ Hoành Bồ",
)  # fmt: skip
"""Invented."""

PASSWORD = "mot mat khau dai 2026"


def main(folder: str) -> None:
    os.environ.update(
        THONGQUAN_DATA=folder,
        DATABASE_URL="",
        THONGQUAN_HTTPS="off",
        THONGQUAN_PACK="sample",
        DJANGO_SETTINGS_MODULE="thongquan.site.config.settings",
    )
    from thongquan.site.config.start import start

    start(migrate=True)
    people()
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    class Server(socketserver.ThreadingMixIn, WSGIServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Quiet)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def people() -> None:
    """One person for each role, all with the same password."""
    from django.contrib.auth.hashers import make_password

    from thongquan.engine.access.decide import EVERY
    from thongquan.engine.lifecycle.declaration import Role
    from thongquan.site.accounts import acts as accounts
    from thongquan.site.accounts.models import User
    from thongquan.site.parties.acts import register

    names = {
        "khai": (Role.DECLARANT, "Nguyễn Thị Khai"), "hoso": (Role.OFFICER, "Trần Văn Hồ Sơ"),
        "kiem": (Role.INSPECTOR, "Lê Thị Kiểm"), "thu": (Role.REVENUE, "Phạm Văn Thu"),
        "cong": (Role.SUPERVISOR, "Vũ Văn Cổng"), "truong": (Role.LEADER, "Đỗ Thị Trưởng"),
    }  # fmt: skip
    hashed = make_password(PASSWORD)
    for username, (role, full_name) in names.items():
        where = {"trader": "ZZ-DEMO-1"} if role is Role.DECLARANT else {"office": "ZZ0001"}
        accounts.post(username, role, first_day=date(2024, 1, 1), **where)
        User.objects.filter(username=username).update(password=hashed, full_name=full_name)
    for number, name in enumerate(TRADERS, 1):
        register(f"ZZ-DEMO-{number}", name=name)
    # An agent declares for whoever asks him to.
    accounts.post("daily", Role.DECLARANT, first_day=date(2024, 1, 1), trader=EVERY)
    User.objects.filter(username="daily").update(password=hashed, full_name="Đại lý hải quan Bạch Đằng")


if __name__ == "__main__":
    main(sys.argv[1])
