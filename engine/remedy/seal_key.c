#include "remedy/seal_key.h"

#include "core/file.h"
#include "core/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 256 /* a key as text is 64 digits at most */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool parse_hex(unsigned char key[BALM_STORE_KEY_LEN], const char *text, size_t len)
{
    if (len != 2 * BALM_STORE_KEY_LEN) return false;
    for (size_t i = 0; i < BALM_STORE_KEY_LEN; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        key[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

enum balm_code balm_seal_key_parse(unsigned char key[BALM_STORE_KEY_LEN], const char *text,
                                   const char *where, struct balm_err *err)
{
    struct balm_buf bytes = BALM_BUF_INIT(FILE_MAX);
    size_t len = strlen(text);
    bool found;
    while (len > 0 && strchr(" \t\r\n", text[len - 1])) {
        len--;
    }
    found = parse_hex(key, text, len);
    if (!found && balm_text_unbase64(&bytes, text, len) == BALM_OK &&
        bytes.len == BALM_STORE_KEY_LEN) {
        memcpy(key, bytes.bytes, BALM_STORE_KEY_LEN);
        found = true;
    }
    balm_buf_wipe(&bytes);
    if (found) return BALM_OK;
    return balm_fail(err, BALM_E_ARG,
                     "%s is no key: 32 bytes are wanted, as base64 (44 characters) or hex (64); "
                     "`openssl rand -base64 32` makes one",
                     where);
}

static enum balm_code make(const char *path, struct balm_err *err)
{
    unsigned char key[BALM_STORE_KEY_LEN];
    struct balm_buf text = BALM_BUF_INIT(FILE_MAX);
    bool exists = false;
    enum balm_code code = balm_dir_make_for(path, 0700, err);
    if (code) return code;
    balm_random(key, sizeof key);
    balm_text_base64(&text, key, sizeof key);
    balm_buf_addc(&text, '\n');
    code = balm_buf_status(&text, path, err);
    if (!code) code = balm_file_create(path, text.bytes, text.len, 0600, &exists, err);
    balm_wipe(key, sizeof key);
    balm_buf_wipe(&text);
    return exists ? BALM_OK : code; /* another process was faster: its key is the store's */
}

static enum balm_code refuse_open_file(const char *path, struct balm_err *err)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return balm_fail(err, BALM_E_IO, "cannot read the store's key %s: %s", path,
                         strerror(errno));
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return BALM_OK;
    return balm_fail(err, BALM_E_AUTH,
                     "the store's key %s may be used by others (mode %03o): `chmod 600` it, and "
                     "think of what they may have read",
                     path, (unsigned)status.st_mode & 0777);
}

enum balm_code balm_seal_key_file(unsigned char key[BALM_STORE_KEY_LEN], const char *path,
                                  struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(FILE_MAX);
    enum balm_code code = balm_file_exists(path) ? BALM_OK : make(path, err);
    if (!code) code = refuse_open_file(path, err);
    if (!code) code = balm_file_read(&text, path, err);
    if (!code) code = balm_seal_key_parse(key, text.bytes, path, err);
    balm_buf_wipe(&text);
    return code;
}
