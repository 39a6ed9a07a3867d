/*
 * err: how a function says that it failed.
 *
 * A function that can fail returns enum balm_code and, when that is not BALM_OK, has filled the
 * caller's struct balm_err. A bug in Balm is an assert; whatever the outside world can cause is a
 * code.
 */
#ifndef BALM_CORE_ERR_H
#define BALM_CORE_ERR_H

#include <stdbool.h>

enum balm_code {
    BALM_OK = 0,
    BALM_E_NOMEM,
    BALM_E_ARG,    /* the caller asked for what cannot be: a wrong option, parameter, name */
    BALM_E_INPUT,  /* data from outside is malformed: an event, a response, a file's text, a pack */
    BALM_E_IO,     /* a file or a descriptor */
    BALM_E_NET,    /* no HTTP answer: DNS, TLS, connect, timeout */
    BALM_E_AWS,    /* an HTTP answer that carries an AWS error */
    BALM_E_AUTH,   /* no credentials, or none that may be used; the wrong account */
    BALM_E_SCRIPT, /* the script raised, or its declaration is invalid */
    BALM_E_LIMIT,  /* a declared limit was reached: time, memory, steps, size */
    BALM_E_REFUSED, /* a gate or a guard said no */
    BALM_E_CANCELLED
};

/* Owns no memory: it may live on a C stack that a Lua error is about to discard. */
struct balm_err {
    enum balm_code code;
    int http_status;   /* 0 when no answer arrived */
    bool retryable;    /* the same again may succeed */
    char aws_code[96]; /* "AccessDenied", and Balm's own names such as "WrongAccount"; or "" */
    char message[512]; /* for people; may be cut, never holds a secret */
};

/* Fills err (all other members cleared) and returns code:
   `return balm_fail(err, BALM_E_ARG, "region is empty");` err may be NULL. */
enum balm_code balm_fail(struct balm_err *err, enum balm_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message that err (never NULL here) holds; returns err->code. */
enum balm_code balm_err_prefix(struct balm_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fills err for an allocation that failed and returns BALM_E_NOMEM. */
enum balm_code balm_nomem(struct balm_err *err);

/* The code's name for machines: "Limit", "Network", ... Results show it where aws_code is empty. */
const char *balm_code_name(enum balm_code code);

#endif
