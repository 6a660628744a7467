"""Benches: one module for each room that measures claims, named as the claims of the register name their bench.

Such a module has one function, ``measure(claim) -> Finding`` (see `vehiclenest.contest.claims.model.Bench`), and imports its room inside
it. It is found by its name; nothing else has to be registered. Where there is none, the claims stand as not measured yet.
"""
