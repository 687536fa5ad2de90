"""CDS Hooks 2.0: requests in, cards out."""
