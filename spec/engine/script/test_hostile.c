/* Scripts that mean harm: each ends, alone, within its limits of time and memory. */
#include "engine/script/script.h"

#include "core/clock.h"
#include "script/error_lua.h"

#define SLACK_NS 1500000000 /* above the limit of half a second: other load, sanitizers */
#ifdef __SANITIZE_ADDRESS__
#define PATIENCE 5
#else
#define PATIENCE 1
#endif

static void ends_within(const char *text, enum balm_over over, const char *message)
{
    struct script script;
    int64_t began = balm_clock_cpu();
    enum balm_code code;

    script_open(&script);
    code = script_run(&script, text);
    if (!code) fail_msg("went through: %s", text);
    if (balm_clock_cpu() - began > PATIENCE * (script.limits.cpu_ns + SLACK_NS)) {
        fail_msg("took %lld ms: %s", (long long)(balm_clock_cpu() - began) / 1000000, text);
    }
    assert_true(balm_sandbox_memory_peak(script.sandbox) <= script.limits.memory);
    if (over && !balm_sandbox_over(script.sandbox)) fail_msg("not over: %s", script.err.message);
    if (over) assert_int_equal(code, BALM_E_LIMIT);
    if (!strstr(script.err.message, message)) fail_msg("%s\n%s", text, script.err.message);
    script_close(&script);
}

/* Which limit is met first does not matter. */
static void is_ended(const char *text)
{
    ends_within(text, BALM_OVER_CPU, "the script");
}

static void an_endless_loop(void **state)
{
    (void)state;
    is_ended("while true do end");
    is_ended("local function f() return f() end f()");
    is_ended("::again:: goto again");
    is_ended("for i = 1, math.huge do end");
}

static void pcall_around_an_endless_loop(void **state)
{
    (void)state;
    is_ended("while true do pcall(function() while true do end end) end");
    is_ended("local function f() pcall(f) while true do end end f()");
    is_ended("pcall(pcall, pcall, function() while true do end end) while true do end");
}

static void nested_repetition_in_a_pattern(void **state)
{
    (void)state;
    is_ended("string.find(string.rep('a', 200), string.rep('.-', 30) .. 'b')");
    is_ended("string.rep('a', 60):match(string.rep('a*', 30) .. 'b')");
    is_ended("string.rep('a', 60):gsub(string.rep('a?', 60) .. string.rep('a*', 20) .. 'b', '')");
    is_ended("for _ in string.rep('a', 60):gmatch(string.rep('.-', 30) .. 'b') do end");
    is_ended("local s = string.rep('(', 1e6) while true do s:match('%b()') end");
}

static void a_text_that_is_repeated_without_end(void **state)
{
    (void)state;
    is_ended("local s = string.rep('x', 2000000000)");
    is_ended("while true do local s = string.rep('x', 4000000) end");
    is_ended("for i = 1, 1e9 do local s = string.rep('', 2e9) end");
    is_ended("local s = 'x' while true do s = s .. s end");
    is_ended("local s = string.rep('x', 3e6) while true do local t = s .. 'y' end");
    is_ended("local s = string.rep('x', 1e6) while true do s:upper() end");
    is_ended("local s = string.rep('x', 1e6) while true do s:reverse() end");
    is_ended("local s = string.rep('%', 1e6) while true do s:format() end");
    is_ended("os.date(string.rep('%n', 5e6))");
}

static void long_texts_compared(void **state)
{
    (void)state;
    is_ended("local s = '\\0' for i = 1, 22 do s = s .. s end while true do local x = s < s end");
    is_ended("local s = string.rep('\\0', 4e6) local t = {} for i = 1, 1000 do t[i] = s end "
             "while true do table.sort(t) end");
}

static void long_texts_read_as_numbers(void **state)
{
    (void)state;
    is_ended("local s = string.rep('z', 1e7) while true do local x = tonumber(s, 36) end");
    is_ended("local s = string.rep(' ', 1e7) .. '1' while true do local x = s + 0 end");
    is_ended("local s = string.rep(' ', 1e7) .. '1' local t = {} for i = 1, 1e5 do t[i] = s end "
             "math.max(table.unpack(t))");
    is_ended("local s = string.rep(' ', 1e7) .. '1' local t = {} for i = 1, 1e5 do t[i] = s end "
             "string.char(table.unpack(t))");
    is_ended("local s = string.rep(' ', 1e7) .. '1' local t = {} for i = 1, 1e5 do t[i] = s end "
             "string.format(string.rep('%d', 1e5), table.unpack(t))");
}

static void a_repetition_of_nothing_costs_nothing(void **state)
{
    (void)state;
    script_holds("return string.rep('', 2e9) == ''");
}

static void table_functions_over_lengths_that_are_claimed(void **state)
{
    (void)state;
    is_ended("table.move({}, 1, 2e8, 1, {})");
    ends_within("table.move({}, 1, math.maxinteger, 2)", BALM_OVER_NOT, "wrap around");
    is_ended("local t = {} while true do table.insert(t, 1, 0) end");
    is_ended("local t = {} for i = 1, 3e5 do t[i] = i end while true do table.sort(t) end");
    is_ended("local t = {} for i = 1, 3e5 do t[i] = 'x' end while true do table.concat(t) end");
    is_ended("while true do table.unpack({}, 1, 2e5) end");
    is_ended("local t = {} for i = 1, 2e5 do t[i] = i end while true do pairs(t) end");
    is_ended("local t = {} for i = 1, 2e5 do t['k' .. i] = i end while true do next(t) end");
    is_ended("local t = {} for i = 1, 1e5 do t[i] = i end local f = pairs(t) "
             "for i = 1, 1e5 do t[i] = nil end while true do f(t, 0) end");
}

static void a_comparison_that_never_agrees_with_itself(void **state)
{
    (void)state;
    script_holds("local t = {} for i = 1, 500 do t[i] = i % 7 end "
                 "table.sort(t, function() return true end) return #t == 500");
    is_ended("table.sort({3, 2, 1}, function() while true do end end)");
}

static void memory_without_end(void **state)
{
    (void)state;
    is_ended("local t = {} while true do t[#t + 1] = {} end");
    is_ended("local t = {} for i = 1, 1e9 do t[i] = i end");
    is_ended("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end");
    is_ended("while true do pcall(string.rep, 'x', 2e9) end");
    is_ended(
        "local t = {} while true do pcall(function() while true do t[#t + 1] = {} end end) end");
    is_ended("local t = {} for i = 1, 1e5 do t[i] = {i} end "
             "local keep = string.rep('x', 6e6) while true do local s = {} end");
}

static const char kept, taken; /* where the registry has the error, and the memory */

/* Stack: [1] a table with room for as many texts as memory holds. */
static int take_all_memory(lua_State *L)
{
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, 1) + 1;; i++) {
        lua_pushfstring(L, "%I", (LUAI_UACINT)(100000 + i));
        lua_rawseti(L, 1, i);
    }
    return 0;
}

static int make_an_error_and_take_all_memory(lua_State *L)
{
    struct balm_err err;

    balm_fail(&err, BALM_E_NET, "no answer");
    balm_error_push(L, &(struct balm_raise){.err = &err});
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kept);
    lua_createtable(L, 65536, 0);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &taken);
    for (int i = 0; i < 3; i++) { /* again: the collector found a little more */
        lua_pushcfunction(L, take_all_memory);
        lua_pushvalue(L, 2);
        assert_int_equal(lua_pcall(L, 1, 0, 0), LUA_ERRMEM);
    }
    return 0;
}

static void an_error_is_told_when_no_memory_is_left(void **state)
{
    struct balm_limits limits = SCRIPT_LIMITS;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_sandbox *sandbox;
    struct balm_value detail;
    struct balm_err err;
    lua_State *L;

    (void)state;
    limits.memory = (size_t)2 << 20;
    assert_int_equal(balm_sandbox_new(&sandbox, &limits, &err), BALM_OK);
    L = balm_sandbox_state(sandbox);
    assert_int_equal(balm_sandbox_enter(sandbox, make_an_error_and_take_all_memory, NULL, &err),
                     BALM_OK);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &kept);
    detail = balm_error_detail(L, -1, &arena); /* outside of every protected call */
    assert_string_equal(balm_get_string(detail, "message", ""), "no answer");
    balm_arena_free(&arena);
    balm_sandbox_release(sandbox);
}

static int push_an_endless_message(lua_State *L)
{
    struct balm_arena *arena = lua_touserdata(L, 1);
    struct balm_value problems = balm_list(arena);
    struct balm_err err;
    char text[10000];

    memset(text, 'x', sizeof text);
    balm_list_push(arena, problems, balm_text_n(arena, text, sizeof text));
    balm_fail(&err, BALM_E_ARG, "wrong");
    balm_error_push(L, &(struct balm_raise){.err = &err, .problems = problems});
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kept);
    return 0;
}

static void what_is_told_of_a_long_message_is_cut(void **state)
{
    struct script script;
    struct balm_value detail;
    lua_State *L;

    (void)state;
    script_open(&script);
    assert_int_equal(
        balm_sandbox_enter(script.sandbox, push_an_endless_message, &script.arena, &script.err),
        BALM_OK);
    L = balm_sandbox_state(script.sandbox);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &kept);
    detail = balm_error_detail(L, -1, &script.arena);
    assert_int_equal(strlen(balm_get_string(detail, "message", "")), 4096);
    script_close(&script);
}

static void recursion_without_end(void **state)
{
    (void)state;
    ends_within("local function f() return 1 + f() end f()", BALM_OVER_NOT, "");
    ends_within("local function f(s) return s:gsub('.', f) end f('x')", BALM_OVER_NOT,
                "C stack overflow");
    ends_within("local t = {} for i = 1, 300 do t = {t} end return t", BALM_OVER_NOT,
                "nested too deeply");
    ends_within("local t = {} t.t = t return t", BALM_OVER_NOT, "contains itself");
    ends_within("local t = {1} for i = 1, 90 do t = {t, t} end return t", BALM_OVER_NOT, "");
    script_raises("local t = {} t.t = t json.encode(t)", "contains itself");
    script_raises("json.decode('[' .. string.rep('0,', 4e6) .. '0]')", "bytes of memory");
    script_raises(
        "local f = pcall for i = 1, 300 do local g = f f = function() return g(g) end end "
        "local function r() local ok, e = pcall(r) if not ok then error(e, 0) end end r()",
        "stack overflow");
}

static void patterns_that_are_too_complex(void **state)
{
    (void)state;
    script_raises("return ('x'):rep(300):find(('x?'):rep(300))", "pattern too complex");
    script_raises("return ('x'):find(('('):rep(33))", "too many captures");
    script_raises("return ('x'):find('[a')", "malformed pattern");
    script_raises("return ('x'):find('%')", "malformed pattern");
    script_holds("return ('a\\0b'):find('%z') == 2 and ('z'):find('%z') == nil");
}

static void error_values_of_every_kind(void **state)
{
    (void)state;
    script_raises("error()", "nil");
    script_raises("error({})", "a table without a message");
    script_raises("error({ message = 'of its own' })", "of its own");
    script_raises("error(string.rep('x', 1e6))", "xxxx");
    script_raises("error(print)", "nil");
    script_raises("error(function() end)", "function");
    script_raises("local t = {} t[t] = t error(t)", "a table without a message");
}

static void what_would_lead_out_is_not_there(void **state)
{
    (void)state;
    script_holds(
        "for _, name in ipairs { 'io', 'debug', 'package', 'load', 'loadstring', 'dofile',"
        " 'loadfile', 'coroutine', 'xpcall', 'setmetatable', 'getmetatable', 'collectgarbage',"
        " '_G', 'print', 'warn' } do if _ENV[name] ~= nil then return false end end return true");
    script_holds("return string.dump == nil and os.execute == nil and os.getenv == nil and "
                 "os.setlocale == nil and os.exit == nil and os.remove == nil");
}

static void text_chunks_only(void **state)
{
    (void)state;
    script_raises("\x1bLua", "attempt to load a binary chunk");
}

static void the_next_run_is_not_hurt(void **state)
{
    (void)state;
    script_holds("string.find = nil table = nil pairs = nil return true");
    script_holds("return string.find('ab', 'b') == 2 and #table.pack(1) == 1 and pairs ~= nil");
}

/* Of the engine's own modules, which loop over nothing but what they are given. */
static void what_is_trusted_pays_for_c_functions_alone(void **state)
{
    struct script script;

    (void)state;
    script_open(&script);
    balm_sandbox_trust(script.sandbox);
    assert_int_equal(script_run(&script, "for i = 1, 1000000 do end"), BALM_OK);
    assert_true(balm_sandbox_steps(script.sandbox) < 1000);
    assert_int_equal(script_run(&script, "string.find(('a'):rep(200), ('.-'):rep(30) .. 'b')"),
                     BALM_E_LIMIT);
    script_close(&script);
}

/* No instruction is counted, so none can begin to collect. */
static void garbage_of_one_call_after_another_does_not_pile_up(void **state)
{
    struct script script;

    (void)state;
    script_open(&script);
    balm_sandbox_trust(script.sandbox);
    for (int i = 0; i < 200; i++) {
        balm_sandbox_refill(script.sandbox);
        assert_int_equal(script_run(&script, "for i = 1, 2000 do local t = { i } end"), BALM_OK);
    }
    assert_true(balm_sandbox_memory_peak(script.sandbox) < (size_t)2 << 20);
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endless_loop),
        cmocka_unit_test(pcall_around_an_endless_loop),
        cmocka_unit_test(nested_repetition_in_a_pattern),
        cmocka_unit_test(a_text_that_is_repeated_without_end),
        cmocka_unit_test(long_texts_compared),
        cmocka_unit_test(long_texts_read_as_numbers),
        cmocka_unit_test(a_repetition_of_nothing_costs_nothing),
        cmocka_unit_test(table_functions_over_lengths_that_are_claimed),
        cmocka_unit_test(a_comparison_that_never_agrees_with_itself),
        cmocka_unit_test(memory_without_end),
        cmocka_unit_test(an_error_is_told_when_no_memory_is_left),
        cmocka_unit_test(what_is_told_of_a_long_message_is_cut),
        cmocka_unit_test(recursion_without_end),
        cmocka_unit_test(patterns_that_are_too_complex),
        cmocka_unit_test(error_values_of_every_kind),
        cmocka_unit_test(what_would_lead_out_is_not_there),
        cmocka_unit_test(text_chunks_only),
        cmocka_unit_test(the_next_run_is_not_hurt),
        cmocka_unit_test(what_is_trusted_pays_for_c_functions_alone),
        cmocka_unit_test(garbage_of_one_call_after_another_does_not_pile_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
