"""What a server runs: thongquan.site.config.wsgi:application.

`thongquan serve` runs it with granian and what belongs beside it. Any other WSGI server may; then
`python -m thongquan.site.config.background sealer`, `… follower` and `… news` run as services of their own.
"""

import os

os.environ.setdefault("THONGQUAN_LOG_LEVEL", "INFO")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")

from django.core.wsgi import get_wsgi_application

from .start import refuse_unsafe_start

application = get_wsgi_application()
refuse_unsafe_start()
