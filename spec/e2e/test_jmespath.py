"""lua/aws/path.lua, held against the reference implementation of JMESPath (python3-jmespath).

The cases of each section of the specification, every expression of the service models' paginators and
waiters, and expressions made up from the grammar. BALM_SEED makes up others.
"""

import functools
import json
import os
import random

import jmespath
import jmespath_cases as cases
import pytest
from oracle import Oracle
from play import Player

# Texts in backquotes, once allowed.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

SEED = os.environ.get("BALM_SEED", "balm")
BODY = """
local found = {}
for i, expression in ipairs(given.expressions) do
  local ok, result = pcall(function() return path.compile(expression)(given.value) end)
  if result == nil then result = aws.null end
  if not ok then result = type(result) == "table" and result.message or "no error of ours: " .. tostring(result) end
  found[i] = { ok = ok, result = result }
end
return found
"""


class Sorted(dict):
    """An object whose members stand in the order of their names, as Balm keeps them."""

    def keys(self):
        return sorted(super().keys())

    def values(self):
        return [self[name] for name in self]

    def items(self):
        return [(name, self[name]) for name in self]

    def __iter__(self):
        return iter(self.keys())


class Functions(jmespath.functions.Functions):
    @jmespath.functions.signature({"types": ["object"], "variadic": True})
    def _func_merge(self, *arguments):
        self._type_check(arguments, [{"types": ["object"]}] * len(arguments), "merge")
        return Sorted(super()._func_merge(*arguments))

    @jmespath.functions.signature({"types": []})
    def _func_to_string(self, value):
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Parser(jmespath.parser.Parser):
    """A slice is a projection also where it follows an index, as the specification has it."""

    def _token_led_lbracket(self, left):
        if self._current_token() in ("number", "colon"):
            return self._project_if_slice(left, self._parse_index_expression())
        return super()._token_led_lbracket(left)


jmespath.functions.TYPES_MAP["Sorted"] = "object"
jmespath.functions.REVERSE_TYPES_MAP["object"] += ("Sorted",)
jmespath.lexer.loads = functools.partial(json.loads, object_pairs_hook=Sorted)
OPTIONS = jmespath.Options(dict_cls=Sorted, custom_functions=Functions())


@pytest.fixture(scope="module")
def play():
    player = Player()
    yield player
    player.close()


def found_by_balm(play, expressions, value):
    said = play(BODY, {"expressions": expressions, "value": value})
    assert "error" not in said, said
    return said["first"]


def found_by_reference(expression, value):
    value = json.loads(json.dumps(value), object_pairs_hook=Sorted)
    return Parser().parse(expression).search(value, OPTIONS)


def is_same(a, b):
    """Equal, and true is not 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(is_same(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return not isinstance(a, (bool, str)) and a is not None and a == pytest.approx(b, rel=1e-12)
    return type(a) is type(b) and a == b


def difference(expression, value, got, must_refuse=True):
    """What differs between Balm and the reference, or None."""
    try:
        wanted = found_by_reference(expression, value)
    except (jmespath.exceptions.JMESPathError, ValueError) as error:  # ValueError: a slice's step of 0
        return f"{expression}: is not refused ({error})" if got["ok"] else None
    except TypeError:
        return None  # a comparison that Python itself gave up; no case of the specification does
    if not got["ok"]:
        return f"{expression}: {got['result']}" if must_refuse else None
    if not is_same(wanted, got["result"]):
        return f"{expression} of {json.dumps(value)}: {got['result']!r}, not {wanted!r}"
    return None


def differences(play, value, expressions):
    got = found_by_balm(play, expressions, value)
    return [each for each in map(lambda e, g: difference(e, value, g), expressions, got) if each]


@pytest.mark.parametrize("section", sorted(cases.SECTIONS))
def test_finds_what_the_specification_says(play, section):
    value, expressions = cases.SECTIONS[section]
    assert differences(play, value, list(expressions)) == []
    for expression, (result, wanted) in zip(
            expressions, zip(found_by_balm(play, list(expressions), value), expressions.values())):
        assert result["ok"], (expression, result)
        assert is_same(result["result"], wanted), (expression, result["result"], wanted)


@pytest.mark.parametrize(("expression", "told"), cases.ERRORS)
def test_refuses_what_is_wrong_and_says_what(play, expression, told):
    got, = found_by_balm(play, [expression], cases.DOCUMENT)
    assert not got["ok"], got
    assert told in got["result"], got
    assert f"`{expression}`" in got["result"]
    if expression not in cases.STRICTER:
        with pytest.raises((jmespath.exceptions.JMESPathError, ValueError)):
            found_by_reference(expression, cases.DOCUMENT)


def expressions_of_models():
    loader = Oracle().session.get_component("data_loader")
    for service in loader.list_available_services("paginators-1"):
        for paginator in loader.load_service_model(service, "paginators-1")["pagination"].values():
            for field in ("output_token", "result_key", "more_results", "non_aggregate_keys"):
                value = paginator.get(field, [])
                yield from value if isinstance(value, list) else [value]
    for service in loader.list_available_services("waiters-2"):
        for waiter in loader.load_service_model(service, "waiters-2")["waiters"].values():
            yield from (acceptor["argument"] for acceptor in waiter["acceptors"] if "argument" in acceptor)


def test_understands_every_expression_of_the_models(play):
    expressions = sorted(set(expressions_of_models()))
    assert len(expressions) > 500
    made = random.Random(f"{SEED}.models")
    faults = []
    for expression in expressions:
        for _ in range(4):
            value = cases.value_for(made, expression)
            faults += differences(play, value, [expression])
    assert faults == []


def test_finds_the_same_for_made_up_expressions(play):
    made, faults = random.Random(f"{SEED}.random"), []
    for _ in range(250):
        value = cases.document(made)
        faults += differences(play, value, [cases.expression(made) for _ in range(20)])
    assert faults == []


def test_is_never_more_lenient_with_what_is_no_expression(play):
    made, faults = random.Random(f"{SEED}.broken"), []
    for _ in range(150):
        value = cases.document(made)
        broken = [cases.broken(made, cases.expression(made)) for _ in range(20)]
        for expression, got in zip(broken, found_by_balm(play, broken, value)):
            assert got["ok"] or "is not valid" in got["result"], (expression, got)
            fault = difference(expression, value, got, must_refuse=False)
            faults += [fault] if fault else []
    assert faults == []


@pytest.mark.parametrize("expression", ids=range(7), argvalues=[
    "(" * 100_000 + "a" + ")" * 100_000, "!" * 100_000 + "a", "[" * 100_000, "a" + "[*]" * 100_000,
    "a" + ".a" * 200_000, "`" + "[" * 100_000 + "]" * 100_000 + "`", "'" + "\\'" * 1_000_000,
])
def test_ends_at_what_is_too_deep(play, expression):
    said = play("return path.compile(given.expression)(given)", {"expression": expression, "a": [1]})
    assert "error" not in said or said["error"]["code"] in ("InvalidPath", "Script", "Limit"), said


def test_pays_for_what_it_does(play):
    endless = "a[*].[" + ", ".join(["sort_by(@.a, &b)"] * 3000) + "]"
    said = play("return #path.compile(given.expression)(given)",
                {"expression": endless, "a": [{"a": [{"b": n} for n in range(300)]}] * 300})
    assert said["error"]["code"] == "Limit", said
