"""A training's message: what is in it, and that a worker believes none of it unread."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_server.training.jobs import JobRefused, message, read, task_id
from models.learned.job import CompanionsJob
from models.learned.train import Plan as LearnedPlan
from models.rules.job import RuleJob
from models.rules.train import Plan as RulePlan

RULE = RuleJob(drug="vancomycin", scheme="trough", form="informed")
COMPANIONS = CompanionsJob(drug="iohexol", scheme="late", kinds=("exposure", "weight"))


@pytest.mark.parametrize("job", [RULE, COMPANIONS, replace(RULE, engine="pysr", plan=RulePlan(seeds=()))])
def test_a_job_comes_back_from_its_message(job):
    assert read(json.loads(json.dumps(message(job)))) == job


def test_a_message_holds_drug_scheme_plan_and_what_it_is_made_with():
    assert set(message(RULE)) == {"format", "kind", "drug", "scheme", "form", "plan", "engine", "generations", "with"}
    assert set(message(COMPANIONS)) == {"format", "kind", "drug", "scheme", "kinds", "plan", "with"}


def test_the_same_job_has_the_same_id_and_any_other_another():
    others = (
        replace(RULE, scheme="none", form="alone"),
        replace(RULE, form="alone"),
        replace(RULE, generations=61),
        replace(RULE, plan=RulePlan(seed=102)),
        COMPANIONS,
        replace(COMPANIONS, kinds=("exposure",)),
    )
    ids = {task_id(message(job)) for job in (RULE, *others)}
    assert len(ids) == 1 + len(others)
    assert task_id(message(replace(RULE))) in ids


def changed(job: RuleJob | CompanionsJob, path: str, value: Any) -> dict[str, Any]:
    asked = message(job)
    *parents, key = path.split(".")
    place = asked
    for name in parents:
        place = place[name]
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return asked


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("format", 2, "format"),
        ("kind", "shell", "kind"),
        ("kind", "companions", "kinds"),
        ("drug", "aspirin", "drug"),
        ("drug", "../../etc/passwd", "drug"),
        ("drug", None, "drug"),
        ("scheme", "weekly", "scheme"),
        ("form", "both", "form"),
        ("engine", "os.system", "engine"),
        ("generations", 10**9, "generations"),
        ("generations", True, "generations"),
        ("generations", "60", "generations"),
        ("plan", [], "plan"),
        ("plan.patients", 10**9, "patients"),
        ("plan.patients", float("nan"), "patients"),
        ("plan.seeds", list(range(1000)), "seeds"),
        ("plan.seeds", ["1"], "seeds"),
        ("plan.outer", -1, "outer"),
        ("plan.outer", ..., "outer"),
        ("plan.command", "ls", "command"),
        ("checkpoints", "/tmp", "checkpoints"),  # noqa: S108 - no such key is read
        ("with.numpy", "0.1", "numpy"),
        ("with.titrate", ..., "titrate"),
        ("with.more", "1", "more"),
    ],
)
def test_what_is_no_job_is_refused_and_named(path, value, said):
    with pytest.raises(JobRefused, match=said) as refused:
        read(changed(RULE, path, value))
    assert len(str(refused.value)) <= 300


@pytest.mark.parametrize("kinds", [[], ["exposure", "exposure"], ["dose"], "exposure", [1]])
def test_companions_of_unknown_kinds_are_refused(kinds):
    with pytest.raises(JobRefused, match="kinds"):
        read(changed(COMPANIONS, "kinds", kinds))


def test_a_rule_with_levels_where_the_scheme_has_none_is_refused():
    with pytest.raises(JobRefused, match="form"):
        read(changed(replace(RULE, scheme="none", form="alone"), "form", "informed"))


def test_another_release_is_named_on_both_sides():
    with pytest.raises(JobRefused, match=r"made out for numpy '0\.1', this worker has \d"):
        read(changed(RULE, "with.numpy", "0.1"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(ANYTHING)
def test_whatever_comes_is_refused_in_words(found):
    with pytest.raises(JobRefused):
        read(found)


@given(st.sampled_from(sorted(message(RULE))), ANYTHING)
def test_one_field_turned_into_anything_is_refused_or_still_a_job(name, value):
    try:
        assert read(changed(RULE, name, value)).drug in {"vancomycin"}
    except JobRefused as error:
        assert str(error)  # noqa: PT017 - either is right; that nothing else is raised is the test


@pytest.mark.parametrize("plan", [RulePlan, LearnedPlan])
def test_every_field_of_a_plan_can_be_sent(plan):
    """A new kind of field has to be taught to the reader of messages."""
    for item in fields(plan):
        many = isinstance(item.default, tuple)
        values = item.default if many else (item.default,)
        assert all(type(value) is int for value in values), item.name
