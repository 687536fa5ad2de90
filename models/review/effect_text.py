"""Typical values, random effects and fluxes of a model as formulas that people read, from the file's numbers."""

from collections.abc import Callable, Mapping

from models.population import Derived, Effect, Flux, Parameter, PopulationModel, Term

Numbers = Mapping[str, float]


def number(value: float) -> str:
    """Six digits at most: what papers print."""
    return f"{value:.6g}"


def _ratio(x: str, reference: float) -> str:
    return x if reference == 1 else f"({x}/{number(reference)})"


def _power(x: str, exponent: float) -> str:
    return x if exponent == 1 else f"{x}^{number(exponent)}"


def _minus(x: str, n: Numbers) -> str:
    reference = n["reference"]
    return x if reference == 0 else f"({x} - {number(reference)})" if reference > 0 else f"({x} + {number(-reference)})"


def _signed(value: float) -> str:
    return f"+ {number(value)}" if value >= 0 else f"- {number(-value)}"


def _if(condition: str) -> Callable[[str, Numbers], str]:
    return lambda x, n: f"({number(n['factor'])} if {x} {condition} {number(n['limit'])}, else 1)"


def _power_broken(x: str, n: Numbers) -> str:
    below, above = number(n["exponent_below"]), number(n["exponent_above"])
    return f"({x}/{number(n['reference'])})^({below} below {number(n['reference'])}, else {above})"


def _linear_broken(x: str, n: Numbers) -> str:
    below, above = number(n["slope_below"]), number(n["slope_above"])
    return f"(1 + ({below} up to {number(n['reference'])}, else {above})*{_minus(x, n)})"


def _approach(x: str, n: Numbers) -> str:
    return f"({number(n['end'])} {_signed(n['start'] - n['end'])}*exp(-{number(n['rate'])}*{x}))"


def _loss(x: str, n: Numbers) -> str:
    base = f"max({x} - {number(n['start'])}, 0)/{number(n['scale'])}"
    return f"(1 - {number(n['fraction'])}*({base})^{number(n['exponent'])})"


def _fade(x: str, n: Numbers) -> str:
    d = f"max({x} - {number(n['start'])}, 0)"
    return f"(1 - {number(n['maximum'])}*{d}/({number(n['half'])} + {d}))"


def _sigmoid(x: str, n: Numbers) -> str:
    top, half = _power(x, n["hill"]), _power(number(n["half"]), n["hill"])
    scale = "" if n["maximum"] == 1 else f"{number(n['maximum'])}*"
    return f"{scale}({top}/({half} + {top}))"


def _saturating(x: str, n: Numbers) -> str:
    half, reference = number(n["half"]), number(n["reference"])
    return f"({x}/({half} + {x}))*(({half} + {reference})/{reference})"


_WRITTEN: Mapping[str, Callable[[str, Numbers], str]] = {
    "power": lambda x, n: _power(_ratio(x, n["reference"]), n["exponent"]),
    "linear": lambda x, n: f"(1 {_signed(n['slope'])}*{_minus(x, n)})",
    "deviation": lambda x, n: f"{number(n['slope'])}*{_minus(x, n)}",
    "exponential": lambda x, n: f"exp({number(n['slope'])}*{_minus(x, n)})",
    "factor": lambda x, n: f"({number(n['factor'])} if {x} = {number(n['equals'])}, else 1)",
    "factor-power": lambda x, n: f"{number(n['factor'])}^{x}",
    "proportional": lambda x, n: x if n["coefficient"] == 1 else f"({number(n['coefficient'])}*{x})",
    "sigmoid": _sigmoid,
    "saturating": _saturating,
    "below": _if("<"),
    "above": _if(">"),
    "from": _if(">="),
    "approach": _approach,
    "power-broken": _power_broken,
    "linear-broken": _linear_broken,
    "fade": _fade,
    "loss": _loss,
}


def effect_text(effect: Effect) -> str:
    """One covariate effect, as "(crcl/120)^0.8"."""
    if effect.kind == "table":
        rows = ", ".join(f"{number(value)} at {key}" for key, value in effect.table.items())
        other = effect.numbers.get("otherwise")
        known = other is not None and other == other  # NaN: no other category is known
        return f"({effect.covariate}: {rows}{f', else {number(other or 0.0)}' if known else ''})"
    if effect.kind in _WRITTEN:
        return _WRITTEN[effect.kind](effect.covariate, effect.numbers)
    numbers = ", ".join(f"{key} {number(value)}" for key, value in effect.numbers.items())
    return f"{effect.kind}({effect.covariate}; {numbers})"


def typical_text(parameter: Parameter) -> str:
    """A parameter's typical value with its effects, in the order in which they apply."""
    text = number(parameter.value)
    added = False
    for effect in parameter.effects:
        if effect.combine == "add":
            text, added = f"{text} + {effect_text(effect)}".replace("+ -", "- "), True
        else:
            text, added = f"{f'({text})' if added else text} * {effect_text(effect)}", False
    return text


def parameter_text(parameter: Parameter, model: PopulationModel) -> str:
    """As "CL = 4.5 * (crcl/120)^0.8 * exp(eta_CL)   [L/h]", the eta as its kind has it."""
    typical = typical_text(parameter)
    wrapped = f"({typical})" if parameter.effects and parameter.effects[-1].combine == "add" else typical
    etas = [item for item in model.random if parameter.name in item.parameters]
    eta = " + ".join(
        f"{'' if item.coefficient == 1 else f'{number(item.coefficient)}*'}eta_{item.name}" for item in etas
    )
    written = {
        "exponential": f"{wrapped} * exp({eta})",
        "additive": f"{typical} + {eta}",
        "proportional": f"{wrapped} * (1 + {eta})",
        "logit": f"inverse logit(logit({typical}) + {eta})",
    }
    kind = etas[0].kind if etas else ""
    if kind == "boxcox":
        shape = number(etas[0].shape)
        written["boxcox"] = f"{wrapped} * exp((exp({eta})^{shape} - 1)/{shape})"
    return f"{parameter.name} = {written.get(kind, typical)}   [{parameter.printed_unit}]"


def derived_text(item: Derived) -> str:
    text = " + ".join(_term(term) for term in item.terms).replace("+ -", "- ")
    return f"{item.name} = {text}   [{item.unit}]"


def _term(term: Term) -> str:
    parts = [name if power == 1 else f"{name}^{number(power)}" for name, power in term.powers.items()]
    if abs(term.coefficient) != 1 or not parts:
        return " * ".join([number(term.coefficient), *parts])
    return ("-" if term.coefficient < 0 else "") + " * ".join(parts)


def flux_texts(model: PopulationModel) -> tuple[str, ...]:
    """One differential equation a compartment, A in the model's unit of amount, t in h."""
    return tuple(f"dA_{name}/dt = {_sum(name, model)}" for name in model.structure.compartments)


def _sum(compartment: str, model: PopulationModel) -> str:
    terms = []
    for flux in model.structure.fluxes:
        if flux.target == compartment:
            terms.append(f"+ {_flux(flux)}")
        if flux.source == compartment:
            terms.append(f"- {_flux(flux)}")
    text = " ".join(terms) or "0"
    return text.removeprefix("+ ")


def _flux(flux: Flux) -> str:
    amount = f"A_{flux.source}"
    if flux.kind == "production":
        text = flux.rate
    elif flux.km:
        text = f"{flux.rate}*{amount}/{flux.volume}/({flux.km} + {amount}/{flux.volume})"
    else:
        text = f"{flux.rate}*{amount}" if flux.volume is None else f"{flux.rate}/{flux.volume}*{amount}"
    return text + (_modulated(flux) if flux.modulator else "")


def _modulated(flux: Flux) -> str:
    by = flux.modulator
    assert by is not None  # noqa: S101 - for the type checker; the caller asked
    c = f"A_{by.driver}" + (f"/{by.volume}" if by.volume else "")
    power = f"^{by.hill}" if by.hill else ""
    base = f"({c}){power}" if power else c
    return f"*(1 {'+' if by.sign > 0 else '-'} {by.emax}*{base}/({by.ec50}{power} + {base}))"
