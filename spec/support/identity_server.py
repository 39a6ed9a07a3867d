"""What hands out credentials, on one port: STS, the metadata service of EC2, a container's agent, IAM Identity
Center. What it gives is made of what it was asked, so that two who get the same have asked the same.

Every secret that it gives has CANARY in it.
"""

import hashlib
import http.server
import json
import re
import threading
import time
import urllib.parse

METADATA = "/latest/meta-data/iam/security-credentials/"
# Each SDK names the sessions that nobody named.
OWN_NAMES = re.compile(r"botocore-session-\d+|balm")


def pair(*asked):
    """Keys made of what was asked."""
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    return "ASIA" + digest[:16].upper(), "CANARY/secret+" + digest[16:40], "CANARY/token+" + digest[40:]


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def do_GET(self):
        self.serve()

    def do_PUT(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path, _, query = self.path.partition("?")
        status, answer = self.server.faults.get(path) or self.answer(path, query, body)
        data = answer.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, path, query, body):
        asked = dict(urllib.parse.parse_qsl(query))
        if path == "/latest/api/token":
            ttl = self.headers.get("x-aws-ec2-metadata-token-ttl-seconds")
            return (200, "CANARY-metadata-token") if self.command == "PUT" and ttl == "21600" else (400, "")
        if path.startswith(METADATA):
            return self.metadata(path[len(METADATA):])
        if path == "/container":
            return self.keys("container", query, self.headers.get("Authorization"))
        if path == "/federation/credentials":
            return self.signed_in(asked)
        if path == "/token":
            return self.renew(json.loads(body))
        return self.sts(dict(urllib.parse.parse_qsl(body)))

    def keys(self, *asked):
        key, secret, token = pair(*asked)
        return 200, json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret,
                                "Token": token, "Expiration": stamp(6 * 3600)})

    def metadata(self, role):
        if self.headers.get("x-aws-ec2-metadata-token") not in self.server.metadata_tokens:
            return 401, ""
        return self.keys("instance", role) if role else (200, "my-role")

    def signed_in(self, asked):
        token = self.headers.get("x-amz-sso_bearer_token")
        if token == "CANARY-revoked":
            return 401, json.dumps({"__type": "UnauthorizedException", "message": "no"})
        key, secret, session = pair("sso", asked, token)
        return 200, json.dumps({"roleCredentials": {
            "accessKeyId": key, "secretAccessKey": secret, "sessionToken": session,
            "expiration": int(time.time() + 3600) * 1000}})

    def renew(self, asked):
        if asked["refreshToken"] == "CANARY-used":
            return 400, json.dumps({"error": "invalid_grant"})
        return 200, json.dumps({"accessToken": "CANARY-renewed-" + asked["clientId"], "expiresIn": 28800,
                                "refreshToken": "CANARY-next", "tokenType": "Bearer"})

    def sts(self, asked):
        action = asked.pop("Action")
        scope = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization") or "")
        key = scope and scope[1]
        if action == "GetCallerIdentity":
            body = f"<Account>999988887777</Account><Arn>arn:aws:iam::999988887777:user/{key}</Arn><UserId>x</UserId>"
        else:
            body = self.assumed(action, asked, key)
        return 200, f"<{action}Response><{action}Result>{body}</{action}Result></{action}Response>"

    def assumed(self, action, asked, key):
        name = OWN_NAMES.sub("", asked.pop("RoleSessionName"))
        session = pair(action, sorted(asked.items()), name, key, self.headers.get("X-Amz-Security-Token"))
        account = asked["RoleArn"].split(":")[4]
        return ("<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>"
                "<SessionToken>{}</SessionToken><Expiration>{}</Expiration></Credentials>"
                "<AssumedRoleUser><Arn>arn:aws:sts::{}:assumed-role/x/{}</Arn><AssumedRoleId>A:x</AssumedRoleId>"
                "</AssumedRoleUser>").format(*session, stamp(3600), account, name or "balm")


def prepare(server, faults=None, metadata_tokens=("CANARY-metadata-token",)):
    """Gives an HTTP server what its handler needs. `faults`: path -> (status, body), instead of what it would
    answer."""
    server.daemon_threads = True
    server.faults, server.metadata_tokens = faults or {}, metadata_tokens
    return server


class IdentityServer:
    def __init__(self):
        self._server = prepare(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def reset(self, **settings):
        prepare(self._server, **settings)

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
