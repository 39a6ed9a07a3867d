#include "front/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Each run takes and gives back about as much; handing it to the system in between costs more than
   half of what a run does. The one other thread allocates little: no heap of its own for it. */
#define KEPT (8 << 20)
#define STEP (256 << 10)

/* A standard stream that was closed would lend its number to the next file or socket, and what is
   said would go there. What stands in for it fails as a closed one does. */
static bool hold_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
    }
    return true;
}

/* The SDKs heed both spellings. libcurl heeds the lower one alone, since a web server's CGI passes
   a request's "Proxy" header on in the other; Balm is no CGI program. */
static void heed_http_proxy(void)
{
    const char *proxy = getenv("HTTP_PROXY");

    if (proxy) (void)setenv("http_proxy", proxy, 0);
}

bool balm_process_prepare(void)
{
    if (!hold_streams()) return false;
    (void)mallopt(M_TRIM_THRESHOLD, KEPT);
    (void)mallopt(M_TOP_PAD, STEP);
    (void)mallopt(M_ARENA_MAX, 1);
    /* What OpenSSL would take apart at the end goes with the process. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    /* A reader that went away is an error of the write, not the end of Balm. */
    (void)signal(SIGPIPE, SIG_IGN);
    heed_http_proxy();
    return true;
}
