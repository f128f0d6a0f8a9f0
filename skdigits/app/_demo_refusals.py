"""What the drawing page's server refuses, and the sentence it says: functions of headers."""

import ipaddress
import socket

from skdigits.app._demo_limits import MAX_BODY

TOO_MANY = "Too many pictures at once; try again."

_SAME = ("same-origin", "none")  # what Sec-Fetch-Site says of a page's own requests, and a user's


class Refused(Exception):
    """A request that is answered with a status and one sentence."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def check_host(headers, allowed):
    """Refuse a request for another site's name.

    A page of another site can give its own name this machine's address (DNS rebinding); its
    requests still carry that name. An address is no name, so it cannot be rebound.
    """
    hosts = headers.get_all("Host", [])
    if len(hosts) != 1:
        raise Refused(400, f"A request has one Host header, this one has {len(hosts)}.")
    name = _name_of(hosts[0])
    if name not in allowed and not (allowed.addresses and _is_address(name)):
        raise Refused(
            403,
            f"This server does not answer for the host {name!r}: open the address that "
            "`skdigits demo` printed.",
        )


def check_origin(headers):
    """Refuse what the page of another site sends."""
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")
    own = {f"{scheme}://{headers['Host']}" for scheme in ("http", "https")}
    if (origin is not None and origin not in own) or site not in _SAME:
        raise Refused(403, "Pictures are taken from the drawing page only, not from other sites.")


def check_type(headers):
    """Refuse what a form of another site could send without asking: anything but an image."""
    kind = headers.get("Content-Type", "none")
    if not kind.lower().startswith("image/"):
        raise Refused(
            415,
            f"POST a picture with its Content-Type, such as image/png, got {kind[:40]!r}.",
        )


def body_length(headers):
    """Return how many bytes a request announces; refuse what is too long or not announced."""
    lengths = headers.get_all("Content-Length", [])
    if "Transfer-Encoding" in headers or not lengths:
        raise Refused(411, "POST a picture with its Content-Length.")
    text = lengths[0]
    if len(lengths) > 1 or not (text.isascii() and text.isdigit()):
        raise Refused(400, "Content-Length is one whole number.")
    if len(text) > 15 or int(text) > MAX_BODY:
        raise Refused(
            413, f"A picture may have {MAX_BODY // 2**20} MB at most; send a smaller one."
        )
    return int(text)


class AllowedHosts(set):
    """The names that a server answers for, and whether any address will do."""

    def __init__(self, host, address):
        names = {"localhost", "127.0.0.1", "::1", host.lower(), address}
        self.addresses = not ipaddress.ip_address(address).is_loopback
        if self.addresses:
            name = socket.gethostname().lower()
            names |= {name, f"{name}.local"}
        super().__init__(names)


def _name_of(host):
    """Return a Host header without its port; a tunnel or a container may change that."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name):
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
