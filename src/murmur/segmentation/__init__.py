"""Where S1, systole, S2 and diastole are: posteriors, durations, decoding."""
