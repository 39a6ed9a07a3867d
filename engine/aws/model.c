/* model, the part about services and operations. What is read here was checked when the service
   was first asked for. */
#include "aws/model_pack.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

const char *balm_service_name(const struct balm_service *service)
{
    return balm_pack_text(&service->name);
}

const char *balm_service_api_version(const struct balm_service *service)
{
    return balm_pack_text(&service->api_version);
}

const char *balm_service_id(const struct balm_service *service)
{
    return balm_pack_text(&service->id);
}

const char *balm_service_signing_name(const struct balm_service *service)
{
    return balm_pack_text(&service->signing_name);
}

const char *balm_service_endpoint_prefix(const struct balm_service *service)
{
    return balm_pack_text(&service->endpoint_prefix);
}

enum balm_protocol balm_service_protocol(const struct balm_service *service)
{
    return (enum balm_protocol)service->protocol;
}

const char *balm_service_signature(const struct balm_service *service)
{
    return balm_pack_text(&service->signature);
}

const char *balm_service_json_version(const struct balm_service *service)
{
    return balm_pack_text(&service->json_version);
}

const char *balm_service_target_prefix(const struct balm_service *service)
{
    return balm_pack_text(&service->target_prefix);
}

const char *balm_service_xml_namespace(const struct balm_service *service)
{
    return balm_pack_text(&service->xml_namespace);
}

const char *balm_service_global_endpoint(const struct balm_service *service)
{
    return balm_pack_text(&service->global_endpoint);
}

bool balm_service_is_query_compatible(const struct balm_service *service)
{
    return (service->flags & BALM_SERVICE_QUERY_COMPATIBLE) != 0;
}

const char *balm_service_refusal(const struct balm_service *service)
{
    const char *signature = balm_service_signature(service);
    /* It says so of itself, but takes the newer as well, and the SDKs send no other. */
    bool takes_newer = strcmp(balm_service_name(service), "importexport") == 0;

    if (strcmp(signature, "v2") == 0 && !takes_newer) {
        return "it is signed with Signature Version 2 only";
    }
    if (strcmp(signature, "bearer") == 0) return "it takes only a bearer token";
    if (service->protocol == BALM_PROTOCOL_NONE) return "it speaks no protocol that Balm knows";
    return NULL;
}

const struct balm_node *balm_service_rules(const struct balm_service *service)
{
    return balm_pack_follow(&service->rules);
}

const struct balm_node *balm_service_waiters(const struct balm_service *service)
{
    return balm_pack_follow(&service->waiters);
}

const struct balm_node *balm_service_client_context(const struct balm_service *service)
{
    return balm_pack_follow(&service->client_context);
}

enum balm_code balm_service_paginator(const struct balm_service *service,
                                      const struct balm_operation *operation,
                                      struct balm_arena *arena, struct balm_value *out)
{
    const struct balm_node *all = balm_pack_follow(&service->paginators);
    *out = balm_node_value(balm_node_get(all, balm_operation_name(operation)), arena);
    return balm_arena_status(arena, NULL);
}

/* Waiters too go by both names: "InstanceStopped" in the file, "instance_stopped" in scripts. */
static const struct balm_node *find_waiter(const struct balm_node *all, const char *name)
{
    const struct balm_node *found = balm_node_get(all, name);
    struct balm_buf snake = BALM_BUF_INIT(BALM_BUF_MAX);
    size_t count = found || !all ? 0 : balm_node_len(all);
    size_t i;
    for (i = 0; i < count && !found; i++) {
        balm_buf_clear(&snake);
        balm_text_snake(&snake, balm_node_key_at(all, i));
        if (strcmp(snake.bytes, name) == 0) found = balm_node_at(all, i);
    }
    balm_buf_free(&snake);
    return found;
}

enum balm_code balm_service_waiter(const struct balm_service *service, const char *name,
                                   struct balm_arena *arena, struct balm_value *out)
{
    *out = balm_node_value(find_waiter(balm_pack_follow(&service->waiters), name), arena);
    return balm_arena_status(arena, NULL);
}

const char *balm_service_nearest_waiter(const struct balm_service *service, const char *name,
                                        struct balm_arena *arena)
{
    const struct balm_node *all = balm_pack_follow(&service->waiters);
    size_t count = all ? balm_node_len(all) : 0;
    const char **names = balm_arena_alloc(arena, (count + 1) * sizeof *names);
    struct balm_buf snake = BALM_BUF_INIT(BALM_BUF_MAX);
    size_t known = 0;

    for (size_t i = 0; names && i < count; i++) {
        balm_buf_clear(&snake);
        balm_text_snake(&snake, balm_node_key_at(all, i));
        names[known] = balm_arena_strdup(arena, snake.bytes);
        if (names[known]) known++;
    }
    balm_buf_free(&snake);
    return names ? balm_text_nearest(name, names, known) : NULL;
}

/* ---- operations ---- */

static const struct balm_operation *operations_of(const struct balm_service *service)
{
    return (
        const struct balm_operation *)(const void *)((const char *)service +
                                                     service->regions[BALM_REGION_OPERATION].at);
}

size_t balm_service_operation_count(const struct balm_service *service)
{
    return service->regions[BALM_REGION_OPERATION].count;
}

const struct balm_operation *balm_service_operation_at(const struct balm_service *service, size_t i)
{
    return i < balm_service_operation_count(service) ? &operations_of(service)[i] : NULL;
}

static const struct balm_operation *find_operation(const struct balm_service *service,
                                                   const char *name, bool snake)
{
    const struct balm_operation *all = operations_of(service);
    size_t low = 0;
    size_t high = balm_service_operation_count(service);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct balm_operation *one = snake ? &all[all[middle].by_snake] : &all[middle];
        int order = strcmp(name, balm_pack_text(snake ? &one->snake_name : &one->name));
        if (order == 0) return one;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* The suggestion is spelt as the name asked for was. */
static enum balm_code unknown_operation(const struct balm_service *service, const char *name,
                                        struct balm_err *err)
{
    size_t count = balm_service_operation_count(service);
    const struct balm_operation *all = operations_of(service);
    const char **names = malloc((count + 1) * sizeof *names);
    const char *nearest = NULL;
    bool api_name = name[0] >= 'A' && name[0] <= 'Z';
    size_t i;
    if (names) {
        for (i = 0; i < count; i++) {
            names[i] = balm_pack_text(api_name ? &all[i].name : &all[i].snake_name);
        }
        nearest = balm_text_nearest(name, names, count);
        free(names);
    }
    if (!nearest) {
        return balm_fail(err, BALM_E_ARG,
                         "%s has no operation \"%s\"; \"balm models show %s\" names them all",
                         balm_service_name(service), name, balm_service_name(service));
    }
    return balm_fail(err, BALM_E_ARG, "%s has no operation \"%s\"; did you mean \"%s\"?",
                     balm_service_name(service), name, nearest);
}

enum balm_code balm_service_operation(const struct balm_service *service, const char *name,
                                      const struct balm_operation **out, struct balm_err *err)
{
    *out = find_operation(service, name, true);
    if (!*out) *out = find_operation(service, name, false);
    return *out ? BALM_OK : unknown_operation(service, name, err);
}

const struct balm_service *balm_operation_service(const struct balm_operation *operation)
{
    return balm_pack_follow(&operation->service);
}

const char *balm_operation_name(const struct balm_operation *operation)
{
    return balm_pack_text(&operation->name);
}

const char *balm_operation_snake_name(const struct balm_operation *operation)
{
    return balm_pack_text(&operation->snake_name);
}

const char *balm_operation_method(const struct balm_operation *operation)
{
    return balm_pack_text(&operation->method);
}

const char *balm_operation_uri(const struct balm_operation *operation)
{
    return balm_pack_text(&operation->uri);
}

int balm_operation_success_code(const struct balm_operation *operation)
{
    return operation->success;
}

const struct balm_member *balm_operation_input_member(const struct balm_operation *operation)
{
    return balm_pack_follow(&operation->input);
}

const struct balm_member *balm_operation_output_member(const struct balm_operation *operation)
{
    return balm_pack_follow(&operation->output);
}

const struct balm_shape *balm_operation_input(const struct balm_operation *operation)
{
    const struct balm_member *member = balm_pack_follow(&operation->input);
    return member ? balm_member_shape(member) : NULL;
}

const struct balm_shape *balm_operation_output(const struct balm_operation *operation)
{
    const struct balm_member *member = balm_pack_follow(&operation->output);
    return member ? balm_member_shape(member) : NULL;
}

size_t balm_operation_error_count(const struct balm_operation *operation)
{
    return operation->error_count;
}

const struct balm_shape *balm_operation_error_at(const struct balm_operation *operation, size_t i)
{
    const balm_ref *errors = balm_pack_follow(&operation->errors);
    return i < operation->error_count ? balm_pack_follow(&errors[i]) : NULL;
}

size_t balm_operation_action_count(const struct balm_operation *operation)
{
    return operation->action_count;
}

const char *balm_operation_action_at(const struct balm_operation *operation, size_t i)
{
    const balm_ref *actions = balm_pack_follow(&operation->actions);
    return i < operation->action_count ? balm_pack_text(&actions[i]) : "";
}

size_t balm_operation_dependent_count(const struct balm_operation *operation)
{
    return operation->dependent_count;
}

const char *balm_operation_dependent_at(const struct balm_operation *operation, size_t i)
{
    const balm_ref *dependents = balm_pack_follow(&operation->dependents);
    return i < operation->dependent_count ? balm_pack_text(&dependents[i]) : "";
}

bool balm_operation_is_read(const struct balm_operation *operation)
{
    return (operation->flags & BALM_OPERATION_READ) != 0;
}

bool balm_operation_unsigned_payload(const struct balm_operation *operation)
{
    return (operation->flags & BALM_OPERATION_UNSIGNED_PAYLOAD) != 0;
}

bool balm_operation_has_event_stream(const struct balm_operation *operation)
{
    return (operation->flags & BALM_OPERATION_EVENT_STREAM) != 0;
}

bool balm_operation_checksum_required(const struct balm_operation *operation)
{
    return (operation->flags & BALM_OPERATION_CHECKSUM_REQUIRED) != 0;
}

bool balm_operation_checksum_response(const struct balm_operation *operation)
{
    return (operation->flags & BALM_OPERATION_CHECKSUM_RESPONSE) != 0;
}

/* What most operations do not have; all empty for them. */
static const struct balm_operation_more *more_of(const struct balm_operation *operation)
{
    static const struct balm_operation_more none;
    return operation->more ? balm_pack_follow(&operation->more) : &none;
}

const char *balm_operation_result_wrapper(const struct balm_operation *operation)
{
    return balm_pack_text(&more_of(operation)->result_wrapper);
}

const char *balm_operation_host_prefix(const struct balm_operation *operation)
{
    return balm_pack_text(&more_of(operation)->host_prefix);
}

const char *balm_operation_auth_type(const struct balm_operation *operation)
{
    return balm_pack_text(&more_of(operation)->auth_type);
}

const char *balm_operation_checksum_member(const struct balm_operation *operation)
{
    return balm_pack_text(&more_of(operation)->checksum_member);
}

const char *balm_operation_compression(const struct balm_operation *operation)
{
    return balm_pack_text(&more_of(operation)->compression);
}

const struct balm_node *balm_operation_static_context(const struct balm_operation *operation)
{
    return balm_pack_follow(&more_of(operation)->static_context);
}

const struct balm_node *balm_operation_context(const struct balm_operation *operation)
{
    return balm_pack_follow(&more_of(operation)->context);
}
