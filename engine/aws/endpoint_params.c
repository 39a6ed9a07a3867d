/*
 * endpoint_params: what a rule set is asked with: the operation's own parameters, what its model
 * fixes, and what the SDKs build in. Nothing that an event can say passes unchecked into a host.
 */
#include "aws/endpoint_internal.h"

#include "core/text.h"

#include <string.h>

#define ENTRIES_MAX 48
#define MEMBERS_MAX 16

struct gather {
    const struct balm_endpoint_question *question;
    const struct balm_aws_config *config;
    struct balm_arena *arena;
    const char *region;   /* without a "fips-" of its own */
    const char *override; /* NULL: none */
    struct balm_value s3; /* the profile's section; null when none */
    bool fips;
    const struct balm_member *members[MEMBERS_MAX];
    size_t member_count;
};

/* ---- the S3 section of the profile: values are texts ---- */

static struct balm_value s3_section(const struct balm_aws_config *config)
{
    return balm_get(balm_get(config->config_file, config->profile), "s3");
}

static bool s3_flag(const struct gather *gather, const char *name, bool fallback)
{
    const char *text = balm_get_string(gather->s3, name, NULL);

    return text ? balm_text_same_nocase(text, "true") : fallback;
}

static bool is_accelerate(const char *url)
{
    return strstr(url, "s3-accelerate") != NULL;
}

/* By path: always for a host of one's own, for GetBucketLocation, which is asked in a region that
   need not be the bucket's; never for an ARN, whose host the rules make. */
static struct balm_value force_path_style(const struct gather *gather)
{
    const struct balm_operation *operation = gather->question->operation;
    const char *style = balm_get_string(gather->s3, "addressing_style", "auto");
    const char *bucket = balm_get_string(gather->question->params, "Bucket", "");

    if (operation && strcmp(balm_operation_name(operation), "GetBucketLocation") == 0) {
        return balm_bool(true);
    }
    if (balm_text_starts(bucket, "arn:")) return balm_bool(false);
    if (s3_flag(gather, "use_accelerate_endpoint", false)) return balm_bool(false);
    if (gather->override && !is_accelerate(gather->override)) {
        return balm_bool(strcmp(style, "virtual") != 0);
    }
    return balm_bool(strcmp(style, "path") == 0);
}

/* ---- built-ins ---- */

static struct balm_value region(const struct gather *gather)
{
    return balm_string(gather->region);
}

/* A host of one's own is neither a FIPS nor a dual-stack one. */
static struct balm_value use_fips(const struct gather *gather)
{
    return balm_bool(!gather->override && gather->fips);
}

static struct balm_value use_dual_stack(const struct gather *gather)
{
    return balm_bool(!gather->override &&
                     s3_flag(gather, "use_dualstack_endpoint", gather->config->use_dualstack));
}

static struct balm_value endpoint(const struct gather *gather)
{
    return balm_string(gather->override);
}

static struct balm_value account_id(const struct gather *gather)
{
    const char *account = gather->question->account;

    return account && account[0] ? balm_string(account) : balm_null();
}

static struct balm_value account_id_mode(const struct gather *gather)
{
    const char *mode = balm_aws_config_setting(gather->config, "AWS_ACCOUNT_ID_ENDPOINT_MODE",
                                               "account_id_endpoint_mode");

    return balm_string(mode ? mode : "preferred");
}

static struct balm_value sts_use_global(const struct gather *gather)
{
    const char *mode = gather->config->sts_regional;

    return balm_bool(mode && strcmp(mode, "legacy") == 0);
}

static struct balm_value s3_use_global(const struct gather *gather)
{
    const char *mode = balm_get_string(gather->s3, "us_east_1_regional_endpoint", "legacy");

    return balm_bool(strcmp(gather->region, "us-east-1") == 0 && strcmp(mode, "legacy") == 0);
}

static struct balm_value s3_accelerate(const struct gather *gather)
{
    return balm_bool(s3_flag(gather, "use_accelerate_endpoint", false));
}

static struct balm_value s3_use_arn_region(const struct gather *gather)
{
    return balm_bool(s3_flag(gather, "use_arn_region", true));
}

static struct balm_value s3control_use_arn_region(const struct gather *gather)
{
    return balm_bool(s3_flag(gather, "use_arn_region", false));
}

static struct balm_value s3_disable_mrap(const struct gather *gather)
{
    return balm_bool(s3_flag(gather, "s3_disable_multiregion_access_points", false));
}

/* Directory buckets take plain signatures too: whoever asks for that, no session is opened for. */
static struct balm_value s3_disable_express(const struct gather *gather)
{
    return balm_bool(balm_aws_config_flag(gather->config, "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH",
                                          "s3_disable_express_session_auth"));
}

static const struct builtin {
    const char *name;
    struct balm_value (*get)(const struct gather *gather);
} builtins[] = {
    {"AWS::Region", region},
    {"AWS::UseFIPS", use_fips},
    {"AWS::UseDualStack", use_dual_stack},
    {"SDK::Endpoint", endpoint},
    {"AWS::Auth::AccountId", account_id},
    {"AWS::Auth::AccountIdEndpointMode", account_id_mode},
    {"AWS::STS::UseGlobalEndpoint", sts_use_global},
    {"AWS::S3::UseGlobalEndpoint", s3_use_global},
    {"AWS::S3::ForcePathStyle", force_path_style},
    {"AWS::S3::Accelerate", s3_accelerate},
    {"AWS::S3::UseArnRegion", s3_use_arn_region},
    {"AWS::S3Control::UseArnRegion", s3control_use_arn_region},
    {"AWS::S3::DisableMultiRegionAccessPoints", s3_disable_mrap},
    /* by its own name: what a client may be told */
    {"DisableS3ExpressSessionAuth", s3_disable_express},
};

static struct balm_value builtin_value(const struct gather *gather, const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].name, name) == 0) return builtins[i].get(gather);
    }
    return balm_null();
}

/* ---- the operation's context ---- */

static struct balm_value static_value(const struct balm_operation *operation, const char *name,
                                      struct balm_arena *arena)
{
    const struct balm_node *all = balm_operation_static_context(operation);
    const struct balm_node *one = all ? balm_node_get(all, name) : NULL;
    const struct balm_node *value = one ? balm_node_get(one, "value") : NULL;

    return value ? balm_node_value(value, arena) : balm_null();
}

/* The members that the model gives a rule's parameter to, by its name; few, where there are any. */
static void find_members(struct gather *gather)
{
    const struct balm_operation *operation = gather->question->operation;
    const struct balm_shape *input = operation ? balm_operation_input(operation) : NULL;
    size_t count = input ? balm_shape_member_count(input) : 0;

    for (size_t i = 0; i < count && gather->member_count < MEMBERS_MAX; i++) {
        const struct balm_member *member = balm_shape_member_at(input, i);
        if (balm_member_context_param(member)[0]) gather->members[gather->member_count++] = member;
    }
}

static struct balm_value member_value(const struct gather *gather, const char *name)
{
    for (size_t i = 0; i < gather->member_count; i++) {
        const struct balm_member *member = gather->members[i];
        if (strcmp(balm_member_context_param(member), name) == 0) {
            return balm_get(gather->question->params, balm_member_name(member));
        }
    }
    return balm_null();
}

static struct balm_value path_value(const struct balm_operation *operation, const char *name,
                                    struct balm_value params, struct balm_arena *arena)
{
    const struct balm_node *all = balm_operation_context(operation);
    const struct balm_node *one = all ? balm_node_get(all, name) : NULL;
    const struct balm_node *path = one ? balm_node_get(one, "path") : NULL;

    return path ? balm_endpoint_path(params, balm_node_text(path), arena) : balm_null();
}

static struct balm_value context_value(const struct gather *gather, const char *name)
{
    const struct balm_endpoint_question *question = gather->question;
    struct balm_value value = balm_null();

    if (!question->operation) return value;
    value = static_value(question->operation, name, gather->arena);
    if (value.type == BALM_NULL) value = member_value(gather, name);
    if (value.type == BALM_NULL) {
        value = path_value(question->operation, name, question->params, gather->arena);
    }
    return value;
}

static struct balm_value value_of(const struct gather *gather, const char *name,
                                  const struct balm_node *spec)
{
    struct balm_value value = balm_get(gather->question->extra, name);
    const struct balm_node *builtin;

    if (value.type == BALM_NULL) value = context_value(gather, name);
    if (value.type != BALM_NULL) return value;
    builtin = balm_node_get(spec, "builtIn");
    return builtin_value(gather, builtin ? balm_node_text(builtin) : name);
}

/* ---- checks ---- */

static bool is_bucket(const char *bucket, size_t len)
{
    bool arn = balm_text_starts(bucket, "arn:");

    if (!len || len > (arn ? 2048 : 255)) return false;
    if (strcmp(bucket, ".") == 0 || strcmp(bucket, "..") == 0) return false;
    for (size_t i = 0; i < len; i++) {
        char c = bucket[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !strchr(arn ? "._-:/" : "._-", c)) return false;
        if (!c) return false;
    }
    return true;
}

static enum balm_code check_mode(struct balm_value mode, struct balm_err *err)
{
    if (balm_is_text(mode, "preferred") || balm_is_text(mode, "disabled") ||
        balm_is_text(mode, "required")) {
        return BALM_OK;
    }
    return balm_fail(
        err, BALM_E_ARG,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE (or the profile's account_id_endpoint_mode) must "
        "be \"preferred\", \"disabled\" or \"required\", not \"%.40s\"",
        mode.as.text);
}

enum balm_code balm_endpoint_check(const char *name, struct balm_value value, struct balm_err *err)
{
    if (value.type != BALM_STRING) return BALM_OK;
    if (strcmp(name, "AccountIdEndpointMode") == 0) return check_mode(value, err);
    if (strcmp(name, "Region") == 0 && !balm_text_is_host_label(value.as.text, value.len)) {
        return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not a region: it must be a host label",
                         value.as.text);
    }
    if (strcmp(name, "Bucket") == 0 && !is_bucket(value.as.text, value.len)) {
        return balm_fail(
            err, BALM_E_ARG,
            "\"%.80s\" is not a bucket name: it may hold letters, digits, \".\", \"-\" "
            "and \"_\" (255 at most), or be an ARN",
            value.as.text);
    }
    return BALM_OK;
}

static enum balm_code check_extra(struct balm_value extra, const struct balm_node *parameters,
                                  struct balm_err *err)
{
    const char *names[ENTRIES_MAX];
    size_t count = parameters ? balm_node_len(parameters) : 0;

    count = count > ENTRIES_MAX ? ENTRIES_MAX : count;
    for (size_t i = 0; i < count; i++) {
        names[i] = balm_node_key_at(parameters, i);
    }
    for (size_t i = 0; i < balm_map_len(extra); i++) {
        const char *key = balm_map_at(extra, i)->key;
        const char *near;
        if (parameters && balm_node_get(parameters, key)) continue;
        near = balm_text_nearest(key, names, count);
        return balm_fail(err, BALM_E_ARG, "the endpoint rules have no parameter %.80s%s%s%s", key,
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return BALM_OK;
}

/* Pseudo regions of old, such as "fips-us-east-1" and "us-east-1-fips", ask for FIPS. */
static const char *plain_region(const char *region, struct balm_arena *arena, bool *fips)
{
    size_t len = strlen(region);

    if (balm_text_starts(region, "fips-")) {
        *fips = true;
        return region + 5;
    }
    if (len > 5 && balm_text_ends(region, "-fips")) {
        *fips = true;
        return balm_arena_copy(arena, region, len - 5);
    }
    return region;
}

static enum balm_code prepare(struct gather *gather, struct balm_err *err)
{
    const struct balm_endpoint_question *question = gather->question;
    const char *given = question->region ? question->region : "";
    const char *id = balm_service_id(question->service);
    const char *prefix = balm_service_endpoint_prefix(question->service);
    struct balm_url_parts parts;
    enum balm_code code;

    if (!given[0]) return balm_fail(err, BALM_E_ARG, "the region is empty");
    code = balm_endpoint_check("Region", balm_string(given), err);
    if (code) return code;
    find_members(gather);
    gather->fips = gather->config->use_fips;
    gather->region = plain_region(given, gather->arena, &gather->fips);
    if (!gather->region) return balm_arena_status(gather->arena, err);
    gather->override = balm_aws_config_endpoint_url(gather->config, id);
    /* Rules that cannot read it would go to AWS instead. */
    if (gather->override && !balm_endpoint_split(gather->override, &parts)) {
        return balm_endpoint_refuse(gather->override, err);
    }
    gather->s3 = balm_text_starts(prefix, "s3") ? s3_section(gather->config) : balm_null();
    return BALM_OK;
}

enum balm_code balm_endpoint_params(const struct balm_endpoint_question *question,
                                    const struct balm_aws_config *config, struct balm_arena *arena,
                                    struct balm_value *out, const char **region_out,
                                    struct balm_err *err)
{
    struct gather gather = {.question = question, .config = config, .arena = arena};
    const struct balm_node *rules = balm_service_rules(question->service);
    const struct balm_node *parameters = rules ? balm_node_get(rules, "parameters") : NULL;
    size_t count = parameters ? balm_node_len(parameters) : 0;
    struct balm_entry entries[ENTRIES_MAX];
    size_t filled = 0;
    enum balm_code code = prepare(&gather, err);

    if (!code) code = check_extra(question->extra, parameters, err);
    if (!code && count > ENTRIES_MAX) {
        code = balm_fail(err, BALM_E_LIMIT, "the endpoint rules have too many parameters");
    }
    for (size_t i = 0; !code && i < count; i++) {
        const char *name = balm_node_key_at(parameters, i);
        struct balm_value value = value_of(&gather, name, balm_node_at(parameters, i));
        code = balm_endpoint_check(name, value, err);
        if (value.type == BALM_NULL) continue;
        entries[filled++] = (struct balm_entry){name, (uint32_t)strlen(name), value};
    }
    if (code) return code;
    *out = balm_map_of(arena, entries, filled);
    *region_out = balm_get_string(*out, "Region", gather.region);
    return balm_arena_status(arena, err);
}
