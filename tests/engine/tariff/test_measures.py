"""What a duty is, however it comes."""

import msgspec

from thongquan.engine.tariff.measures import Duty, ad_valorem


def test_a_stored_duty_is_read_whether_or_not_its_share_was_stored_beside_it():
    for stored in (b'{"base": [{"rate_ppm": 120000}]}', b'{"base": [{"rate_ppm": 120000}], "share_ppm": 7}'):
        duty = msgspec.json.decode(stored, type=Duty)
        assert (duty, duty.share_ppm) == (ad_valorem(120_000), 120_000)
