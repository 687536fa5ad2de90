"""Independent estimators on card and page: side by side, worked out, escaped, and never in the place of the fit."""

import json

import pytest

from cds_server import create_app, encode
from cds_server.hooks.others import on_card, regimen_of, rows_of
from models.beside.value import Beside, Opinion
from models.dosing.advice import Advice, Recommendation
from tests.cds_server.hook_calls import call, service
from tests.cds_server.sample_advice import issued, sample_recommendation

FIT = Opinion(by="fit", name="fit", words="the fit", exposure=500.0, low=400.0, high=640.0)
RULE = Opinion(
    by="rule",
    name="vancomycin/trough-informed",
    words="the rule",
    exposure=625.0,
    low=500.0,
    high=780.0,
    dose=800.04,
    working=("y = 0.1 + 0.6*r_trough = 0.2",),
    signed="A. Pharmacist, 2026-11-21",
)
SILENT = Opinion(by="learned", name="x", words="the learned companion", silent=("age is <b>9</b> years",))
FOUND = Beside(
    metric="AUC24",
    unit="mg.h/L",
    amount=1000.0,
    interval=12.0,
    opinions=(FIT, RULE, SILENT),
    verdict="agree",
    widest=1.25,
    text="The fit and the rule agree: at most 25 % apart from the fit.",
)


def test_the_card_shows_them_side_by_side():
    text = on_card(FOUND)
    assert "| The fit | 500 (400–640) |  |  |" in text
    assert "| The rule | 625 (500–780) | 1.25 | A. Pharmacist, 2026-11-21 |" in text
    assert r"silent: age is \<b\>9\</b\> years" in text
    assert r"y = 0.1 + 0.6\*r\_trough = 0.2" in text
    assert regimen_of(FOUND) == "1000 mg every 12 h"


def test_alone_there_is_no_section():
    assert on_card(None) == ""
    assert on_card(Beside(**{**vars(FOUND), "opinions": (FIT,)})) == ""


def test_the_fit_and_its_heaviest_model_alone_are_no_section():
    single = Opinion(by="single", name="x/y", words="the heaviest of them alone (Y)", exposure=480.0)
    assert on_card(Beside(**{**vars(FOUND), "opinions": (FIT, single)})) == ""


def test_who_stands_alone_is_not_said_to_be_supported():
    alone = {**vars(FOUND), "opinions": (FIT, SILENT), "verdict": "alone", "text": "No independent estimator speaks."}
    assert "support it" not in on_card(Beside(**alone))
    assert "support it" in on_card(FOUND)


def test_the_spots_lie_on_one_scale():
    fit, rule, silent = rows_of(FOUND)
    assert silent.spot is None
    assert fit.spot.left == pytest.approx(2.0)  # 400 is the least of all
    assert rule.spot.right == pytest.approx(98.0)  # 780 the most
    assert fit.spot.at < rule.spot.at
    assert rule.dose == "800 mg every 12 h"


def test_what_is_stored_is_what_was_said():
    advice = Recommendation(**{**vars(sample_recommendation()), "beside": FOUND})
    assert encode.loads(Advice, encode.dumps(advice)).beside == FOUND


def test_an_advice_of_before_reads_as_one_without(tmp_path):
    stored = json.loads(encode.dumps(sample_recommendation()))
    del stored["beside"]
    assert encode.decode(Advice, stored).beside is None


def test_the_page_shows_them_and_the_arithmetic(tmp_path):
    with service(tmp_path) as running:
        from cds_server.smart import render_advice

        advice = Recommendation(**{**vars(sample_recommendation()), "beside": FOUND})
        with create_app(running.parts.settings, parts=running.parts).test_request_context():
            page = render_advice(issued(advice))
    assert "Independent estimators" in page
    assert "age is &lt;b&gt;9&lt;/b&gt; years" in page
    assert "y = 0.1 + 0.6*r_trough = 0.2" in page


@pytest.mark.parametrize(("companions", "shown"), [("all", True), ("signed", False), ("none", False)])
def test_only_what_a_site_put_into_use_is_shown(tmp_path, companions, shown):
    with service(tmp_path, companions=companions) as running:
        detail = running.card(call())["detail"]
    assert ("**Independent estimators**" in detail) is shown


def test_the_dose_is_the_fits_whatever_they_say(tmp_path):
    doses = []
    for companions in ("all", "none"):
        with service(tmp_path / companions, companions=companions) as running:
            doses.append([one["label"] for one in running.card(call())["suggestions"]])
    assert doses[0] == doses[1]


def test_the_audit_entry_names_each_file_that_was_asked():
    from cds_server.audit.entry import beside_entry

    rule = Opinion(**{**vars(RULE), "hash": "ab" * 32})
    found = Beside(**{**vars(FOUND), "opinions": (FIT, rule, Opinion(**{**vars(SILENT), "hash": "cd" * 32}))})
    assert beside_entry(found) == [
        {"id": "vancomycin/trough-informed", "hash": "ab" * 32, "spoke": True},
        {"id": "x", "hash": "cd" * 32, "spoke": False},
    ]


def test_an_advice_with_estimators_has_them_in_its_audit_entry(tmp_path):
    with service(tmp_path, companions="all") as running:
        running.card(call())
        *_, (_, _, entry, _) = running.parts.store.audit_entries()
    said = entry["beside"]
    assert {item["id"] for item in said} >= {"vancomycin/trough-informed"}
    assert all(len(item["hash"]) == 64 for item in said)
