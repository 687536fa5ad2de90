"""Who may call: registered EHRs, their JWTs, each used once, and how often."""
