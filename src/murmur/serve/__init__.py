"""A local server: recordings and live sound in, JSON out, and a page that shows the results."""
