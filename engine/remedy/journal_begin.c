/*
 * journal_begin: what a run is to do, as it is kept before its first write.
 */
#include "remedy/ledger_internal.h"

#include "core/clock.h"
#include "remedy/document.h"
#include "remedy/resource.h"

#include <stdio.h>
#include <string.h>

#define LEASE_SLACK_US ((int64_t)60 * 1000000)

static struct balm_value text_or_null(const char *text)
{
    return text && text[0] ? balm_string(text) : balm_null();
}

struct balm_value balm_journal_head(const struct balm_journal *journal, const char *status,
                                    struct balm_arena *arena)
{
    const struct balm_result *result = journal->result;
    const struct balm_intent *intent = result->intent;
    const struct balm_finding *finding = intent->finding;
    const char *remediation = intent->association.remediation;
    struct balm_value head = balm_map_sized(arena, 20);

    balm_map_add(arena, head, "run", balm_string(result->run));
    balm_map_add(arena, head, "started", balm_time_text(arena, result->started));
    balm_map_add(arena, head, "action", balm_string(balm_action_name(intent->action)));
    balm_map_add(arena, head, "status", balm_string(status));
    balm_map_add(arena, head, "remediation",
                 text_or_null(remediation ? remediation : finding->remediation));
    balm_map_add(arena, head, "version",
                 intent->version ? balm_string(balm_version_hash(intent->version)) : balm_null());
    balm_map_add(arena, head, "policy", text_or_null(finding->policy_id));
    balm_map_add(arena, head, "account", balm_string(finding->account));
    balm_map_add(arena, head, "region", balm_string(intent->region));
    balm_map_add(arena, head, "resource", balm_resource_name(finding->resource));
    balm_map_add(arena, head, "writes", balm_int((int64_t)journal->count));
    if (intent->version) {
        balm_map_add(arena, head, "reversible",
                     balm_bool(balm_get_bool(intent->declaration, "has_undo", false)));
    }
    if (intent->again) balm_map_add(arena, head, "undoes", balm_string(intent->again->run));
    balm_map_add(arena, head, "engine", journal->ledger->engine);
    return head;
}

static struct balm_value config_of(const struct balm_intent *intent, struct balm_arena *arena)
{
    struct balm_value config;

    if (!intent->policy || !balm_policy_path(intent->policy)[0]) return balm_null();
    config = balm_map_sized(arena, 2);
    balm_map_add(arena, config, "path", balm_string(balm_policy_path(intent->policy)));
    balm_map_add(arena, config, "sha256", balm_string(balm_policy_hash(intent->policy)));
    return config;
}

/* What the configuration says at its top, or the command, is asked of those when the run is undone:
   it may be another by then. What came with the association alone would be lost. Sealed: it is
   nobody's but the role's and Balm's. */
static struct balm_value external_id_of(const struct balm_intent *intent)
{
    struct balm_value id = text_or_null(balm_intent_brought_id(intent));

    id.secret = !balm_is_null(id);
    return id;
}

/* What undo needs, and what says who did this, and why. */
static struct balm_value began_of(const struct balm_journal *journal, struct balm_arena *arena)
{
    const struct balm_result *result = journal->result;
    const struct balm_intent *intent = result->intent;
    const struct balm_finding *finding = intent->finding;
    struct balm_value began = balm_map_sized(arena, 24);

    balm_map_add(arena, began, "action", balm_string(balm_action_name(intent->action)));
    balm_map_add(arena, began, "script", balm_string(balm_version_path(intent->version)));
    balm_map_add(arena, began, "version", balm_string(balm_version_hash(intent->version)));
    balm_map_add(arena, began, "config", config_of(intent, arena));
    balm_map_add(arena, began, "remediation", balm_string(intent->association.remediation));
    balm_map_add(arena, began, "source", text_or_null(finding->source));
    balm_map_add(arena, began, "event", text_or_null(finding->event_id));
    balm_map_add(arena, began, "policy", text_or_null(finding->policy_id));
    balm_map_add(arena, began, "account", balm_string(finding->account));
    balm_map_add(arena, began, "region", balm_string(finding->region)); /* as the event has it */
    balm_map_add(arena, began, "partition", text_or_null(intent->partition));
    balm_map_add(arena, began, "role", text_or_null(intent->role_arn));
    balm_map_add(arena, began, "external_id", external_id_of(intent));
    balm_map_add(arena, began, "by_hand", balm_bool(intent->by_hand));
    balm_map_add(arena, began, "skipped_guards", balm_skipped_guards(intent->engine, arena));
    balm_map_add(arena, began, "resource",
                 balm_scrub_mark(journal->scrub, finding->resource, arena));
    balm_map_add(arena, began, "parameters",
                 balm_scrub_mark(journal->scrub, intent->parameters, arena));
    balm_map_add(arena, began, "before", balm_scrub_mark(journal->scrub, result->before, arena));
    return began;
}

static void add_open(const struct balm_journal *journal, struct balm_changes *changes)
{
    struct balm_ledger *ledger = journal->ledger;
    int64_t until = balm_clock_now() + journal->lease_us + LEASE_SLACK_US;
    struct balm_value head = balm_journal_head(journal, "running", changes->arena);
    struct balm_value open = balm_copy(changes->arena, ledger->process);

    if (balm_is_null(open)) {
        open = balm_ledger_process(changes->arena);
        ledger->process = balm_copy(&ledger->arena, open);
        if (ledger->arena.code) ledger->process = balm_null(); /* what is half is not used */
    }
    balm_map_set(changes->arena, open, "until", balm_time_value(until));
    balm_map_set(changes->arena, open, BALM_LEDGER_HEAD, head);
    balm_changes_put(changes, BALM_LEDGER_OPEN, journal->result->run, open);
}

/* Most versions were kept long ago, and are large: whether this one was is asked first. */
static enum balm_code add_closure(const struct balm_journal *journal, struct balm_changes *changes,
                                  struct balm_buf *text, struct balm_err *err)
{
    const struct balm_version *version = journal->result->intent->version;
    const char *hash = balm_version_hash(version);
    size_t first = changes->count;
    enum balm_code code;

    if (journal->has_source || balm_map_get(journal->ledger->closures, hash)) return BALM_OK;
    if (!journal->lacks) {
        struct balm_change *check;
        char sort[BALM_SORT_SIZE];
        balm_piece_sort(sort, hash, 0);
        check = balm_changes_put(changes, "script", sort, balm_null());
        check->condition = BALM_PRESENT;
        check->only_checked = true;
        return BALM_OK;
    }
    code = balm_document_write(text, balm_version_sources(version), err);
    if (code) return code;
    balm_changes_pieces(changes, "script", hash, text->bytes, text->len);
    changes->at[first].condition = BALM_ABSENT;
    return BALM_OK;
}

void balm_ledger_knows(struct balm_ledger *ledger, const struct balm_version *version)
{
    const char *hash = balm_version_hash(version);

    /* Where memory ran out it is only offered to the store again. */
    if (!balm_map_get(ledger->closures, hash)) {
        balm_map_put(&ledger->arena, ledger->closures, hash, strlen(hash), balm_bool(true));
    }
}

enum balm_code balm_journal_begin(struct balm_journal *journal, struct balm_changes *changes,
                                  struct balm_buf *script, struct balm_buf *began,
                                  struct balm_err *err)
{
    const char *run = journal->result->run;
    struct balm_value value = began_of(journal, changes->arena);
    enum balm_code code = balm_arena_status(changes->arena, err);

    if (!code) {
        code = balm_seal_value(journal->ledger->seal, changes->arena, value, run, &value, err);
    }
    if (!code) code = balm_began_sign(journal->ledger, run, value, began, err);
    if (code) return code;
    add_open(journal, changes);
    code = add_closure(journal, changes, script, err);
    return code ? code : balm_changes_status(changes, err);
}
