"""The United States: so far the words and the layout of its tariff schedule."""
