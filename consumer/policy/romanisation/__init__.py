"""Names of any script as their own countries write them in the Latin alphabet: one module a script. See docs/addresses.md."""

from consumer.policy.romanisation.languages import languages
from consumer.policy.romanisation.romaniser import Romaniser

__all__ = ["Romaniser", "languages"]
