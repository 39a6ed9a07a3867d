/*
 * doctor_scripts: which remediations may run, and do they load?
 */
#include "remedy/doctor_internal.h"

#include <string.h>

struct listing {
    struct balm_doctor *doctor;
    struct balm_policy *policy;
    struct balm_doctor_case *cases;
    size_t count, most;
};

static struct balm_value fault_text(struct balm_arena *arena, struct balm_value fault)
{
    return balm_textf(arena, "%s:%lld: %s", balm_get_string(fault, "file", ""),
                      (long long)balm_get_int(fault, "line", 1),
                      balm_get_string(fault, "message", ""));
}

static void tell_fault(struct balm_doctor *doctor, const char *remediation, struct balm_value fault)
{
    struct balm_value check = balm_doctor_check(doctor, "script");
    struct balm_value text = fault_text(doctor->arena, fault);
    struct balm_err err;

    balm_fail(&err, BALM_E_SCRIPT, "%s", text.type == BALM_STRING ? text.as.text : "");
    balm_doctor_about(doctor, check, "remediation", remediation);
    balm_doctor_failed(doctor, check, &err);
}

static void tell_loaded(struct balm_doctor *doctor, const struct balm_version *version)
{
    struct balm_value check = balm_doctor_check(doctor, "script");

    balm_doctor_about(doctor, check, "remediation", balm_version_id(version));
    balm_doctor_ok(doctor, check, "%s", balm_version_path(version));
}

/* One script stands in several cases where several policies lead to it. */
static struct balm_doctor_case *known(const struct listing *listing, const char *id)
{
    for (size_t i = 0; i < listing->count; i++) {
        if (balm_catalog_same_id(listing->cases[i].remediation, id)) return &listing->cases[i];
    }
    return NULL;
}

static struct balm_version *load(struct listing *listing, const char *id)
{
    struct balm_doctor *doctor = listing->doctor;
    const struct balm_doctor_case *before = known(listing, id);
    struct balm_version *version = NULL;
    struct balm_value faults = balm_null();
    struct balm_err err;

    if (before) {
        if (before->version) balm_version_retain(before->version);
        return before->version;
    }
    if (!balm_catalog_find(doctor->options->engine->catalog, id, &version, doctor->arena, &faults,
                           &err)) {
        tell_loaded(doctor, version);
        return version;
    }
    for (size_t i = 0; i < balm_list_len(faults); i++) {
        tell_fault(doctor, id, *balm_list_at(faults, i));
    }
    if (balm_list_len(faults) == 0) {
        struct balm_value check = balm_doctor_check(doctor, "script");
        balm_doctor_about(doctor, check, "remediation", id);
        balm_doctor_failed(doctor, check, &err);
    }
    return NULL;
}

/* What is off needs nothing. */
static enum balm_code add(struct listing *listing, const char *policy_id, const char *remediation,
                          struct balm_err *err)
{
    struct balm_doctor *doctor = listing->doctor;
    const struct balm_finding finding = {.policy_id = policy_id, .remediation = remediation};
    struct balm_doctor_case *added = &listing->cases[listing->count];
    struct balm_association association;

    if (balm_policy_associate(listing->policy, doctor->options->engine->catalog, &finding,
                              doctor->arena, &association, err)) {
        return err->code;
    }
    if (!association.remediation || association.mode == BALM_MODE_OFF) return BALM_OK;
    added->policy_id = policy_id;
    added->remediation = association.remediation;
    added->version = load(listing, association.remediation);
    listing->count++;
    return BALM_OK;
}

static enum balm_code add_all(struct listing *listing, struct balm_err *err)
{
    struct balm_doctor *doctor = listing->doctor;
    struct balm_version **versions;
    struct balm_value faults;
    size_t count;

    if (balm_catalog_all(doctor->options->engine->catalog, doctor->arena, &versions, &count,
                         &faults, err)) {
        return err->code;
    }
    listing->cases = balm_arena_zalloc(doctor->arena, (count + 1) * sizeof *listing->cases);
    for (size_t i = 0; i < count; i++) {
        if (!listing->cases) {
            balm_version_release(versions[i]);
            continue;
        }
        tell_loaded(doctor, versions[i]);
        listing->cases[listing->count++] = (struct balm_doctor_case){
            .policy_id = "", .remediation = balm_version_id(versions[i]), .version = versions[i]};
    }
    for (size_t i = 0; i < balm_list_len(faults); i++) {
        tell_fault(doctor, NULL, *balm_list_at(faults, i));
    }
    return balm_arena_status(doctor->arena, err);
}

enum balm_code balm_doctor_scripts(struct balm_doctor *doctor, struct balm_policy *policy,
                                   struct balm_doctor_case **cases, size_t *count,
                                   struct balm_err *err)
{
    struct balm_value stated = balm_policy_value(policy);
    struct balm_value policies = balm_get(stated, "policies");
    struct balm_value remediations = balm_get(stated, "remediations");
    struct listing listing = {.doctor = doctor,
                              .policy = policy,
                              .most = balm_map_len(policies) + balm_map_len(remediations)};
    enum balm_code code = BALM_OK;

    if (listing.most == 0 || balm_get_bool(stated, "associate_controls", false)) {
        code = add_all(&listing, err);
    } else {
        listing.cases = balm_arena_zalloc(doctor->arena, listing.most * sizeof *listing.cases);
        code = balm_arena_status(doctor->arena, err);
        for (size_t i = 0; !code && i < balm_map_len(policies); i++) {
            code = add(&listing, balm_map_at(policies, i)->key, "", err);
        }
        for (size_t i = 0; !code && i < balm_map_len(remediations); i++) {
            code = add(&listing, "", balm_map_at(remediations, i)->key, err);
        }
    }
    *cases = listing.cases;
    *count = listing.count;
    return code;
}
