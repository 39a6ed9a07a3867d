/* Events: JSON of any shape is understood or refused. What is understood names an account. */
#include "core/json.h"
#include "fuzz/host.h"
#include "remedy/finding.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_finding *findings;
    struct balm_value event;
    size_t count = 0;
    struct balm_err err;

    if (!balm_json_parse(&arena, (const char *)bytes, len, &event, &err) &&
        !balm_findings_decode(host, event, &arena, &findings, &count, &err)) {
        for (size_t i = 0; i < count; i++) {
            FUZZ_HOLDS(strcmp(findings[i].kind, "list") == 0 || strlen(findings[i].account) == 12);
        }
    }
    balm_arena_free(&arena);
    return 0;
}
