"""`python -m tests.style`: the findings on standard error, and exit status 1, where a rejected word is used."""

import sys
from pathlib import Path

from tests.style.vocabulary import WordList

sys.exit("\n".join(map(str, WordList.load().in_folders(Path()))) or 0)
