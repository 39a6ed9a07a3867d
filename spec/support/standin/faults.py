"""Answers gone wrong, on demand.

A fault names whom it hits (service, operation, account; what is absent is any), how often (times,
default 1) and what happens:

    delay_ms                    the answer comes late
    status, code, message       an AWS error in the service's own protocol
    status, body, content_type  any answer at all, such as the HTML page of a proxy
    close                       the connection is closed with no answer
    truncate                    the answer ends half way
    cut                         the answer ends after so many bytes, those of its head included
    date                        what the answer's Date says
    when                        "before" (default): nothing was done; "after": it was, the answer is lost
"""

from .encode import encode_error
from .errors import AwsError
from .request import Reply

_KNOWN = {"service", "operation", "account", "times", "delay_ms", "status", "code", "message",
          "body", "content_type", "close", "truncate", "cut", "date", "when"}


class Faults:
    def __init__(self):
        self._waiting = []

    def add(self, fault):
        unknown = sorted(set(fault) - _KNOWN)
        if unknown:
            raise ValueError(f"unknown in a fault: {unknown}")
        self._waiting.append({"times": 1, "when": "before", **fault})

    def clear(self):
        self._waiting.clear()

    def take(self, **request):
        """The first fault that hits this request, used up by one; None where there is none."""
        for fault in self._waiting:
            if all(fault.get(name) in (None, value) for name, value in request.items()):
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self._waiting.remove(fault)
                return fault
        return None


def replaces_answer(fault):
    """Is there an answer of the fault's own, so that nothing is done?"""
    if fault["when"] != "before":
        return False
    return bool(fault.get("close")) or "status" in fault or "body" in fault


def own_answer(fault, service, request_id):
    if "body" in fault:
        return Reply(fault.get("status", 200), fault["body"].encode(),
                     fault.get("content_type", "text/html"))
    error = AwsError(fault.get("code", "InternalFailure"), fault.get("message", "Injected."),
                     fault.get("status", 500))
    return encode_error(service, error, request_id)


def apply(fault, reply, service, request_id):
    """What is left to do to a reply: mishaps and delays, and another answer to what was done."""
    if fault["when"] == "after" and ("status" in fault or "body" in fault):
        reply = own_answer(fault, service, request_id)
    reply.delay_s += fault.get("delay_ms", 0) / 1000
    if "date" in fault:
        reply.headers.append(("Date", fault["date"]))
    if fault.get("close"):
        reply.mishap = "close"
    elif fault.get("truncate"):
        reply.mishap = "truncate"
    elif "cut" in fault:
        reply.mishap, reply.kept = "cut", fault["cut"]
    return reply
