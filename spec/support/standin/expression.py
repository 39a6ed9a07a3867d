"""DynamoDB's expressions: conditions on an item, conditions on keys, projections.

A condition compiles to a function of an item. What stands for a value (`:name`) or a name (`#name`) and is
not given, or given and not used, is a ValidationException, as in DynamoDB.
"""

import decimal
import re

from .errors import AwsError

_TOKEN = re.compile(r"\s*(?:(<>|<=|>=|[=<>(),])|([:#]?[A-Za-z_][\w.]*))")
_COMPARE = {"=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b,
            "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def invalid(why):
    return AwsError("ValidationException", why)


def comparable(attribute):
    """(type, value), so that what has another type is never equal, and never less."""
    (kind, value), = attribute.items()
    if kind == "N":
        return kind, decimal.Decimal(value)
    return kind, value.encode() if kind == "S" else value


class Condition:
    """One ConditionExpression or KeyConditionExpression."""

    def __init__(self, text, names=None, values=None):
        self._names, self._values = names or {}, values or {}
        self._used = set()
        self._tokens = self._split(text)
        self._holds = self._any_of()
        if self._tokens:
            raise invalid(f"Invalid expression: Syntax error; token: {self._tokens[0]!r}")
        unused = sorted((set(self._names) | set(self._values)) - self._used)
        if unused:
            raise invalid("Value provided in ExpressionAttributeNames or ExpressionAttributeValues "
                          f"unused in expressions: keys: {{{', '.join(unused)}}}")

    def __call__(self, item):
        return self._holds(item or {})

    @staticmethod
    def _split(text):
        tokens, at = [], 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if not found:
                raise invalid(f"Invalid expression: Syntax error near {text[at:at + 10]!r}")
            tokens.append(found[1] or found[2])
            at = found.end()
        return tokens

    def _next(self, *wanted):
        """Takes the next token where it is one of those wanted, in any case."""
        if self._tokens and self._tokens[0].upper() in wanted:
            return self._tokens.pop(0).upper()
        return None

    def _must(self, token):
        if not self._next(token):
            raise invalid(f"Invalid expression: Syntax error; {token!r} is missing")

    def _any_of(self):
        parts = [self._all_of()]
        while self._next("OR"):
            parts.append(self._all_of())
        return lambda item: any(part(item) for part in parts)

    def _all_of(self):
        parts = [self._not()]
        while self._next("AND"):
            parts.append(self._not())
        return lambda item: all(part(item) for part in parts)

    def _not(self):
        if self._next("NOT"):
            part = self._not()
            return lambda item: not part(item)
        if self._next("("):
            part = self._any_of()
            self._must(")")
            return part
        return self._function() or self._comparison()

    def _function(self):
        name = self._next("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS", "BEGINS_WITH")
        if not name:
            return None
        self._must("(")
        operand = self._operand()
        prefix = None
        if name == "BEGINS_WITH":
            self._must(",")
            prefix = self._operand()
        self._must(")")
        if name == "ATTRIBUTE_EXISTS":
            return lambda item: operand(item) is not None
        if name == "ATTRIBUTE_NOT_EXISTS":
            return lambda item: operand(item) is None
        return lambda item: (operand(item) is not None
                             and operand(item)["S"].startswith(prefix(item)["S"]))

    def _comparison(self):
        left = self._operand()
        if self._next("BETWEEN"):
            low = self._operand()
            self._must("AND")
            high = self._operand()
            _in_order(low({}), high({}))
            return lambda item: _compare("<=", low(item), left(item)) and _compare(
                "<=", left(item), high(item))
        sign = self._next(*_COMPARE)
        if not sign:
            raise invalid("Invalid expression: Syntax error; a comparison is missing")
        right = self._operand()
        return lambda item: _compare(sign, left(item), right(item))

    def _operand(self):
        if not self._tokens:
            raise invalid("Invalid expression: it ends too early")
        token = self._tokens.pop(0)
        self._used.add(token)
        if token.startswith(":"):
            if token not in self._values:
                raise invalid(f"An expression attribute value used is not defined: {token}")
            return lambda item: self._values[token]
        if token.startswith("#") and token not in self._names:
            raise invalid(f"An expression attribute name used is not defined: {token}")
        name = self._names.get(token, token)
        return lambda item: item.get(name)


def _compare(sign, left, right):
    if left is None or right is None:
        return False
    left, right = comparable(left), comparable(right)
    if left[0] != right[0]:
        return sign == "<>"
    return _COMPARE[sign](left[1], right[1])


def _in_order(low, high):
    if low is not None and high is not None and _compare(">", low, high):
        raise invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower "
                      "bound")


def project(item, expression, names=None):
    """The item's members that a ProjectionExpression names."""
    if not expression:
        return item
    wanted = [(names or {}).get(name.strip(), name.strip()) for name in expression.split(",")]
    return {name: item[name] for name in wanted if name in item}
