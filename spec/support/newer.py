"""Descriptions newer than Debian's, for the differential tests: BALM_BOTOCORE_DATA names their directory.

Who imports this before botocore gets the copy that the descriptions came with, where they lie in one
(`.../botocore/data`). Else Debian's has to do.
"""

import os
import pathlib
import sys

DATA = os.environ.get("BALM_BOTOCORE_DATA")

if DATA:
    around = pathlib.Path(DATA).resolve().parent
    if around.joinpath("__init__.py").exists():
        assert "botocore" not in sys.modules, "botocore was imported before spec/support/newer.py"
        sys.path.insert(0, str(around.parent))
