/*
 * rules_text: the texts that rules take apart: URLs, ARNs, host names, and the patterns of regions.
 */
#include "aws/rules_internal.h"

#include "core/text.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- hosts ---- */

bool balm_rules_is_ipv4(const char *text, size_t len)
{
    size_t digits = 0, dots = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            if (++digits > 3) return false;
        } else if (text[i] == '.' && digits) {
            digits = 0;
            dots++;
        } else {
            return false;
        }
    }
    return dots == 3 && digits;
}

bool balm_rules_is_host(const char *text, size_t len, bool subdomains)
{
    const char *dot = subdomains ? memchr(text, '.', len) : NULL;

    while (dot) {
        size_t part = (size_t)(dot - text);
        if (!balm_text_is_host_label(text, part)) return false;
        text += part + 1;
        len -= part + 1;
        dot = memchr(text, '.', len);
    }
    return balm_text_is_host_label(text, len);
}

/* ---- URLs ---- */

static bool is_ipv6(const char *text, size_t len)
{
    char host[64];
    struct in6_addr address;
    const char *zone;

    if (len < 2 || len >= sizeof host || text[0] != '[' || text[len - 1] != ']') return false;
    zone = memchr(text, '%', len);
    len = zone ? (size_t)(zone - text) - 1 : len - 2;
    memcpy(host, text + 1, len);
    host[len] = '\0';
    return inet_pton(AF_INET6, host, &address) == 1;
}

/* Where the host ends and ":port" begins; false when the port is not one. */
static bool split_port(const char *host, size_t len, size_t *host_len)
{
    const char *bracket = memchr(host, ']', len);
    size_t from = bracket ? (size_t)(bracket - host) + 1 : 0;
    const char *colon = memchr(host + from, ':', len - from);
    long port = 0;

    *host_len = colon ? (size_t)(colon - host) : len;
    for (size_t i = *host_len + 1; i < len; i++) {
        if (host[i] < '0' || host[i] > '9') return false;
        port = port * 10 + (host[i] - '0');
        if (port > 65535) return false;
    }
    return true;
}

/* The path with "." and ".." taken out, percent-encoded, a slash at its end. */
static struct balm_value normal_path(struct balm_arena *arena, const char *path, size_t len)
{
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value value;

    (void)balm_buf_addc(&buf, '/');
    while (len) {
        const char *slash = memchr(path, '/', len);
        size_t part = slash ? (size_t)(slash - path) : len;

        if (part == 2 && memcmp(path, "..", 2) == 0) {
            while (buf.len > 1 && buf.bytes[buf.len - 2] != '/') {
                balm_buf_cut(&buf, 1);
            }
            if (buf.len > 1) balm_buf_cut(&buf, 1);
        } else if (part && !(part == 1 && path[0] == '.')) {
            (void)balm_text_percent(&buf, path, part, NULL);
            (void)balm_buf_addc(&buf, '/');
        }
        part += slash ? 1 : 0;
        path += part;
        len -= part;
    }
    value = balm_text_n(arena, buf.bytes, buf.len);
    balm_buf_free(&buf);
    return value;
}

static const char *scheme_of(const char *text, size_t *len)
{
    static const char *const schemes[] = {"https", "http"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        *len = strlen(schemes[i]);
        if (strncasecmp(text, schemes[i], *len) == 0 && strncmp(text + *len, "://", 3) == 0) {
            return schemes[i];
        }
    }
    return NULL;
}

struct balm_value balm_rules_parse_url(struct balm_arena *arena, const char *text)
{
    size_t len, authority_len, host_len, path_len;
    const char *scheme = scheme_of(text, &len);
    const char *authority, *host, *path, *user;

    if (!scheme) return balm_null();
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == '\x7f' || *c == '\\' || *c == '#') return balm_null();
    }
    authority = text + len + 3;
    authority_len = strcspn(authority, "/?");
    path = authority + authority_len;
    path_len = strcspn(path, "?");
    if (path[path_len] == '?' && path[path_len + 1]) return balm_null();

    user = memchr(authority, '@', authority_len);
    host = user ? user + 1 : authority;
    host_len = authority_len - (size_t)(host - authority);
    if (!host_len || !split_port(host, host_len, &host_len)) return balm_null();

    struct balm_entry entries[] = {
        {"scheme", 6, balm_string(scheme)},
        {"authority", 9, balm_text_n(arena, authority, authority_len)},
        {"path", 4, balm_text_n(arena, path, path_len)},
        {"normalizedPath", 14, normal_path(arena, path, path_len)},
        {"isIp", 4, balm_bool(balm_rules_is_ipv4(host, host_len) || is_ipv6(host, host_len))},
    };
    return balm_map_of(arena, entries, sizeof entries / sizeof entries[0]);
}

/* ---- ARNs ---- */

/* Both ":" and "/" divide: "accesspoint/x", "outpost:op-1:bucket:b". */
static struct balm_value resource_parts(struct balm_arena *arena, const char *text)
{
    struct balm_value list = balm_list(arena);

    for (;;) {
        size_t part = strcspn(text, ":/");
        (void)balm_list_push(arena, list, balm_text_n(arena, text, part));
        if (!text[part]) return list;
        text += part + 1;
    }
}

struct balm_value balm_rules_parse_arn(struct balm_arena *arena, const char *text)
{
    const char *parts[5]; /* arn, partition, service, region, account */
    size_t lens[5];

    for (size_t i = 0; i < 5; i++) {
        const char *colon = strchr(text, ':');
        if (!colon) return balm_null();
        parts[i] = text;
        lens[i] = (size_t)(colon - text);
        text = colon + 1;
    }
    if (lens[0] != 3 || memcmp(parts[0], "arn", 3) != 0) return balm_null();
    if (!lens[1] || !lens[2] || !text[0]) return balm_null();

    struct balm_entry entries[] = {
        {"partition", 9, balm_text_n(arena, parts[1], lens[1])},
        {"service", 7, balm_text_n(arena, parts[2], lens[2])},
        {"region", 6, balm_text_n(arena, parts[3], lens[3])},
        {"accountId", 9, balm_text_n(arena, parts[4], lens[4])},
        {"resourceId", 10, resource_parts(arena, text)},
    };
    return balm_map_of(arena, entries, sizeof entries / sizeof entries[0]);
}

/* ---- patterns of regions ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does the one-character item at pattern match c? *len: how long the item is. */
static bool item_matches(const char *pattern, char c, size_t *len)
{
    *len = 1;
    if (pattern[0] == '.') return c != '\0';
    if (pattern[0] != '\\') return c && pattern[0] == c;
    *len = pattern[1] ? 2 : 1;
    if (pattern[1] == 'w') return is_word(c);
    if (pattern[1] == 'd') return c >= '0' && c <= '9';
    return c && pattern[1] == c;
}

/* Tries the alternatives of the group at pattern, each a literal, and what follows the group. */
static bool group_matches(const char *pattern, const char *text)
{
    const char *end = strchr(pattern, ')');

    if (!end) return false;
    for (const char *option = pattern + 1; option <= end;) {
        size_t len = strcspn(option, "|)");
        if (strncmp(option, text, len) == 0 && balm_rules_match(end + 1, text + len)) return true;
        option += len + 1;
    }
    return false;
}

/* One item and its quantifier: as many as there are, then fewer. */
static bool repeat_matches(const char *pattern, const char *text)
{
    size_t item, count = 0, least = 1, most = 1;
    char quantifier;

    (void)item_matches(pattern, '\0', &item);
    quantifier = pattern[item];
    if (quantifier == '*' || quantifier == '?') least = 0;
    if (quantifier == '*' || quantifier == '+') most = SIZE_MAX;
    while (count < most && item_matches(pattern, text[count], &item)) {
        count++;
    }
    pattern += item + (least != 1 || most != 1 ? 1 : 0);
    for (;; count--) {
        if (count < least) return false;
        if (balm_rules_match(pattern, text + count)) return true;
        if (!count) return false;
    }
}

bool balm_rules_match(const char *pattern, const char *text)
{
    if (pattern[0] == '^') pattern++;
    if (!pattern[0]) return !text[0];
    if (pattern[0] == '$') return !pattern[1] && !text[0];
    if (pattern[0] == '(') return group_matches(pattern, text);
    if (strchr("[]{})*+?|", pattern[0])) return false;
    return repeat_matches(pattern, text);
}
