"""What companions are told of a patient can come from a chart, whichever way it is."""

import tomllib
from importlib.resources import files

from models.learned.inputs import tasks
from models.terms import TERMS

TERMS_READ = tomllib.loads(files("fhir").joinpath("terminology/terms.toml").read_text(encoding="utf-8"))
# readers that find something, or nothing; that it is not so they never conclude
ONE_WAY = {"encounter", "medication", "condition", "procedure", "unread"}


def test_no_companion_waits_for_a_no_that_no_chart_can_say():
    asked = {(drug, name) for drug, names in tasks().items() for name in names if name in TERMS}
    flags = {(drug, name) for drug, name in asked if TERMS[name].flag}
    assert ("tacrolimus", "cyp3a5_expresser") in flags
    assert not [(drug, name) for drug, name in flags if TERMS_READ[name]["from"] in ONE_WAY]
    assert not [(drug, name) for drug, name in asked if TERMS_READ[name]["from"] == "unread"]
