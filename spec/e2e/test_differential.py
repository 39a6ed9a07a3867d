"""`balm call --dry-run` held against the signed request that botocore would send.

For every operation that the remediations use, and a seeded sample of others over all services:
method, URL, headers (signature included) and body, byte for byte. BALM_SAMPLE and BALM_SEED as in
sweep.py, but 200 by default: each is a process of its own.
"""

import concurrent.futures
import json
import os

import pytest
from differential import SEED, Oracle, Values, botocore_error, plain, refusal, request_differences, sample
from harness import Balm, clean_environment
from oracle import ACCESS_KEY, NOW_TEXT, SECRET_KEY, pack


@pytest.fixture(scope="module")
def oracle():
    return Oracle()


@pytest.fixture
def dry_run(tmp_path):
    balm = Balm(clean_environment(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY,
                                  BALM_NOW=NOW_TEXT, BALM_MODELS=str(pack())), tmp_path)

    def called(service, name, params):
        return balm("call", service, name, "-", "--dry-run", stdin=json.dumps(params, default=plain))

    return called


def difference(wanted, outcome):
    if outcome.status != 0:
        return f"exit {outcome.status}: {outcome.err.strip()}"
    return next(request_differences(wanted, outcome.line), None)


def test_every_request_is_signed_and_sent_as_by_botocore(oracle, dry_run):
    def tried(case):
        service, name, params, wanted = case
        told = difference(wanted, dry_run(service, name, params))
        return f"{service}:{name} {told}"[:800] if told else None

    cases = []
    for service, name in sample(oracle, os.environ.get("BALM_SAMPLE", "200")):
        operation = oracle.operation(service, name)
        shape = operation.input_shape
        if refusal(service, operation):
            continue
        params = Values(f"{SEED}.{service}.{name}").structure(shape) if shape else {}
        try:
            cases.append((service, name, params, oracle.request(service, name, params)))
        except botocore_error:
            continue  # what botocore refuses is test_codec.py's to compare
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [fault for fault in pool.map(tried, cases) if fault]
    assert faults == []
