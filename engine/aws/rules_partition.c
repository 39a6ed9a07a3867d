/*
 * rules_partition: which partition a region belongs to, and what is known of it.
 */
#include "aws/rules_internal.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* What must be known even where partitions.json is older than a partition, or says nothing of it.
   */
struct known {
    const char *id;
    const char *prefix; /* of its regions */
    const char *home_region;
    const char *dns_suffix, *dual_stack_dns_suffix;
};

static const struct known known[] = {
    {"aws", "", "us-east-1", "amazonaws.com", "api.aws"},
    {"aws-cn", "cn-", "cn-northwest-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"aws-us-gov", "us-gov-", "us-gov-west-1", "amazonaws.com", "api.aws"},
    {"aws-iso", "us-iso-", "us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov"},
    {"aws-iso-b", "us-isob-", "us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud"},
    {"aws-iso-e", "eu-isoe-", "eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"aws-iso-f", "us-isof-", "us-isof-south-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"aws-eusc", "eusc-", "eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu"},
};
#define KNOWN (sizeof known / sizeof known[0])

struct entry {
    struct balm_partition partition;
    struct balm_value outputs; /* what rules see */
    struct balm_value regions; /* a map; null where partitions.json has no such partition */
    const char *pattern;       /* "" matches nothing */
    const char *prefix;        /* NULL: found by its list and its pattern alone */
};

struct balm_partitions {
    struct balm_arena arena;
    struct entry *entries; /* those of the file in its order, then the others that are known */
    size_t count;
};

static const struct known *known_by_id(const char *id)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(known[i].id, id) == 0) return &known[i];
    }
    return NULL;
}

static void fill_partition(struct entry *entry)
{
    struct balm_value outputs = entry->outputs;

    entry->partition.dns_suffix = balm_get_string(outputs, "dnsSuffix", "");
    entry->partition.dual_stack_dns_suffix = balm_get_string(outputs, "dualStackDnsSuffix", "");
    entry->partition.supports_fips = balm_get_bool(outputs, "supportsFIPS", false);
    entry->partition.supports_dual_stack = balm_get_bool(outputs, "supportsDualStack", false);
    entry->partition.home_region = balm_get_string(outputs, "implicitGlobalRegion", "");
}

/* An entry of the file. The name and the home region are added where it lacks them. */
static bool read_entry(struct entry *entry, struct balm_arena *arena, struct balm_value from)
{
    const char *id = balm_get_string(from, "id", "");
    const struct known *facts = known_by_id(id);

    entry->outputs = balm_get(from, "outputs");
    if (!id[0] || entry->outputs.type != BALM_MAP) return false;
    entry->partition.id = id;
    entry->regions = balm_get(from, "regions");
    entry->pattern = balm_get_string(from, "regionRegex", "");
    entry->prefix = facts && facts->prefix[0] ? facts->prefix : NULL;
    (void)balm_map_set(arena, entry->outputs, "name", balm_string(id));
    if (facts && !balm_map_get(entry->outputs, "implicitGlobalRegion")) {
        (void)balm_map_set(arena, entry->outputs, "implicitGlobalRegion",
                           balm_string(facts->home_region));
    }
    fill_partition(entry);
    return true;
}

static void known_entry(struct entry *entry, struct balm_arena *arena, const struct known *facts)
{
    struct balm_entry outputs[] = {
        {"name", 4, balm_string(facts->id)},
        {"dnsSuffix", 9, balm_string(facts->dns_suffix)},
        {"dualStackDnsSuffix", 18, balm_string(facts->dual_stack_dns_suffix)},
        {"supportsFIPS", 12, balm_bool(true)},
        {"supportsDualStack", 17, balm_bool(true)},
        {"implicitGlobalRegion", 20, balm_string(facts->home_region)},
    };

    *entry = (struct entry){.regions = balm_null(), .pattern = ""};
    entry->partition.id = facts->id;
    entry->prefix = facts->prefix[0] ? facts->prefix : NULL;
    entry->outputs = balm_map_of(arena, outputs, sizeof outputs / sizeof outputs[0]);
    fill_partition(entry);
}

static const struct entry *entry_by_id(const struct balm_partitions *partitions, const char *id)
{
    for (size_t i = 0; i < partitions->count; i++) {
        if (strcmp(partitions->entries[i].partition.id, id) == 0) return &partitions->entries[i];
    }
    return NULL;
}

static enum balm_code read_all(struct balm_partitions *partitions, struct balm_value list,
                               struct balm_err *err)
{
    size_t count = balm_list_len(list);

    partitions->entries =
        balm_arena_zalloc(&partitions->arena, (count + KNOWN) * sizeof *partitions->entries);
    if (!partitions->entries) return balm_arena_status(&partitions->arena, err);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &partitions->entries[partitions->count];
        if (!read_entry(entry, &partitions->arena, *balm_list_at(list, i))) {
            return balm_fail(err, BALM_E_INPUT, "partitions.json: partition %zu is not whole",
                             i + 1);
        }
        partitions->count++;
    }
    for (size_t i = 0; i < KNOWN; i++) {
        if (entry_by_id(partitions, known[i].id)) continue;
        known_entry(&partitions->entries[partitions->count++], &partitions->arena, &known[i]);
    }
    return balm_arena_status(&partitions->arena, err);
}

enum balm_code balm_partitions_new(struct balm_partitions **out, struct balm_pack *pack,
                                   struct balm_err *err)
{
    struct balm_partitions *partitions = calloc(1, sizeof *partitions);
    struct balm_value document = balm_null();
    enum balm_code code;

    *out = NULL;
    if (!partitions) return balm_nomem(err);
    balm_arena_init(&partitions->arena, 0);
    code = balm_pack_document(pack, "partitions", &partitions->arena, &document, err);
    if (!code) code = read_all(partitions, balm_get(document, "partitions"), err);
    if (code) {
        balm_partitions_release(partitions);
        return code;
    }
    *out = partitions;
    return BALM_OK;
}

void balm_partitions_release(struct balm_partitions *partitions)
{
    if (!partitions) return;
    balm_arena_free(&partitions->arena);
    free(partitions);
}

static const struct entry *entry_of(const struct balm_partitions *partitions, const char *region)
{
    const struct entry *entries = partitions->entries;

    for (size_t i = 0; i < partitions->count; i++) {
        if (balm_map_get(entries[i].regions, region)) return &entries[i];
        if (entries[i].pattern[0] && balm_rules_match(entries[i].pattern, region)) {
            return &entries[i];
        }
    }
    for (size_t i = 0; i < partitions->count; i++) {
        if (entries[i].prefix && balm_text_starts(region, entries[i].prefix)) return &entries[i];
    }
    return entry_by_id(partitions, "aws");
}

struct balm_value balm_partition_outputs(const struct balm_partitions *partitions,
                                         const char *region)
{
    return entry_of(partitions, region)->outputs;
}

const struct balm_partition *balm_partition_of(const struct balm_partitions *partitions,
                                               const char *region)
{
    return &entry_of(partitions, region)->partition;
}

const struct balm_partition *balm_partition_by_id(const struct balm_partitions *partitions,
                                                  const char *id)
{
    const struct entry *entry = entry_by_id(partitions, id);

    return entry ? &entry->partition : NULL;
}
