"""Battery: pulse tests of retired cells and modules come in; SOH with its interval, grade, disposition and second-life packs go out.

Pulse responses become physical features (`pulse`), Gaussian processes learn SOH from them (`health`, after Tao et al. 2024 for the test
and Rasmussen and Williams 2006 for the method), with conformal intervals by physical cell. Safety rules (`safety`) come before any grade
(`grade`). Graded modules become packs by a greedy with a proven bound (`match`), packs are discharged in a simulation (`packs`), and
`line` simulates the test line. Heavy modules are imported where they are used: this room needs the extra `battery`.
"""
