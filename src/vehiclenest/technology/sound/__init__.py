"""Sound in a car cabin: private listening zones, crosstalk cancellation, speech privacy.

In: a cabin file (geometry, absorption by band, loudspeakers, seats), or measured responses. Out: transfer functions at the ears, causal
filters a zone and loudspeaker, and what they are worth at points and under conditions that the design never saw.

For ears and speech: measured responses are read in `read`; `hrtf` turns and interpolates a measured head. `crosstalk` inverts the paths
from loudspeakers to ears within a limit of effort (after Nelson and Elliott 1992), `binaural` keeps a source in its place while the head
turns. `sti` rates speech transmission after IEC 60268-16, `intelligibility` after Taal et al. 2011 (STOI), and `mask` looks for the least
masker that makes speech private. `render` convolves in partitions (Wefers 2015). This room needs the extra `sound`.
"""
