"""Reading from FHIR servers: addresses, connections, tokens, searches, prefetch."""
