#include "remedy/tags_asked.h"

#include "core/text.h"
#include "remedy/resource.h"
#include "remedy/tags.h"

#include <stdlib.h>
#include <string.h>

struct balm_tags_asked {
    struct balm_guard guard;
    struct balm_aws *aws;
};

/* One question under way; guarding->of_guard. */
struct look {
    struct balm_guarding *guarding;
    const struct balm_guard *guard;
    struct balm_session *session;
    struct balm_call *call;
};

static const char only_asking[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
    "\"Action\":\"" BALM_TAGS_ACTION "\",\"Resource\":\"*\"}]}";

/* ---- answers ---- */

static struct balm_guarding *end(struct look *look)
{
    struct balm_guarding *guarding = look->guarding;

    guarding->of_guard = NULL;
    balm_call_release(look->call);
    if (look->session) balm_session_release(look->session);
    free(look);
    return guarding;
}

static void cannot(struct balm_guarding *guarding, const struct balm_err *why)
{
    guarding->failed = true;
    balm_guard_refuse(guarding, "the resource's tags cannot be found out: %s%s%s", why->aws_code,
                      why->aws_code[0] ? ": " : "", why->message);
}

/* The resource is in the answer where it has tags, or had some; else it has none. */
static void on_resources(void *owner, const struct balm_call_result *result)
{
    struct look *look = owner;
    struct balm_intent *intent = look->guarding->intent;
    const struct balm_guard *guard = look->guard;
    struct balm_guarding *guarding;
    struct balm_err err = result->err;

    if (!err.code) {
        struct balm_value tags = balm_path(result->answer, "ResourceTagMappingList.0.Tags");
        intent->tags = balm_tags_of(balm_copy(intent->arena, tags), intent->arena);
        (void)balm_arena_status(intent->arena, &err);
    }
    guarding = end(look);
    if (err.code) {
        cannot(guarding, &err);
    } else {
        balm_guard_excluded(guard, guarding);
    }
}

/* ---- the question ---- */

/* What names the resource to every service; NULL: nothing does. */
static const char *arn_of(const struct balm_intent *intent)
{
    const struct balm_finding *finding = intent->finding;
    const char *arn = balm_resource_arn(finding->resource);
    const char *type = balm_get_string(balm_get(finding->normal, "resource"), "type", "");

    if (!arn) arn = balm_resource_arn(balm_get(finding->normal, "resource"));
    if (arn) return arn;
    return balm_resource_make_arn(
        finding->resource, type,
        &(struct balm_resource_place){intent->partition, intent->region, finding->account},
        intent->arena);
}

static enum balm_code send(struct look *look, struct balm_err *err)
{
    struct balm_intent *intent = look->guarding->intent;
    const struct balm_tags_asked *asked = look->guard->owner;
    struct balm_arena *arena = intent->arena;
    struct balm_value params = balm_map(arena), arns = balm_list(arena);
    struct balm_session_options options = {.session_name = "balm-tags",
                                           .session_policy = only_asking,
                                           .account = intent->finding->account};
    const char *arn;

    if (balm_intent_locate(intent, err)) return err->code;
    arn = arn_of(intent);
    if (!arn) {
        return arena->code
                   ? balm_arena_status(arena, err)
                   : balm_fail(
                         err, BALM_E_INPUT,
                         "the event tells no ARN of it, and nothing that one could be made of");
    }
    balm_list_push(arena, arns, balm_string(arn));
    balm_map_set(arena, params, "ResourceARNList", arns);
    if (balm_arena_status(arena, err)) return err->code;
    options.role_arn = intent->role_arn;
    options.external_id = intent->external_id;
    options.region = intent->region;
    options.partition = intent->partition;
    if (balm_session_open(&look->session, asked->aws, &options, err) ||
        balm_call_named(&look->call, look->session, "resourcegroupstaggingapi", "GetResources",
                        params, err)) {
        return err->code;
    }
    balm_call_send(look->call, on_resources, look);
    return BALM_OK;
}

/* ---- the guard ---- */

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_intent *intent = guarding->intent;
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);
    struct look *look;
    struct balm_err err;

    if (!settings->asks_tags || balm_finding_tells_tags(intent->finding)) {
        balm_guard_allow(guarding);
        return;
    }
    if (guarding->alone) return; /* unanswered: it would have to call AWS */
    look = calloc(1, sizeof *look);
    if (!look) {
        balm_guard_fail(guarding, "out of memory");
        return;
    }
    look->guarding = guarding;
    look->guard = guard;
    guarding->of_guard = look;
    if (send(look, &err)) cannot(end(look), &err);
}

static void forget(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    (void)guard;
    if (guarding->of_guard) (void)end(guarding->of_guard);
}

enum balm_code balm_tags_asked_new(struct balm_tags_asked **out, struct balm_aws *aws,
                                   struct balm_err *err)
{
    struct balm_tags_asked *asked = calloc(1, sizeof *asked);

    if (!asked) return balm_nomem(err);
    asked->aws = aws;
    asked->guard = (struct balm_guard){.name = "excluded",
                                       .can_be_skipped = true,
                                       .actions = 1u << BALM_ACTION_FIX | 1u << BALM_ACTION_PLAN,
                                       .moments = 1u << BALM_BEFORE_RUN,
                                       .ask = ask,
                                       .forget = forget,
                                       .owner = asked};
    *out = asked;
    return BALM_OK;
}

void balm_tags_asked_release(struct balm_tags_asked *asked)
{
    free(asked);
}

const struct balm_guard *balm_tags_asked_guard(const struct balm_tags_asked *asked)
{
    return &asked->guard;
}
