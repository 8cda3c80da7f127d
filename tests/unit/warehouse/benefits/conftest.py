import sys
from pathlib import Path

# The builder of small episodes stands beside these tests; importlib mode does not put their folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
