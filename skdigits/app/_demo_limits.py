"""How much the drawing page's server takes."""

MAX_BODY = 16 * 2**20  # bytes of a request
MAX_PIXELS = 25_000_000  # of a picture; a telephone's photo has 12 million
MAX_CONNECTIONS = 32  # at a time, each of which may have a body in memory
MAX_REQUESTS = 16  # pictures at a time that wait for the model
PATIENCE = 30  # seconds for a request to arrive whole, and for its answer to leave
