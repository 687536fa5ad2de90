"""Looking at the models that ship: reference patients, prior predictives, checks, comparisons, pages."""
