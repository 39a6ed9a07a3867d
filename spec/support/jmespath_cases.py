"""Cases for JMESPath: by section of its specification, wrong ones, and a generator from its grammar."""

import re

DOCUMENT = {
    "a": {"b": {"c": [0, 1, 2, 3, 4], "d": None}, "e": "text"},
    "list": [{"n": 3, "t": "c"}, {"n": 1, "t": "a"}, {"n": 2, "t": "b"}, {"x": True}],
    "numbers": [3, -1.5, 2], "texts": ["b", "a", "é"], "mixed": [1, "a", None, [2, [3]], {"k": 1}],
    "nested": [[0, 1], [2, [3]], 4, []], "empty": {"list": [], "map": {}, "text": "", "null": None},
    "yes": True, "no": False, "zero": 0, "one": 1, "with-dash": "d", "with \"quote\"": "q", "é": "accent",
    "map": {"a": {"v": 1}, "b": {"v": 2}, "c": "no map"},
}

SECTIONS = {
    "identifiers": (DOCUMENT, {
        "one": 1, '"one"': 1, '"with-dash"': "d", '"with \\"quote\\""': "q", '"\\u00e9"': "accent", '"é"': "accent",
        "absent": None, "_absent": None, " one ": 1, "\tone\n": 1, "empty.null": None,
    }),
    "sub-expressions": (DOCUMENT, {
        "a.b.c": [0, 1, 2, 3, 4], "a . b . d": None, "a.absent.b": None, "one.b": None, "list.n": None,
        'a."b"."c"': [0, 1, 2, 3, 4], "a.e.length": None,
    }),
    "index-expressions": (DOCUMENT, {
        "a.b.c[0]": 0, "a.b.c[-1]": 4, "a.b.c[5]": None, "a.b.c[-6]": None, "a.e[0]": None, "nested[1][1][0]": 3,
        "[0]": None, "a[0]": None, "list[1].t": "a",
    }),
    "slices": (DOCUMENT, {
        "a.b.c[1:3]": [1, 2], "a.b.c[:2]": [0, 1], "a.b.c[3:]": [3, 4], "a.b.c[:]": [0, 1, 2, 3, 4],
        "a.b.c[::2]": [0, 2, 4], "a.b.c[::-1]": [4, 3, 2, 1, 0], "a.b.c[-2:]": [3, 4], "a.b.c[10:]": [],
        "a.b.c[-100:100:3]": [0, 3], "a.b.c[3:1:-1]": [3, 2], "a.b.c[-1:-3:-1]": [4, 3], "a.e[0:1]": None,
        "list[:2].t": ["c", "a"], "list[:2] | [0].t": "c", "a.b.c[1:1]": [], "a.b.c[2:0]": [],
        "a.b.c[::]": [0, 1, 2, 3, 4],
    }),
    "wildcards": (DOCUMENT, {
        "list[*].n": [3, 1, 2], "map.*.v": [1, 2], "map.*": [{"v": 1}, {"v": 2}, "no map"],
        "a.*.c": [[0, 1, 2, 3, 4]],
        "a.e[*]": None, "list.*": None, "list[*].absent": [], "*.b": [{"c": [0, 1, 2, 3, 4], "d": None}, {"v": 2}],
        "nested[*][0]": [0, 2], "nested[*] | [0]": [0, 1], "empty.map.*": [],
        "mixed[*]": [1, "a", [2, [3]], {"k": 1}],
        "a.b.*[1]": [1], "[*]": None, "*.* | [0]": [{"c": [0, 1, 2, 3, 4], "d": None}, "text"],
    }),
    "flatten": (DOCUMENT, {
        "nested[]": [0, 1, 2, [3], 4], "nested[][]": [0, 1, 2, 3, 4], "a.e[]": None, "a[]": None,
        "list[].t": ["c", "a", "b"],
        "nested[*][]": [0, 1, 2, [3], 4], "[]": None, "empty.list[]": [], "nested[].x": [], "nested[][0]": [3],
    }),
    "literals": (DOCUMENT, {
        "`1`": 1, "`-1.5`": -1.5, "`true`": True, "`null`": None, '`"text"`': "text",
        "`[1, {\"a\": null}]`": [1, {"a": None}],
        "`{\"a\": [1]}`.a[0]": 1, '`"\\`"`': "`", "`text`": "text", "` text`": "text", '`"\\u00e9"`': "é",
        '`""`': "",
        "`{}`": {}, "`[]`": [], "` 1 `": 1,
    }),
    "raw-strings": (DOCUMENT, {
        "'text'": "text", "''": "", "'it\\'s'": "it's", "'a\\nb'": "a\\nb", "'\\\\'": "\\\\", "' '": " ",
        "'\"'": '"',
        "'é'": "é", "'`'": "`", "[?'x'] || 'n'": "n",
    }),
    "multi-select lists": (DOCUMENT, {
        "[one, zero]": [1, 0], "a.[e, b.d]": ["text", None], "absent.[a]": None, "list[:1].[n, t]": [[3, "c"]],
        "[one]": [1], "[[one], [zero]]": [[1], [0]], "[a.e, list[0].n, `5`]": ["text", 3, 5],
        "empty.null.[a]": None,
        "texts.[length(@), [0]]": [3, "b"], "[*, one][1]": 1, "[@.one]": [1],
    }),
    "multi-select hashes": (DOCUMENT, {
        "{a: one, b: zero}": {"a": 1, "b": 0}, "a.{x: e}": {"x": "text"}, "absent.{a: a}": None,
        '{"a b": one}': {"a b": 1},
        "list[:1].{k: t, v: n}": [{"k": "c", "v": 3}], "{a: absent}": {"a": None}, "{a: one, a: zero}": {"a": 0},
        "{x: {y: [one]}}": {"x": {"y": [1]}},
    }),
    "pipes": (DOCUMENT, {
        "list[*].n | [0]": 3, "list[*].n | length(@)": 3, "a | b | c | [1]": 1, "absent | a": None, "one | @": 1,
        "list[*] | [0] | t": "c", "list[].t | sort(@) | [0]": "a", "absent || one | @": 1,
    }),
    "or": (DOCUMENT, {
        "absent || one": 1, "one || zero": 1, "empty.list || one": 1, "empty.map || one": 1, "empty.text || one": 1,
        "no || one": 1, "zero || one": 0, "absent || empty.null": None, "absent || no || 'x'": "x",
        "no || empty.list": [],
    }),
    "and": (DOCUMENT, {
        "one && zero": 0, "absent && one": None, "empty.list && one": [], "no && one": False, "yes && one": 1,
        "one && yes || no": True, "no && no || yes": True, "yes || no && no": True, "(yes || no) && no": False,
        "empty.text && one": "",
    }),
    "not": (DOCUMENT, {
        "!one": False, "!zero": False, "!absent": True, "!(empty.list)": True, "!(empty.text)": True,
        "!no": True, "!!no": False,
        "!yes": False, "!(a.b)": False, "!a.b": None, "!one == `false`": True, "list[?!x].n": [3, 1, 2],
        "!(one == zero)": True,
    }),
    "comparisons": (DOCUMENT, {
        "one == `1`": True, "one == `1.0`": True, "one != zero": True, "one < `2`": True, "one <= `1`": True,
        "one > `1`": False, "one >= `1`": True, "one == '1'": False, "yes == one": False, "no == zero": False,
        "absent == `null`": True, "a.b.c == `[0, 1, 2, 3, 4]`": True, "map.a == `{\"v\": 1}`": True,
        "list < one": None,
        "yes > no": None, "absent < one": None, "numbers == texts": False, "one == yes": False,
        "empty.list == empty.map": False,
        "mixed[3] == `[2, [3]]`": True, "a == a": True, "absent != one": True,
    }),
    "filters": (DOCUMENT, {
        "list[?n > `1`].t": ["c", "b"], "list[?t == 'a']": [{"n": 1, "t": "a"}], "list[?x]": [{"x": True}],
        "list[?n].t": ["c", "a", "b"],
        "list[?n == `1` || x].t": ["a"], "list[?n > `1` && t != 'c'].n": [2], "a[?b]": None, "[?a]": None,
        "list[?absent]": [],
        "list[?!n]": [{"x": True}], "nested[?[0]]": [[0, 1], [2, [3]]], "list[?n > `1`] | [0].n": 3,
        "list[?n][?t]": [],
        "numbers[?@ > `0`]": [3, 2], "map.*[?@]": [], "mixed[?@]": [1, "a", [2, [3]], {"k": 1}],
        "list[?n > `1`][].t": ["c", "b"],
        "list[?`true`].n": [3, 1, 2], "list[?`false`].n": [],
    }),
    "the current node": (DOCUMENT, {
        "@.one": 1, "@ == @": True, "a.b.c[?@ == `2`]": [2], "one | [@]": [1], "@.a.e": "text", "a.b.c | @[1]": 1,
    }),
    "precedence": (DOCUMENT, {
        "one || absent && absent": 1, "!no && one": 1, "one == one && zero == zero": True,
        "no || yes == `true`": True,
        "one | zero || 'x'": "x", "(a).e": "text", "(list)[0].n": 3, "(list[*].n)[0]": 3, "(nested[])[1]": 1,
        "list[*].n[0]": [],
        "one == one == yes": True, "a.b.c[1] == `1`": True, "list[0].n == `3` && list[1].n == `1`": True,
    }),
    "abs avg ceil floor sum": (DOCUMENT, {
        "abs(`-2`)": 2, "abs(`-1.5`)": 1.5, "avg(numbers)": 3.5 / 3, "avg(empty.list)": None, "ceil(`1.2`)": 2,
        "ceil(`-1.2`)": -1,
        "ceil(`2`)": 2, "floor(`1.8`)": 1, "floor(`-1.2`)": -2, "sum(numbers)": 3.5, "sum(empty.list)": 0,
        "avg(a.b.c)": 2.0,
    }),
    "contains ends_with starts_with": (DOCUMENT, {
        "contains('text', 'ex')": True, "contains('text', 'x.')": False, "contains(texts, 'a')": True,
        "contains(texts, 'z')": False,
        "contains(mixed, `[2, [3]]`)": True, "contains(mixed, `null`)": True, "starts_with('text', 'te')": True,
        "starts_with('text', 'x')": False, "starts_with('text', '')": True, "ends_with('text', 'xt')": True,
        "ends_with('text', 'te')": False, "ends_with('text', '')": True, "starts_with('t', 'text')": False,
        "contains('', '')": True,
    }),
    "join keys length merge values": (DOCUMENT, {
        "join(', ', texts)": "b, a, é", "join('', empty.list)": "", "join('|', `[\"a\"]`)": "a",
        "keys(map)": ["a", "b", "c"],
        "keys(empty.map)": [], "length('é')": 1, "length(texts)": 3, "length(map)": 3, "length('')": 0,
        "length(empty.list)": 0,
        "merge(`{\"a\": 1}`, `{\"a\": 2, \"b\": 3}`)": {"a": 2, "b": 3}, "merge(`{}`)": {},
        "values(map)": [{"v": 1}, {"v": 2}, "no map"],
        "merge(map.a, {w: `1`}, {v: `9`})": {"v": 9, "w": 1}, "values(empty.map)": [],
    }),
    "map max min": (DOCUMENT, {
        "map(&n, list)": [3, 1, 2, None], "map(&@, empty.list)": [], "map(&[], nested)": [[0, 1], [2, 3], None, []],
        "max(numbers)": 3, "max(texts)": "é", "max(empty.list)": None, "min(numbers)": -1.5, "min(texts)": "a",
        "min(empty.list)": None,
        "max_by(list[:3], &n).t": "c", "max_by(list[:3], &t).n": 3, "max_by(empty.list, &n)": None,
        "min_by(list[:3], &n).t": "a",
        "min_by(list[:3], &t).n": 1, "min_by(empty.list, &n)": None, "max_by(texts, &length(@))": "b",
        "map(&to_string(@), a.b.c)": list("01234"),
    }),
    "not_null reverse sort": (DOCUMENT, {
        "not_null(absent, one)": 1, "not_null(absent)": None, "not_null(absent, no, one)": False,
        "reverse('abé')": "éba", "reverse('')": "",
        "reverse(numbers)": [2, -1.5, 3], "reverse(empty.list)": [], "sort(numbers)": [-1.5, 2, 3],
        "sort(texts)": ["a", "b", "é"],
        "sort(empty.list)": [], "sort_by(list[:3], &n)[].t": ["a", "b", "c"],
        "sort_by(list[:3], &t)[].n": [1, 2, 3],
        "sort_by(empty.list, &n)": [], "sort_by(list[:3], &`1`)[].n": [3, 1, 2],
        "sort_by(texts, &length(@))": ["b", "a", "é"],
        "not_null(absent, empty.null, `[]`)": [],
    }),
    "to_array to_number to_string type": (DOCUMENT, {
        "to_array(one)": [1], "to_array(texts)": ["b", "a", "é"], "to_array(absent)": [None],
        "to_array(map.a)": [{"v": 1}],
        "to_number('1')": 1, "to_number('-1.5')": -1.5, "to_number('1e3')": 1000.0, "to_number('x')": None,
        "to_number('')": None,
        "to_number(texts)": None, "to_number(yes)": None, "to_number(absent)": None, "to_number(one)": 1,
        "to_number('1x')": None,
        "to_string(one)": "1", "to_string('x')": "x", "to_string(yes)": "true", "to_string(absent)": "null",
        "to_string(map.a)": '{"v":1}',
        "to_string(`[1, \"a\", null]`)": '[1,"a",null]', "to_string(`1.5`)": "1.5", "type(one)": "number",
        "type(`1.5`)": "number",
        "type('x')": "string", "type(yes)": "boolean", "type(texts)": "array", "type(empty.list)": "array",
        "type(empty.map)": "object",
        "type(absent)": "null", "type(map)": "object",
    }),
}

# What is wrong, and what Balm says of it.
ERRORS = [
    ("", "too early"), ("a.", "too early"), ("a ==", "too early"), ("a[", "too early"), ("(a", "too early"),
    ("!", "too early"),
    ("a |", "too early"), ("[", "too early"), ("{", "too early"), ("a[?b", "too early"), ("f(", "too early"),
    ("a b", "a name at 3"), (".a", "a . at 1"), ("a..b", "a . at 3"), ("a)", "a ) at 2"), ("a]", "a ] at 2"),
    ("a.[", "too early"),
    ("a[b]", "a name at 3"), ("a[]]", "a ] at 4"), ("[a", "too early"), ("[a b]", "a name at 4"),
    ("[a,]", "a ] at 4"), ("[]a", "a name at 3"),
    ("{a}", "a } at 3"), ("{a: }", "a } at 5"), ("{a: b,}", "a } at 7"), ("{`a`: b}", "a literal at 2"),
    ("{}", "a } at 2"),
    ("a.{}", "a } at 4"), ("a.[]", "a [] at 3"), ("a.1", "a number at 3"), ("a.'b'", "a literal at 3"),
    ("a.(b)", "a ( at 3"), ("*a", "a name at 2"),
    ("a.*b", "a name at 4"), ("**", "a * at 2"), ("a**", "a * at 2"), ("1", "a number at 1"),
    ("a[1", "too early"), ("a[1:2:3:4]", "a : at 8"),
    ("a[1 2]", "a number at 5"), ("a[:a]", "a name at 4"), ("texts[1:2:0]", "cannot be 0"),
    ("a[*", "too early"), ("[:::]", "a : at 4"),
    ("a = b", "at 3 means nothing"), ("a # b", "at 3 means nothing"), ("$", "at 1 means nothing"),
    ("é", "at 1 means nothing"),
    ("-", "at 1 means nothing"), ("a.b-c", "at 4 means nothing"), ("'a", "no counterpart"),
    ('"a', "no counterpart"), ("`a", "no counterpart"),
    ('"\\x"', "no JSON string"), ('`"`', "no JSON"), ("a[99999999999999999999]", "too large"),
    ("f(a)", "no function f()"), ("abs()", "takes 1 argument, not 0"), ("abs(a, b)", "takes 1 argument, not 2"),
    ("contains(a)", "takes 2 arguments, not 1"), ("not_null()", "takes 1 argument at least, not 0"),
    ("merge()", "takes 1 argument at least"),
    ("abs('x')", "takes number as argument 1, not string"), ("abs(absent)", "not null"),
    ("avg(texts)", "takes array-number"),
    ("ceil('1')", "takes number"), ("floor(yes)", "not boolean"),
    ("contains(one, `1`)", "takes array or string"), ("starts_with(one, 'a')", "takes string"),
    ("ends_with('a', one)", "as argument 2, not number"), ("join(one, texts)", "takes string"),
    ("join('', numbers)", "takes array-string"),
    ("join('', mixed)", "takes array-string"), ("keys(texts)", "takes object"), ("keys(absent)", "not null"),
    ("values(texts)", "takes object"),
    ("length(one)", "takes string or array or object"), ("length(absent)", "not null"),
    ("map(a, list)", "takes expref"), ("map(&n, map)", "takes array"),
    ("max(mixed)", "takes array-number or array-string"), ("min(list)", "takes array-number or array-string"),
    ("max(one)", "not number"),
    ("max_by(list, &n)", "all numbers or all strings"), ("min_by(list, &x)", "all numbers or all strings"),
    ("sort_by(list, &n)", "all numbers or all strings"),
    ("sort_by(list, n)", "takes expref"), ("sort_by(map, &n)", "takes array"),
    ("merge(map, one)", "takes object as argument 2"),
    ("merge(one)", "takes object"), ("reverse(one)", "takes array or string"),
    ("sort(mixed)", "takes array-number"), ("sort('x')", "not string"),
    ("sum(texts)", "takes array-number"), ("sum('x')", "not string"),
    ("type(&a)", "takes any as argument 1, not expref"), ("&a", "a & at 1"),
    ('"abs"(one)', "a ( at 6"), ("(abs)(one)", "a ( at 6"), ("a.b(one)", "no function b()"),
    ("f(a b)", "a name at 5"), ("abs(one,)", "a ) at 9"),
    ("abs(,one)", "a , at 5"), ("a || ", "too early"), ("|| a", "a || at 1"), ("a &", "a & at 3"),
    ("a == == b", "a == at 6"),
]
# What the reference lets pass, against the grammar.
STRICTER = {"f(a b)", "abs(one,)", "a[1 2]", "&a", "type(&a)", "(abs)(one)", "a[99999999999999999999]"}

NAMES = ["a", "b", "c", "n", "t"]


def document(made, depth=4):
    kind = made.randrange(10) if depth else made.randrange(5)
    if kind < 5:
        return made.choice([None, False, True, 0, 1, 2, -3, 1.5, "", "a", "b", "ab", "é", "10"])
    if kind < 8:
        return {name: document(made, depth - 1) for name in sorted(made.sample(NAMES, made.randrange(5)))}
    items = made.randrange(5)
    if made.random() < 0.3:
        return [made.choice([[1, 2, 5], ["a", "c", ""]])[made.randrange(3)] for _ in range(items)]
    return [document(made, depth - 1) for _ in range(items)]


def value_for(made, expression):
    """A document that has the names of an expression, sometimes."""
    names = re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'|`[^`]*`|length\(", " ", expression))

    def made_up(left):
        if not left or made.random() < 0.1:
            return made.choice([None, "a", "b", 0, 1, True, [], {}, ["a", None], [{"a": 1}], "", "available"])
        inner = {left[0]: made_up(left[1:])}
        if made.random() < 0.5:
            inner.update({name: made_up(left[2:]) for name in made.sample(left, min(len(left), 2))})
        return [dict(sorted(inner.items())), dict(sorted(inner.items()))] if made.random() < 0.3 else inner

    return made_up(names)


def choice_of(made, *makers):
    return made.choice(makers)()


def expression(made, depth=5):
    """An expression of the grammar; its functions often get arguments that they can take."""

    def inner():
        return expression(made, depth - 1)

    def name():
        chosen = made.choice(NAMES)
        return made.choice([chosen, f'"{chosen}"'])

    def literal():
        return made.choice(["`1`", "`0`", "`2.5`", "`true`", "`false`", "`null`", "'a'", "''", "`\"b\"`", "`[1, 2]`",
                            "`[\"b\", \"a\"]`", "`[]`", "`{}`", "`{\"a\": {\"b\": 1}}`", "'10'"])

    if depth <= 0:
        return choice_of(made, name, name, literal, lambda: "@")

    def number():
        return str(made.randrange(-4, 5))

    def slice_():
        step = made.choice(["", ":", ":1", ":2", ":-1", ":-2"])
        return f"[{made.choice(['', number()])}:{made.choice(['', number()])}{step}]"

    def bracket():
        return choice_of(made, lambda: f"[{number()}]", lambda: "[*]", lambda: "[]", slice_, lambda: f"[?{inner()}]")

    def listed():
        return "[" + ", ".join(inner() for _ in range(made.randrange(1, 4))) + "]"

    def named():
        return "{" + ", ".join(f"{name()}: {inner()}" for _ in range(made.randrange(1, 4))) + "}"

    def dotted():
        return "." + choice_of(made, name, name, name, lambda: "*", listed, named, called)

    def postfixed():
        first = choice_of(made, name, name, lambda: "@", lambda: f"({inner()})", bracket, lambda: "*")
        return first + "".join(choice_of(made, bracket, dotted) for _ in range(made.randrange(1, 4)))

    def numbers():
        return choice_of(made, inner, lambda: f"{inner()}[?type(@) == 'number']", lambda: "`[3, 1, 2]`", lambda: "`[]`")

    def texts():
        return choice_of(made, inner, lambda: f"{inner()}[?type(@) == 'string']", lambda: "`[\"c\", \"a\"]`")

    def array():
        return choice_of(made, inner, lambda: f"to_array({inner()})", listed)

    def object_():
        return choice_of(made, inner, named, lambda: "`{\"a\": 1, \"b\": [2]}`")

    def text():
        return choice_of(made, inner, lambda: f"to_string({name()})", lambda: "'abc'")

    def number_value():
        return choice_of(made, inner, lambda: "`-1.5`", lambda: f"length({array()})", lambda: f"to_number({name()})")

    def key():
        return choice_of(made, lambda: "&" + inner(), lambda: "&to_string(type(@))",
                         lambda: "&length(to_string(type(@)))")

    def called():
        return choice_of(
            made, lambda: f"{made.choice(['abs', 'ceil', 'floor'])}({number_value()})",
            lambda: f"{made.choice(['avg', 'sum', 'max', 'min', 'sort'])}({numbers()})",
            lambda: f"{made.choice(['max', 'min', 'sort'])}({texts()})", lambda: f"join({text()}, {texts()})",
            lambda: f"{made.choice(['starts_with', 'ends_with', 'contains'])}({text()}, {text()})",
            lambda: f"contains({array()}, 'a')", lambda: f"{made.choice(['keys', 'values'])}({object_()})",
            lambda: f"merge({object_()}, {object_()})", lambda: f"length({choice_of(made, array, object_, text)})",
            lambda: f"map(&{inner()}, {array()})",
            lambda: f"{made.choice(['max_by', 'min_by', 'sort_by'])}({array()}, {key()})",
            lambda: f"not_null({inner()}, {inner()})", lambda: f"reverse({choice_of(made, array, text)})",
            lambda: f"{made.choice(['to_array', 'to_number', 'type'])}({inner()})")

    def compared():
        return f"{inner()} {made.choice(['==', '!=', '<', '<=', '>', '>='])} {inner()}"

    return choice_of(made, name, postfixed, postfixed, postfixed, listed, named, called, called, compared,
                     lambda: f"{inner()} {made.choice(['||', '&&', '|'])} {inner()}", lambda: f"!{inner()}",
                     lambda: f"({inner()})", literal)


def broken(made, text):
    """Something was lost, doubled or swapped."""
    for _ in range(made.randrange(1, 3)):
        at = made.randrange(len(text) + 1)
        bits = ["", text[at:at + 1] * 2, made.choice("[](){}.,:|&!<>='\"`@*?-1a ")]
        text = text[:at] + made.choice(bits) + text[at + 1:]
    return text


def answer_for(made, text, leaves):
    """An answer in which the text's path leads, often, to one of leaves."""
    names = re.findall(r"([A-Za-z_]\w*)(\[\])?", re.sub(r"'[^']*'|`[^`]*`|length\(", " ", text))

    def leaf():
        return made.choice([*leaves, *leaves, *leaves, "other", None])

    def filled(left):
        if not left:
            return leaf()
        (name, flat), rest = left[0], left[1:]
        count = made.choice([0, 1, 1, 2, 3])
        value = [filled(rest) for _ in range(count)] if flat or made.random() < 0.1 else filled(rest)
        return {name: value, "Other": 1} if made.random() < 0.9 else {}

    if made.random() < 0.2:
        strange = [[], ["x"], "text", "", 1, None, [leaf()], {"k": {"V": leaf()}}]
        return {name: made.choice(strange) for name, _ in names}
    return filled(names)
