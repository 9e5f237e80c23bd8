# sqlcipher3 is sqlite3 with a key: the same names, the same types.
from sqlite3 import *

from sqlcipher3 import dbapi2 as dbapi2
