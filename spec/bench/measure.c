/*
 * measure: runs a program and prints what it took: "cpu_us wall_us peak_kib exit" on stderr's last
 * line.
 *
 * A program of its own, as the peak of a process counts that of the one that started it.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t micros(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

int main(int argc, char **argv)
{
    int64_t start = now_us();
    struct rusage usage;
    int status;
    pid_t child;

    if (argc < 2) return 2;
    child = fork();
    if (child < 0) return 1;
    if (child == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (wait4(child, &status, 0, &usage) < 0) return 1;
    fprintf(stderr, "\n%lld %lld %ld %d\n",
            (long long)(micros(usage.ru_utime) + micros(usage.ru_stime)),
            (long long)(now_us() - start), usage.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    return 0;
}
