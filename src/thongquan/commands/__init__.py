"""Commands of the command line that run an office: opening it, its people, its server, its copies.

`cli` is the entry and hangs them in; each module is one noun. As there, nothing heavy is imported before it is needed.
"""
