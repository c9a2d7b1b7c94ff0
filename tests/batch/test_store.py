"""The database of an output folder: whose it is."""

import sqlite3
from contextlib import closing

import pytest

from murmur.batch.store import Store
from murmur.errors import OutputError


@pytest.mark.parametrize("version", [0, 2, 2**31 - 1])
def test_a_database_with_other_columns_is_refused(tmp_path, version):
    with Store(tmp_path):
        pass
    with Store(tmp_path):  # its own is read again
        pass
    with closing(sqlite3.connect(tmp_path / "murmur.sqlite")) as database:
        database.execute(f"PRAGMA user_version = {version}")
    refused = r"murmur\.sqlite: written by another version of murmur\. Use another folder, or start over with --no-resume"
    with pytest.raises(OutputError, match=refused):
        Store(tmp_path).__enter__()
