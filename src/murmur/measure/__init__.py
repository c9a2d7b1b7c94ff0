"""From cycles to numbers: levels, the murmur, spectra, heart sounds, rhythm, quality."""
