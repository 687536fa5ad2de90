"""Codes, units and their aliases as data; read by fhir.codes, fhir.quantity and fhir.timing."""
