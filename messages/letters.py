"""A font with the Chinese letters that are used (messages/statement/fonts, OFL), for what is drawn."""

from pathlib import Path
from typing import Final

HAN: Final = Path(__file__).parent / "statement" / "fonts" / "KeptHan-Regular.otf"
