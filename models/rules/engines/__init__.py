"""Search engines behind one small interface: data in, a front of formulas out."""
