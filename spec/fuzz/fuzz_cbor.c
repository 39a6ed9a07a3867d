/* CBOR: what is read is written so that it reads the same. */
#include "core/cbor.h"
#include "fuzz/fuzz.h"

static void write(struct balm_buf *buf, struct balm_value value)
{
    switch ((enum balm_type)value.type) {
    case BALM_BOOL:
        balm_cbor_bool(buf, value.as.boolean);
        break;
    case BALM_INT:
        balm_cbor_int(buf, value.as.integer);
        break;
    case BALM_DOUBLE:
        balm_cbor_double(buf, value.as.number);
        break;
    case BALM_STRING:
        balm_cbor_text(buf, value.as.text, value.len);
        break;
    case BALM_BYTES:
        balm_cbor_bytes(buf, value.as.text, value.len);
        break;
    case BALM_TIME:
        balm_cbor_time(buf, value.as.integer / 1000000);
        break;
    case BALM_LIST:
        balm_cbor_list(buf, balm_list_len(value));
        for (size_t i = 0; i < balm_list_len(value); i++) {
            write(buf, *balm_list_at(value, i));
        }
        break;
    case BALM_MAP:
        balm_cbor_map(buf, balm_map_len(value));
        for (size_t i = 0; i < balm_map_len(value); i++) {
            const struct balm_entry *entry = balm_map_at(value, i);
            balm_cbor_text(buf, entry->key, entry->key_len);
            write(buf, entry->value);
        }
        break;
    case BALM_NULL:
    case BALM_UNKNOWN:
        balm_cbor_null(buf);
        break;
    }
}

/* Times are written to the second: such a one is left out of the comparison. */
static bool has_part_of_second(struct balm_value value)
{
    if (value.type == BALM_TIME) return value.as.integer % 1000000 != 0;
    for (size_t i = 0; i < balm_list_len(value); i++) {
        if (has_part_of_second(*balm_list_at(value, i))) return true;
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        if (has_part_of_second(balm_map_at(value, i)->value)) return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value value, again;
    struct balm_err err;

    if (!balm_cbor_parse(&arena, (const char *)bytes, len, &value, &err)) {
        write(&text, value);
        FUZZ_HOLDS(text.code == BALM_OK);
        FUZZ_HOLDS(balm_cbor_parse(&arena, text.bytes, text.len, &again, &err) == BALM_OK);
        FUZZ_HOLDS(has_part_of_second(value) || balm_equal(value, again));
    }
    balm_buf_free(&text);
    balm_arena_free(&arena);
    return 0;
}
