"""The patient's state: conditions, procedures, allergies, other drugs, the bed."""
