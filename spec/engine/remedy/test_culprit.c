/* Who changed a resource last, of a server that plays STS and CloudTrail. */
#include "engine/aws/local_aws.h"

#include "core/clock.h"
#include "remedy/culprit.h"

#define ROLE(account) "arn:aws:iam::" account ":role/Balm"
#define ONE           "111122223333"
#define OTHER         "444455556666"
#define COUNT(it)     (sizeof(it) / sizeof *(it))

/* An event as LookupEvents tells it; record is its CloudTrailEvent, escaped. */
#define EVENT(name, more, record)                                                                  \
    "{\"EventName\":\"" name "\",\"EventTime\":1795420800," more "\"CloudTrailEvent\":\"" record   \
    "\"}"
#define BY(arn)     "{\\\"userIdentity\\\":{\\\"arn\\\":\\\"" arn "\\\"}}"
#define PAGE(event) "{\"Events\":[" event "]}"
#define MORE(event) "{\"Events\":[" event "],\"NextToken\":\"t\"}"
#define BY_BALM     EVENT("PutX", "", BY("arn:aws:sts::" ONE ":assumed-role/Balm/balm-Own.Fix"))
#define BY_DEV      EVENT("PutX", "", BY("arn:aws:sts::" ONE ":assumed-role/Dev/ann"))
#define RUN         "01a2076b-447b-7000-8000-000000000000"
#define NOBODY      PAGE("")

static struct {
    const char *pages[16]; /* what CloudTrail answers, in order; the last one again and again */
    char asked[16][4096];  /* what it was asked */
    atomic_int lookups, at_once, at_once_max, assumed;
    bool is_slow;
} seen;

static struct balm_culprits *culprits;

/* ---- the server ---- */

static void assume(int fd, const char *request)
{
    char body[1024];
    const char *account = strstr(request, "iam%3A%3A") + strlen("iam%3A%3A");

    seen.assumed++;
    snprintf(body, sizeof body,
             "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::"
             "%.12s:assumed-role/Balm/x</Arn><AssumedRoleId>A:b</AssumedRoleId></AssumedRoleUser>"
             "<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
             "<SessionToken>token</SessionToken><Expiration>%lld</Expiration></Credentials>"
             "</AssumeRoleResult></AssumeRoleResponse>",
             account, (long long)(balm_clock_now() / 1000000 + 3600));
    server_reply(fd, 200, "", body);
}

static void look_up(int fd, const char *request)
{
    int number = seen.lookups++, at_once = ++seen.at_once;
    const char *page = seen.pages[0];

    for (int i = 0; i <= number && i < (int)COUNT(seen.pages) && seen.pages[i]; i++) {
        page = seen.pages[i];
    }
    if (at_once > seen.at_once_max) seen.at_once_max = at_once;
    if (number < (int)COUNT(seen.asked)) {
        snprintf(seen.asked[number], sizeof seen.asked[number], "%s", strstr(request, "\r\n\r\n"));
    }
    if (seen.is_slow) usleep(50000);
    seen.at_once--;
    server_reply(fd, 200, "Content-Type: application/x-amz-json-1.1\r\n", page);
}

static bool answer(struct server *of, int fd, const char *request)
{
    (void)of;
    if (strstr(request, "Action=AssumeRole")) {
        assume(fd, request);
    } else {
        look_up(fd, request);
    }
    return true;
}

static int begin(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    local_start(answer);
    local_open();
    assert_int_equal(balm_culprits_new(&culprits, aws, &err), BALM_OK);
    return 0;
}

static int end(void **state)
{
    balm_culprits_release(culprits);
    return local_tear_down(state);
}

/* ---- who asks ---- */

struct asker {
    struct balm_culprit_wait wait;
    char who[300], why_not[300];
    bool stops; /* the loop, once it is told */
};

static void on_culprit(void *owner, const struct balm_culprit *culprit)
{
    struct asker *asker = owner;

    assert_true(!culprit->who != !culprit->why_not);
    snprintf(asker->who, sizeof asker->who, "%s", culprit->who ? culprit->who : "");
    snprintf(asker->why_not, sizeof asker->why_not, "%s", culprit->why_not ? culprit->why_not : "");
    if (asker->stops) balm_loop_stop(loop);
}

static void ask_of(struct asker *asker, const char *account, const char *name, const char *arn)
{
    struct balm_culprit_question question = {.account = account,
                                             .region = "eu-west-1",
                                             .partition = "aws",
                                             .role_arn = strcmp(account, ONE) == 0 ? ROLE(ONE)
                                                                                   : ROLE(OTHER),
                                             .since = 1795420000500000};

    memset(asker, 0, sizeof *asker);
    question.resource = balm_map(&arena);
    if (name) balm_map_set(&arena, question.resource, "Name", balm_string(name));
    if (arn) balm_map_set(&arena, question.resource, "Arn", balm_string(arn));
    asker->wait = (struct balm_culprit_wait){.done = on_culprit, .owner = asker};
    asker->stops = true;
    assert_int_equal(balm_culprits_ask(culprits, &question, &asker->wait, &err), BALM_OK);
    assert_string_equal(asker->who, ""); /* from the loop, never at once */
}

static const char *who_changed(const char *name, const char *arn)
{
    static struct asker asker;

    ask_of(&asker, ONE, name, arn);
    balm_loop_run(loop);
    return asker.who[0] ? asker.who : asker.why_not;
}

static void expect_asked(int number, const char *part)
{
    if (!strstr(seen.asked[number], part)) fail_msg("%s: %s", part, seen.asked[number]);
}

/* ---- what is told ---- */

static void the_newest_change_by_somebody_else_is_told(void **state)
{
    (void)state;
    seen.pages[0] = PAGE(BY_BALM "," BY_DEV "," EVENT("PutY", "", BY("arn:aws:iam::1:user/older")));
    assert_string_equal(who_changed("logs", NULL), "arn:aws:sts::" ONE ":assumed-role/Dev/ann: "
                                                   "PutX at 2026-11-23T08:00:00Z");
    expect_asked(0, "{\"AttributeKey\": \"ResourceName\", \"AttributeValue\": \"logs\"}");
    expect_asked(0, "\"StartTime\": 1795420000}"); /* whole seconds, the first one too */
}

static void whoever_it_was_has_a_name(void **state)
{
    static const struct {
        const char *event, *who;
    } cases[] = {
        {EVENT("PutX", "",
               "{\\\"userIdentity\\\":{\\\"type\\\":\\\"AWSService\\\","
               "\\\"invokedBy\\\":\\\"config.amazonaws.com\\\"}}"),
         "config.amazonaws.com: PutX at 2026-11-23T08:00:00Z"},
        {EVENT("PutX", "",
               "{\\\"userIdentity\\\":{\\\"arn\\\":\\\"arn:aws:iam::1:user/ann\\\","
               "\\\"invokedBy\\\":\\\"cloudformation.amazonaws.com\\\"}}"),
         "arn:aws:iam::1:user/ann through cloudformation.amazonaws.com: PutX at "
         "2026-11-23T08:00:00Z"},
        {EVENT("PutX", "\"Username\":\"ann\",", "no JSON"), "ann: PutX at 2026-11-23T08:00:00Z"},
        {"{}", "somebody who is not named: ? at an unknown time"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char page[1024], name[] = {'a', (char)('0' + (int)i), '\0'};
        snprintf(page, sizeof page, PAGE("%s"), cases[i].event);
        seen.pages[0] = page;
        assert_string_equal(who_changed(name, NULL), cases[i].who);
    }
}

static void what_changed_nothing_is_passed_over(void **state)
{
    static const char *const passed[] = {
        EVENT("GetX", "\"ReadOnly\":\"true\",", BY("arn:aws:iam::1:user/a")),
        EVENT("GetX", "", "{\\\"readOnly\\\":true}"),
        EVENT("PutX", "", "{\\\"errorCode\\\":\\\"AccessDenied\\\"}"),
        EVENT("PutX", "", "{\\\"userAgent\\\":\\\"balm/1 " RUN "\\\"}"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(passed); i++) {
        char page[1024], name[] = {'a', (char)('0' + (int)i), '\0'};
        snprintf(page, sizeof page, PAGE("%s"), passed[i]);
        seen.pages[0] = page;
        assert_non_null(strstr(who_changed(name, NULL), "no change by others"));
    }
}

static void pages_and_then_the_arn_are_asked_but_not_without_end(void **state)
{
    (void)state;
    seen.pages[0] = seen.pages[1] = MORE(BY_BALM);
    seen.pages[2] = PAGE(BY_DEV);
    assert_non_null(strstr(who_changed("logs", NULL), "Dev/ann"));
    expect_asked(1, "\"NextToken\": \"t\"");

    seen.lookups = 0;
    seen.pages[0] = NOBODY;
    seen.pages[1] = PAGE(BY_DEV);
    assert_non_null(strstr(who_changed("web", "arn:aws:x:::web"), "Dev/ann"));
    expect_asked(1, "\"AttributeValue\": \"arn:aws:x:::web\"");

    seen.lookups = 0;
    seen.pages[0] = MORE(BY_BALM);
    seen.pages[1] = NULL;
    assert_non_null(strstr(who_changed("busy", "arn:aws:x:::busy"), "among the newest 300 calls"));
    assert_int_equal(seen.lookups, 12);
}

static void what_has_no_name_is_not_asked_about(void **state)
{
    (void)state;
    assert_string_equal(who_changed(NULL, NULL), "CloudTrail does not know it by a name");
    assert_int_equal(seen.lookups + seen.assumed, 0);
}

static void no_other_account_s_cloudtrail_is_asked(void **state)
{
    struct asker asker;
    struct balm_culprit_question question = {.account = OTHER,
                                             .region = "eu-west-1",
                                             .partition = "aws",
                                             .role_arn = ROLE(ONE),
                                             .resource = balm_map(&arena)};

    (void)state;
    memset(&asker, 0, sizeof asker);
    balm_map_set(&arena, question.resource, "Name", balm_string("logs"));
    asker.wait = (struct balm_culprit_wait){.done = on_culprit, .owner = &asker};
    asker.stops = true;
    assert_int_equal(balm_culprits_ask(culprits, &question, &asker.wait, &err), BALM_OK);
    balm_loop_run(loop);
    if (!strstr(asker.why_not, OTHER)) fail_msg("%s", asker.why_not);
    assert_int_equal(seen.lookups, 0);
}

/* ---- how often it is asked ---- */

static void one_resource_of_an_account_is_asked_about_at_a_time(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    struct asker askers[2 * COUNT(names)];

    (void)state;
    seen.pages[0] = PAGE(BY_DEV);
    seen.is_slow = true;
    for (size_t i = 0; i < COUNT(askers); i++) {
        ask_of(&askers[i], i % 2 ? OTHER : ONE, names[i / 2], NULL);
        askers[i].stops = false;
    }
    balm_loop_run(loop); /* until nothing is left to do */
    for (size_t i = 0; i < COUNT(askers); i++) {
        assert_non_null(strstr(askers[i].who, "Dev/ann"));
    }
    assert_int_equal(seen.lookups, COUNT(askers));
    assert_int_equal(seen.at_once_max, 2); /* one of each account */
    assert_int_equal(seen.assumed, 2);
}

static void an_answer_serves_all_who_ask_and_those_who_ask_soon_after(void **state)
{
    struct asker first, second;

    (void)state;
    seen.pages[0] = PAGE(BY_DEV);
    ask_of(&first, ONE, "logs", NULL);
    ask_of(&second, ONE, "logs", NULL);
    first.stops = second.stops = false;
    balm_loop_run(loop);
    assert_string_equal(first.who, second.who);
    assert_string_equal(who_changed("logs", NULL), first.who);
    assert_int_equal(seen.lookups, 1);
}

/* ---- who waits no more ---- */

static void one_who_is_forgotten_is_told_nothing(void **state)
{
    struct asker gone, there;

    (void)state;
    seen.pages[0] = PAGE(BY_DEV);
    ask_of(&gone, ONE, "logs", NULL);
    ask_of(&there, ONE, "logs", NULL);
    balm_culprit_forget(&gone.wait);
    balm_culprit_forget(&gone.wait);
    balm_loop_run(loop);
    assert_string_equal(gone.who, "");
    assert_non_null(strstr(there.who, "Dev/ann"));

    ask_of(&gone, ONE, "nobody waits for this", NULL);
    balm_culprit_forget(&gone.wait);
    assert_non_null(strstr(who_changed("web", NULL), "Dev/ann"));
    assert_int_equal(seen.lookups, 2);
}

static void stop(void *owner)
{
    (void)owner;
    balm_loop_stop(loop);
}

static void all_may_be_dropped_while_an_answer_is_on_its_way(void **state)
{
    struct asker asked, in_turn;
    struct balm_timer timer = {.due = 0};

    (void)state;
    seen.pages[0] = PAGE(BY_DEV);
    seen.is_slow = true;
    ask_of(&asked, ONE, "logs", NULL);
    ask_of(&in_turn, ONE, "web", NULL);
    assert_int_equal(balm_timer_set(loop, &timer, 20000000, stop, NULL), BALM_OK);
    balm_loop_run(loop);
    balm_culprit_forget(&asked.wait);
    balm_culprit_forget(&in_turn.wait);
    assert_string_equal(asked.who, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_change_by_somebody_else_is_told),
        TEST(whoever_it_was_has_a_name),
        TEST(what_changed_nothing_is_passed_over),
        TEST(pages_and_then_the_arn_are_asked_but_not_without_end),
        TEST(what_has_no_name_is_not_asked_about),
        TEST(no_other_account_s_cloudtrail_is_asked),
        TEST(one_resource_of_an_account_is_asked_about_at_a_time),
        TEST(an_answer_serves_all_who_ask_and_those_who_ask_soon_after),
        TEST(one_who_is_forgotten_is_told_nothing),
        TEST(all_may_be_dropped_while_an_answer_is_on_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
