"""Every operation through Balm's C tool and through botocore, on all cores.

BALM_SAMPLE is how many operations are tried ("all", the default: every one); BALM_SEED other values;
BALM_BOTOCORE_DATA a newer directory of descriptions.
"""

import copy
import itertools
import json
import multiprocessing
import subprocess

from differential import Oracle, plain, sample
from harness import BALM, BUILD, clean_environment
from oracle import ACCESS_KEY, NOW_TEXT, SECRET_KEY, pack

TOOLS = BUILD / "spec/engine/aws"


class Tool:
    """A C program that answers one line with one line."""

    def __init__(self, name="tool_codec", pack_path=None, **environment):
        environment = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                       "BALM_NOW": NOW_TEXT, **environment}
        self.pack = pack_path or pack()
        self.process = subprocess.Popen([TOOLS / name, self.pack], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=clean_environment(**environment))

    def __call__(self, **line):
        self.process.stdin.write(json.dumps(line, default=plain).encode() + b"\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        assert reply, f"the tool ended at {line}"
        return json.loads(reply)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def swept(job):
    """What the checks find at the operations of one service; runs in a process of its own."""
    checks, service, names = job
    tool, oracle = Tool(), Oracle()
    found = {check.__name__: [] for check in checks}
    for name, check in itertools.product(names, checks):
        for fault in check(tool, oracle, service, name):
            found[check.__name__].append(f"{service}:{name} {fault}"[:600])
    tool.close()
    return found


def sweep(*checks):
    """(how many operations, the faults of each check by its name)."""
    pack()
    operations = sample(Oracle())
    jobs = [(checks, service, [name for _, name in group])
            for service, group in itertools.groupby(operations, lambda each: each[0])]
    jobs.sort(key=lambda job: -len(job[2]))
    faults = {check.__name__: [] for check in checks}
    with multiprocessing.Pool() as pool:
        for found in pool.imap_unordered(swept, jobs):
            for check, more in found.items():
                faults[check] += more
    return len(operations), {check: sorted(found) for check, found in faults.items()}


def rewritten_pack(folder, loader, changes):
    """A pack of the services in changes alone, {service: change}; change(model, rules) alters what is described."""
    for service, change in changes.items():
        model = copy.deepcopy(loader.load_service_model(service, "service-2"))
        rules = copy.deepcopy(loader.load_service_model(service, "endpoint-rule-set-1"))
        change(model, rules)
        target = folder / "data" / service / model["metadata"]["apiVersion"]
        target.mkdir(parents=True)
        (target / "service-2.json").write_text(json.dumps(model))
        (target / "endpoint-rule-set-1.json").write_text(json.dumps(rules))
    (folder / "data/partitions.json").write_text(json.dumps(loader.load_data("partitions")))
    subprocess.run([BALM, "models", "build", folder / "data", "-o", folder / "pack"], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)
    return folder / "pack"
