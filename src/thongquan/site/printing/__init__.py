"""Forms on paper: plain values in, a PDF out. Nothing is fetched, and no text is ever read as markup."""
