"""Counts and rates of what became of the cards, for all of them and by drug, model and hook."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from scipy.stats import binomtest

from cds_server.acceptance.facts import CardFact
from cds_server.decision import Decision


@dataclass(frozen=True, kw_only=True)
class Rate:
    """count of total, with Wilson's 95 % interval; low and high are None where total is 0."""

    count: int
    total: int
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        return self.count / self.total if self.total else None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Of the doses taken that were not the proposed one: how many could be told, and what they were beside ours.

    daily: daily dose taken over daily dose proposed, median and extremes. attainment: probability of the target under
    the dose taken minus under the proposed one, median and extremes, same calculation for both. None where cards = 0.
    """

    cards: int
    daily: tuple[float, float, float] | None  # least, median, most
    attainment: tuple[float, float, float] | None


@dataclass(frozen=True, kw_only=True)
class Reason:
    """code: as sent, "system|code", "" where none was given; hl7: the HL7 reason it stands for, "" where unknown."""

    code: str
    hl7: str
    rate: Rate  # of the overridden cards


@dataclass(frozen=True, kw_only=True)
class Summary:
    """fired: answers written down for a drug, notices included. shown: of these the cards that carried an advice.

    offered: shown with at least one suggestion, which only order hooks have. answered: shown and spoken of at least
    once. accepted, changed, overridden: by the last word, of the answered. silent: shown and never spoken of.
    """

    name: str
    fired: int
    kinds: tuple[tuple[str, int], ...]
    shown: int
    offered: int
    answered: Rate  # of the shown
    accepted: Rate
    changed: Rate
    overridden: Rate
    changes: Changes
    overrides: Changes
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """total: all cards; the rest by drug, model and hook, in the order of the alphabet."""

    total: Summary
    drugs: tuple[Summary, ...]
    models: tuple[Summary, ...]
    hooks: tuple[Summary, ...]


_ADVICE = ("recommendation", "declined")


def report(facts: Iterable[CardFact]) -> Report:
    """The report on all `facts`."""
    found = tuple(facts)
    return Report(
        total=summary("all", found),
        drugs=_by(found, lambda fact: fact.drug),
        models=_by(found, lambda fact: fact.model),
        hooks=_by(found, lambda fact: fact.hook),
    )


def _by(facts: tuple[CardFact, ...], key: Callable[[CardFact], str]) -> tuple[Summary, ...]:
    names = sorted({key(fact) for fact in facts if key(fact)})
    return tuple(summary(name, tuple(fact for fact in facts if key(fact) == name)) for name in names)


def summary(name: str, facts: Sequence[CardFact]) -> Summary:
    """One line of the report."""
    shown = [fact for fact in facts if fact.kind in _ADVICE]
    answered = [fact for fact in shown if fact.answers]
    counts = Counter(fact.answer for fact in answered)
    overridden = [fact for fact in answered if fact.answer == "overridden"]
    return Summary(
        name=name,
        fired=len(facts),
        kinds=tuple(sorted(Counter(fact.kind for fact in facts).items())),
        shown=len(shown),
        offered=sum(fact.suggestions > 0 for fact in shown),
        answered=wilson(len(answered), len(shown)),
        accepted=wilson(counts["accepted"], len(answered)),
        changed=wilson(counts["changed"], len(answered)),
        overridden=wilson(counts["overridden"], len(answered)),
        changes=_changes(fact.decision for fact in answered if fact.answer == "changed"),
        overrides=_changes(fact.decision for fact in overridden),
        reasons=_reasons(overridden),
    )


def wilson(count: int, total: int) -> Rate:
    """A proportion with Wilson's score interval, 95 % (Wilson EB. J Am Stat Assoc 1927;22:209-212)."""
    if total == 0:
        return Rate(count=0, total=0, low=None, high=None)
    interval = binomtest(count, total).proportion_ci(confidence_level=0.95, method="wilson")
    return Rate(count=count, total=total, low=float(interval.low), high=float(interval.high))


def _changes(decisions: Iterable[Decision | None]) -> Changes:
    known = [item for item in decisions if item is not None]
    ratios = sorted(item.taken.daily / item.proposed.daily for item in known)
    gains = sorted(item.taken.attainment - item.proposed.attainment for item in known)
    return Changes(cards=len(known), daily=_spread(ratios), attainment=_spread(gains))


def _spread(ordered: list[float]) -> tuple[float, float, float] | None:
    return (ordered[0], median(ordered), ordered[-1]) if ordered else None


def _reasons(overridden: list[CardFact]) -> tuple[Reason, ...]:
    counts = Counter((fact.reason, fact.hl7) for fact in overridden)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Reason(code=code, hl7=hl7, rate=wilson(n, len(overridden))) for (code, hl7), n in ranked)
