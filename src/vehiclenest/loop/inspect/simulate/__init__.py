"""The simulator: parts, what wear and tear does to them, and a structured-light scanner; no substitute for real scans."""
