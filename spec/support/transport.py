"""The other end of a connection, as a test wants it: misbehaving servers, a proxy, HTTP/2, TLS."""

import contextlib
import socket
import ssl
import subprocess
import threading

import h2.config
import h2.connection
import h2.events

IDENTITY = ("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>"
            "<Arn>a</Arn><UserId>u</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>")


def make_certificate(folder, *names):
    """A certificate that vouches for itself, for names such as "DNS:localhost"; and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=Balm test",
                    "-addext", "subjectAltName=" + ",".join(names), "-keyout", str(key),
                    "-out", str(certificate)], check=True, capture_output=True)
    return str(certificate), str(key)


def answer(body=IDENTITY, status="200 OK", headers=()):
    """The bytes of an answer in HTTP/1.1."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def read_head(connection):
    """The bytes up to the empty line; what follows in the same packets is dropped."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65536)
        if not more:
            return ""
        head += more
    return head.decode("latin-1").partition("\r\n\r\n")[0]


class Server:
    """Hands each connection to serve(server, connection), in a thread. A with statement ends it."""

    def __init__(self, serve, certificate=None, protocols=("http/1.1",)):
        self._serve = serve
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
            self._context.set_alpn_protocols(list(protocols))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.ended = threading.Event()
        self.connections = 0
        self.heads = []

    @property
    def url(self):
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError), connection:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._serve(self, connection)

    def read(self, connection):
        """The next request's head; it is kept in heads."""
        head = read_head(connection)
        if head:
            self.heads.append(head)
        return head


def sends(*pieces, pause=0.0):
    """What answers each request with these bytes, resting between them."""
    def serve(server, connection):
        while server.read(connection):
            for piece in pieces:
                connection.sendall(piece)
                server.ended.wait(pause)
            if b"Content-Length" not in pieces[0]:
                return
    return serve


def closes_after(piece):
    """What sends these bytes and hangs up."""
    def serve(server, connection):
        server.read(connection)
        connection.sendall(piece)
    return serve


def never_ends(head, piece):
    """What goes on for as long as somebody listens."""
    def serve(server, connection):
        server.read(connection)
        connection.sendall(head)
        while not server.ended.is_set():
            connection.sendall(piece)
    return serve


def is_silent(server, connection):
    server.read(connection)
    server.ended.wait()


def _copy(source, target):
    with contextlib.suppress(OSError):
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def forwards(server, connection):
    """A proxy: tunnels by CONNECT, and requests that name the whole URL."""
    head = server.read(connection)
    method, target, _ = head.split("\r\n")[0].split(" ")
    tunnels = method == "CONNECT"
    host, _, port = (target if tunnels else target.split("/")[2]).rpartition(":")
    with socket.create_connection((host.replace("aws.invalid", "127.0.0.1"), int(port))) as onward:
        if tunnels:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            path = "/" + target.split("/", 3)[3]
            onward.sendall(f"{head.replace(target, path, 1)}\r\n\r\n".encode("latin-1"))
        back = threading.Thread(target=_copy, args=(onward, connection), daemon=True)
        back.start()
        _copy(connection, onward)
        back.join()


def speaks_http2(server, connection):
    """Answers each stream with an identity. heads has one entry for each request."""
    if connection.selected_alpn_protocol() != "h2":
        return sends(answer())(server, connection)
    config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
    state = h2.connection.H2Connection(config)
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    while True:
        data = connection.recv(65536)
        if not data:
            return None
        for event in state.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                server.heads.append(dict(event.headers))
            if isinstance(event, h2.events.StreamEnded):
                state.send_headers(event.stream_id, [(":status", "200")])
                state.send_data(event.stream_id, IDENTITY.encode(), end_stream=True)
        connection.sendall(state.data_to_send())
