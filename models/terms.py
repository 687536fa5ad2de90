"""Every raw covariate that a record can carry: its name, canonical unit and words for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

# fixed: as true before its entry as after.  charted: only where it is so; its absence is no omission of the ward's.
# derived: made from the record itself, never charted.
Nature = Literal["measured", "fixed", "charted", "derived"]


@dataclass(frozen=True, kw_only=True)
class Term:
    """advance: what the value grows by each hour by itself. flag: 1 or 0, shown as yes or no."""

    name: str
    unit: str  # UCUM; "1" = a number without unit
    words: str
    nature: Nature = "measured"
    flag: bool = False
    advance: float = 0.0


def _measured(name: str, unit: str, words: str = "", nature: Nature = "measured", advance: float = 0.0) -> Term:
    return Term(name=name, unit=unit, words=words or name.replace("_", " "), nature=nature, advance=advance)


def _flag(name: str, words: str = "", nature: Nature = "charted") -> Term:
    return Term(name=name, unit="1", words=words or name.replace("_", " "), nature=nature, flag=True)


_ALL = (
    _measured("weight", "kg"),
    _measured("height", "cm", nature="fixed"),
    _measured("age", "a", nature="fixed"),
    _flag("female", "sex", nature="fixed"),
    _measured("gestational_age", "wk", "gestational age at birth", nature="fixed"),
    _measured("birth_weight", "kg", nature="fixed"),
    _measured("apgar_5", "1", "Apgar score at 5 min", nature="fixed"),
    _measured("creatinine", "mg/dL"),
    # absolute, not per 1.73 m2
    _measured("measured_crcl", "mL/min", "measured urinary creatinine clearance"),
    _measured("haematocrit", "1"),  # fraction, 0.33 and not 33 %
    _measured("albumin", "g/L"),
    _measured("direct_bilirubin", "umol/L"),
    _measured("crp", "mg/L", "C-reactive protein"),
    _measured("fibrinogen", "umol/L"),
    _measured("lactate", "mmol/L"),
    _measured("temperature", "Cel", "body temperature"),
    _measured("paco2", "mm[Hg]", "arterial carbon dioxide tension"),
    _measured("pao2_fio2", "mm[Hg]", "ratio of arterial oxygen tension to inspired fraction"),
    _measured("mic", "mg/L", "MIC", nature="charted"),
    _measured("days_after_transplant", "d", advance=1.0 / 24.0),
    _measured("free_prednisolone_cmax", "nmol/L", "free prednisolone peak", nature="charted"),
    _measured("prednisolone_dose", "mg/d", "prednisolone dose", nature="charted"),
    _measured("ciclosporin_dose", "mg/d", "ciclosporin dose", nature="charted"),
    _measured("crrt_clearance", "L/h", "clearance by continuous renal replacement", nature="charted"),
    _measured("child_pugh", "1", "Child-Pugh class (0 none, 1 A, 2 B, 3 C)", nature="charted"),
    _measured("vkorc1_a_alleles", "1", "number of VKORC1 -1639 A alleles", nature="fixed"),
    _measured("cyp2c9_2_alleles", "1", "number of CYP2C9*2 alleles", nature="fixed"),
    _measured("cyp2c9_3_alleles", "1", "number of CYP2C9*3 alleles", nature="fixed"),
    _measured("target_inr", "1", "target INR", nature="charted"),
    _flag("dialysis", "intermittent haemodialysis"),  # during this admission
    _flag("crrt", "continuous renal replacement"),
    _flag("cyp3a5_expresser", "CYP3A5 expresser status", nature="fixed"),
    _flag("cyp3a4_22_carrier", "CYP3A4*22 carrier status", nature="fixed"),
    _flag("cyp2c19_not_extensive", "CYP2C19 not extensive metaboliser", nature="fixed"),
    _flag("cyp2c19_im_or_pm", "CYP2C19 intermediate or poor metaboliser", nature="fixed"),
    _flag("asian", "Asian ancestry", nature="fixed"),
    _flag("black", "Black ancestry", nature="fixed"),
    _flag("critically_ill", "critical illness"),
    _flag("haematological_malignancy"),
    _flag("cystic_fibrosis"),
    _flag("lung_transplant"),
    _flag("kidney_transplant"),
    _flag("living_donor", "kidney of a living donor"),
    _flag("antidrug_antibodies", "antibodies to the drug"),
    _flag("ards", "acute respiratory distress syndrome"),
    _flag("peritonitis"),
    _flag("hepatic_dysfunction"),
    _flag("atrial_fibrillation"),
    _flag("acute_coronary_syndrome"),
    _flag("gist", "gastrointestinal stromal tumour (otherwise chronic myeloid leukaemia)"),
    # 0 none, 1 renal cell, 2 hepatocellular, 3 prostate, 4 medullary thyroid, 5 glioblastoma, 6 other
    _measured("tumour_type", "1", "kind of tumour", nature="charted"),
    _flag("spironolactone"),
    _flag("amiodarone"),
    _flag("enzyme_inducer", "enzyme-inducing drug"),
    _flag("other_antiepileptics", "other antiepileptic drugs"),
    _flag("macrolide", "macrolide antibiotic"),
    _flag("cyp3a4_strong_inhibitor", "strong CYP3A4 inhibitor"),
    _flag("cyp3a4_moderate_inhibitor", "moderate CYP3A4 inhibitor"),
    _flag("cyp3a4_weak_inhibitor", "weak CYP3A4 inhibitor"),
    _flag("cyp3a4_inducer", "CYP3A4 inducer"),
    _flag("pgp_inhibitor", "P-glycoprotein inhibitor"),
    _flag("fludarabine", "conditioning with fludarabine"),
    _flag("smoker", "smoking"),
    _flag("pregnant", "pregnancy"),
    _flag("venous_thrombosis", "deep vein thrombosis or pulmonary embolism"),
    _flag("evening_dose"),
    _flag("single_drug_formulation", "single-drug formulation (not a fixed combination)"),
    _flag("immediate_release", "immediate-release product"),
    _flag("jaffe_creatinine", "creatinine by a Jaffe assay"),
    # h since the first dose of the record, and mg of the last dose given: models.covariates makes them
    _measured("hours_since_first_dose", "h", nature="derived", advance=1.0),
    _measured("dose", "mg", "amount of the dose", nature="derived"),
)

TERMS: Mapping[str, Term] = MappingProxyType({term.name: term for term in _ALL})
