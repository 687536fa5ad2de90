"""The analysis under the names of CDISC (PKPARMCD) and of WinNonlin, each with its unit."""

from collections.abc import Iterator
from dataclasses import dataclass

from models.evaluate.nca import NcaResult
from models.evaluate.profile import Route

_ALL: tuple[Route, ...] = ("extravascular", "bolus", "infusion")
_EV: tuple[Route, ...] = ("extravascular",)
_IV: tuple[Route, ...] = ("bolus", "infusion")
_BOLUS: tuple[Route, ...] = ("bolus",)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One number, or None where it could not be estimated (NcaResult.status and .terminal say why).

    name: CDISC. winnonlin: the column of a WinNonlin result. unit: with the profile's concentration unit filled in.
    """

    name: str
    winnonlin: str
    unit: str
    value: float | int | None


@dataclass(frozen=True)
class _Row:
    """Where a parameter stands in NcaResult, and for which routes it exists. C in a unit is the concentration's."""

    name: str
    winnonlin: str
    unit: str
    part: str
    field: str
    routes: tuple[Route, ...] = _ALL
    per_dose: bool = False


_SAMPLES = (
    _Row("CMAX", "Cmax", "C", "to_last", "cmax"),
    _Row("CMAXD", "Cmax_D", "C/mg", "to_last", "cmax", per_dose=True),
    _Row("TMAX", "Tmax", "h", "to_last", "tmax"),
    _Row("TLAG", "Tlag", "h", "to_last", "tlag", _EV),
    _Row("C0", "C0", "C", "c0", "value", _BOLUS),
    _Row("CLST", "Clast", "C", "to_last", "clst"),
    _Row("TLST", "Tlast", "h", "to_last", "tlst"),
    _Row("AUCLST", "AUClast", "h.C", "to_last", "auclst"),
    _Row("AUCALL", "AUCall", "h.C", "to_last", "aucall"),
    _Row("AUMCLST", "AUMClast", "h2.C", "to_last", "aumclst"),
    _Row("MRTEVLST", "MRTlast", "h", "to_last", "mrtlst", _EV),
    _Row("MRTIVLST", "MRTlast", "h", "to_last", "mrtlst", _IV),
)

_TERMINAL = (
    _Row("LAMZ", "Lambda_z", "1/h", "terminal", "lamz"),
    _Row("LAMZHL", "HL_Lambda_z", "h", "terminal", "lamzhl"),
    _Row("LAMZNPT", "No_points_lambda_z", "1", "terminal", "lamznpt"),
    _Row("LAMZLL", "Lambda_z_lower", "h", "terminal", "lamzll"),
    _Row("LAMZUL", "Lambda_z_upper", "h", "terminal", "lamzul"),
    _Row("R2", "Rsq", "1", "terminal", "r2"),
    _Row("R2ADJ", "Rsq_adjusted", "1", "terminal", "r2adj"),
    _Row("CORRXY", "Corr_XY", "1", "terminal", "corrxy"),
    _Row("b0", "Lambda_z_intercept", "log(C)", "terminal", "b0"),
    _Row("CLSTP", "Clast_pred", "C", "terminal", "clstp"),
)


def _infinity(letter: str, part: str) -> tuple[_Row, ...]:
    """The rows that exist twice: O from the observed last concentration, P from the predicted one."""
    tail = {"O": "obs", "P": "pred"}[letter]
    return (
        _Row(f"AUCIF{letter}", f"AUCINF_{tail}", "h.C", part, "auc"),
        _Row(f"AUCIF{letter}D", f"AUCINF_D_{tail}", "h.C/mg", part, "auc", per_dose=True),
        _Row(f"AUCPE{letter}", f"AUC_%Extrap_{tail}", "%", part, "aucpe"),
        _Row(f"AUCPBE{letter}", f"AUC_%Back_Ext_{tail}", "%", part, "aucpbe", _BOLUS),
        _Row(f"AUMCIF{letter}", f"AUMCINF_{tail}", "h2.C", part, "aumc"),
        _Row(f"AUMCPE{letter}", f"AUMC_%Extrap_{tail}", "%", part, "aumcpe"),
        _Row(f"MRTEVIF{letter}", f"MRTINF_{tail}", "h", part, "mrt", _EV),
        _Row(f"MRTIVIF{letter}", f"MRTINF_{tail}", "h", part, "mrt", _IV),
        _Row(f"CLF{letter}", f"Cl_F_{tail}", "L/h", part, "cl", _EV),
        _Row(f"CL{letter}", f"Cl_{tail}", "L/h", part, "cl", _IV),
        _Row(f"VZF{letter}", f"Vz_F_{tail}", "L", part, "vz", _EV),
        _Row(f"VZ{letter}", f"Vz_{tail}", "L", part, "vz", _IV),
        _Row(f"VSS{letter}", f"Vss_{tail}", "L", part, "vss", _IV),
    )


def parameters(result: NcaResult) -> tuple[Parameter, ...]:
    """Every parameter that exists for the profile's route, in a fixed order."""
    return tuple(_of(result))


def _of(result: NcaResult) -> Iterator[Parameter]:
    for row in (*_SAMPLES, *_TERMINAL, *_infinity("O", "observed"), *_infinity("P", "predicted")):
        if result.profile.route in row.routes:
            yield Parameter(
                name=row.name,
                winnonlin=row.winnonlin,
                unit=row.unit.replace("C", result.profile.unit),
                value=_value(result, row),
            )


def _value(result: NcaResult, row: _Row) -> float | int | None:
    # a part is None, or a NoTerminalPhase without that field, where it was not estimated
    value: float | int | None = getattr(getattr(result, row.part), row.field, None)
    return value / result.profile.dose if row.per_dose and value is not None else value
