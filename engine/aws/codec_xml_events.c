/*
 * codec_xml_events: expat, made safe for what strangers send.
 */
#include "aws/codec_internal.h"

#include "core/text.h"

#include <expat.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)1 << 24) /* expat counts in int */

struct driver {
    const struct balm_codec_events *events;
    XML_Parser parser;
    int depth;
    enum balm_code code; /* the first failure, told in err */
    struct balm_err *err;
};

/* What is read may be a secret, and expat wipes nothing: each block has its size before it. */
struct block {
    size_t size;
    alignas(max_align_t) char bytes[];
};

static void *allocate(size_t size)
{
    struct block *block = malloc(sizeof *block + size);

    if (!block) return NULL;
    block->size = size;
    return block->bytes;
}

static void wipe_and_free(void *bytes)
{
    struct block *block = bytes ? (struct block *)(void *)((char *)bytes - sizeof *block) : NULL;

    if (block) balm_wipe(block->bytes, block->size);
    free(block);
}

static void *reallocate(void *bytes, size_t size)
{
    size_t old = bytes ? ((struct block *)(void *)((char *)bytes - sizeof(struct block)))->size : 0;
    void *moved = allocate(size);

    if (!moved) return NULL;
    if (old) memcpy(moved, bytes, old < size ? old : size);
    wipe_and_free(bytes);
    return moved;
}

const char *balm_codec_local_name(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

static void stop(struct driver *driver, enum balm_code code)
{
    driver->code = code;
    (void)XML_StopParser(driver->parser, XML_FALSE);
}

static enum balm_code fault(struct driver *driver, const char *what)
{
    return balm_fail(driver->err, BALM_E_INPUT, "XML, line %lu, column %lu: %s",
                     (unsigned long)XML_GetCurrentLineNumber(driver->parser),
                     (unsigned long)XML_GetCurrentColumnNumber(driver->parser) + 1, what);
}

/* expat may still call once or twice after it was stopped. */
static void XMLCALL on_start(void *data, const char *name, const char **attributes)
{
    struct driver *driver = data;

    if (driver->code) return;
    if (++driver->depth > BALM_CODEC_DEPTH) {
        stop(driver, fault(driver, "nested too deeply"));
        return;
    }
    enum balm_code code = driver->events->start(driver->events->owner, balm_codec_local_name(name),
                                                attributes, driver->err);
    if (code) stop(driver, code);
}

static void XMLCALL on_end(void *data, const char *name)
{
    struct driver *driver = data;

    (void)name;
    if (driver->code) return;
    driver->depth--;
    enum balm_code code = driver->events->end(driver->events->owner, driver->err);
    if (code) stop(driver, code);
}

static void XMLCALL on_text(void *data, const char *text, int len)
{
    struct driver *driver = data;

    if (!driver->code) driver->events->text(driver->events->owner, text, (size_t)len);
}

static void XMLCALL on_document_type(void *data, const char *name, const char *system_id,
                                     const char *public_id, int has_subset)
{
    struct driver *driver = data;

    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    if (!driver->code) stop(driver, fault(driver, "a document type is not allowed"));
}

enum balm_code balm_codec_xml_events(const struct balm_codec_events *events, const char *text,
                                     size_t len, struct balm_err *err)
{
    static const XML_Memory_Handling_Suite memory = {allocate, reallocate, wipe_and_free};
    struct driver driver = {.events = events,
                            .parser = XML_ParserCreate_MM("UTF-8", &memory, NULL),
                            .code = BALM_OK,
                            .err = err};
    enum XML_Status status = XML_STATUS_OK;
    bool last = false;

    if (!driver.parser) return balm_nomem(err);
    XML_SetUserData(driver.parser, &driver);
    XML_SetElementHandler(driver.parser, on_start, on_end);
    XML_SetCharacterDataHandler(driver.parser, on_text);
    XML_SetStartDoctypeDeclHandler(driver.parser, on_document_type);
    while (!last && status == XML_STATUS_OK) {
        size_t part = len < CHUNK ? len : CHUNK;
        last = part == len;
        status = XML_Parse(driver.parser, text, (int)part, last);
        text += part;
        len -= part;
    }
    if (status != XML_STATUS_OK && !driver.code) {
        enum XML_Error error = XML_GetErrorCode(driver.parser);
        driver.code =
            error == XML_ERROR_NO_MEMORY ? balm_nomem(err) : fault(&driver, XML_ErrorString(error));
    }
    XML_ParserFree(driver.parser);
    return driver.code;
}
