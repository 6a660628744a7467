"""EPCIS 2.0 conformance."""
