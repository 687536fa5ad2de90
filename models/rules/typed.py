"""A patient's quantities as somebody types them for a rule: known names, a rate that fits the dose, draws in time."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from models.cohorts.design import Sample, load_cohort_design
from models.errors import RuleError
from models.rules.drawn import OFF_PLANNED
from models.rules.frozen import FrozenRule
from models.rules.task import slug

# a dose rate typed with three digits is off by up to 0.5 % (1.005 read as 1.00)
SAME_RATE = 0.005
_REGIMEN = ("dose", "interval")


def with_rate(rule: FrozenRule, values: Mapping[str, float]) -> dict[str, float]:
    """The quantities with the rate, mg/h; RuleError where one is unknown, or the rate is not dose over interval."""
    names = dict.fromkeys((*_REGIMEN, *(item.name for item in rule.quantities), *rule.absent))
    if unknown := sorted(set(values) - set(names)):
        raise RuleError(f"{rule.id} knows no {', '.join(unknown)}; it knows {', '.join(names)}")
    dose, interval = (values.get(name, 0.0) for name in _REGIMEN)
    if not (dose > 0.0 and interval > 0.0):
        return dict(values)
    made = dose / interval
    if "rate" in values and not abs(values["rate"] / made - 1.0) <= SAME_RATE:
        raise RuleError(
            f"a rate of {values['rate']:g} mg/h is not {dose:g} mg every {interval:g} h, which is {made:.4g} mg/h; "
            "leave the rate out, or correct one of the three"
        )
    return {"rate": made, **values}


def out_of_window(rule: FrozenRule, values: Mapping[str, float]) -> Iterator[str]:
    """Why draws are not those of the rule's scheme, as far as times since the dose and the interval tell.

    The ranges of its quantities are those of all intervals together: 30 h after the dose is a trough of every 36 h.
    """
    interval, found = values.get("interval"), []
    for sample in load_cohort_design(rule.drug).scheme(rule.scheme).samples:
        after = values.get(f"after_dose_{slug(sample.name)}")
        if interval is None or after is None:
            continue
        found.append((sample, after))
        if not _fits(sample, interval - after):
            yield (
                f"The level ({sample.name}) was drawn {after:g} h after a dose given every {interval:g} h; "
                f"the rule was made for {rule.words}."
            )
    for (one, before), (other, after) in pairwise(found):
        if _interval_of(one) == _interval_of(other) and before >= after:
            yield f"The level ({other.name}) was not drawn after the other ({one.name})."


def _fits(sample: Sample, ahead: float) -> bool:
    """ahead: h to the next dose, which may come an hour late; only what is drawn before it has to be near it."""
    latest = sample.high + OFF_PLANNED if sample.since == "before" else float("inf")
    return -OFF_PLANNED <= ahead <= latest


def _interval_of(sample: Sample) -> int:
    return sample.plus - (sample.since == "before")
