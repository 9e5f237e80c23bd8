"""SQLCipher in the place where sqlite-utils looks for its driver; imported before sqlite-utils and only by the store.

sqlite-utils catches its own driver's errors. It takes ``pysqlite3`` where that can be imported, so SQLCipher is
registered under that name.
"""

from __future__ import annotations

import sys

import sqlcipher3
import sqlcipher3.dbapi2

sys.modules.setdefault("pysqlite3", sqlcipher3)
sys.modules.setdefault("pysqlite3.dbapi2", sqlcipher3.dbapi2)

connect = sqlcipher3.dbapi2.connect
DatabaseError = sqlcipher3.dbapi2.DatabaseError
