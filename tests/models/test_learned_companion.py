"""A companion from training to file and back: same plan, same companion; damaged refused; silent outside its box."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models.catalog import load_catalog
from models.cohorts.design import load_cohort_design
from models.cohorts.simulate import simulate
from models.errors import ModelsError
from models.learned.companion import BadCompanion, companion_of, load, save, written
from models.learned.fits import fitted_exposure
from models.learned.inputs import covariates_of, told
from models.learned.library import load_placed, path_of
from models.learned.predict import Said, attributions, says, weight_of, weights_of
from models.learned.train import Plan, kinds_of, left_out, material, task_of, train
from models.signature import Signature
from models.silent import Silent

CATALOG = load_catalog()
DESIGN = load_cohort_design("tacrolimus")
PLAN = Plan(patients=300, calibration=200, seed=7)


@pytest.fixture(scope="module")
def made():
    return material(DESIGN, CATALOG, scheme="trough", plan=PLAN)


@pytest.fixture(scope="module")
def companions(made):
    return {kind: train(made, kind=kind) for kind in kinds_of(DESIGN, "trough")}


@pytest.fixture(scope="module")
def unseen():
    """Of another seed, from the models that training patients come from."""
    return simulate(DESIGN, CATALOG, scheme="trough", part="training", patients=300, seed=99)


def rows(population):
    return told(covariates_of("tacrolimus"), population).values


def test_the_same_plan_gives_the_same_companion(made, companions):
    assert train(made, kind="exposure").hash == companions["exposure"].hash


def test_what_is_saved_is_what_is_read(companions, tmp_path):
    for kind, companion in companions.items():
        save(companion, tmp_path / f"{kind}.json")
        again = load(tmp_path / f"{kind}.json")
        assert again.hash == companion.hash
        values = np.array([[item.reference for item in companion.inputs]])
        for mine, theirs in zip(companion.center, again.center, strict=True):
            assert np.array_equal(mine.predict(values), theirs.predict(values))


def test_a_signature_is_no_part_of_the_hash_and_holds_for_one_content(companions, tmp_path):
    companion = companions["exposure"]
    signature = Signature(by="A. Pharmacist", role="pharmacist", on="2026-11-21", hash=companion.hash)
    signed = replace(companion, signed=signature)
    assert signed.hash == companion.hash
    save(signed, tmp_path / "x.json")
    assert load(tmp_path / "x.json").in_use == "A. Pharmacist, 2026-11-21"
    assert replace(companions["hybrid"], signed=signature).in_use == ""


def tampered(body, change):
    change(body)
    return json.dumps(body)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["center"][0].update(base=0.0),
        lambda body: body["inputs"][0].update(high=1e9),
        lambda body: body["widths"].update({"0.95": 0.1}),
        lambda body: body.update(hash="0" * 64),
        lambda body: body.pop("hash"),
        lambda body: body.update(format="something else"),
        lambda body: body["center"][0].update(leaf="AAAA"),
        lambda body: body["center"][0].update(feature="not base64 !"),
        lambda body: body["center"][0].update(depth=40),
        lambda body: body["center"][0].update(depth=10**9),
        lambda body: body["center"][0].update(trees=-1),
        lambda body: body.update(inputs=[]),
        lambda body: body.update(center="x"),
        lambda body: body["center"][0].update(base=float("nan")),
    ],
)
def test_a_changed_file_is_refused_and_named(companions, tmp_path, change):
    path = tmp_path / "companion.json"
    save(companions["exposure"], path)
    path.write_text(tampered(json.loads(path.read_text()), change))
    with pytest.raises(BadCompanion, match=r"companion\.json"):
        load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "pickle", "[" * 100_000, "9" * 5000])
def test_what_is_no_companion_is_refused(tmp_path, text):
    path = tmp_path / "companion.json"
    path.write_text(text)
    with pytest.raises(BadCompanion):
        load(path)
    with pytest.raises(BadCompanion):
        load(tmp_path / "nowhere.json")


DEEP = "[" * 5_000 + "]" * 5_000


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400 + ".0", "Infinity"])
@pytest.mark.parametrize("old", ['"margin": 0.0', '"calibration": 200', '"base": '])
def test_a_number_without_end_is_refused_and_named(companions, tmp_path, old, number):
    """JSON's grammar takes 1e999 for a number; in a manifest nothing but the hash would have looked at it."""
    text = written(companions["exposure"])
    assert old in text
    (tmp_path / "x.json").write_text(text.replace(old, f'{old.partition(":")[0]}: {number}, "was": 0'))
    with pytest.raises(BadCompanion, match=r"x\.json can not be used: .* is no number"):
        load(tmp_path / "x.json")


@pytest.mark.parametrize("value", [DEEP, '"\\ud800"', "9" * 400])
def test_what_can_be_read_but_not_hashed_or_written_again_is_refused(companions, value):
    """A manifest nested too deeply, half of a character; a width of 400 digits."""
    text = written(companions["exposure"])
    key = '"0.8": ' if value.startswith("9") else '"learner": '
    assert key in text
    with pytest.raises(BadCompanion, match="x can not be used"):
        companion_of(text.replace(key, f'{key}{value}, "was": '), "x")


@pytest.mark.parametrize(
    "change",
    [
        {"center": ()},
        {"scale": None},
        {"widths": {"0.95": 2.0}},
        {"widths": {"0.8": "wide", "0.95": 2.0}},
        {"kind": "oracle"},
        {"drug": 7},
        {"signed": Signature(by=7)},
        {"widths": {"0.8": 2.0, "0.95": 1.0}},
        {"widths": {"0.8": -2.0, "0.95": 1.0}},
        {"widths": {"0.8": 1.0, "0.95": 2.0, "wide": 3.0}},
        {"margin": -1.0},
        {"not_verified": (7,)},
        {"metrics": {}},
        {"metrics": {"nested_cv_log_rmse": {"linear": 0.1}}},
        {"metrics": {"nested_cv_log_rmse": {"boosting": "good"}}},
        {"metrics": []},
        {"manifest": {}},
        {"manifest": {"plan": {}, "populations": []}},
        {"manifest": {"plan": {}, "populations": [{"design": "x"}]}},
        {"manifest": {"plan": {}, "populations": ["x"]}},
        {"scheme": "two-troughs"},
    ],
)
def test_a_false_companion_with_a_right_hash_is_refused(companions, tmp_path, change):
    """What would only fail, or say something odd, when a patient is asked about."""
    path = tmp_path / "x.json"
    save(replace(companions["exposure"], **change), path)
    with pytest.raises(BadCompanion, match=r"x\.json"):
        load(path)


def test_a_range_upside_down_and_a_weight_without_its_figure_are_refused(companions, tmp_path):
    first, *others = companions["exposure"].inputs
    false = (
        replace(companions["exposure"], inputs=(replace(first, low=first.high, high=first.low), *others)),
        replace(companions["weight"], metrics=companions["exposure"].metrics),
        replace(companions["weight"], weights=(*companions["weight"].weights[1:], -1.0)),
    )
    for one, said in zip(false, ("not in order", "out_of_fold_log_rmse_chosen is missing", "below 0"), strict=True):
        save(one, tmp_path / "x.json")
        with pytest.raises(BadCompanion, match=said):
            load(tmp_path / "x.json")


def test_a_companion_is_what_its_place_says(companions, tmp_path):
    one = companions["exposure"]
    right, wrong = (path_of(drug, one.scheme, "exposure", tmp_path) for drug in (one.drug, "iohexol"))
    for path in (right, wrong):
        path.parent.mkdir()
        save(one, path)
    assert load_placed(right).hash == one.hash
    with pytest.raises(BadCompanion, match="not where it lies"):
        load_placed(wrong)


def test_a_companion_of_no_regular_file_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.symlink_to("/dev/zero")
    with pytest.raises(BadCompanion, match="no regular file"):
        load(path)


def test_outside_its_box_a_companion_is_silent_and_says_which_input(companions):
    companion = companions["exposure"]
    middle = np.array([item.reference for item in companion.inputs])
    assert isinstance(says(companion, middle, 10.0), Said)
    for k, item in enumerate(companion.inputs):
        for value in (item.high + 1.0, item.low - 1.0, np.nan):
            asked = middle.copy()
            asked[k] = value
            found = says(companion, asked, 10.0)
            assert isinstance(found, Silent)
            assert item.words in found.reasons[0]
    assert isinstance(weight_of(companions["weight"], np.full(len(middle), np.nan)), Silent)


@pytest.mark.parametrize("start", [0.0, -1.0, np.nan, np.inf])
def test_an_exposure_to_start_from_must_be_one(companions, start):
    middle = np.array([item.reference for item in companions["hybrid"].inputs])
    assert isinstance(says(companions["hybrid"], middle, start), Silent)


def test_another_number_of_inputs_is_an_error_of_the_caller(companions):
    with pytest.raises(ModelsError, match="takes 10 inputs"):
        says(companions["exposure"], np.zeros(3), 1.0)


def test_it_is_better_than_the_expectation_it_starts_from(companions, unseen):
    """The least that can be asked: levels say something. The fit by one model is the mark, both printed on failure."""
    keep, truth = unseen.readable, unseen.exposure
    error = {"a priori": np.log(unseen.expected_exposure / truth)}
    error["fit"] = np.log(fitted_exposure(unseen, CATALOG.model(DESIGN.reference), DESIGN) / truth)
    center = companions["exposure"].center[0].predict(rows(unseen))
    error["learned"] = np.log(unseen.expected_exposure / truth) - center
    rmse = {name: float(np.sqrt(np.mean(value[keep] ** 2))) for name, value in error.items()}
    assert rmse["learned"] < 0.8 * rmse["a priori"], rmse
    assert rmse["learned"] < 1.1 * rmse["fit"], rmse


def test_intervals_cover_new_patients_of_the_same_kind(companions, unseen):
    """Standard error of a share p among 300 patients, and of 200 calibration patients; 4 of both together. More may lie
    inside than promised: the widths hold for patients of a model left out as well."""
    companion, keep = companions["exposure"], unseen.readable
    center, scale = companion.center[0].predict(rows(unseen)), np.exp(companion.scale.predict(rows(unseen)))
    score = np.abs(unseen.log_ratio - center)[keep] / scale[keep]
    for level, width in companion.widths.items():
        share, p = np.mean(score <= width), float(level)
        assert share >= p - 4 * np.sqrt(p * (1 - p) * (1 / 300 + 1 / 200))


def test_intervals_cover_patients_of_a_model_that_was_left_out(made, companions):
    """At least the share promised, as counted here anew from the trees' own errors: the widths are the wider of two."""
    shown, held = (task_of(made, one, "exposure") for one in (made.training, made.calibration))
    found = companions["exposure"]
    errors = left_out(shown, held, found.manifest["settings"], PLAN.seed)
    sizes = np.exp(found.scale.predict(held.rows))
    for level, width in found.widths.items():
        assert np.mean(np.abs(errors) <= width * sizes) >= float(level)
    assert found.metrics["left_out_log_rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))


def test_whoever_is_left_out_has_no_part_in_the_trees_that_judge_him(made):
    """Change the target of one model's training patients: the errors of its own patients stay, the others' do not."""
    shown, held = (task_of(made, one, "exposure") for one in (made.training, made.calibration))
    moved = replace(shown, target=np.where(shown.generator == 0, shown.target + 1.0, shown.target))
    settings = {"max_depth": 2, "n_estimators": 20}
    before, after = (left_out(one, held, settings, 1) for one in (shown, moved))
    own = held.generator == 0
    assert np.array_equal(before[own], after[own])
    assert np.all(before[~own] != after[~own])


def test_attributions_multiply_to_the_whole(companions, unseen):
    companion, values = companions["exposure"], rows(unseen)[0]
    reference = np.array([item.reference for item in companion.inputs])
    whole = np.exp(companion.center[0].predict(reference[None]) - companion.center[0].predict(values[None]))[0]
    assert np.prod([factor for _, factor in attributions(companion, values)]) == pytest.approx(whole, rel=1e-9)


def test_the_weight_is_one_of_those_that_were_tried(companions, unseen):
    companion = companions["weight"]
    found = weights_of(companion, rows(unseen))
    assert set(found.tolist()) <= {1.0, *companion.weights}
    single = np.array([item.reference for item in companion.inputs])
    assert weight_of(companion, single) == weights_of(companion, single[None])[0]
