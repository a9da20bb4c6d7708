"""Where a request comes from, as far as it may be kept: a network, never an address; a device, never a header."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

IPV4_BITS, IPV6_BITS = 24, 48
READ_OF_AGENT = 512
OTHER_CLIENT = "App or script"
# Whoever poses as another stands before it: Edge also says Chrome, and Chrome also says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Client:
    """Both are None outside of a request; the network also where the server does not know an address."""

    network: Network | None = None
    device: str | None = None


def client_of(scope: Mapping[str, Any]) -> Client:
    """The client of a request. A proxy that is trusted has put its client's address there."""
    host = (scope.get("client") or ("",))[0]
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
    return Client(network_of(host), device_of(agent.decode("latin-1")))


def network_of(host: str) -> Network | None:
    """The network of an address: /24 of IPv4, /48 of IPv6. None for what is no address."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, IPv6Address):
        return IPv6Network((int(address), IPV6_BITS), strict=False)
    return IPv4Network((int(address), IPV4_BITS), strict=False)


def device_of(agent: str) -> str:
    """A browser and a system out of our own words, such as `Firefox on Windows`; one phrase for all else."""
    read = agent[:READ_OF_AGENT]
    browser = next((name for sign, name in _BROWSERS if sign in read), None)
    system = next((name for sign, name in _SYSTEMS if sign in read), None)
    if browser is None:
        return OTHER_CLIENT
    return f"{browser} on {system}" if system else browser
