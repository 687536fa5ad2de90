"""Cards that carry no advice and say so: on its way, failed, not recorded, order without a code."""

from cds_server.hooks.cards import Card, Occasion, notice
from models.drug import Drug


def on_its_way(drug: Drug, occasion: Occasion) -> Card:
    """The estimate is not ready within the hook's budget."""
    return notice(
        kind="pending",
        summary=f"{drug.display}: the estimate is still being computed, no dose is shown yet",
        text=f"The levels of this patient are being fitted for {drug.display}. The advice is ready at the next call.",
        level="info",
        occasion=occasion,
        help_lines=("Opening the order again in a few seconds.",),
        extension={"drug": drug.name},
    )


def getting_ready(drug: Drug, occasion: Occasion) -> Card:
    """The service has just been started for the first time and compiles its kernels."""
    return notice(
        kind="pending",
        summary=f"{drug.display}: the dosing service is getting ready, no dose is shown yet",
        text="The service has just been started and prepares its calculations. The advice is ready at a later call.",
        level="info",
        occasion=occasion,
        help_lines=("Opening the order again in a minute.",),
        extension={"drug": drug.name},
    )


def failed(reference: str, occasion: Occasion, drug: Drug | None = None) -> Card:
    """Something unexpected happened; the reference finds it in the log."""
    name = f"{drug.display}: no" if drug else "No"
    return notice(
        kind="failed",
        summary=f"{name} advice could be computed (reference {reference})",
        text=(
            "An error inside the dosing service stopped the calculation. Nothing is said here about the dose. "
            f"The service's operators find the cause by the reference {reference}."
        ),
        level="critical",
        occasion=occasion,
        help_lines=("Dosing by local protocol until the service answers again.",),
        extension={"reference": reference} | ({"drug": drug.name} if drug else {}),
    )


def unrecorded(reference: str, occasion: Occasion) -> Card:
    """The answer could not be written down, and advice that is not on record does not leave."""
    return notice(
        kind="unrecorded",
        summary=f"Dose advice is withheld: it could not be recorded (reference {reference})",
        text="The dosing service could not write its audit log. Advice that is not on record is not shown.",
        level="critical",
        occasion=occasion,
        help_lines=("Dosing by local protocol until the service answers again.",),
        extension={"reference": reference},
    )


def uncoded(drug: Drug, occasion: Occasion) -> Card:
    """A draft names a drug in words, without a code known here, which is not enough to dose by."""
    return notice(
        kind="uncoded",
        summary=f"The order names {drug.display.lower()}, but by no code known here; no advice from words alone",
        text=(
            f"The text of the order mentions {drug.display.lower()}, but it carries no RxNorm or ATC code of it that "
            "is known here. Which drug is meant is not guessed from words."
        ),
        level="info",
        occasion=occasion,
        help_lines=("An order that carries the ingredient's RxNorm or ATC code.",),
        extension={"drug": drug.name},
    )
