#include "remedy/actor.h"

#include "core/text.h"

#include <stdint.h>
#include <string.h>

#define AGENT   "balm/" /* and the version, a space, the run's id */
#define RUN_LEN 36

/* "arn:aws:sts::1:assumed-role/Name/session" or "arn:aws:iam::1:role/path/Name": the Name. */
static const char *role_in(const char *arn, size_t *len)
{
    const char *name = strstr(arn, ":assumed-role/");
    const char *end;

    if (name) {
        name += strlen(":assumed-role/");
        *len = strcspn(name, "/");
        return name;
    }
    end = strrchr(arn, '/');
    name = end ? end + 1 : "";
    *len = strlen(name);
    return name;
}

bool balm_actor_is_role(const char *actor, const char *role_arn)
{
    size_t their_len, our_len;
    const char *theirs = role_in(actor, &their_len), *ours = role_in(role_arn, &our_len);

    return their_len == our_len && strncmp(theirs, ours, our_len) == 0;
}

bool balm_actor_is_run(const char *agent)
{
    char run[RUN_LEN + 1];
    int64_t from, to;
    const char *id;

    if (agent[0] == '[') agent++;
    id = strchr(agent, ' ');
    if (!balm_text_starts(agent, AGENT) || !id || strcspn(id + 1, " ]") != RUN_LEN) return false;
    memcpy(run, id + 1, RUN_LEN);
    run[RUN_LEN] = '\0';
    return balm_text_uuid_span(run, &from, &to);
}
