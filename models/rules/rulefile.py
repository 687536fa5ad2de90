"""A frozen rule as a small file that a person can read, and back; nothing in it is believed before it is checked."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from models.cohorts.manifest import training_manifest
from models.datafile import Table, bounded
from models.errors import RuleError
from models.rules.expression import constants
from models.rules.frozen import (
    FORMAT,
    FORMS,
    MONOTONE,
    Assessment,
    Form,
    FrozenRule,
    Measure,
    Monotone,
    Output,
    Proof,
    Spread,
    check,
    digest,
)
from models.rules.parse import parse
from models.rules.printing import text
from models.rules.quantities import Input, Quantity
from models.rules.wording import at_once, latex_of, steps
from models.signature import Signature, signature
from models.toml_text import toml_text

LARGEST = 200_000  # bytes


def content(rule: FrozenRule) -> dict[str, Any]:
    """All that the hash is of, in the order in which a person reads it."""
    return {
        "format": FORMAT,
        "id": rule.id,
        "drug": rule.drug,
        "scheme": rule.scheme,
        "form": rule.form,
        "words": rule.words,
        "formula": text(rule.formula),
        "intervals": [list(item) for item in rule.intervals],
        "nodes": rule.nodes,
        "latex": latex_of(rule),
        "at_once": at_once(rule),
        "steps": list(steps(rule)),
        "behind": rule.behind,
        "absent": list(rule.absent),
        "monotone": rule.monotone,
        "not_verified": list(rule.not_verified),
        "output": dict(vars(rule.output)),
        "input": [dict(vars(item)) for item in rule.inputs],
        "quantity": [dict(vars(item)) for item in rule.quantities],
        "proof": [dict(vars(item)) for item in rule.proofs],
        "spread": [dict(vars(item)) for item in rule.spreads],
        "assessment": [_assessment(item) for item in rule.assessments],
        "engine": dict(rule.engine),
        "training": dict(rule.training),
    }


def _assessment(item: Assessment) -> dict[str, Any]:
    measures = {m.name: [m.value, m.low, m.high] for m in item.measures}
    return {"on": item.on, "patients": item.patients, "silent": item.silent, **measures}


def canonical(found: Mapping[str, Any]) -> str:
    """JSON with sorted keys, what the hash is of."""
    return json.dumps(found, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def frozen(rule: FrozenRule) -> FrozenRule:
    """Checked, with its hash."""
    check(rule)
    return replace(rule, hash=digest(canonical(content(rule))))


def written(rule: FrozenRule) -> str:
    """The file's text."""
    signatures = [dict(vars(item)) for item in rule.signatures]
    return toml_text({**content(rule), "hash": rule.hash, **({"signature": signatures} if signatures else {})})


def read_rule(path: Path) -> FrozenRule:
    """RuleError or ModelFileError, naming the file, for whatever does not fit: unknown keys, another hash, NaN."""
    try:
        found = bounded(path, LARGEST).decode("utf-8")
    except (OSError, ValueError) as error:  # ValueError: a larger file, no UTF-8
        raise RuleError(f"{path.name} can not be read as a rule: {error}") from error
    return rule_of(found, f"{path.parent.name}/{path.name}")


def rule_of(text: str, where: str) -> FrozenRule:
    """From a file's text, checked as read_rule does; where: what a message calls it."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, a number of 5,000 digits
        raise RuleError(f"{where.rpartition('/')[2]} can not be read as a rule: {error}") from error
    try:
        return _rule(raw, where)
    except RuleError as error:
        raise RuleError(f"{where}: {error}") from error
    except (ValueError, OverflowError, RecursionError) as error:  # half of a character, a number of 400 digits
        raise RuleError(f"{where} can not be read as a rule: {error}") from error


def _rule(raw: dict[str, Any], where: str) -> FrozenRule:
    claimed, signatures = raw.pop("hash", ""), raw.pop("signature", [])
    found = digest(_canonical_of(raw))
    if claimed != found:
        raise RuleError(
            f"its hash is {str(claimed)[:12]!r}, its content's is {found[:12]!r}; it was changed or damaged"
        )
    rule = replace(_read(Table(where, "", raw)), hash=found)
    check(rule)
    training_manifest(Table(where, "training.", rule.training).table("population"), rule.drug, rule.scheme)
    Table(where, "engine.", rule.engine).text("name")
    if content(rule) != raw:
        changed = sorted(key for key, value in content(rule).items() if raw.get(key) != value)
        raise RuleError(f"{', '.join(changed)} do not say what its formula does")
    return replace(rule, signatures=tuple(_signature(item, rule, where) for item in signatures))


def _canonical_of(raw: Mapping[str, Any]) -> str:
    try:
        return canonical(raw)
    except (ValueError, TypeError, RecursionError) as error:
        raise RuleError(f"it holds what no rule does: {error}") from error


def _read(table: Table) -> FrozenRule:
    if (version := table.number("format")) != FORMAT:
        raise RuleError(f"its format is {version:g}; this program reads {FORMAT}")
    inputs = tuple(_input(item) for item in table.tables("input"))
    formula = parse(table.text("formula"), [item.symbol for item in inputs])
    intervals = tuple(_pair(item, "intervals") for item in _lists(table, "intervals"))
    if len(intervals) != len(constants(formula)):
        raise RuleError(f"it has {len(intervals)} intervals for {len(constants(formula))} constants")
    rule = FrozenRule(
        id=table.text("id"),
        drug=table.text("drug"),
        scheme=table.text("scheme"),
        form=cast(Form, table.text("form", one_of=FORMS)),
        words=table.text("words"),
        formula=formula,
        intervals=intervals,
        output=_output(table.table("output")),
        quantities=tuple(_quantity(item) for item in table.tables("quantity")),
        inputs=inputs,
        absent=table.texts("absent"),
        behind=table.text("behind", default=""),
        monotone=cast(Monotone, table.text("monotone", one_of=MONOTONE)),
        proofs=tuple(_proof(item) for item in table.tables("proof")),
        spreads=tuple(_spread(item) for item in table.tables("spread")),
        assessments=tuple(_read_assessment(item) for item in table.tables("assessment")),
        engine=_plain(table.table("engine")),
        training=_plain(table.table("training")),
        not_verified=table.texts("not_verified"),
    )
    for derived in ("latex", "at_once"):
        table.text(derived)
    table.texts("steps")
    table.number("nodes")
    table.finish()
    return rule


def _lists(table: Table, key: str) -> list[Any]:
    """A list of lists, which other data files do not have."""
    return cast(list[Any], table.anything(key, list))


def _pair(item: object, key: str) -> tuple[float, float]:
    if not isinstance(item, list) or len(item) != 2 or not all(isinstance(x, int | float) for x in item):
        raise RuleError(f"{key} must be pairs of numbers, got {item!r}")
    if item[0] > item[1]:
        raise RuleError(f"{key} must be in order, got {item!r}")
    return float(item[0]), float(item[1])


def _output(table: Table) -> Output:
    base = table.anything("base", (str, float, int))
    found = Output(
        metric=table.text("metric"),
        words=table.text("words"),
        exposure_words=table.text("exposure_words"),
        unit=table.text("unit"),
        base=base if isinstance(base, str) else float(base),
        factor=table.number("factor", above=0.0),
        factor_unit=table.text("factor_unit"),
    )
    table.finish()
    return found


def _input(table: Table) -> Input:
    found = Input(
        symbol=table.text("symbol"),
        top=table.text("top"),
        bottom=table.text("bottom", default=""),
        reference=table.number("reference", above=0.0),
        unit=table.text("unit"),
        log=table.flag("log"),
        low=table.number("low"),
        high=table.number("high"),
    )
    table.finish()
    return found


def _quantity(table: Table) -> Quantity:
    found = Quantity(
        name=table.text("name"),
        unit=table.text("unit"),
        words=table.text("words"),
        low=table.number("low"),
        high=table.number("high"),
    )
    table.finish()
    return found


def _proof(table: Table) -> Proof:
    found = Proof(of=table.text("of"), how=table.text("how", one_of=("proved", "dense check")))
    table.finish()
    return found


def _spread(table: Table) -> Spread:
    found = Spread(share=table.number("share", above=0.0), low=table.number("low"), high=table.number("high"))
    table.finish()
    return found


def _read_assessment(table: Table) -> Assessment:
    on, patients, silent = table.text("on"), table.number("patients", low=0.0), table.number("silent", low=0.0)
    measures = {name: _measure(table, name) for name in dict.fromkeys((*table.names(), "rmse"))}
    return Assessment(on=on, patients=int(patients), silent=silent, measures=tuple(measures.values()))


def _measure(table: Table, name: str) -> Measure:
    found = table.numbers(name)
    if len(found) != 3 or found[1] > found[2]:
        raise table.error(name, "a value with the lower and the upper end of its interval", found)
    return Measure(name=name, value=found[0], low=found[1], high=found[2])


def _plain(table: Table) -> dict[str, Any]:
    return {name: table.anything(name, object) for name in table.names()}


def _signature(raw: object, rule: FrozenRule, where: str) -> Signature:
    if not isinstance(raw, Mapping):
        raise RuleError(f"a signature must be a table, got {raw!r}")
    found = signature(Table(where, "signature.", raw))
    if found.hash != rule.hash:
        raise RuleError(f"it was signed by {found.by} when its hash was {found.hash[:12]}, not {rule.hash[:12]}")
    return found
