#include "aws/model_build.h"
#include "aws/model_build_internal.h"

#include "core/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACK_MAX ((size_t)512 << 20)

struct build {
    const struct balm_build_options *options;
    struct balm_arena lasting;   /* the list of services, the actions */
    struct balm_arena transient; /* one service's descriptions */
    struct balm_value actions;
    struct balm_blob blob;
    struct balm_buf entries;
    struct balm_buf names;
    struct balm_buf blobs;
    struct balm_build_report *report;
    struct balm_err *err;
};

/* In the order that Balm prefers, not the one that a service lists. */
static const struct {
    const char *name;
    enum balm_protocol protocol;
} protocols[] = {
    {"json", BALM_PROTOCOL_JSON},         {"rest-json", BALM_PROTOCOL_REST_JSON},
    {"rest-xml", BALM_PROTOCOL_REST_XML}, {"smithy-rpc-v2-cbor", BALM_PROTOCOL_CBOR},
    {"query", BALM_PROTOCOL_QUERY},       {"ec2", BALM_PROTOCOL_EC2},
};

static bool lists(struct balm_value list, const char *word)
{
    size_t i;
    for (i = 0; i < balm_list_len(list); i++) {
        if (balm_is_text(*balm_list_at(list, i), word)) return true;
    }
    return false;
}

static uint16_t protocol_of(struct balm_value metadata)
{
    struct balm_value several = balm_get(metadata, "protocols");
    struct balm_value one = balm_get(metadata, "protocol");
    size_t i;
    for (i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        const char *name = protocols[i].name;
        if (balm_list_len(several) ? lists(several, name) : balm_is_text(one, name)) {
            return (uint16_t)protocols[i].protocol;
        }
    }
    return BALM_PROTOCOL_NONE;
}

/* What `auth` lists first counts, where it is a kind that the older trait has no word for. */
static balm_ref signature_of(struct balm_blob *blob, struct balm_value metadata)
{
    struct balm_value *first = balm_list_at(balm_get(metadata, "auth"), 0);
    if (first && balm_is_text(*first, "aws.auth#sigv4a")) return balm_blob_text(blob, "v4a");
    return balm_blob_text_of(blob, balm_get(metadata, "signatureVersion"));
}

static balm_ref namespace_of(struct balm_blob *blob, struct balm_value metadata)
{
    struct balm_value names = balm_get(metadata, "xmlNamespace");
    return balm_blob_text_of(blob, names.type == BALM_MAP ? balm_get(names, "uri") : names);
}

static void fill_metadata(struct balm_blob *blob, const char *name, struct balm_value metadata)
{
    struct balm_service *head = &blob->head;
    struct balm_value prefix = balm_get(metadata, "endpointPrefix");
    struct balm_value signing_name = balm_get(metadata, "signingName");
    head->name = balm_blob_text(blob, name);
    head->protocol = protocol_of(metadata);
    if (!balm_is_null(balm_get(metadata, "awsQueryCompatible"))) {
        head->flags |= BALM_SERVICE_QUERY_COMPATIBLE;
    }
    head->api_version = balm_blob_text_of(blob, balm_get(metadata, "apiVersion"));
    head->id = balm_blob_text_of(blob, balm_get(metadata, "serviceId"));
    head->endpoint_prefix = balm_blob_text_of(blob, prefix);
    head->signing_name =
        balm_blob_text_of(blob, signing_name.type == BALM_STRING ? signing_name : prefix);
    head->signature = signature_of(blob, metadata);
    head->json_version = balm_blob_text_of(blob, balm_get(metadata, "jsonVersion"));
    head->target_prefix = balm_blob_text_of(blob, balm_get(metadata, "targetPrefix"));
    head->xml_namespace = namespace_of(blob, metadata);
    head->global_endpoint = balm_blob_text_of(blob, balm_get(metadata, "globalEndpoint"));
}

/* A document beside the description; *ref stays 0 where there is none. */
static enum balm_code add_document(struct build *build, struct balm_value folders, const char *file,
                                   const char *within, balm_ref *ref)
{
    struct balm_value document;
    enum balm_code code = balm_build_load(&build->transient, folders, file, &document, build->err);
    if (code) return code;
    if (within) document = balm_get(document, within);
    if (!balm_is_null(document)) *ref = balm_blob_node(&build->blob, document);
    return BALM_OK;
}

static enum balm_code add_documents(struct build *build, struct balm_value folders)
{
    struct balm_service *head = &build->blob.head;
    enum balm_code code;
    code = add_document(build, folders, "endpoint-rule-set-1", NULL, &head->rules);
    if (code) return code;
    code = add_document(build, folders, "paginators-1", "pagination", &head->paginators);
    if (code) return code;
    return add_document(build, folders, "waiters-2", "waiters", &head->waiters);
}

/* Ends the blob under construction; it becomes the next entry. */
static enum balm_code add_entry(struct build *build, const char *name)
{
    size_t start = build->blobs.len;
    struct balm_pack_entry entry;
    enum balm_code code = balm_blob_finish(&build->blob, &build->blobs, build->err);
    if (code) return code;
    memset(&entry, 0, sizeof entry);
    entry.name = (uint32_t)build->names.len;
    entry.at = (uint32_t)start;
    entry.size = (uint32_t)(build->blobs.len - start);
    entry.sum = balm_pack_sum(build->blobs.bytes + start, entry.size);
    balm_buf_add(&build->entries, &entry, sizeof entry);
    balm_buf_add(&build->names, name, strlen(name) + 1);
    return BALM_OK;
}

static enum balm_code add_description(struct build *build, const char *name,
                                      struct balm_value folders)
{
    struct balm_blob *blob = &build->blob;
    struct balm_value context;
    struct balm_value description;
    enum balm_code code;
    balm_blob_begin(blob, &build->transient);
    code = balm_build_load(&build->transient, folders, "service-2", &description, build->err);
    if (code) return code;
    blob->shapes = balm_get(description, "shapes");
    fill_metadata(blob, name, balm_get(description, "metadata"));
    balm_build_operations(blob, balm_get(description, "operations"),
                          balm_get(build->actions, name));
    balm_build_shapes(blob);
    context = balm_get(description, "clientContextParams");
    if (context.type == BALM_MAP) blob->head.client_context = balm_blob_node(blob, context);
    code = add_documents(build, folders);
    if (code) return code;
    build->report->operations += balm_map_len(balm_get(description, "operations"));
    code = add_entry(build, name);
    if (code) {
        balm_err_prefix(build->err, "%s/service-2.json",
                        balm_list_at(folders, balm_list_len(folders) - 1)->as.text);
    }
    return code;
}

/* Versions are dates, so the greatest text is the newest. */
static const struct balm_entry *newest(struct balm_value versions)
{
    const struct balm_entry *best = balm_map_at(versions, 0);
    size_t i;
    for (i = 1; i < balm_map_len(versions); i++) {
        const struct balm_entry *other = balm_map_at(versions, i);
        if (strcmp(other->key, best->key) > 0) best = other;
    }
    return best;
}

static int by_key(const void *a, const void *b)
{
    const struct balm_entry *const *one = a;
    const struct balm_entry *const *other = b;
    return strcmp((*one)->key, (*other)->key);
}

static enum balm_code add_services(struct build *build, struct balm_value services)
{
    size_t count = balm_map_len(services);
    const struct balm_entry **sorted = balm_arena_alloc(&build->lasting, count * sizeof *sorted);
    size_t i;
    if (!sorted) return balm_arena_status(&build->lasting, build->err);
    for (i = 0; i < count; i++) {
        sorted[i] = balm_map_at(services, i);
    }
    qsort(sorted, count, sizeof *sorted, by_key);
    for (i = 0; i < count; i++) {
        enum balm_code code;
        balm_arena_reset(&build->transient);
        code = add_description(build, sorted[i]->key, newest(sorted[i]->value)->value);
        if (code) return code;
        build->report->services++;
    }
    return BALM_OK;
}

/* partitions.json and endpoints.json of the last data folder that has one. */
static enum balm_code add_shared(struct build *build, const char *name, uint32_t *count)
{
    struct balm_value folders = balm_list(&build->lasting);
    balm_ref root = 0;
    enum balm_code code;
    size_t i;
    for (i = 0; i < build->options->dir_count; i++) {
        balm_list_push(&build->lasting, folders, balm_string(build->options->dirs[i]));
    }
    balm_arena_reset(&build->transient);
    balm_blob_begin(&build->blob, &build->transient);
    build->blob.head.name = balm_blob_text(&build->blob, name);
    code = add_document(build, folders, name, NULL, &root);
    if (code || !root) return code;
    build->blob.head.rules = root;
    ++*count;
    return add_entry(build, name);
}

/* Blobs were placed from 0; they come behind the names. */
static void shift_entries(struct build *build, size_t by)
{
    size_t at;
    for (at = 0; at < build->entries.len; at += sizeof(struct balm_pack_entry)) {
        struct balm_pack_entry entry;
        memcpy(&entry, build->entries.bytes + at, sizeof entry);
        entry.at += (uint32_t)by;
        memcpy(build->entries.bytes + at, &entry, sizeof entry);
    }
}

/* What was written at once lies in the system's cache in large pieces, and each counts whole for a
   process that reads a page of it: read again, it comes in small ones. */
static void leave_cache(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) return;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)close(fd);
}

static enum balm_code write_pack(struct build *build, uint32_t documents)
{
    struct balm_buf file = BALM_BUF_INIT(PACK_MAX);
    struct balm_pack_head head;
    enum balm_code code;
    while (build->names.len % BALM_PACK_ALIGN && !build->names.code) {
        balm_buf_addc(&build->names, '\0');
    }
    memset(&head, 0, sizeof head);
    memcpy(head.magic, BALM_PACK_MAGIC, sizeof head.magic);
    head.order = BALM_PACK_ORDER;
    head.version = BALM_PACK_VERSION;
    head.service_count = (uint32_t)build->report->services;
    head.document_count = documents;
    head.names_at = (uint32_t)(sizeof head + build->entries.len);
    head.names_len = (uint32_t)build->names.len;
    head.size = head.names_at + build->names.len + build->blobs.len;
    shift_entries(build, head.names_at + build->names.len);
    balm_buf_add(&file, &head, sizeof head);
    balm_buf_add(&file, build->entries.bytes, build->entries.len);
    balm_buf_add(&file, build->names.bytes, build->names.len);
    code = balm_buf_status(&file, "the pack", build->err);
    if (code) goto out;
    head.sum = balm_pack_sum(file.bytes + BALM_PACK_SUM_FROM, file.len - BALM_PACK_SUM_FROM);
    memcpy(file.bytes, &head, sizeof head);
    balm_buf_add(&file, build->blobs.bytes, build->blobs.len);
    code = balm_buf_status(&file, "the pack", build->err);
    if (code) goto out;
    code = balm_file_write(build->options->out_path, file.bytes, file.len, 0644, build->err);
    if (!code) leave_cache(build->options->out_path);
    build->report->bytes = file.len;
out:
    balm_buf_free(&file);
    return code;
}

static enum balm_code run(struct build *build)
{
    struct balm_value services;
    uint32_t documents = 0;
    enum balm_code code;
    code = balm_build_actions(&build->lasting, build->options, &build->actions, build->err);
    if (code) return code;
    code = balm_build_find(&build->lasting, build->options, &services, build->err);
    if (code) return code;
    code = add_services(build, services);
    if (code) return code;
    code = add_shared(build, "partitions", &documents);
    if (code) return code;
    code = add_shared(build, "endpoints", &documents);
    if (code) return code;
    if (balm_buf_status(&build->entries, "the pack", build->err)) return build->err->code;
    if (balm_buf_status(&build->names, "the pack", build->err)) return build->err->code;
    return write_pack(build, documents);
}

enum balm_code balm_model_build(const struct balm_build_options *options,
                                struct balm_build_report *report, struct balm_err *err)
{
    struct build build = {0};
    enum balm_code code;
    memset(report, 0, sizeof *report);
    build.options = options;
    build.report = report;
    build.err = err;
    balm_arena_init(&build.lasting, 0);
    balm_arena_init(&build.transient, 0);
    balm_buf_init(&build.entries, PACK_MAX);
    balm_buf_init(&build.names, PACK_MAX);
    balm_buf_init(&build.blobs, PACK_MAX);
    balm_blob_init(&build.blob);
    code = run(&build);
    balm_blob_free(&build.blob);
    balm_buf_free(&build.blobs);
    balm_buf_free(&build.names);
    balm_buf_free(&build.entries);
    balm_arena_free(&build.transient);
    balm_arena_free(&build.lasting);
    return code;
}
