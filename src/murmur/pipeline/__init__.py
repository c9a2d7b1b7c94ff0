"""The flow: the engine, which takes blocks and gives measured cycles, and the analysis around it."""
