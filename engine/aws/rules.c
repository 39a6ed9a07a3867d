/*
 * rules: walks a rule set from its root to the first endpoint or error whose conditions hold.
 *
 * Variables live on a stack: what a rule's conditions assign is gone when the rule is left. Nothing
 * of the rule set is copied but what ends in the result.
 */
#include "aws/rules_internal.h"
#include "aws/rules_way.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* A published rule set takes a few hundred steps at most and nests below 40. */
#define STEPS_MAX 20000
#define DEPTH_MAX 100
#define SCOPE_MAX 96
#define TEXT_MAX  16384

struct variable {
    const char *name;
    struct balm_value value;
    bool open; /* follows from a parameter that changes from call to call */
};

/* The keys that a rule set is made of. */
enum word {
    WORD_REF,
    WORD_FN,
    WORD_ARGV,
    WORD_ASSIGN,
    WORD_CONDITIONS,
    WORD_TYPE,
    WORD_RULES,
    WORD_ENDPOINT,
    WORD_ERROR,
    WORD_TREE,
    WORD_OTHER
};
static const char *const words[] = {"ref",  "fn",    "argv",     "assign", "conditions",
                                    "type", "rules", "endpoint", "error",  "tree"};

/* The pack keeps equal texts once: one that was read is known again by its place. */
#define SEEN_BITS 7
struct seen {
    const char *text;
    enum word word;
    const struct balm_rules_function *function; /* of this name */
};

/* How a condition came out that looks at parameters alone: it does so wherever it is met again, and
   in a large rule set each is met a dozen times. */
#define MEMO_BITS 6
struct memo {
    const struct balm_node *condition;
    bool holds;
};
#define MEMO_SIZE (sizeof(struct memo) << MEMO_BITS)

struct run {
    struct balm_rules_context context;
    struct balm_rules_result *out;
    size_t steps;
    size_t depth;
    size_t scope_len;
    size_t parameter_count; /* the first variables, for as long as the run lasts */
    bool local;             /* something else than a parameter was looked at, or assigned */
    bool open;              /* what changes from call to call was looked at */
    struct variable scope[SCOPE_MAX];
    bool taught;    /* way is to be kept: it is whole so far */
    bool url_alone; /* nothing else is asked for */
    bool varies;    /* more than the URL follows from what changes from call to call */
    struct balm_way way;
    struct memo *memo; /* NULL: no condition is met twice */
    struct seen *seen;
};

enum outcome { PASSED_OVER, FOUND, FAILED };

static bool evaluate(struct run *run, const struct balm_node *node, struct balm_value *out);

static bool fault(struct run *run, enum balm_code code, const char *what, const char *name)
{
    if (!run->context.code) {
        run->context.code =
            balm_fail(run->context.err, code, "the endpoint rule set is faulty: %s%s", what, name);
    }
    return false;
}

/* Entered before and left after whatever calls itself again. */
static bool enter(struct run *run)
{
    if (++run->steps > STEPS_MAX) return fault(run, BALM_E_LIMIT, "it takes too many steps", "");
    if (run->depth >= DEPTH_MAX) return fault(run, BALM_E_LIMIT, "it nests too deeply", "");
    run->depth++;
    return true;
}

/* ---- words ---- */

static enum word word_of(const char *text)
{
    size_t i = 0;

    while (i < WORD_OTHER && (words[i][0] != text[0] || strcmp(words[i], text) != 0)) {
        i++;
    }
    return (enum word)i;
}

/* A slot of a table with 2^bits of them. */
static size_t slot_of(const void *pointer, unsigned bits)
{
    return (size_t)(((uint64_t)(uintptr_t)pointer * 0x9e3779b97f4a7c15u) >> (64 - bits));
}

static const struct seen *see(struct run *run, const char *text)
{
    struct seen *seen = &run->seen[slot_of(text, SEEN_BITS)];

    if (seen->text != text) {
        *seen = (struct seen){text, word_of(text), NULL};
        if (seen->word == WORD_OTHER) seen->function = balm_rules_function(text);
    }
    return seen;
}

/* A node's members in one walk: a rule set is all small maps, met again and again. */
struct parts {
    const struct balm_node *of[WORD_OTHER + 1];
};

static void take_apart(struct run *run, const struct balm_node *node, struct parts *parts)
{
    size_t count = balm_node_type(node) == BALM_MAP ? balm_node_len(node) : 0;

    for (size_t i = 0; i <= WORD_OTHER; i++) {
        parts->of[i] = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        parts->of[see(run, balm_node_key_at(node, i))->word] = balm_node_at(node, i);
    }
}

/* ---- variables ---- */

/* SCOPE_MAX when there is none of this name. Most are found by their place alone (see above). */
static size_t find(const struct run *run, const char *name, size_t len)
{
    for (size_t i = 0; i < run->scope_len; i++) {
        const char *known = run->scope[i].name;
        if (known == name && !known[len]) return i;
    }
    for (size_t i = 0; i < run->scope_len; i++) {
        const char *known = run->scope[i].name;
        if (known[0] == name[0] && strncmp(known, name, len) == 0 && !known[len]) return i;
    }
    return SCOPE_MAX;
}

/* Null where it is not set. */
static struct balm_value lookup(struct run *run, const char *name, size_t len)
{
    size_t i = find(run, name, len);

    if (i >= run->parameter_count) run->local = true;
    if (i == SCOPE_MAX) return balm_null();
    run->open = run->open || run->scope[i].open;
    return run->scope[i].value;
}

static bool assign(struct run *run, const char *name, struct balm_value value)
{
    run->local = true;
    if (find(run, name, strlen(name)) < SCOPE_MAX) {
        return fault(run, BALM_E_INPUT, "it assigns twice: ", name);
    }
    if (run->scope_len == SCOPE_MAX) {
        return fault(run, BALM_E_LIMIT, "it has too many variables", "");
    }
    run->scope[run->scope_len++] = (struct variable){name, value, run->open};
    return true;
}

/* ---- values ---- */

/* Adds what stands between braces: "Region", "url#authority". */
static bool expand_reference(struct run *run, struct balm_buf *buf, const char *name, size_t len)
{
    size_t first = 0;
    struct balm_value value;

    while (first < len && name[first] != '#') {
        first++;
    }
    value = lookup(run, name, first);
    if (first < len) {
        char path[128];
        if (len - first > sizeof path) return fault(run, BALM_E_LIMIT, "a path is too long", "");
        memcpy(path, name + first + 1, len - first - 1);
        path[len - first - 1] = '\0';
        for (char *c = path; *c; c++) {
            if (*c == '#') *c = '.';
        }
        value = balm_rules_attribute(value, path);
    }
    if (value.type != BALM_STRING) {
        char text[128];
        size_t shown = len < sizeof text ? len : sizeof text - 1;
        memcpy(text, name, shown);
        text[shown] = '\0';
        return fault(run, BALM_E_INPUT, "a text needs what is not set: ", text);
    }
    (void)balm_buf_add(buf, value.as.text, value.len);
    return true;
}

static bool expand_into(struct run *run, struct balm_buf *buf, const char *text)
{
    while (*text) {
        size_t plain = strcspn(text, "{}");
        (void)balm_buf_add(buf, text, plain);
        text += plain;
        if (!*text) return true;
        if (text[0] == text[1]) { /* a doubled brace stands for itself */
            (void)balm_buf_addc(buf, *text);
            text += 2;
        } else {
            size_t len = strcspn(text, "}");
            if (*text == '}' || !text[len]) {
                return fault(run, BALM_E_INPUT, "a text has a brace that is not closed: ", text);
            }
            if (!expand_reference(run, buf, text + 1, len - 1)) return false;
            text += len + 1;
        }
    }
    return true;
}

static bool expand(struct run *run, const char *text, struct balm_value *out)
{
    struct balm_buf buf = BALM_BUF_INIT(TEXT_MAX);
    bool good;

    if (!strpbrk(text, "{}")) {
        *out = balm_string(text);
        return true;
    }
    good = expand_into(run, &buf, text);
    if (good && balm_buf_status(&buf, "an endpoint", run->context.err)) {
        run->context.code = buf.code;
        good = false;
    }
    if (good) *out = balm_text_n(run->context.arena, buf.bytes, buf.len);
    balm_buf_free(&buf);
    return good;
}

static bool call(struct run *run, const struct parts *parts, struct balm_value *out)
{
    const struct balm_node *argv = parts->of[WORD_ARGV], *target = parts->of[WORD_ASSIGN];
    const char *name = parts->of[WORD_FN] ? balm_node_text(parts->of[WORD_FN]) : "";
    const struct balm_rules_function *function = see(run, name)->function;
    struct balm_value args[BALM_RULES_ARGS];

    if (!function) return fault(run, BALM_E_INPUT, "it calls an unknown function: ", name);
    if (!argv || balm_node_type(argv) != BALM_LIST || balm_node_len(argv) != function->args) {
        return fault(run, BALM_E_INPUT, "it gives a wrong number of arguments to ", name);
    }
    for (size_t i = 0; i < function->args; i++) {
        if (!evaluate(run, balm_node_at(argv, i), &args[i])) return false;
    }
    *out = function->call(&run->context, args);
    if (run->context.code) return false;
    return !target || assign(run, balm_node_text(target), *out);
}

static bool evaluate_list(struct run *run, const struct balm_node *node, struct balm_value *out)
{
    *out = balm_list(run->context.arena);
    for (size_t i = 0; i < balm_node_len(node); i++) {
        struct balm_value item;
        if (!evaluate(run, balm_node_at(node, i), &item)) return false;
        (void)balm_list_push(run->context.arena, *out, item);
    }
    return true;
}

static bool evaluate_map(struct run *run, const struct balm_node *node, struct balm_value *out)
{
    struct parts parts;

    take_apart(run, node, &parts);
    if (parts.of[WORD_REF]) {
        const char *name = balm_node_text(parts.of[WORD_REF]);
        *out = lookup(run, name, strlen(name));
        return true;
    }
    return call(run, &parts, out);
}

/* An argument: a reference, a call, a text to fill in, or a constant. False: it failed. */
static bool evaluate(struct run *run, const struct balm_node *node, struct balm_value *out)
{
    bool good = true;

    if (!enter(run)) return false;
    switch (balm_node_type(node)) {
    case BALM_STRING:
        good = expand(run, balm_node_text(node), out);
        break;
    case BALM_MAP:
        good = evaluate_map(run, node, out);
        break;
    case BALM_LIST:
        good = evaluate_list(run, node, out);
        break;
    case BALM_BOOL:
        *out = balm_bool(balm_node_bool(node));
        break;
    case BALM_INT:
        *out = balm_int(balm_node_int(node));
        break;
    default:
        *out = balm_null();
    }
    run->depth--;
    return good;
}

/* ---- endpoints ---- */

/* Properties and headers are data: only their texts are filled in. */
static bool fill(struct run *run, const struct balm_node *node, struct balm_value *out)
{
    struct balm_arena *arena = run->context.arena;
    enum balm_type type = node ? balm_node_type(node) : BALM_NULL;
    bool good = true;

    if (type == BALM_STRING) return expand(run, balm_node_text(node), out);
    if (type != BALM_LIST && type != BALM_MAP) {
        *out = node ? balm_node_value(node, arena) : balm_null();
        return true;
    }
    if (!enter(run)) return false;
    *out = type == BALM_LIST ? balm_list(arena) : balm_map(arena);
    for (size_t i = 0; good && i < balm_node_len(node); i++) {
        struct balm_value item = balm_null();
        good = fill(run, balm_node_at(node, i), &item);
        if (type == BALM_LIST) (void)balm_list_push(arena, *out, item);
        if (type == BALM_MAP) (void)balm_map_set(arena, *out, balm_node_key_at(node, i), item);
    }
    run->depth--;
    return good;
}

/* Headers may hold references and calls besides texts. */
static bool fill_headers(struct run *run, const struct balm_node *headers, struct balm_value *out)
{
    size_t count = headers ? balm_node_len(headers) : 0;

    *out = balm_map(run->context.arena);
    for (size_t i = 0; i < count; i++) {
        struct balm_value values;
        if (!evaluate(run, balm_node_at(headers, i), &values)) return false;
        (void)balm_map_set(run->context.arena, *out, balm_node_key_at(headers, i), values);
    }
    return true;
}

static enum outcome take_endpoint(struct run *run, const struct balm_node *endpoint)
{
    const struct balm_node *url = endpoint ? balm_node_get(endpoint, "url") : NULL;
    struct balm_value text = balm_null();

    if (!url) {
        (void)fault(run, BALM_E_INPUT, "an endpoint has no URL", "");
        return FAILED;
    }
    if (!evaluate(run, url, &text)) return FAILED;
    if (text.type != BALM_STRING) {
        (void)fault(run, BALM_E_INPUT, "an endpoint's URL is not a text", "");
        return FAILED;
    }
    run->out->url = text.as.text;
    if (run->url_alone) return FOUND;
    run->open = false;
    if (!fill(run, balm_node_get(endpoint, "properties"), &run->out->properties)) return FAILED;
    if (!fill_headers(run, balm_node_get(endpoint, "headers"), &run->out->headers)) return FAILED;
    run->varies = run->open;
    return FOUND;
}

static enum outcome take_error(struct run *run, const struct balm_node *error)
{
    struct balm_value text = balm_null();

    if (!error || !evaluate(run, error, &text)) return FAILED;
    run->context.code = balm_fail(run->context.err, BALM_E_ARG, "%s",
                                  text.type == BALM_STRING ? text.as.text : "no endpoint");
    return FAILED;
}

/* ---- ways ---- */

/* The condition was asked when there were scope_len variables. */
static void teach(struct run *run, const struct balm_node *condition, size_t scope_len, bool holds)
{
    struct balm_way *way = &run->way;

    if (!run->open && run->scope_len == scope_len) return;
    if (way->len == BALM_WAY_MAX) {
        run->taught = false;
        return;
    }
    way->steps[way->len++] =
        (struct balm_way_step){condition, (uint32_t)scope_len, run->open, holds};
}

/* ---- rules ---- */

static enum outcome condition_holds(struct run *run, const struct balm_node *condition)
{
    struct memo *memo = run->memo ? &run->memo[slot_of(condition, MEMO_BITS)] : NULL;
    struct balm_value value = balm_null();
    size_t scope_len = run->scope_len;
    struct parts parts;
    bool good, holds;

    if (!enter(run)) return FAILED;
    run->depth--;
    if (memo && memo->condition == condition) return memo->holds ? FOUND : PASSED_OVER;
    run->local = run->open = false;
    take_apart(run, condition, &parts);
    good = call(run, &parts, &value);
    if (!good) return FAILED;
    holds = value.type != BALM_NULL && !(value.type == BALM_BOOL && !value.as.boolean);
    if (memo && !run->local) *memo = (struct memo){condition, holds};
    if (run->taught) teach(run, condition, scope_len, holds);
    return holds ? FOUND : PASSED_OVER;
}

static enum outcome conditions_hold(struct run *run, const struct balm_node *conditions)
{
    size_t count = conditions ? balm_node_len(conditions) : 0;
    enum outcome outcome = FOUND;

    for (size_t i = 0; outcome == FOUND && i < count; i++) {
        outcome = condition_holds(run, balm_node_at(conditions, i));
    }
    return outcome;
}

static enum outcome take_rules(struct run *run, const struct balm_node *rules);

/* The pack sorts keys, so that this one comes first: most rules are left behind it. */
static const struct balm_node *conditions_of(struct run *run, const struct balm_node *rule)
{
    if (see(run, balm_node_key_at(rule, 0))->word == WORD_CONDITIONS) return balm_node_at(rule, 0);
    return balm_node_get(rule, "conditions");
}

/* A rule whose conditions hold. */
static enum outcome follow(struct run *run, const struct balm_node *rule)
{
    struct parts parts;

    take_apart(run, rule, &parts);
    run->way.rule = rule;
    run->way.scope_len = (uint32_t)run->scope_len;
    switch (parts.of[WORD_TYPE] ? see(run, balm_node_text(parts.of[WORD_TYPE]))->word
                                : WORD_OTHER) {
    case WORD_TREE:
        return take_rules(run, parts.of[WORD_RULES]);
    case WORD_ERROR:
        return take_error(run, parts.of[WORD_ERROR]);
    case WORD_ENDPOINT:
        return take_endpoint(run, parts.of[WORD_ENDPOINT]);
    default:
        (void)fault(run, BALM_E_INPUT, "a rule is no tree, endpoint or error", "");
        return FAILED;
    }
}

static enum outcome take_rule(struct run *run, const struct balm_node *rule)
{
    enum outcome outcome = conditions_hold(run, conditions_of(run, rule));

    return outcome == FOUND ? follow(run, rule) : outcome;
}

static enum outcome take_rules(struct run *run, const struct balm_node *rules)
{
    size_t count = rules ? balm_node_len(rules) : 0;
    size_t scope_len = run->scope_len;
    enum outcome outcome = PASSED_OVER;

    if (!enter(run)) return FAILED;
    for (size_t i = 0; outcome == PASSED_OVER && i < count; i++) {
        outcome = take_rule(run, balm_node_at(rules, i));
        run->scope_len = scope_len;
    }
    run->depth--;
    return outcome;
}

/* PASSED_OVER: a condition came out otherwise than it did. */
static enum outcome go_again(struct run *run, const struct balm_way *way)
{
    for (size_t i = 0; i < way->len; i++) {
        const struct balm_way_step *step = &way->steps[i];
        enum outcome outcome;
        run->scope_len = step->scope_len;
        outcome = condition_holds(run, step->condition);
        if (outcome == FAILED) return FAILED;
        if ((outcome == FOUND) != step->holds) return PASSED_OVER;
    }
    run->scope_len = way->scope_len;
    return follow(run, way->rule);
}

static enum outcome walk(struct run *run, const struct balm_node *rules)
{
    run->scope_len = run->parameter_count;
    return take_rules(run, balm_node_get(rules, "rules"));
}

/* By the way that is kept for these parameters; else from the root, and that way is kept. */
static enum outcome take_way(struct run *run, struct balm_ways *ways, const struct balm_key *key,
                             const struct balm_node *rules)
{
    const struct balm_way *known = balm_ways_find(ways, key);
    enum outcome outcome = known ? go_again(run, known) : PASSED_OVER;

    if (outcome != PASSED_OVER) return outcome;
    memset(run->memo, 0, MEMO_SIZE); /* what is known by it is not taught */
    run->steps = 0;
    run->taught = true;
    outcome = walk(run, rules);
    if (outcome == FOUND && run->taught) balm_ways_keep(ways, key, &run->way);
    return outcome;
}

/* ---- parameters ---- */

static bool fits(const struct balm_node *spec, struct balm_value value)
{
    const struct balm_node *type = balm_node_get(spec, "type");
    const char *name = type ? balm_node_text(type) : "";

    if (balm_text_same_nocase(name, "boolean")) return value.type == BALM_BOOL;
    if (balm_text_same_nocase(name, "string")) return value.type == BALM_STRING;
    return value.type == BALM_LIST;
}

static bool bind(struct run *run, const char *name, const struct balm_node *spec,
                 struct balm_value value)
{
    if (value.type == BALM_NULL) {
        const struct balm_node *otherwise = balm_node_get(spec, "default");
        if (otherwise) value = balm_node_value(otherwise, run->context.arena);
    }
    if (value.type == BALM_NULL) {
        const struct balm_node *required = balm_node_get(spec, "required");
        if (!required || !balm_node_bool(required)) return assign(run, name, value);
        run->context.code =
            balm_fail(run->context.err, BALM_E_ARG,
                      "the endpoint needs the parameter %s, which is not set", name);
        return false;
    }
    if (!fits(spec, value)) {
        run->context.code = balm_fail(run->context.err, BALM_E_ARG,
                                      "the endpoint parameter %s cannot be of type %s", name,
                                      balm_type_name((enum balm_type)value.type));
        return false;
    }
    return assign(run, name, value);
}

/* Only an operation's caller gives it: it is not built in, and no switch that the model sets. */
static bool changes(const struct balm_node *spec, struct balm_value value)
{
    return value.type != BALM_BOOL && !balm_node_get(spec, "builtIn");
}

static bool bind_all(struct run *run, const struct balm_node *parameters, struct balm_value params)
{
    size_t count = parameters ? balm_node_len(parameters) : 0;

    for (size_t i = 0; i < count; i++) {
        const char *name = balm_node_key_at(parameters, i);
        const struct balm_node *spec = balm_node_at(parameters, i);
        struct balm_value value = balm_get(params, name);
        run->open = changes(spec, value);
        if (!bind(run, name, spec, value)) return false;
    }
    run->parameter_count = run->scope_len;
    return true;
}

/* The rule set, and its parameters that do not change. False: they are no key. */
static bool make_key(const struct run *run, const struct balm_node *rules, struct balm_key *key)
{
    bool good = balm_key_add(key, &rules, sizeof rules);

    for (size_t i = 0; good && i < run->parameter_count; i++) {
        const struct variable *variable = &run->scope[i];
        good = balm_key_add(key, variable->open ? "o" : "f", 1) &&
               (variable->open || balm_key_add_value(key, variable->value));
    }
    return good;
}

/* memo and seen are empty; out and what run points to must live as long as it. */
static void begin(struct run *run, struct balm_rules_context context, struct balm_rules_result *out)
{
    run->context = context;
    run->out = out;
    run->steps = run->depth = run->scope_len = run->parameter_count = 0;
    run->taught = run->url_alone = run->varies = false;
    run->way.len = 0;
    run->memo = NULL;
    *out = (struct balm_rules_result){"", balm_null(), balm_null()};
}

static enum balm_code end(const struct run *run, enum outcome outcome)
{
    if (balm_arena_status(run->context.arena, run->context.err)) return run->context.arena->code;
    if (run->context.code || outcome == FOUND) return run->context.code;
    return balm_fail(run->context.err, BALM_E_ARG, "no endpoint rule fits these parameters");
}

enum balm_code balm_rules_evaluate(const struct balm_node *rules,
                                   const struct balm_partitions *partitions, struct balm_ways *ways,
                                   struct balm_value params, struct balm_arena *arena,
                                   struct balm_rules_result *out, struct balm_err *err)
{
    struct memo memo[1 << MEMO_BITS] = {{NULL, false}};
    struct seen seen[1 << SEEN_BITS] = {{NULL, WORD_OTHER, NULL}};
    struct balm_key key = {.len = 0};
    enum outcome outcome = FAILED;
    struct run run;

    begin(&run, (struct balm_rules_context){partitions, arena, err, BALM_OK}, out);
    run.memo = memo;
    run.seen = seen;
    if (bind_all(&run, balm_node_get(rules, "parameters"), params)) {
        outcome = ways && make_key(&run, rules, &key) ? take_way(&run, ways, &key, rules)
                                                      : walk(&run, rules);
    }
    return end(&run, outcome);
}

/* ---- again ---- */

struct balm_rules_again {
    struct balm_arena arena; /* of what is below */
    struct balm_way *way;
    struct variable *parameters;
    size_t parameter_count;
    size_t changing[BALM_RULES_CHANGING_MAX]; /* places among the parameters */
    size_t changing_count;
    struct seen seen[1 << SEEN_BITS];
};

/* Nothing but texts change; what is not given is not given the next time. */
static bool keep_parameters(struct balm_rules_again *again, const struct run *run)
{
    size_t size = run->scope_len * sizeof *run->scope;

    again->parameters = balm_arena_alloc(&again->arena, size);
    if (!again->parameters) return false;
    memcpy(again->parameters, run->scope, size);
    again->parameter_count = run->scope_len;
    for (size_t i = 0; i < run->scope_len; i++) {
        if (!run->scope[i].open || run->scope[i].value.type != BALM_STRING) continue;
        if (again->changing_count == BALM_RULES_CHANGING_MAX) return false;
        again->changing[again->changing_count++] = i;
    }
    return true;
}

/* False: there is nothing to be done again. */
static bool learn(struct balm_rules_again *again, struct run *run, const struct balm_node *rules,
                  const struct balm_ways *ways, struct balm_value params)
{
    struct balm_key key = {.len = 0};
    const struct balm_way *way;

    params = balm_copy(&again->arena, params);
    if (!bind_all(run, balm_node_get(rules, "parameters"), params)) return false;
    way = make_key(run, rules, &key) ? balm_ways_find(ways, &key) : NULL;
    if (!way || !keep_parameters(again, run)) return false;
    again->way = balm_way_copy(way, &again->arena);
    if (!again->way || go_again(run, again->way) != FOUND) return false;
    return !run->varies && balm_map_len(run->out->headers) == 0;
}

enum balm_code balm_rules_again_new(struct balm_rules_again **out, const struct balm_node *rules,
                                    const struct balm_partitions *partitions,
                                    const struct balm_ways *ways, struct balm_value params,
                                    struct balm_err *err)
{
    struct balm_rules_again *again = calloc(1, sizeof *again);
    struct balm_rules_result result;
    struct run run;

    *out = NULL;
    if (!again) return balm_nomem(err);
    balm_arena_init(&again->arena, 0);
    begin(&run, (struct balm_rules_context){partitions, &again->arena, err, BALM_OK}, &result);
    run.seen = again->seen;
    if (learn(again, &run, rules, ways, params) && !again->arena.code) {
        *out = again;
        return BALM_OK;
    }
    if (!run.context.code) run.context.code = balm_arena_status(&again->arena, err);
    balm_rules_again_release(again);
    return run.context.code;
}

void balm_rules_again_release(struct balm_rules_again *again)
{
    if (!again) return;
    balm_arena_free(&again->arena);
    free(again);
}

size_t balm_rules_again_count(const struct balm_rules_again *again)
{
    return again->changing_count;
}

const char *balm_rules_again_name(const struct balm_rules_again *again, size_t i)
{
    return again->parameters[again->changing[i]].name;
}

enum balm_code balm_rules_again(struct balm_rules_again *again, const struct balm_value *values,
                                const struct balm_partitions *partitions, struct balm_arena *arena,
                                const char **url, struct balm_err *err)
{
    struct balm_rules_result result;
    enum outcome outcome;
    struct run run;

    begin(&run, (struct balm_rules_context){partitions, arena, err, BALM_OK}, &result);
    run.seen = again->seen;
    run.url_alone = true;
    memcpy(run.scope, again->parameters, again->parameter_count * sizeof *run.scope);
    run.parameter_count = again->parameter_count;
    for (size_t i = 0; i < again->changing_count; i++) {
        if (values[i].type != BALM_NULL) run.scope[again->changing[i]].value = values[i];
    }
    outcome = go_again(&run, again->way);
    *url = outcome == FOUND ? balm_arena_strdup(arena, result.url) : NULL;
    return outcome == PASSED_OVER ? BALM_OK : end(&run, outcome);
}
