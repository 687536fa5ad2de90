"""The agreement of independent estimators as a verdict with its words.

House figures, each with its reason: estimators that were trained or tuned apart err by 20 to 30 % each on simulated
patients, so that ratios up to 1.25 are what chance leaves between two good ones; beyond 1.6, about twice that, one of
them is wrong or the patient is unlike those they know. docs/study/estimators.md counts how often each class is met and
how far off the fit is in it.
"""

from collections.abc import Iterable

from models.beside.value import Opinion, Verdict

AGREE, DISAGREE = 1.25, 1.6


def widest(fit: float, others: Iterable[float]) -> float | None:
    """Largest ratio to the fit, either way; None without others."""
    ratios = [max(other / fit, fit / other) for other in others]
    return max(ratios, default=None)


def verdict_of(ratio: float | None) -> Verdict:
    if ratio is None:
        return "alone"
    return "agree" if ratio <= AGREE else "differ" if ratio <= DISAGREE else "disagree"


def said(verdict: Verdict, ratio: float | None, opinions: tuple[Opinion, ...], *, levels: bool) -> str:
    """One or two sentences for people."""
    speaking = [one.words for one in opinions if one.exposure is not None]
    if verdict == "alone" or ratio is None:
        return "No independent estimator speaks for this patient; the fit stands alone."
    all_of_them, apart = _listed(speaking), f"a factor of {ratio:.2f}"
    all_of_them = all_of_them[:1].upper() + all_of_them[1:]
    if verdict == "agree":
        return f"{all_of_them} agree: at most {apart} from the fit."
    if verdict == "differ":
        return f"{all_of_them} differ, by up to {apart} from the fit: more than between most patients' estimates."
    or_else = "or a level, its time or a dose is not as charted. A further" if levels else "as yet without a level. A"
    return (
        f"{all_of_them} disagree, by up to {apart} from the fit: one of them does not describe this patient, "
        f"{or_else} level would tell."
    )


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
