"""The canonical unit of each quantity inside the product; conversion happens once, in fhir/quantity.py."""

TIME = "h"
AMOUNT = "mg"

# covariate name -> UCUM unit ("1" = a number without unit; flags are 0 or 1)
COVARIATES: dict[str, str] = {
    "weight": "kg",
    "height": "cm",
    "age": "a",
    "female": "1",
    "creatinine": "mg/dL",
    "haematocrit": "1",  # fraction, 0.33 and not 33 %
    "albumin": "g/L",
    "cyp3a5_expresser": "1",
    "days_after_transplant": "d",
    "dialysis": "1",  # 1 = on intermittent haemodialysis during this admission
    "free_prednisolone_cmax": "nmol/L",
}
