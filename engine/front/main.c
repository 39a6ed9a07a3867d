/*
 * main: names the commands and hands over.
 */
#include "front/commands.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const struct balm_command *const commands[] = {
    &balm_cmd_run,     &balm_cmd_plan,     &balm_cmd_apply,
    &balm_cmd_undo,    &balm_cmd_verify,   &balm_cmd_history,
    &balm_cmd_explain, &balm_cmd_doctor,   &balm_cmd_list,
    &balm_cmd_show,    &balm_cmd_test,     &balm_cmd_iam,
    &balm_cmd_call,    &balm_cmd_endpoint, &balm_cmd_models,
    &balm_cmd_stop,    &balm_cmd_start,    NULL,
};

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

int main(int argc, char **argv)
{
    if (!hold_streams()) return BALM_EXIT_FAILED;
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT);
    (void)mallopt(M_TOP_PAD, STEP);
    /* A reader that went away is an error of the write, not the end of Balm. */
    (void)signal(SIGPIPE, SIG_IGN);
    heed_http_proxy();
    return balm_cli_main(commands, argc, argv);
}
