"""Where sound comes from: files, streams and arrays, each read once, in blocks that are checked as they pass."""
