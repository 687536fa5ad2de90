"""What a site has decided about the models of a drug."""

from dataclasses import dataclass
from typing import Literal

# evidence: averaged by how well each foretold the levels.  selection: the best of these alone.
# preferred: the first of the drug file's that holds the patient, whatever the levels say.
PolicyMethod = Literal["evidence", "selection", "preferred"]


@dataclass(frozen=True, kw_only=True)
class ModelPolicy:
    """only: by the stem of their file; empty: all. without: never these."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    method: PolicyMethod = "evidence"

    def refuses(self, stem: str) -> str:
        """Why a model is not looked at here, '' where it is."""
        if stem in self.without:
            return "Left out by this site's setting."
        return "Not among the models of this site's setting." if self.only and stem not in self.only else ""
