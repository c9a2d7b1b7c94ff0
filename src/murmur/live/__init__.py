"""Live sound: the engine of `murmur.analyze`, block by block, with events as they become sure."""
