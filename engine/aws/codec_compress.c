/*
 * codec_compress: large bodies in gzip, where the model lets them.
 */
#include "aws/codec_internal.h"

#include <string.h>
#include <zlib.h>

static bool deflate_all(z_stream *stream, const struct balm_buf *body, struct balm_buf *out)
{
    size_t most = deflateBound(stream, (uLong)body->len);
    char *room = balm_buf_room(out, most);

    if (!room || body->len > UINT32_MAX || most > UINT32_MAX) return false;
    stream->next_in = (Bytef *)body->bytes;
    stream->avail_in = (uInt)body->len;
    stream->next_out = (Bytef *)room;
    stream->avail_out = (uInt)most;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END) return false;
    balm_buf_grew(out, most - stream->avail_out);
    return true;
}

enum balm_code balm_codec_compress(const struct balm_operation *operation,
                                   struct balm_request *request, struct balm_err *err)
{
    static const int gzip_window = 15 + 16;
    const char *encoding = balm_request_header(request, "Content-Encoding");
    struct balm_buf packed = BALM_BUF_INIT(BALM_BUF_MAX);
    z_stream stream = {0};
    bool done;

    if (strcmp(balm_operation_compression(operation), "gzip") != 0) return BALM_OK;
    if (request->body.len < request->compress_min) return BALM_OK;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return balm_nomem(err);
    }
    done = deflate_all(&stream, &request->body, &packed);
    (void)deflateEnd(&stream);
    if (!done) {
        balm_buf_free(&packed);
        return balm_nomem(err);
    }
    balm_buf_wipe(&request->body);
    request->body = packed;
    encoding = encoding ? balm_arena_printf(request->arena, "%s,gzip", encoding) : "gzip";
    if (encoding) balm_request_set_header(request, "Content-Encoding", encoding);
    return balm_arena_status(request->arena, err);
}
