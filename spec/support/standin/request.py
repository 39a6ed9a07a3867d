"""One HTTP request as it came, one reply as it goes."""

import urllib.parse


class Request:
    def __init__(self, method, target, headers, body=b"", scheme="http"):
        self.method = method
        self.headers = headers  # [(name as sent, value)]
        self.body = body
        self.scheme = scheme
        self.path, _, self.query = target.partition("?")  # percent-encoded, as sent
        self._by_name = {}
        for name, value in headers:
            self._by_name.setdefault(name.lower(), []).append(value)

    def header(self, name, default=None):
        values = self._by_name.get(name.lower())
        return ",".join(values) if values else default

    @property
    def host(self):
        return self.header("host", "")

    def header_items(self):
        """(lower-case name, value) pairs, in the order sent."""
        return [(name.lower(), value) for name, value in self.headers]

    def query_pairs(self):
        """Decoded (name, value) pairs; a name that stands alone has the value None."""
        pairs = []
        for part in self.query.split("&") if self.query else ():
            name, equals, value = part.partition("=")
            decoded = urllib.parse.unquote(value) if equals else None
            pairs.append((urllib.parse.unquote(name), decoded))
        return pairs

    def form(self):
        """The pairs of an x-www-form-urlencoded body, or of the query for a GET."""
        text = self.body.decode("utf-8") if self.method == "POST" else self.query
        return urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))


class Reply:
    """`mishap` is what a fault does to the reply on its way: None, "close", "truncate", or "cut" to `kept`
    bytes. `entry` is the log's, which is told how many bytes were sent."""

    def __init__(self, status=200, body=b"", content_type=None, headers=()):
        self.status = status
        self.body = body
        self.headers = list(headers)
        if content_type:
            self.headers.append(("Content-Type", content_type))
        self.delay_s = 0.0
        self.mishap = None
        self.kept = None
        self.entry = {}
