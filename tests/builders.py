"""Synthetic patients that read like a chart; no real person is described. Times are hours since the record's hour 0."""

from dataclasses import dataclass, replace

from models.record import Covariate, Dose, Level, PatientRecord

UNITS = {"vancomycin": "mg/L", "tacrolimus": "ug/L"}


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Each call adds one line to the chart and returns the longer chart."""

    drug: str
    doses: tuple[Dose, ...] = ()
    levels: tuple[Level, ...] = ()
    covariates: tuple[Covariate, ...] = ()

    def aged(self, years: float) -> "Patient":
        return self.charted("age", years, at=0)

    def man(self) -> "Patient":
        return self.charted("female", 0, at=0)

    def woman(self) -> "Patient":
        return self.charted("female", 1, at=0)

    def weighing(self, kg: float, *, at: float = 0) -> "Patient":
        return self.charted("weight", kg, at=at)

    def creatinine(self, mg_per_dl: float, *, at: float = 0) -> "Patient":
        return self.charted("creatinine", mg_per_dl, at=at)

    def haematocrit(self, fraction: float, *, at: float = 0) -> "Patient":
        return self.charted("haematocrit", fraction, at=at)

    def transplanted(self, *, days_ago: float, at: float = 0) -> "Patient":
        """A kidney, as its charted operation is read."""
        return self.charted("days_after_transplant", days_ago, at=at).charted("kidney_transplant", 1, at=at)

    def cyp3a5_expresser(self, yes: bool = True) -> "Patient":
        return self.charted("cyp3a5_expresser", float(yes), at=0)

    def dialysed(self, yes: bool = True, *, at: float) -> "Patient":
        return self.charted("dialysis", float(yes), at=at)

    def charted(self, name: str, value: float, *, at: float) -> "Patient":
        return replace(
            self, covariates=(*self.covariates, Covariate(name=name, time=at, value=value, source=f"{name}@{at:g}"))
        )

    def infused(self, mg: float, *, at: float, over: float, every: float = 0, times: int = 1) -> "Patient":
        return self._given(Dose(time=at, amount=mg, route="iv", duration=over, source=f"dose@{at:g}"), every, times)

    def swallowed(self, mg: float, *, at: float, every: float = 0, times: int = 1) -> "Patient":
        return self._given(Dose(time=at, amount=mg, route="oral", source=f"dose@{at:g}"), every, times)

    def level(self, value: float, *, at: float) -> "Patient":
        drawn = Level(time=at, value=value, unit=UNITS[self.drug], source=f"level@{at:g}")
        return replace(self, levels=(*self.levels, drawn))

    def record(self, *, now: float) -> PatientRecord:
        return PatientRecord(
            drug=self.drug,
            now=now,
            doses=tuple(sorted(self.doses, key=lambda item: item.time)),
            levels=tuple(sorted(self.levels, key=lambda item: item.time)),
            covariates=tuple(sorted(self.covariates, key=lambda item: item.time)),
        )

    def _given(self, first: Dose, every: float, times: int) -> "Patient":
        single = [replace(first, time=first.time + k * every) for k in range(times)]
        return replace(self, doses=(*self.doses, *single))


def on_vancomycin() -> Patient:
    """A man of 64 years and 82 kg, creatinine 1.2 mg/dL, nothing given yet."""
    return Patient(drug="vancomycin").man().aged(64).weighing(82).creatinine(1.2)


def on_tacrolimus() -> Patient:
    """A woman of 48 years and 68 kg, 20 days after a kidney transplant, not a CYP3A5 expresser, nothing given yet."""
    patient = Patient(drug="tacrolimus").woman().aged(48).weighing(68).haematocrit(0.31)
    return patient.transplanted(days_ago=20).cyp3a5_expresser(False)
