"""Sound in a car cabin: private listening zones, crosstalk cancellation, speech privacy.

In: a cabin file (geometry, absorption by band, loudspeakers, seats), or measured responses. Out: transfer functions at the ears, causal
filters a zone and loudspeaker, and what they are worth at points and under conditions that the design never saw.
"""
