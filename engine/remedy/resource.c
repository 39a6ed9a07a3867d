#include "remedy/resource.h"

#include "core/text.h"

#include <string.h>

/* Where formats of events put names; best first for people. */
static const char *const names[] = {"Name", "Arn", "ResourceId", "Id", "UserName"};
#define NAME_COUNT (sizeof names / sizeof *names)

static struct balm_value name_at(struct balm_value resource, size_t i)
{
    struct balm_value name = balm_get(resource, names[i]);

    return name.type == BALM_STRING && name.len > 0 ? name : balm_null();
}

struct balm_value balm_resource_name(struct balm_value resource)
{
    /* Of a resource that has none: what kind it is, or whose. */
    static const char *const others[] = {"ResourceType", "AccountId"};

    for (size_t i = 0; i < NAME_COUNT; i++) {
        struct balm_value name = name_at(resource, i);
        if (!balm_is_null(name)) return name;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct balm_value name = balm_get(resource, others[i]);
        if (name.type == BALM_STRING) return name;
    }
    return balm_string("");
}

const char *balm_resource_arn(struct balm_value resource)
{
    static const char *const others[] = {"ARN", "arn", "id"}; /* the normal form's, too */

    for (size_t i = 0; i < NAME_COUNT; i++) {
        struct balm_value name = name_at(resource, i);
        if (!balm_is_null(name) && balm_text_starts(name.as.text, "arn:")) return name.as.text;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *name = balm_get_string(resource, others[i], "");
        if (balm_text_starts(name, "arn:")) return name;
    }
    return NULL;
}

/* Source: AWS's service authorisation reference, "Resource types defined by" each service. */
static const struct form {
    const char *type, *service, *before; /* before the name */
} forms[] = {
    {"AWS::CloudTrail::Trail", "cloudtrail", "trail/"},
    {"AWS::DynamoDB::Table", "dynamodb", "table/"},
    {"AWS::EC2::Instance", "ec2", "instance/"},
    {"AWS::EC2::SecurityGroup", "ec2", "security-group/"},
    {"AWS::EC2::Subnet", "ec2", "subnet/"},
    {"AWS::EC2::VPC", "ec2", "vpc/"},
    {"AWS::EC2::Volume", "ec2", "volume/"},
    {"AWS::GuardDuty::Detector", "guardduty", "detector/"},
    {"AWS::KMS::Key", "kms", "key/"},
    {"AWS::Lambda::Function", "lambda", "function:"},
    {"AWS::RDS::DBCluster", "rds", "cluster:"},
    {"AWS::RDS::DBClusterSnapshot", "rds", "cluster-snapshot:"},
    {"AWS::RDS::DBInstance", "rds", "db:"},
    {"AWS::RDS::DBSnapshot", "rds", "snapshot:"},
};

const char *balm_resource_make_arn(struct balm_value resource, const char *type,
                                   const struct balm_resource_place *place,
                                   struct balm_arena *arena)
{
    const char *name = balm_get_string(resource, "Id", balm_get_string(resource, "Name", ""));

    if (!name[0] || strpbrk(name, ":/")) return NULL;
    if (strcmp(type, "AWS::S3::Bucket") == 0) {
        return balm_arena_printf(arena, "arn:%s:s3:::%s", place->partition,
                                 balm_get_string(resource, "Name", name));
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct form *form = &forms[i];
        if (strcmp(form->type, type) != 0) continue;
        return balm_arena_printf(arena, "arn:%s:%s:%s:%s:%s%s", place->partition, form->service,
                                 place->region, place->account, form->before, name);
    }
    return NULL;
}

/* "logs" of "arn:aws:s3:::logs", "i-1" of "arn:aws:ec2:eu-west-1:1:instance/i-1" */
static const char *last_part(const char *arn)
{
    const char *colon = strrchr(arn, ':'), *slash = strrchr(arn, '/');
    const char *mark = slash && slash > colon ? slash : colon;

    return mark ? mark + 1 : arn;
}

size_t balm_resource_logged_names(struct balm_value resource, struct balm_arena *arena,
                                  const char *out[BALM_RESOURCE_LOGGED_MAX])
{
    const char *name = NULL, *arn = NULL;
    size_t count = 0;

    for (size_t i = 0; i < NAME_COUNT; i++) {
        struct balm_value found = name_at(resource, i);
        const char **of = &name;
        if (balm_is_null(found)) continue;
        if (balm_text_starts(found.as.text, "arn:")) of = &arn;
        if (!*of) *of = found.as.text;
    }
    if (arn && !name) name = last_part(arn);
    if (name) out[count++] = balm_arena_strdup(arena, name);
    if (arn) out[count++] = balm_arena_strdup(arena, arn);
    return count;
}

static bool has_name(struct balm_value resource)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (!balm_is_null(name_at(resource, i))) return true;
    }
    return false;
}

bool balm_resource_same(struct balm_value a, struct balm_value b)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        struct balm_value name = name_at(a, i);
        for (size_t k = 0; k < NAME_COUNT && !balm_is_null(name); k++) {
            if (balm_equal(name, name_at(b, k))) return true;
        }
    }
    return !has_name(a) && !has_name(b);
}

bool balm_resource_fits(struct balm_value resource, const char *glob)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        struct balm_value name = name_at(resource, i);
        if (!balm_is_null(name) && balm_text_glob(glob, name.as.text)) return true;
    }
    return balm_text_glob(glob, "");
}
