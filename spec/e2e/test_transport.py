"""What lies between Balm and AWS: TLS, certificates, proxies, HTTP/2, and servers that misbehave."""

import json
import re
import time

import pytest

from harness import ACCOUNT, Balm, StandIn, clean_environment, remediate
from transport import (Server, answer, closes_after, forwards, is_silent, make_certificate,
                       never_ends, sends, speaks_http2)

EVENT = json.dumps(remediate("AWS.S3.EnableBucketVersioning", {"Name": f"demo-{ACCOUNT}"}))
WHO = ("call", "sts", "get_caller_identity")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1", "DNS:aws.invalid")


@pytest.fixture
def plain(tmp_path):
    """balm that makes one attempt, and is told where to go by each test."""
    return Balm(clean_environment(AWS_MAX_ATTEMPTS="1"), tmp_path)


def ask(plain, url, **env):
    return plain(*WHO, AWS_ENDPOINT_URL=url, **env)


def is_told(done, *words, status=1):
    assert done.status == status and done.out.count("\n") <= 20, done
    for word in words:
        assert word in done.out + done.err, f"{word!r} is not in: {done}"


# ---- certificates ----

def test_a_certificate_that_nobody_vouches_for_is_refused(plain, certificate):
    with Server(sends(answer()), certificate) as server:
        is_told(ask(plain, server.url), "127.0.0.1", "certificate", "AWS_CA_BUNDLE")
        assert server.heads == []


def test_the_ca_bundle_makes_it_trusted(plain, certificate):
    with Server(sends(answer()), certificate) as server:
        done = ask(plain, server.url, AWS_CA_BUNDLE=certificate[0])
        assert done.line["Account"] == ACCOUNT, done


def test_the_ca_bundle_may_stand_in_the_profile(plain, certificate, tmp_path):
    (tmp_path / "config").write_text(f"[default]\nca_bundle = {certificate[0]}\n")
    with Server(sends(answer()), certificate) as server:
        done = ask(plain, server.url, AWS_CONFIG_FILE=str(tmp_path / "config"))
        assert done.line["Account"] == ACCOUNT, done


def test_the_certificate_must_be_of_the_host_that_is_asked(plain, certificate):
    with Server(sends(answer()), certificate) as server:
        done = ask(plain, server.url.replace("127.0.0.1", "localhost"),
                   AWS_CA_BUNDLE=certificate[0])
        is_told(done, "localhost", "certificate")
        assert server.heads == []


@pytest.mark.parametrize("text", [None, "not a certificate", ""])
def test_a_ca_bundle_that_is_none_is_told_by_its_path(plain, certificate, tmp_path, text):
    bundle = tmp_path / "bundle.pem"
    if text is not None:
        bundle.write_text(text)
    with Server(sends(answer()), certificate) as server:
        is_told(ask(plain, server.url, AWS_CA_BUNDLE=str(bundle)), str(bundle), "AWS_CA_BUNDLE")
        assert server.heads == []


def test_a_whole_run_goes_over_tls(plain, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])  # for the control plane's client
    standin = StandIn("--seed", "demo", "--tls", *certificate)
    try:
        env = {"AWS_ENDPOINT_URL": standin.url, "SSL_CERT_FILE": None}
        refused = plain("run", "-", stdin=EVENT, **env)
        is_told(refused, "certificate")
        assert refused.line["status"] == "failed"
        assert standin.log() == []
        fixed = plain("run", "-", stdin=EVENT, AWS_CA_BUNDLE=certificate[0], **env)
        assert (fixed.status, fixed.line["status"]) == (0, "fixed"), fixed
    finally:
        standin.stop()


def test_what_speaks_no_tls_is_told(plain):
    with Server(lambda server, connection: connection.sendall(answer())) as server:
        is_told(ask(plain, server.url.replace("http:", "https:")), "127.0.0.1", "SSL")


def test_what_never_answers_is_told(plain):
    """Here the handshake, after ten seconds; an answer may take a minute."""
    with Server(is_silent) as server:
        is_told(ask(plain, server.url.replace("http:", "https:")), "127.0.0.1", "timeout")


# ---- proxies ----

@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_https_goes_through_the_proxy_s_tunnel(plain, certificate, name):
    with Server(forwards) as proxy, Server(sends(answer()), certificate) as server:
        done = ask(plain, f"https://aws.invalid:{server.port}",
                   **{name: proxy.url, "AWS_CA_BUNDLE": certificate[0]})
        assert done.line["Account"] == ACCOUNT, done
        assert [head.split("\r\n")[0] for head in proxy.heads] == [
            f"CONNECT aws.invalid:{server.port} HTTP/1.1"]
        # The proxy sees where a request goes, and nothing of what it says.
        assert "Authorization" not in proxy.heads[0] and "AWS4" not in proxy.heads[0]
        assert server.heads[0].startswith("POST / HTTP/1.1")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
def test_http_goes_through_its_proxy(plain, name):
    with Server(forwards) as proxy, Server(sends(answer())) as server:
        done = ask(plain, f"http://aws.invalid:{server.port}", **{name: proxy.url})
        assert done.line["Account"] == ACCOUNT, done
        assert proxy.heads[0].startswith(f"POST http://aws.invalid:{server.port}/ HTTP/1.1")


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_who_is_asked_directly(plain, certificate, name):
    with Server(forwards) as proxy, Server(sends(answer()), certificate) as server:
        env = {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, "AWS_CA_BUNDLE": certificate[0]}
        assert ask(plain, server.url, **env, **{name: "x.example,127.0.0.1"}).status == 0
        assert proxy.heads == []
        assert ask(plain, server.url, **env, **{name: "x.example"}).status == 0
        assert len(proxy.heads) == 1


def test_a_proxy_that_says_no_is_told(plain):
    with Server(sends(answer("go away", "407 Proxy Authentication Required"))) as proxy:
        is_told(ask(plain, "https://aws.invalid", HTTPS_PROXY=proxy.url), "aws.invalid", "407")


def test_a_proxy_that_is_not_there_is_told(plain):
    is_told(ask(plain, "https://aws.invalid", HTTPS_PROXY="http://127.0.0.1:9"), "aws.invalid",
            "port 9")


def test_a_proxy_s_password_is_not_told(plain):
    done = ask(plain, "https://aws.invalid", HTTPS_PROXY="http://me:s3cretpass@127.0.0.1:9")
    is_told(done)
    assert "s3cretpass" not in done.out + done.err


# ---- HTTP/2 ----

def test_http2_is_spoken_where_it_is_offered(plain, certificate):
    with Server(speaks_http2, certificate, ("h2", "http/1.1")) as server:
        done = ask(plain, server.url, AWS_CA_BUNDLE=certificate[0])
        assert done.line["Account"] == ACCOUNT, done
        assert server.heads[0][":method"] == "POST"
        assert re.match("AWS4-HMAC-SHA256 ", server.heads[0]["authorization"])


def test_http1_is_spoken_where_http2_is_not_offered(plain, certificate):
    with Server(speaks_http2, certificate) as server:
        done = ask(plain, server.url, AWS_CA_BUNDLE=certificate[0])
        assert done.line["Account"] == ACCOUNT, done
        assert server.heads[0].startswith("POST / HTTP/1.1")


# ---- servers that misbehave ----

def test_a_redirect_is_not_followed(plain):
    with Server(sends(answer())) as other:
        there = answer("", "307 Temporary Redirect", [f"Location: {other.url}/"])
        with Server(sends(there)) as server:
            is_told(ask(plain, server.url), "307")
        assert other.connections == 0


def test_an_answer_that_comes_slowly_is_taken(plain):
    whole = answer()
    with Server(sends(whole[:20], whole[20:60], whole[60:], pause=0.3)) as server:
        assert ask(plain, server.url).line["Account"] == ACCOUNT


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("proxy", ["http://me:CANARY@127.0.0.1:99999", "ftp://me:CANARY@127.0.0.1",
                                   "http://me:CANARY" + "x" * 400 + "@[::1"])
def test_a_proxy_that_is_none_is_told_without_its_password(plain, variable, proxy):
    begun = time.monotonic()
    done = ask(plain, "https://127.0.0.1:1", **{variable: proxy}, AWS_MAX_ATTEMPTS="9")
    is_told(done, "no answer from 127.0.0.1:1", "the proxy", "HTTPS_PROXY")
    assert "CANARY" not in done.out + done.err
    assert time.monotonic() - begun < 2  # it is not tried again


def test_an_answer_cut_short_is_none(plain):
    for cut in (10, 40, -1):
        with Server(closes_after(answer()[:cut])) as server:
            is_told(ask(plain, server.url), "127.0.0.1")


def test_a_server_that_hangs_up_is_told_after_all_attempts(plain):
    with Server(closes_after(b"")) as server:
        is_told(ask(plain, server.url, AWS_MAX_ATTEMPTS="3"), "no answer from 127.0.0.1")
        assert len(server.heads) == 3


def test_what_is_not_http_is_told(plain):
    with Server(closes_after(b"220 mail.example ESMTP\r\n")) as server:
        is_told(ask(plain, server.url), "127.0.0.1", "HTTP")


@pytest.mark.parametrize("body", ["", "{}", "<html>Welcome", "<A><GetCallerIdentityResult>"])
def test_an_answer_that_cannot_be_read_is_a_failure_and_no_wrong_usage(plain, body):
    with Server(sends(answer(body))) as server:
        is_told(ask(plain, server.url), "sts:GetCallerIdentity: the answer cannot be read")


@pytest.mark.parametrize("head, piece, said", [
    (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1048576, "67108864 bytes"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     b"100000\r\n" + b"x" * 1048576 + b"\r\n", "67108864 bytes"),
    (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 8000 + b"\r\n", "header"),
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "header"),
], ids=["bytes", "chunks", "headers", "interim"])
def test_an_answer_without_an_end_is_refused(plain, head, piece, said):
    with Server(never_ends(head, piece)) as server:
        begun = time.monotonic()
        is_told(ask(plain, server.url), "127.0.0.1", said)
        assert time.monotonic() - begun < 20
