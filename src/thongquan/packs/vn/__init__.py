"""Vietnam: so far the words and the layout of its tariff workbook."""
