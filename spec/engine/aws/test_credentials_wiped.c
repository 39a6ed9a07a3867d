/* No secret is left in memory that was given back: each block is looked through before it goes.
   What libcurl keeps of its own is not ours to wipe. */
#if defined(__SANITIZE_ADDRESS__)
#define OTHER_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTHER_MEMORY
#endif
#endif

#ifdef OTHER_MEMORY /* AddressSanitizer brings an allocator of its own */
int main(void)
{
    return 0;
}
#else

#include "support/pack.h" /* before the names that local_aws.h gives to all */

#include "local_aws.h"
#include "support/scratch.h"

#include <curl/curl.h>
#include <malloc.h>
#include <sys/stat.h>

#define CANARY "SWORDFISH"
#define ROLE   "arn:aws:iam::111122223333:role/r"
#define MINE   "8034c43d15bb7ef42e2cc24255217acfc5f4b2f4" /* the SHA-1 of the session's name */

/* ---- memory ---- */

/* glibc's own, behind those that watch. */
void __libc_free(void *block);
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);

/* Of this thread: the server's may leave what they like. Volatile, since compilers know free(). */
static _Thread_local volatile bool watching;
static volatile int found;
static char first[80]; /* what was found first, and what lay behind it */

static void look_through(const char *block, size_t size)
{
    const char *at = watching && size ? memmem(block, size, CANARY, sizeof CANARY - 1) : NULL;
    if (!at) return;
    found = found + 1;
    if (found > 1) return;
    size -= (size_t)(at - block);
    memcpy(first, at, size < sizeof first ? size : sizeof first - 1);
}

void free(void *block)
{
    if (block) look_through(block, malloc_usable_size(block));
    __libc_free(block);
}

/* libcurl's blocks: what it leaves in them must not be taken for ours when they are used again. */
static void free_for_curl(void *block)
{
    if (block) memset(block, 0, malloc_usable_size(block));
    __libc_free(block);
}

static void *realloc_for_curl(void *block, size_t size)
{
    size_t old = block ? malloc_usable_size(block) : 0;
    void *moved = __libc_malloc(size);
    if (!moved) return NULL;
    if (block) memcpy(moved, block, old < size ? old : size);
    free_for_curl(block);
    return moved;
}

/* Always elsewhere, so that what moved is seen. */
void *realloc(void *block, size_t size)
{
    size_t old = block ? malloc_usable_size(block) : 0;
    void *moved = __libc_malloc(size);
    if (!moved) return NULL;
    if (block) memcpy(moved, block, old < size ? old : size);
    free(block);
    return moved;
}

/* ---- the world ---- */

static char home[SCRATCH_MAX];

static bool answer(struct server *of, int fd, const char *request)
{
    static const char document[] =
        "{\"AccessKeyId\":\"AKIA\",\"SecretAccessKey\":\"" CANARY "/s\",\"Token\":\"" CANARY
        "/t\",\"Expiration\":\"2100-01-01T00:00:00Z\"}";
    static const char sso[] =
        "{\"roleCredentials\":{\"accessKeyId\":\"AKIA\",\"secretAccessKey\":\"" CANARY
        "/s\",\"sessionToken\":\"" CANARY "/t\",\"expiration\":4102444800000}}";
    static const char renewed[] =
        "{\"accessToken\":\"" CANARY "/a\",\"refreshToken\":\"" CANARY "/r\",\"expiresIn\":3600}";
#define ASSUMED(name)                                                                              \
    "<" name "Response><" name "Result><Credentials><AccessKeyId>AKIA</AccessKeyId>"               \
    "<SecretAccessKey>" CANARY "/s</SecretAccessKey><SessionToken>" CANARY "/t</SessionToken>"     \
    "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>"                 \
    "<Arn>arn:aws:sts::111122223333:assumed-role/r/n</Arn></AssumedRoleUser></" name               \
    "Result></" name "Response>"
    static const char opened[] =
        "<R><Credentials><AccessKeyId>EX</AccessKeyId><SecretAccessKey>" CANARY
        "/s</SecretAccessKey><SessionToken>" CANARY
        "/t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></R>";
    const char *body = "";
    (void)of;
    if (strstr(request, "?session HTTP")) {
        body = opened;
    } else if (strstr(request, "Action=AssumeRoleWithWebIdentity")) {
        body = ASSUMED("AssumeRoleWithWebIdentity");
    } else if (strstr(request, "Action=AssumeRole")) {
        body = ASSUMED("AssumeRole");
    } else if (strstr(request, "/federation/credentials")) {
        body = sso;
    } else if (strstr(request, "POST /token")) {
        body = renewed;
    } else if (strstr(request, "PUT /latest/api/token")) {
        body = CANARY "/metadata";
    } else if (strstr(request, "security-credentials/ HTTP")) {
        body = "role";
    } else if (strstr(request, "security-credentials/role") || strstr(request, "GET /agent")) {
        body = document;
    }
    server_reply(fd, 200, "", body);
    return true;
}

static int set_up(void **state)
{
    (void)state;
    found = 0;
    local_start_bare(answer, home);
    return 0;
}

static void write_file(const char *name, const char *text)
{
    char path[SCRATCH_MAX + 128];
    snprintf(path, sizeof path, "%s/%s", home, name);
    assert_int_equal(balm_file_write(path, text, strlen(text), 0600, &err), BALM_OK);
}

static void write_config(const char *text)
{
    char path[SCRATCH_MAX + 16];
    snprintf(path, sizeof path, "%s/.aws", home);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(".aws/config", text);
}

static void done(void *owner, const struct balm_call_result *result)
{
    *(struct balm_err *)owner = result->err;
}

/* A client's whole life, with one call: nothing that it gave back holds a secret. */
static void live(const char *operation, const char *const *params)
{
    const char *const names[] = {"s3", operation};
    struct balm_session_options options = {.region = NULL};
    struct balm_err outcome;
    struct balm_call *call;
    watching = true;
    local_open();
    call = local_call(options, names, params, done, &outcome);
    balm_loop_run(loop);
    balm_call_release(call);
    local_close();
    watching = false;
    assert_string_equal(outcome.message, "");
    if (found) fail_msg("%d blocks, the first with %s", found, first);
}

static void live_and_leave_nothing(void)
{
    live("ListBuckets", NULL);
}

static void the_watch_sees_what_is_left(void **state)
{
    char *volatile secret = strdup("x" CANARY);
    (void)state;
    watching = true;
    free(secret);
    watching = false;
    assert_int_equal(found, 1);
    assert_string_equal(first, CANARY);
}

static void keys_of_the_environment(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
    setenv("AWS_SECRET_ACCESS_KEY", CANARY "/s", 1);
    setenv("AWS_SESSION_TOKEN", CANARY "/t", 1);
    live_and_leave_nothing();
}

static void keys_of_a_file(void **state)
{
    (void)state;
    write_config("[default]\naws_access_key_id = AKIA\naws_secret_access_key = " CANARY
                 "/s\naws_session_token = " CANARY "/t\n");
    live_and_leave_nothing();
}

static void a_role(void **state)
{
    (void)state;
    write_config("[default]\nrole_arn = " ROLE "\nsource_profile = keys\n[profile keys]\n"
                 "aws_access_key_id = AKIA\naws_secret_access_key = " CANARY "/k\n");
    live_and_leave_nothing();
}

static void a_web_identity(void **state)
{
    char path[SCRATCH_MAX + 8];
    (void)state;
    write_file("jwt", CANARY "/jwt");
    snprintf(path, sizeof path, "%s/jwt", home);
    setenv("AWS_ROLE_ARN", ROLE, 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
    live_and_leave_nothing();
}

static void a_process(void **state)
{
    (void)state;
    write_config(
        "[default]\ncredential_process = printf %s '{\"Version\":1,\"AccessKeyId\":\"AKIA\","
        "\"SecretAccessKey\":\"" CANARY "/s\",\"SessionToken\":\"" CANARY "/t\"}'\n");
    live_and_leave_nothing();
}

static void a_container(void **state)
{
    char agent[96];
    (void)state;
    snprintf(agent, sizeof agent, "%s/agent", url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", CANARY "/auth", 1);
    live_and_leave_nothing();
}

static void an_instance(void **state)
{
    (void)state;
    live_and_leave_nothing();
}

static void a_sign_in(void **state)
{
    char path[SCRATCH_MAX + 32];
    (void)state;
    write_config("[default]\nsso_session = mine\nsso_account_id = 111122223333\nsso_role_name = r\n"
                 "[sso-session mine]\nsso_start_url = https://x.example\nsso_region = eu-west-1\n");
    snprintf(path, sizeof path, "%s/.aws/sso", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.aws/sso/cache", home);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(".aws/sso/cache/" MINE ".json",
               "{\"accessToken\":\"" CANARY "/old\",\"expiresAt\":\"2020-01-01T00:00:00Z\","
               "\"clientId\":\"c\",\"clientSecret\":\"" CANARY "/c\",\"refreshToken\":\"" CANARY
               "/r\",\"registrationExpiresAt\":\"2100-01-01T00:00:00Z\"}");
    live_and_leave_nothing();
}

static void a_session_with_a_bucket(void **state)
{
    static const char *const params[] = {"Bucket", "b--euw1-az1--x-s3", "Key", "a", NULL};
    char pack[SCRATCH_MAX + 16];
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
    setenv("AWS_SECRET_ACCESS_KEY", CANARY "/k", 1);
    snprintf(pack, sizeof pack, "%s/out.pack", home);
    assert_true(pack_directory_buckets(pack));
    models = pack;
    live("GetObject", params);
    models = NULL;
    pack_remove(home);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, local_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_watch_sees_what_is_left),
        TEST(keys_of_the_environment),
        TEST(keys_of_a_file),
        TEST(a_role),
        TEST(a_web_identity),
        TEST(a_process),
        TEST(a_container),
        TEST(an_instance),
        TEST(a_sign_in),
        TEST(a_session_with_a_bucket),
    };
    if (getenv("BALM_TEST_QUICK")) return 0; /* under valgrind, whose memory is its own */
    signal(SIGPIPE, SIG_IGN);
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, __libc_malloc, free_for_curl, realloc_for_curl,
                         strdup, __libc_calloc);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
