"""The layer's `switchover/__init__.py`: speeds up the imports that follow."""

import gc

from switchover.lean import leave_out_plugins
from switchover.precompiled import take_precompiled

# Imported objects stay. Python would search them for garbage a hundred times.
gc.set_threshold(50_000)
leave_out_plugins()
take_precompiled(__file__.removesuffix("/__init__.py"))
