"""What observed concentrations say without a compartmental model."""
