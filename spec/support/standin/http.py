"""HTTP/1.1 on asyncio: keep-alive, pipelining, chunked bodies, and answers that go wrong on demand.

One thread; a handler never waits. A slow answer is a timer on the loop, so it holds up its own
connection and no other.
"""

import asyncio
import email.utils
import http
import re

from .errors import NotHttp
from .request import Reply, Request

HEAD_MAX = 64 * 1024
BODY_MAX = 64 * 1024 * 1024
_REQUEST_LINE = re.compile(r"([A-Z]+) (/[^ ]*) HTTP/1\.([01])")
_REASONS = {status.value: status.phrase for status in http.HTTPStatus}


class _Head:
    def __init__(self, text):
        first, *lines = text.split("\r\n")
        found = _REQUEST_LINE.fullmatch(first)
        if not found:
            raise NotHttp(f"no request line: {first!r}")
        self.method, self.target = found.group(1), found.group(2)
        self.headers = [_header(line) for line in lines]
        lower = {name.lower(): value.lower() for name, value in self.headers}
        self.chunked = lower.get("transfer-encoding") == "chunked"
        self.expects = lower.get("expect") == "100-continue"
        self.length = int(lower.get("content-length", 0))
        connection = lower.get("connection", "")
        self.close = connection == "close" or (found.group(3) == "0" and connection != "keep-alive")
        if self.length > BODY_MAX:
            raise NotHttp("the body is too large")


def _header(line):
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise NotHttp(f"no header: {line!r}")
    return name, value.strip(" \t")


class Connection(asyncio.Protocol):
    def __init__(self, answer, scheme):
        self._answer = answer
        self._scheme = scheme
        self._buffer = bytearray()
        self._head = None
        self._busy = False
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, _error):
        self._transport = None

    def data_received(self, data):
        self._buffer += data
        if not self._busy:
            self._advance()

    def _advance(self):
        try:
            request = self._next_request()
        except (NotHttp, ValueError) as error:
            self._send(Reply(400, str(error).encode(), "text/plain"), "GET", close=True)
            return
        if request is not None:
            self._busy = True
            self._handle(request)

    def _next_request(self):
        if self._head is None:
            self._head = self._next_head()
        if self._head is None:
            return None
        body = self._next_chunked() if self._head.chunked else self._next_body()
        if body is None:
            return None
        head = self._head
        return Request(head.method, head.target, head.headers, body, self._scheme)

    def _next_head(self):
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_MAX:
                raise NotHttp("the head is too large")
            return None
        head = _Head(self._buffer[:end].decode("latin-1"))
        del self._buffer[:end + 4]
        if head.expects:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return head

    def _next_body(self):
        if len(self._buffer) < self._head.length:
            return None
        body = bytes(self._buffer[:self._head.length])
        del self._buffer[:self._head.length]
        return body

    def _next_chunked(self):
        body, at = bytearray(), 0
        while True:
            line_end = self._buffer.find(b"\r\n", at)
            if line_end < 0:
                return None
            size = int(self._buffer[at:line_end].split(b";")[0], 16)
            if len(self._buffer) < line_end + 4 + size:
                return None
            body += self._buffer[line_end + 2:line_end + 2 + size]
            at = line_end + 4 + size
            if size == 0:
                del self._buffer[:at]
                return bytes(body)

    def _handle(self, request):
        head, self._head = self._head, None
        try:
            reply = self._answer(request)
        except Exception as error:  # a bug of the stand-in must show in the test that met it
            reply = Reply(599, f"stand-in: {type(error).__name__}: {error}".encode(), "text/plain")
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"{request.method} {request.path}", "exception": error})
        if reply.delay_s > 0:
            loop = asyncio.get_running_loop()
            loop.call_later(reply.delay_s, self._finish, reply, head)
        else:
            self._finish(reply, head)

    def _finish(self, reply, head):
        if self._transport is None:
            return
        self._busy = False
        self._send(reply, head.method, head.close)
        if self._transport is not None and not self._transport.is_closing() and self._buffer:
            asyncio.get_running_loop().call_soon(self._advance_again)

    def _advance_again(self):
        if self._transport is not None and not self._busy:
            self._advance()

    def _send(self, reply, method, close):
        if reply.mishap == "close":
            self._transport.abort()
            return
        body = b"" if method == "HEAD" or reply.status in (204, 304) else reply.body
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        if not any(name == "Date" for name, _ in reply.headers):
            lines.append(f"Date: {email.utils.formatdate(usegmt=True)}")
        if reply.status not in (204, 304):
            lines.append(f"Content-Length: {len(reply.body)}")
        if close:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        if reply.mishap == "truncate":
            body, close = body[:len(body) // 2], True
        sent = head + body
        if reply.mishap == "cut":
            sent, close = sent[:reply.kept], True
        reply.entry["sent"] = len(sent)
        self._transport.write(sent)
        if close:
            self._transport.close()
