/* Tables of a script as values: what is a list, what is a map, and what is neither. */
#include "script.h"

#include "core/buf.h"
#include "core/json.h"

struct reading {
    struct script script;
    enum balm_lua_style style;
};

/* Where the clock is not what is tested, it is out of the way, however slowly a tool runs this. */
#define SECOND INT64_C(1000000000)
#define LONG   (60 * SECOND)

static void open_reading(struct reading *reading, enum balm_lua_style style, int64_t cpu_ns,
                         const char *text)
{
    struct balm_limits limits = SCRIPT_LIMITS;

    *reading = (struct reading){.style = style, .script.text = text};
    limits.cpu_ns = cpu_ns;
    assert_int_equal(balm_sandbox_new(&reading->script.sandbox, &limits, &reading->script.err),
                     BALM_OK);
}

static int read_body(lua_State *L)
{
    struct reading *reading = lua_touserdata(L, 1);
    struct script *script = &reading->script;
    struct balm_lua_chunk chunk = {"test.lua", script->text, strlen(script->text), false};

    balm_sandbox_load(L, &chunk);
    lua_call(L, 0, 1);
    if (balm_lua_value(L, -1, reading->style, &script->arena, &script->value, &script->err)) {
        assert_int_equal(lua_gettop(L), 2); /* the stack is as it was */
        return luaL_error(L, "%s", script->err.message);
    }
    assert_int_equal(lua_gettop(L), 2);
    return 0;
}

static void reads_within(int64_t cpu_ns, enum balm_lua_style style, const char *text,
                         const char *expected)
{
    struct reading reading;
    struct balm_buf json = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *got;

    open_reading(&reading, style, cpu_ns, text);
    if (balm_sandbox_enter(reading.script.sandbox, read_body, &reading, &reading.script.err)) {
        got = reading.script.err.message;
    } else {
        balm_json_print(&json, reading.script.value, BALM_JSON_COMPACT);
        got = json.bytes;
    }
    if (!strstr(got, expected)) fail_msg("%s gave %s, not %s", text, got, expected);
    balm_buf_free(&json);
    script_close(&reading.script);
}

/* What the text returns is read as this, or refused with this. */
static void reads(enum balm_lua_style style, const char *text, const char *expected)
{
    reads_within(LONG, style, text, expected);
}

static void reads_names_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    reads(BALM_LUA_STRICT, "return { b = 1, a = { d = true, c = 'x' }, B = 2 }",
          "{\"B\":2,\"a\":{\"c\":\"x\",\"d\":true},\"b\":1}");
    reads(BALM_LUA_STRICT, "return {}", "{}");
}

static void reads_positions_as_a_list(void **state)
{
    (void)state;
    reads(BALM_LUA_STRICT, "return { 3, { 1 }, 'x' }", "[3,[1],\"x\"]");
    reads(BALM_LUA_STRICT, "return { { a = 1 }, {} }", "[{\"a\":1},{}]");
}

/* More than are sorted by hand, and more than the reader has room for at first, at two depths. */
static void keeps_all_of_many_names_within_many(void **state)
{
    static const char text[] = "local whole = {} "
                               "for i = 1, 60 do "
                               "  local part = {} "
                               "  for j = 1, 70 do part[('n%03d'):format(j)] = i * 1000 + j end "
                               "  whole[('p%03d'):format(i)] = part "
                               "end "
                               "return whole";
    struct reading reading;
    struct balm_value whole;

    (void)state;
    open_reading(&reading, BALM_LUA_STRICT, LONG, text);
    assert_int_equal(
        balm_sandbox_enter(reading.script.sandbox, read_body, &reading, &reading.script.err),
        BALM_OK);
    whole = reading.script.value;
    assert_int_equal(balm_map_len(whole), 60);
    for (size_t i = 0; i < 60; i++) {
        struct balm_value part = balm_map_at(whole, i)->value;
        char name[8];
        (void)snprintf(name, sizeof name, "p%03zu", i + 1);
        assert_string_equal(balm_map_at(whole, i)->key, name);
        assert_int_equal(balm_map_len(part), 70);
        for (size_t j = 0; j < 70; j++) {
            (void)snprintf(name, sizeof name, "n%03zu", j + 1);
            assert_string_equal(balm_map_at(part, j)->key, name);
            assert_int_equal(balm_map_at(part, j)->value.as.integer, (i + 1) * 1000 + j + 1);
        }
    }
    script_close(&reading.script);
}

static void refuses_what_is_neither_list_nor_map(void **state)
{
    (void)state;
    reads(BALM_LUA_STRICT, "return { 1, 2, a = 3 }", "either positions or names, not both");
    reads(BALM_LUA_STRICT, "return { [7] = 1, a = 3 }", "either positions or names, not both");
    reads(BALM_LUA_STRICT, "return { x = { [7] = 1 } }", "x: the list has holes");
    reads(BALM_LUA_STRICT, "return { [1] = 1, [2] = 2, [9] = 3 }", "the list has holes");
    reads(BALM_LUA_STRICT, "return { [0] = 1 }", "the list has holes");
    reads(BALM_LUA_STRICT, "return { a = { [1.5] = 1 } }",
          "a: a key is neither text nor a position");
    reads(BALM_LUA_STRICT, "return { [true] = 1 }", "a key is neither text nor a position");
    reads(BALM_LUA_STRICT, "return { [7] = 1, [true] = 1 }", "neither text nor a position");
    reads(BALM_LUA_STRICT, "return { 1, [true] = 1 }", "a key is neither text nor a position");
}

/* Whatever it met before in that table: in which order is Lua's own affair. */
static void tells_the_table_and_not_the_name_that_was_read_before(void **state)
{
    static const char text[] = "local t = {} "
                               "for i = 1, 50 do t['n' .. i] = i end "
                               "t[%s] = 1 "
                               "return { x = t }";
    char filled[sizeof text + 8];

    (void)state;
    (void)snprintf(filled, sizeof filled, text, "1.5");
    reads(BALM_LUA_STRICT, filled, "x: a key is neither text nor a position");
    (void)snprintf(filled, sizeof filled, text, "70");
    reads(BALM_LUA_STRICT, filled, "x: a table has either positions or names, not both");
}

static void a_table_that_was_emptied_ends_by_the_clock(void **state)
{
    (void)state;
    reads_within(SECOND / 2, BALM_LUA_STRICT,
                 "local t = {} "
                 "for i = 1, 80000 do t['n' .. i] = i end "
                 "for i = 1, 80000 do t['n' .. i] = nil end "
                 "local whole = {} "
                 "for i = 1, 20000 do whole[i] = t end "
                 "return whole",
                 "computes for longer than 0.5 s");
}

/* A list is made of items that lie beside it meanwhile. */
static void a_list_counts_for_all_that_it_takes(void **state)
{
    (void)state;
    reads(BALM_LUA_STRICT,
          "local l, whole = {}, {} "
          "for i = 1, 2000 do l[i] = i end "
          "for i = 1, 1100 do whole[i] = l end "
          "return whole",
          "more than 64 MiB of data");
}

static void reads_positions_as_names_where_both_may_stand(void **state)
{
    (void)state;
    reads(BALM_LUA_MIXED, "return { [10] = 'c', [9] = 'b', a = 'd', [-1] = 'e' }",
          "{\"9\":\"b\",\"10\":\"c\",\"-1\":\"e\",\"a\":\"d\"}");
    reads(BALM_LUA_MIXED, "return { 'x', a = 'y' }", "{\"1\":\"x\",\"a\":\"y\"}");
    reads(BALM_LUA_MIXED, "return { [7] = 1 }", "{\"7\":1}");
    reads(BALM_LUA_MIXED, "return { 'x', 'y' }", "[\"x\",\"y\"]");
    reads(BALM_LUA_MIXED, "return { [7] = 1, [true] = 1 }", "neither text nor a position");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names_in_the_order_of_their_bytes),
        cmocka_unit_test(reads_positions_as_a_list),
        cmocka_unit_test(keeps_all_of_many_names_within_many),
        cmocka_unit_test(refuses_what_is_neither_list_nor_map),
        cmocka_unit_test(tells_the_table_and_not_the_name_that_was_read_before),
        cmocka_unit_test(a_table_that_was_emptied_ends_by_the_clock),
        cmocka_unit_test(a_list_counts_for_all_that_it_takes),
        cmocka_unit_test(reads_positions_as_names_where_both_may_stand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
