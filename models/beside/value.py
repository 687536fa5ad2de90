"""What independent estimators say of one patient's exposure, and how far they agree: values for cards and pages."""

from dataclasses import dataclass
from typing import Literal

By = Literal["fit", "single", "rule", "learned", "hybrid"]
Verdict = Literal["agree", "differ", "disagree", "alone"]


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """One estimator on the exposure of the regimen in use. exposure, low, high: None where it is silent.

    by: "single" is the fit by the heaviest model alone, where the fit is of several.

    low, high: where the truth lies for 80 of 100 patients like those it was made from. working: lines that can be
    followed with a calculator (rules), or by how much each input moves it (learned). silent: why it says nothing.
    hash: of its file. signed: who put it into use and when, "" for nobody. dose: mg at the regimen's interval that it
    would take to the middle of the target, where that is proportion.
    """

    by: By
    name: str
    words: str
    exposure: float | None = None
    low: float | None = None
    high: float | None = None
    dose: float | None = None
    working: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    hash: str = ""
    signed: str = ""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """opinions: the fit first. widest: largest ratio of another to the fit, either way; None where all are silent.

    metric: words and unit of the exposure, which is that of `amount` mg every `interval` h. text: the verdict in words.
    held: how many simulated patients of a model that none was made from their intervals held, "" where nobody counted.
    """

    metric: str
    unit: str
    amount: float
    interval: float
    opinions: tuple[Opinion, ...]
    verdict: Verdict
    widest: float | None
    text: str
    held: str = ""
