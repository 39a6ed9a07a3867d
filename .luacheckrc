-- What a script finds in Balm's sandbox.
std = {
  read_globals = {
    "assert", "error", "ipairs", "next", "pairs", "pcall", "print", "rawequal", "rawlen", "select",
    "tonumber", "tostring", "type", "require", "math", "string", "table", "utf8", "log", "json",
    os = { fields = { "time", "date", "clock" } },
  },
}
max_line_length = 100
-- check, fix and undo have the same parameters whether or not they use them.
unused_args = false
