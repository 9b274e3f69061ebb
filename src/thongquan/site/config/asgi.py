"""What a server runs: thongquan.site.config.asgi:application."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")

from django.core.asgi import get_asgi_application

from .start import refuse_unsafe_start

application = get_asgi_application()
refuse_unsafe_start()
