"""Independent estimators beside the fit: rules, learned companions, and how far they agree."""
