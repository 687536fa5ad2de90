"""docs/nca.md names every parameter with its unit and routes, and every remark, and no other."""

import re
from pathlib import Path
from typing import Any

from models.evaluate.nca import nca
from models.evaluate.parameters import parameters
from models.evaluate.profile import ROUTES, Profile

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "nca.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    body = PAGE.split(heading)[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in body.strip().splitlines()[1:]]


def test_every_parameter_is_documented() -> None:
    expected: dict[tuple[str, str, str], list[str]] = {}
    for route in ROUTES:
        given: dict[str, Any] = {"route": route, "duration": 1.0 if route == "infusion" else 0.0}
        for item in parameters(nca(Profile(times=(1.0,), concentrations=(1.0,), dose=1.0, **given))):
            expected.setdefault((item.name, item.winnonlin, item.unit.replace("mg/L", "C", 1)), []).append(route)
    told = {
        (name, winnonlin, unit): routes
        for name, winnonlin, unit, routes in rows("| CDISC | WinNonlin | unit | routes |")
    }
    assert told == {key: "all" if len(found) == 3 else ", ".join(found) for key, found in expected.items()}


def test_every_remark_is_documented() -> None:
    texts = [(ROOT / "models" / "evaluate" / f"{name}.py").read_text() for name in ("remarks", "table", "terminal")]
    coded = set(re.findall(r'code="(nca-[\w-]+)"', "".join(texts)))
    reasons = re.findall(r'"([\w-]+)"', texts[2].split("Reason = Literal[")[1].split("]")[0])
    told = {code for row in rows("| remark | when |") for code in re.findall(r"`(nca-[\w-]+)`", row[0])}
    assert told == coded | {f"nca-{reason}" for reason in reasons}
