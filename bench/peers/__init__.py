"""The same sums as anybody would write them: on whole NumPy columns, and line by line with Decimal."""
