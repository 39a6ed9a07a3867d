#include "core/hash.h"

#include "core/clock.h"

#include <string.h>
#include <sys/random.h>
#include <threads.h>
#include <unistd.h>

static uint64_t seed[2]; /* drawn once, constant from then on */
static once_flag seeded = ONCE_FLAG_INIT;

static void draw_seed(void)
{
    if (getrandom(seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) return;
    seed[0] = (uint64_t)balm_clock_mono();
    seed[1] = (uint64_t)balm_clock_now() ^ ((uint64_t)getpid() << 48) ^ (uint64_t)(uintptr_t)&seed;
}

static uint64_t turn(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = turn(v[1], 13) ^ v[0];
    v[3] = turn(v[3], 16) ^ v[2];
    v[0] = turn(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = turn(v[1], 17) ^ v[2];
    v[3] = turn(v[3], 21) ^ v[0];
    v[2] = turn(v[2], 32);
}

uint64_t balm_hash(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    size_t words = len / 8;
    uint64_t last = (uint64_t)len << 56;
    uint64_t v[4];
    size_t i;
    call_once(&seeded, draw_seed);
    v[0] = seed[0] ^ 0x736f6d6570736575U;
    v[1] = seed[1] ^ 0x646f72616e646f6dU;
    v[2] = seed[0] ^ 0x6c7967656e657261U;
    v[3] = seed[1] ^ 0x7465646279746573U;
    for (i = 0; i < len % 8; i++) {
        last |= (uint64_t)at[words * 8 + i] << (8 * i);
    }
    for (i = 0; i <= words; i++) {
        uint64_t word = last;
        if (i < words) memcpy(&word, at + i * 8, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (i = 0; i < 3; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
