"""Print docs/model-review.md: `python -m models.review`."""

import sys

from models.catalog import load_catalog
from models.review.table import review_page

if __name__ == "__main__":
    sys.stdout.write(review_page(load_catalog()))
