"""What has to hold for every shipped model."""

from models.catalog import load_catalog
from tests.models.library.published import untested


def test_no_model_ships_without_a_published_number() -> None:
    assert untested(load_catalog()) == ()
