"""Every paginator and every waiter of the service models, held against botocore's own.

Both get the same made-up answers; the requests that they make and what they make of the answers must be
the same. BALM_SEED makes up others.
"""

import copy
import multiprocessing
import os
import random
import time
from unittest import mock

import botocore.exceptions
import botocore.paginate
import botocore.waiter
import jmespath
import jmespath_cases
import pytest
from generate import Values
from oracle import Oracle, pack
from play import Player

SEED = os.environ.get("BALM_SEED", "balm")
PAGES = """
local client = session:client(given.service)
local found = aws.list {}
local ok, err = pcall(function()
  for what, more in client[given.way](client, given.operation, given.params, given.options) do
    found[#found + 1] = { what, more }
  end
end)
return found, not ok and (type(err) == "table" and err.code or err) or nil
"""
WAIT = """
local client = session:client(given.service)
local ok, err = pcall(client.wait, client, given.waiter, given.params, given.options)
return ok and "success" or type(err) == "table" and err.code or err
"""


class Needed(Values):
    """Only what must be given."""

    def wanted(self, member, within):
        return bool(member.metadata.get("idempotencyToken"))  # else each side would make up its own

    def a_string(self, shape, within):
        return shape.enum[0] if shape.enum else "p" * max(1, shape.metadata.get("min", 1))

    def a_timestamp(self, shape, within):
        return "2026-11-23T08:00:00Z"


def params_of(operation):
    return Needed(SEED).structure(operation.input_shape) if operation.input_shape else {}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def put(answer, path, value):
    """Sets what a path of names leads to."""
    *folders, name = path.split(".")
    for folder in folders:
        if not isinstance(answer.get(folder), dict):
            answer[folder] = {}
        answer = answer[folder]
    answer[name] = value


def renamed(options, **names):
    """What of Balm's options is given, by botocore's names."""
    return {names[option]: value for option, value in options.items()}


# ---- paginators ----

SPECIAL = {  # tokens that lie in the last item of a list: how the items look
    "Jobs[-1].JobId": lambda token: {"JobId": token}, "NextMarker || Contents[-1].Key": lambda token: {"Key": token},
    "StreamDescription.Shards[-1].ShardId": lambda token: {"ShardId": token}, "StreamNames[-1]": lambda token: token,
}


def token_for(made, shape, number):
    if shape.type_name == "map":
        return {"id": {"S": f"key-{number}"}}
    if shape.type_name == "integer":
        return number
    return made.choice([f"token {number}", f"t/{number}=="]).ljust(shape.metadata.get("min", 0), "=")


def an_answer(made, paginator, operation, number):
    """One page; number: of the page, None for the last."""
    answer = {"ResponseNote": "x"}
    tokens = as_list(paginator["output_token"])
    special = next((token for token in tokens if token in SPECIAL), None)
    for key in as_list(paginator["result_key"]):
        items = [f"item {made.randrange(1000)}" for _ in range(made.randrange(4))]
        if special and special.split("[")[0].split()[-1] == key:
            items = [SPECIAL[special](f"{number}.{i}") for i in range(made.randrange(1, 4))]
        put(answer, key, made.choice([items, items, items, None]))
        if made.random() < 0.05:
            put(answer, key, [])
    for token, name in zip(tokens, as_list(paginator["input_token"])):
        if token in SPECIAL and "||" not in token:
            continue
        shape = operation.input_shape.members[name]
        value = made.choice([None, "", {}, 0]) if number is None else token_for(made, shape, number)
        if value is not None and made.random() < 0.95:
            put(answer, token.split(" ")[0], value)
    if "more_results" in paginator:
        more = number is not None if made.random() < 0.9 else made.choice([True, False, None, ""])
        put(answer, paginator["more_results"], more)
    return answer


def answers_for(made, paginator, operation):
    pages = made.randrange(1, 5)
    answers = [an_answer(made, paginator, operation, number) for number in range(1, pages)]
    if made.random() < 0.1 and answers:
        answers.append(copy.deepcopy(answers[-1]))  # the same token again
    return [*answers, an_answer(made, paginator, operation, None)]


def options_for(made, paginator, operation):
    options = {}
    if made.random() < 0.5 and "limit_key" in paginator:
        least = operation.input_shape.members[paginator["limit_key"]].metadata.get("min", 1)
        options["page_size"] = max(1, least) + made.randrange(50)
    if made.random() < 0.5:
        options["max_items"] = made.randrange(1, 9)
    names = as_list(paginator["input_token"])
    shape = operation.input_shape.members[names[0]]
    if made.random() < 0.3 and len(names) == 1 and shape.type_name == "string":
        options["starting_token"] = token_for(made, shape, "of another walk")
    return options


def pages_of_botocore(paginator, operation, params, options, answers):
    """(the requests, the pages, each with the tokens that followed, the error)."""
    asked, left = [], [*copy.deepcopy(answers)]

    def method(**kwargs):
        asked.append(copy.deepcopy(kwargs))
        return left.pop(0) if left else {}

    config = renamed(options, page_size="PageSize", max_items="MaxItems", starting_token="StartingToken")
    pages, told = [], None
    try:
        made = botocore.paginate.Paginator(method, paginator, operation)
        for page in made.paginate(**copy.deepcopy(params), PaginationConfig=config):
            pages.append(copy.deepcopy(page))
    except botocore.exceptions.PaginationError:
        told = "RepeatedToken"
    return asked, pages, told


def items_of(pages, paginator):
    found = []
    for page in pages:
        for key in as_list(paginator["result_key"]):
            found += [[item, key] for item in jmespath.search(key, page) or []]
    return found


def page_faults(play, oracle, service, name, paginator):
    operation = oracle.operation(service, name)
    made = random.Random(f"{SEED}.{service}.{name}")
    params = params_of(operation)
    for plain in (True, False, False):
        answers = answers_for(made, paginator, operation)
        options = {} if plain else options_for(made, paginator, operation)
        asked, pages, told = pages_of_botocore(paginator, operation, params, options, answers)
        given = {"service": service, "operation": name, "params": params, "options": options, "way": "pages"}
        replies = [{"answer": answer} for answer in [*answers, {}]]
        got = play(PAGES, given, replies)
        if "error" in got:
            yield f"{got['error']}"
            continue
        requests = [call["params"] for call in got["calls"]]
        if requests != asked:
            yield f"{options} {answers}: asks {requests}, not {asked}"
        skipped = 1 if "starting_token" in options else 0  # botocore takes its first page for known in part
        if [page for page, *_ in got["first"]][skipped:] != pages[skipped:]:
            yield f"{options} {answers}: gives {got['first']}, not {pages}"
        if got["second"] != told:
            yield f"{options} {answers}: ends with {got['second']}, not {told}"
        if skipped:
            continue
        got = play(PAGES, {**given, "way": "items"}, replies)
        wanted = items_of(pages, paginator)[:options.get("max_items")]
        if got.get("first") != wanted:
            yield f"{options} {answers}: gives the items {got.get('first', got)}, not {wanted}"
        if [call["params"] for call in got["calls"]] != asked[:len(got["calls"])]:
            yield f"{options} {answers}: asks otherwise for items"


# ---- waiters ----


def attempt_for(made, acceptors, operation):
    """What a service might answer: (the answer for Balm, the response for botocore)."""
    acceptor = made.choice(acceptors)
    fails = acceptor["matcher"] == "error" or (acceptor["matcher"] == "status" and acceptor["expected"] >= 400)
    if fails or made.random() < 0.1:
        code = acceptor["expected"] if isinstance(acceptor["expected"], str) and made.random() < 0.8 else "Busy"
        status = acceptor["expected"] if acceptor["matcher"] == "status" else made.choice([400, 404, 500])
        return ({"code": code, "status": status},
                {"Error": {"Code": code, "Message": "x"}, "ResponseMetadata": {"HTTPStatusCode": status}})
    wanted = [each["expected"] for each in acceptors if each["matcher"].startswith("path")]
    answer = jmespath_cases.answer_for(made, acceptor.get("argument", "a"), wanted)
    return {"answer": answer}, {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


def wait_of_botocore(config, responses, options, name):
    """(how many requests, the sleeps, the outcome)."""
    left, slept, asked = [*responses], [], []

    def method(**kwargs):
        asked.append(kwargs)
        no_more = {"Error": {"Code": "NoMoreAnswers"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return left.pop(0) if left else no_more

    single = botocore.waiter.SingleWaiterConfig(copy.deepcopy(config))
    overrides = renamed(options, delay="Delay", attempts="MaxAttempts")
    outcome = "success"
    with mock.patch.object(time, "sleep", slept.append):
        try:
            botocore.waiter.Waiter(name, single, method).wait(WaiterConfig=overrides)
        except botocore.exceptions.WaiterError as error:
            response = error.last_response
            if "Max attempts" in str(error):
                outcome = "WaiterTimeout"
            elif "terminal failure" in str(error):
                outcome = "WaiterFailed"
            else:
                outcome = response["Error"]["Code"]
        except jmespath.exceptions.JMESPathError:
            outcome = "InvalidPath"
    return len(asked), slept, outcome


def wait_faults(play, oracle, service, name, config):
    operation = oracle.operation(service, config["operation"])
    made = random.Random(f"{SEED}.{service}.{name}")
    for _ in range(12):
        tries = [attempt_for(made, config["acceptors"], operation) for _ in range(made.randrange(1, 6))]
        options = {option: made.randrange(1, 5) for option in ("delay", "attempts") if made.random() < 0.3}
        wanted = wait_of_botocore(config, [response for _, response in tries], options, name)
        got = play(WAIT, {"service": service, "waiter": name, "params": params_of(operation), "options": options},
                   [answer for answer, _ in tries])
        seen = (len(got["calls"]), got["slept"], got.get("first", got.get("error")))
        if seen != wanted:
            yield f"{options} {tries}: {seen}, not {wanted}"


# ---- all of them ----


def refused(play, service):
    """Is it one that Balm refuses as a whole, by name (signatures and protocols that it does not have)?"""
    said = play("session:client(given.service)", {"service": service})
    return "cannot be called" in said.get("error", {}).get("message", "")


def swept(job):
    """What is wrong with the paginators and waiters of one service; runs in a process of its own."""
    kind, service, faults = *job, []
    oracle, play, count = Oracle(), Player(BALM_MODELS=str(pack())), 0
    loader = oracle.session.get_component("data_loader")
    if refused(play, service):
        return 0, []
    described = loader.load_service_model(service, kind)
    check = page_faults if kind == "paginators-1" else wait_faults
    for name, config in described["pagination" if kind == "paginators-1" else "waiters"].items():
        count += 1
        faults += [f"{service}:{name} {fault}"[:1500] for fault in check(play, oracle, service, name, config)]
    play.close()
    return count, faults


@pytest.mark.parametrize(("kind", "least"), [("paginators-1", 1900), ("waiters-2", 240)])
def test_does_what_botocore_does_for_every_service(kind, least, capsys):
    pack()
    services = Oracle().session.get_component("data_loader").list_available_services(kind)
    with multiprocessing.Pool() as pool:
        results = pool.map(swept, [(kind, service) for service in services], chunksize=1)
    count = sum(each for each, _ in results)
    faults = [fault for _, found in results for fault in found]
    with capsys.disabled():
        print(f"\n{kind}: {count} held against botocore, {len(faults)} differences")
    assert faults == []
    assert count >= least


@pytest.fixture(scope="module")
def play():
    player = Player()
    yield player
    player.close()


@pytest.mark.parametrize(("options", "told"), [
    ({"page_sise": 3}, "there is no option page_sise, but max_items, page_size, starting_token"),
    ({"page_size": 0}, "page_size must be a whole number from 1"),
    ({"max_items": 1.5}, "max_items must be a whole number from 1"),
    ({"starting_token": 3}, "starting_token must be a token"),
    ("all", "the options must be a table"),
])
def test_a_wrong_option_is_named(play, options, told):
    body = "for _ in session:client('iam'):items('list_users', {}, given.options) do end"
    said = play(body, {"options": options})
    assert said["error"]["code"] == "ParamValidation"
    assert told in said["error"]["message"]
    assert said["error"]["line"] == 4
    assert said["calls"] == []


def test_a_walk_goes_on_where_another_stopped(play):
    body = """
    local s3, seen, resume = session:client("s3"), {}, nil
    for page, token in s3:pages("list_object_versions", { Bucket = "logs" }, { page_size = 2 }) do
      resume = token
      break
    end
    for item in s3:items("list_object_versions", { Bucket = "logs" }, { starting_token = resume }) do
      seen[#seen + 1] = item.Key
    end
    return seen, resume
    """
    said = play(body, {}, [
        {"answer": {"Versions": [{"Key": "a"}], "IsTruncated": True, "NextKeyMarker": "a", "NextVersionIdMarker": "1"}},
        {"answer": {"Versions": [{"Key": "b"}], "DeleteMarkers": [{"Key": "c"}], "IsTruncated": False}},
    ])
    assert said["first"] == ["b", "c"]
    assert said["second"] == {"KeyMarker": "a", "VersionIdMarker": "1"}
    assert said["calls"][0]["params"] == {"Bucket": "logs", "MaxKeys": 2}
    assert said["calls"][1]["params"] == {"Bucket": "logs", "KeyMarker": "a", "VersionIdMarker": "1"}


def test_tokens_of_other_names_are_refused(play):
    body = "session:client('s3'):pages('list_object_versions', { Bucket = 'b' }, { starting_token = given.token })"
    for token, told in [("a", "must be a table of KeyMarker, VersionIdMarker"),
                        ({"Marker": "a"}, "has Marker, which is none of")]:
        said = play(body, {"token": token})
        assert told in said["error"]["message"]


def test_what_has_no_pages_or_no_size_of_them_is_told(play):
    for call, told in [("'iam'):pages('get_user', {})", "GetUser has no pages"),
                       ("'dynamodb'):pages('list_tags_of_resource', { ResourceArn = 'a' }, { page_size = 1 })",
                        "ListTagsOfResource has pages of its own size")]:
        said = play("session:client(" + call)
        assert told in said.get("error", {}).get("message", ""), said


def test_counts_beside_items_are_no_items(play):
    body = """
    local seen = {}
    for item, list in session:client("dynamodb"):items("scan", { TableName = "table" }) do
      seen[#seen + 1] = { item.id.S, list }
    end
    return seen
    """
    said = play(body, {}, [{"answer": {"Items": [{"id": {"S": "a"}}], "Count": 1, "ScannedCount": 4}}])
    assert said["first"] == [["a", "Items"]]


def test_only_the_service_s_own_answers_count_for_a_waiter(play):
    said = play("return session:client('s3'):wait('bucket_not_exists', { Bucket = 'b' })", {},
                [{"code": "404", "status": 0}])
    assert said["error"]["code"] == "404"
    assert len(said["calls"]) == 1
