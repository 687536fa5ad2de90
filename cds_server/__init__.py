"""The Titrate service: CDS Hooks in, cards out."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from cds_server.config import Settings
    from cds_server.parts import Parts


def create_app(settings: "Settings", *, parts: "Parts | None" = None) -> "Flask":
    """The Flask application; see cds_server.app."""
    # Imported here, so that reading the settings or signing a link does not load the whole service.
    from cds_server.app import create_app as create

    return create(settings, parts=parts)
