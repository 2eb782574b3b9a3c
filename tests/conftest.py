"""What every test process needs before torch is imported."""

import os

# As the command line does: threads that wait by spinning slow training where processes share the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
