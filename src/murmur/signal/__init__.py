"""From samples to frames: conditioning, resampling, spectra, envelopes, and the buffers of a stream."""
