"""What a rule or companion says where it says nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Silent:
    """No estimate, because of each of the reasons, in words."""

    reasons: tuple[str, ...]
