"""The page behind a card: it holds the whole basis of an advice, and nothing that names the patient."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from cds_server.smart import create_smart_blueprint
from cds_server.smart.rows import figures
from cds_server.smart.view import advice_view
from tests.cds_server.sample_advice import (
    LEVELS,
    issued,
    sample_declined,
    sample_recommendation,
    with_trough_target,
)


def page_client(advice=None, **options):
    app = Flask(__name__)
    known = {"signed": issued(advice or sample_recommendation())}
    app.register_blueprint(create_smart_blueprint(issued=known.get, **options))
    return app.test_client()


def page(advice=None):
    answer = page_client(advice).get("/advice/signed")
    assert answer.status_code == 200
    return answer.text


def words_in(html):
    """The page's text without tags, white space evened."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_proposed_regimen_its_exposure_and_its_probability_stand_first():
    text = words_in(page())
    assert "1250 mg every 12 h, infused over 1.5 h" in text
    assert "500 (400–625)" in text
    assert "AUC24 400–600 mg·h/L" in text
    assert text.index("78 %") < text.index("Regimens compared")


@pytest.mark.parametrize(
    "said",
    [
        "Alternative",
        "Current",
        "As ordered",
        "Limit passed: 8000 mg/d is above the daily limit of 4500 mg/d",
        "Clearance is 20 % under what is typical",
        "Fri 20 Nov 07:30",  # the first level, on the chart's clock
        "12.4 mg/L",
        "Creatinine clearance",
        "Cockcroft-Gault, 0.9 mg/dL",
        "Nobody A. A journal that is not 2020;1:1-2",
        "CL = 4 * exp(eta_CL)",
        "Everything: this model exists for tests only.",
        "vancomycin/sample2020",
        "0123456789abcdef",
        "1000 draws from the posterior, seed 7",
        "supports, and does not replace, clinical judgement",
        "UTC+01:00",
        "The weight is two days old",
        "collected; the report's issue time was not used",
    ],
)
def test_the_basis_is_on_the_page(said):
    text = words_in(page()).replace("&#39;", "'")
    assert said in text


def test_each_regimens_bar_shows_the_probabilities_that_are_written_beside_it():
    html = page()
    widths = [
        tuple(map(float, re.findall(r'width="([\d.]+)" height="10"', bar))) for bar in html.split('class="bar"')[1:]
    ]
    assert len(widths) == 4
    for below, within, above in widths:
        assert below + within + above == pytest.approx(100, abs=0.02)  # three numbers of two decimals
    assert widths[0] == (16.5, 78.0, 5.5)


def test_no_resource_id_of_the_chart_is_on_the_page():
    assert "secret" not in page()
    assert "secret" not in page(sample_declined())


def test_hostile_text_stays_text():
    html = page()
    assert "two days old &lt;b&gt;." in html
    advice = replace(sample_recommendation(), differs=("<script>alert(1)</script>",))
    assert "<script" not in page(advice)


def test_a_declined_advice_says_why_and_what_would_help():
    text = words_in(page(sample_declined()))
    assert "No dose is proposed" in text
    assert "No weight is charted." in text
    assert "A weight measured during this stay." in text
    assert "The creatinine is 50 h old." in text
    assert "<svg" not in page(sample_declined()).split("<main>")[1]


def test_a_trough_target_is_explained_as_a_range_and_an_area_as_none():
    assert "target range for the trough" in page(with_trough_target())
    assert "is not a concentration at one time" in page()


def test_an_advice_from_covariates_alone_says_so():
    advice = replace(sample_recommendation(), levels=(), basis="covariates")
    text = words_in(page(advice))
    assert "From covariates alone: no level yet" in text
    assert "everything here rests on covariates alone" in text


def test_the_page_works_without_script_and_forbids_it():
    answer = page_client().get("/advice/signed")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)


def test_the_ehrs_that_may_frame_the_page_are_named():
    web = page_client(frame_ancestors=("https://ehr.example", "https://two.example"))
    policy = web.get("/advice/signed").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://ehr.example https://two.example")


def test_a_link_that_is_not_known_tells_nothing_and_how_to_get_a_new_one():
    answer = page_client().get("/advice/forged")
    assert answer.status_code == 404
    assert "Ask for advice again" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_style_sheet_is_served_from_the_same_origin():
    web = page_client()
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', web.get("/advice/signed").text)
    assert web.get(address).status_code == 200


def test_a_chart_without_any_charted_time_is_shown_in_utc():
    found = issued(sample_declined(), levels=())
    assert (advice_view(found).offset, advice_view(found).as_of) == ("UTC+00:00", "Fri 20 Nov 21:30")


def test_the_newest_charted_time_gives_the_zone():
    found = issued(sample_declined(), LEVELS)
    assert advice_view(found).offset == "UTC+01:00"
    assert clock_offset(found) == timedelta(hours=1)


def clock_offset(found):
    return max(source.time for source in found.chart.sources.values()).utcoffset()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (512.3, "512"),
        (13.74, "13.7"),
        (3.934, "3.93"),
        (0.2134, "0.213"),
        (0.02134, "0.0213"),
        (0, "0"),
        (-2.5, "-2.50"),
    ],
)
def test_numbers_have_about_three_figures_and_no_exponent(value, text):
    assert figures(value) == text
