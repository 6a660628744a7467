"""Inspection: scan and image of a used part → identity, pose, deviation, damage, verdict.

In come points of a structured-light scanner (mm) and, where there is one, a picture of the marking; out goes an `Inspection`
(model.py). Distances are exact against the reference's triangles, or certified to be within 1 µm of that (field.py).
"""
