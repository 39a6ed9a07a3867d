"""Scripts that would stop an engine end alone, within their limits."""

import json
import time

import pytest

from harness import ACCOUNT, remediate

BODIES = {
    "nested patterns": 'string.find(("a"):rep(60), (".-"):rep(30) .. "b")',
    "a huge move": "table.move({}, 1, 200000000, 1, {})",
    "a loop in pcall": "while true do pcall(function() while true do end end) end",
    "a loop in sort": "table.sort({3, 2, 1}, function() while true do end end)",
    "a loop in gsub": '("x"):gsub(".", function() while true do end end)',
    "allocation without end": 'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end',
    "a string that doubles": 'local s = "x" while true do s = s .. s end',
    "recursion without end": "local function f() return 1 + f() end f()",
    "recursion of patterns": 'string.match(("("):rep(100000), ("("):rep(100000))',
    "errors in errors": "local function f() error(setmetatable({}, {})) end pcall(f) f()",
    "a format bomb": 'string.format("%99999d", 1)',
    "a concat bomb": 'local t = {} for i = 1, 1e6 do t[i] = "0123456789" end '
                     "while true do table.concat(t) end",
}
# Lua's own would count to two thousand million here; Balm sees that nothing comes of it.
HARMLESS = 'local s = string.rep("", 2000000000)'
FORBIDDEN = ("io", "load", "loadstring", "dofile", "loadfile", "debug", "package", "coroutine", "xpcall",
             "setmetatable", "collectgarbage", "os.getenv", "os.execute", "os.exit", "os.remove",
             "string.dump")


def folder_with(tmp_path, body):
    folder = tmp_path / "r"
    folder.mkdir(exist_ok=True)
    (folder / "own_hostile.lua").write_text(
        f'return {{ id = "Own.Hostile", parameters = {{}}, fix = function(session)\n{body}\nend }}\n')
    (folder / "own_harmless.lua").write_text(
        'return { id = "Own.Harmless", parameters = {}, fix = function() end }')
    return folder


def events(*remediations):
    return "".join(json.dumps(remediate(name, {"Name": "x"})) + "\n" for name in remediations)


@pytest.mark.parametrize("name", BODIES)
def test_ends_alone(offline, tmp_path, name):
    """offline: nothing is sent, so the session is never asked for."""
    begun = time.monotonic()
    done = offline("run", "-", "--remediations", folder_with(tmp_path, BODIES[name]),
                   stdin=events("Own.Hostile", "Own.Harmless"), timeout=60)
    by_name = {line["remediation"]: line for line in done.lines}
    assert by_name["Own.Hostile"]["status"] == "failed", done
    assert by_name["Own.Harmless"]["status"] == "fixed", done
    assert by_name["Own.Hostile"]["calls"] == []
    assert time.monotonic() - begun < 20


def test_repeating_nothing_takes_no_time(offline, tmp_path):
    begun = time.monotonic()
    done = offline("run", "-", "--remediations", folder_with(tmp_path, HARMLESS),
                   stdin=events("Own.Hostile"))
    assert done.line["status"] == "fixed", done
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("name", FORBIDDEN)
def test_is_not_there(offline, tmp_path, name):
    body = f'if {name} ~= nil then error("it is there") end' if "." not in name else \
        f'local library = {name.split(".")[0]} ' \
        f'if library and library.{name.split(".")[1]} then error("it is there") end'
    done = offline("run", "-", "--remediations", folder_with(tmp_path, body), stdin=events("Own.Hostile"))
    assert done.line["status"] == "fixed", done


def test_bytecode_is_refused(offline, tmp_path):
    folder = folder_with(tmp_path, "")
    (folder / "own_hostile.lua").write_bytes(b"\x1bLua" + bytes(60))
    done = offline("run", "-", "--remediations", folder, stdin=events("Own.Hostile", "Own.Harmless"))
    assert done.status == 2 and "own_hostile.lua" in done.out + done.err, done
    assert any(line.get("status") == "fixed" for line in done.lines)


def test_credentials_cannot_be_read(offline, tmp_path):
    body = """
      local found = {}
      for _, value in ipairs { session, session:client("s3") } do
        found[#found + 1] = tostring(value)
        local ok, meta = pcall(function() return getmetatable(value) end)
        found[#found + 1] = tostring(ok and meta)
        for _, name in ipairs { "credentials", "secret_access_key", "access_key_id", "session_token" } do
          local there, what = pcall(function() return value[name] end)
          if there and what ~= nil and type(what) ~= "function" then found[#found + 1] = name end
        end
      end
      log.info(table.concat(found, " "))"""
    done = offline("run", "-", "--remediations", folder_with(tmp_path, body), stdin=events("Own.Hostile"))
    said = json.dumps(done.line["log"])
    assert "engine/secret" not in done.out and "access_key" not in said, done
    assert done.line["account"] == ACCOUNT
