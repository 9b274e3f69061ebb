"""An invented country of one page: the tutorial, the tests' double, and the template for a real one.

To make a country, copy this folder, rename it, and fill it from its law; `thongquan pack-check NAME` says what is
still wrong. `pack.toml` names the country, its money and its numbers. Under `data/` every row says from which day it
holds, until which (last day included), and which act says so (a row of `acts.csv`):

    acts.csv            the laws, with the days they may speak of
    taxes.csv           what is levied, in this order, and on which base
    commodities.csv     the nomenclature; measures.csv the rates ("12 %", "120 XTS/DTN", "20 % MIN 15 XTS/LTR",
                        "*" no preference, empty: not given, which is never zero)
    codes/*.csv         lists; those that decide something have further columns (a procedure's liability, what a
                        charge does to the value, when a method pays); those of annex 3 let ASYCUDA's SAD (types IM4,
                        EX1 …) and CUSDEC (IM, EX) be lodged as they come
    exchange_rates.csv, quotas.csv, channels.csv, forms.csv, laws.csv, deadlines.csv, hours.csv

`cases/*.json` are declarations with the sums that somebody computed by hand, each with its arithmetic: the proof that
the tables say what the law says. What no table can say goes into a subclass of Pack, here nothing.
"""

from ..pack import Pack


class SampleCountry(Pack):
    """Everything as the tables say."""


COUNTRY = SampleCountry
