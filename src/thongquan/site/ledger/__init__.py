"""The accounts of the State's money: double entry in whole minor units, reversals only."""
