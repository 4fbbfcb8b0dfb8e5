"""Text and tables as they come: encodings, separators, quotes, cells and numbers.

``text`` opens a file, ``cells`` and ``delimited`` take a table apart, ``numbers`` reads what stands
in it, ``arrow`` reads parquet.
"""
