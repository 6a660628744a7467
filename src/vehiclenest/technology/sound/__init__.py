"""Sound: responses of a cabin and a head come in; private zones, crosstalk cancellation, maskers and what each seat hears go out.

Measured responses are read in `read`; `hrtf` turns and interpolates a measured head. `crosstalk` inverts the paths from loudspeakers to
ears within a limit of effort (after Nelson and Elliott 1992), `binaural` keeps a source in its place while the head turns. `sti` rates
speech transmission after IEC 60268-16, `intelligibility` after Taal et al. 2011 (STOI), and `mask` looks for the least masker that makes
speech private. `render` convolves in partitions (Wefers 2015). This room needs the extra `sound`.
"""
