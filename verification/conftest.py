"""Let the checks here import what they share, and the processes they start do so too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
