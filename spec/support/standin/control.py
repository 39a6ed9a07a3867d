"""/_standin/: the log, the state and the faults, as JSON and without signatures.

    GET  /_standin/log?account=&service=&operation=&since=N     all requests seen, N itself left out
    GET  /_standin/state?account=&region=&service=              what exists
    POST /_standin/state {account, region, service, kind, name, value}
                          value merges into what is there (null deletes it); without value: get
    POST /_standin/state {account, settings}                    merges into the account's settings
    POST /_standin/fault {...} or [{...}]                       see faults
    POST /_standin/reset                                        back to the seed; no log, no faults
    GET  /_standin/health
    GET  /_standin/secrets                                      secret keys and tokens that were given out

Settings of an account: settle_ms (how long AWS takes behind one's back), organization (bool),
opted_out (regions that are not enabled).
"""

import json
import urllib.parse

from .request import Reply


class Control:
    def __init__(self, standin):
        self._standin = standin

    def answer(self, request):
        name = f"_{request.method.lower()}_{request.path[len('/_standin/'):]}"
        handler = getattr(self, name, None)
        if handler is None:
            return _reply({"error": f"no {request.method} {request.path}"}, 404)
        try:
            if request.method == "GET":
                asked = dict(urllib.parse.parse_qsl(request.query))
            else:
                asked = json.loads(request.body or b"{}")
            return _reply(handler(asked))
        except (ValueError, KeyError, TypeError) as error:
            return _reply({"error": f"{type(error).__name__}: {error}"}, 400)

    def _get_health(self, _asked):
        return {"ok": True, "requests": self._standin.seen}

    def _get_secrets(self, _asked):
        return self._standin.keys.secrets()

    def _get_log(self, asked):
        since = int(asked.pop("since", 0))
        return [entry for entry in self._standin.log
                if entry["n"] > since and all(entry.get(k) == v for k, v in asked.items())]

    def _get_state(self, asked):
        node = self._standin.store.accounts
        if "account" not in asked:
            return node
        node = node[asked["account"]]
        if "region" in asked:
            node = node["regions"].get(asked["region"], {})
            return node.get(asked["service"], {}) if "service" in asked else node
        if "service" in asked:
            return {region: services[asked["service"]]
                    for region, services in node["regions"].items() if asked["service"] in services}
        return node

    def _post_state(self, asked):
        store = self._standin.store
        if "settings" in asked:
            store.add_account(asked["account"])
            store.settings(asked["account"]).update(asked["settings"])
            return store.settings(asked["account"])
        table = store.table(asked["account"], asked.get("region"), asked["service"], asked["kind"])
        if "value" not in asked:
            return table.get(asked["name"])
        if asked["value"] is None:
            return table.pop(asked["name"], None)
        return _merge(table.setdefault(asked["name"], {}), asked["value"])

    def _post_fault(self, asked):
        for fault in asked if isinstance(asked, list) else [asked]:
            self._standin.faults.add(fault)
        return {}

    def _post_reset(self, _asked):
        self._standin.reset()
        return {}


def _merge(item, value):
    for name, part in value.items():
        if part is None:
            item.pop(name, None)
        else:
            item[name] = part
    return item


def _reply(value, status=200):
    return Reply(status, json.dumps(value).encode(), "application/json")
