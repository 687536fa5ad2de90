"""What is ordered: instructions, timing, the instants they name, and the draft that is written back."""
