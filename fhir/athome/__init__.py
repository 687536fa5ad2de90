"""What was taken where nobody charts: orders for home, times between stays, doses assumed."""
