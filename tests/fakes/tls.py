"""TLS on loopback in front of a plain server, for clients that speak nothing else."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Fronted:
    """Where it listens, and a client's context that trusts its certificate and no other."""

    url: str
    trust: ssl.SSLContext


@contextmanager
def tls_in_front_of(url: str, folder: Path) -> Iterator[Fronted]:
    """Hands every connection on to `url` (http://host:port) while the block runs."""
    certificate = _certificate(folder)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    upstream = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        to = (str(upstream.hostname), int(upstream.port or 80))
        Thread(target=_serve, args=(listening, server_side, to), daemon=True).start()
        trust = ssl.create_default_context(cafile=str(certificate))
        yield Fronted(f"https://127.0.0.1:{port}", trust)


def _serve(listening: socket.socket, context: ssl.SSLContext, to: tuple[str, int]) -> None:
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return  # closed
        Thread(target=_hand_on, args=(plain, context, to), daemon=True).start()


def _hand_on(plain: socket.socket, context: ssl.SSLContext, to: tuple[str, int]) -> None:
    with (
        contextlib.suppress(OSError),
        context.wrap_socket(plain, server_side=True) as client,
        socket.create_connection(to, timeout=30) as server,
    ):
        back = Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join(30)


def _pump(of: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := of.recv(65536):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)


def _certificate(folder: Path) -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "loopback.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
