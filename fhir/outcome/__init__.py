"""What an EHR could keep of one advice, as strictly valid FHIR R4: pure functions from values to resources."""
