"""How much the drawing page's server takes."""

MAX_BODY = 16 * 2**20  # bytes of a request
MAX_PIXELS = 25_000_000  # of a picture; a telephone's photo has 12 million
MAX_REQUESTS = 16  # pictures at a time that wait for the model
PATIENCE = 20  # seconds without a byte before a connection is closed
