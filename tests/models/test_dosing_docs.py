"""docs/dosing.md and the remarks that the code can make are the same list."""

import re
from pathlib import Path

from models.dosing.declining import WOULD_HELP

ROOT = Path(__file__).parents[2]


def test_every_remark_is_explained_and_every_decline_says_what_would_help() -> None:
    sources = [*(ROOT / "models" / "dosing").glob("*.py"), *(ROOT / "models" / "covariates").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    found = re.findall(r'Finding\(\s*code="([a-z-]+)",\s*severity="(\w+)"', text)
    assert len(found) > 10
    page = (ROOT / "docs" / "dosing.md").read_text(encoding="utf-8")
    assert [code for code, severity in found if severity != "critical" and f"`{code}`" not in page] == []
    assert [code for code, severity in found if severity == "critical" and code not in WOULD_HELP] == []
