"""From measurements to signs: one module a sign, each with its rule, its `conclude` and its `SIGN`.

A new sign is a module here, a field of the same name in `murmur.findings.findings.Findings`, and its columns in
`murmur.tables`. `murmur.findings.describe` makes what signs are concluded from; `murmur.findings.registry` walks them.
"""
