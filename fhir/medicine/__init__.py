"""What a medication is and holds: substance, strength, form, dosage."""
