"""Each shipped model against numbers that were not made by this project's code."""
