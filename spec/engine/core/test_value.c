#include "core/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct balm_arena arena;

static int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    balm_arena_init(&arena, 0);
    return 0;
}

static void keeps_scalars_as_they_are(void **state)
{
    (void)state;
    assert_true(balm_is_null(balm_null()));
    assert_true(balm_bool(true).as.boolean);
    assert_int_equal(balm_int(INT64_MIN).as.integer, INT64_MIN);
    assert_int_equal(balm_time_value(-1).as.integer, -1);
    assert_true(balm_is_text(balm_string("eu-west-1"), "eu-west-1"));
    assert_false(balm_is_text(balm_string("eu-west-1"), "eu-west"));
    assert_false(balm_is_text(balm_bytes("a", 1), "a"));
    assert_int_equal(balm_string_n("a\0b", 3).len, 3);
    assert_int_equal(balm_unknown("s3:ListBuckets.Owner").type, BALM_UNKNOWN);
    assert_true(balm_is_null(balm_string(NULL)));
}

static void copies_texts_into_the_arena(void **state)
{
    char text[] = "role";
    struct balm_value copy = balm_text_n(&arena, text, 4);
    struct balm_value made = balm_textf(&arena, "%s/%d", text, 7);
    (void)state;
    text[0] = 'R';
    assert_string_equal(copy.as.text, "role");
    assert_string_equal(made.as.text, "role/7");
    assert_int_equal(made.len, 6);
    assert_string_equal(balm_text(&arena, text).as.text, "Role");
}

static void appends_to_lists(void **state)
{
    struct balm_value list = balm_list(&arena);
    int i;
    (void)state;
    for (i = 0; i < 1000; i++) {
        assert_int_equal(balm_list_push(&arena, list, balm_int(i))->as.integer, i);
    }
    assert_int_equal(balm_list_len(list), 1000);
    assert_int_equal(balm_list_at(list, 999)->as.integer, 999);
    assert_null(balm_list_at(list, 1000));
    assert_int_equal(balm_list_len(balm_int(3)), 0);
    assert_null(balm_list_push(&arena, balm_null(), balm_int(1)));
}

static void sets_replaces_and_finds_in_small_maps(void **state)
{
    struct balm_value map = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, map, "Name", balm_string("a"));
    balm_map_set(&arena, map, "Size", balm_int(1));
    balm_map_set(&arena, map, "Name", balm_string("b"));
    assert_int_equal(balm_map_len(map), 2);
    assert_string_equal(balm_map_at(map, 0)->key, "Name");
    assert_string_equal(balm_map_get(map, "Name")->as.text, "b");
    assert_null(balm_map_get(map, "name"));
    assert_null(balm_map_get(balm_int(1), "Name"));
    assert_null(balm_map_at(map, 2));
    assert_null(balm_map_set(&arena, balm_null(), "Name", balm_int(1)));
}

static void finds_each_of_many_keys(void **state)
{
    struct balm_value map = balm_map(&arena);
    char key[32];
    int i;
    (void)state;
    for (i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_non_null(balm_map_put(&arena, map, key, strlen(key), balm_int(i)));
    }
    for (i = 0; i < 100000; i += 7) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_int_equal(balm_map_get(map, key)->as.integer, i);
        assert_string_equal(balm_map_at(map, (size_t)i)->key, key);
    }
    assert_null(balm_map_get(map, "key-100000"));
    assert_non_null(balm_map_put(&arena, map, "key-500", 7, balm_int(-1)));
    assert_int_equal(balm_map_len(map), 100000);
    assert_int_equal(balm_map_get(map, "key-500")->as.integer, -1);
}

static void removes_and_keeps_the_order(void **state)
{
    struct balm_value map = balm_map(&arena);
    char key[16];
    int i;
    (void)state;
    for (i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "k%d", i);
        balm_map_put(&arena, map, key, strlen(key), balm_int(i));
    }
    assert_true(balm_map_remove(map, "k3"));
    assert_false(balm_map_remove(map, "k3"));
    assert_int_equal(balm_map_len(map), 39);
    assert_string_equal(balm_map_at(map, 3)->key, "k4");
    assert_int_equal(balm_map_get(map, "k39")->as.integer, 39);
    assert_null(balm_map_get(map, "k3"));
    assert_false(balm_map_remove(balm_null(), "k3"));
}

/* Drops what is odd, and puts an "x" before every tenth key. */
static bool keep_even(void *owner, struct balm_entry *entry)
{
    (void)owner;
    if (entry->value.as.integer % 2) return false;
    if (entry->value.as.integer % 10 == 0) {
        entry->key = balm_arena_printf(&arena, "x%s", entry->key);
        entry->key_len++;
    }
    return true;
}

static void filters_and_renames_in_place(void **state)
{
    struct balm_value map = balm_map(&arena);
    char key[16];
    int i;
    (void)state;
    for (i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "k%d", i);
        balm_map_put(&arena, map, key, strlen(key), balm_int(i));
    }
    balm_map_filter(map, keep_even, NULL);
    assert_int_equal(balm_map_len(map), 100);
    assert_int_equal(balm_get_int(map, "k198", -1), 198);
    assert_int_equal(balm_get_int(map, "xk190", -1), 190);
    assert_null(balm_map_get(map, "k190"));
    assert_null(balm_map_get(map, "k3"));
    assert_string_equal(balm_map_at(map, 5)->key, "xk10");
    balm_map_filter(balm_null(), keep_even, NULL);
}

static void makes_containers_at_once(void **state)
{
    struct balm_value items[] = {balm_int(1), balm_int(2)};
    struct balm_entry entries[] = {
        {"a", 1, balm_int(1)}, {"b", 1, balm_int(2)}, {"a", 1, balm_int(3)}};
    struct balm_value list = balm_list_of(&arena, items, 2);
    struct balm_value map = balm_map_of(&arena, entries, 3);
    (void)state;
    balm_list_push(&arena, list, balm_int(3));
    assert_int_equal(balm_list_len(list), 3);
    assert_int_equal(balm_list_at(list, 1)->as.integer, 2);
    assert_int_equal(balm_map_len(map), 2);
    assert_string_equal(balm_map_at(map, 0)->key, "a");
    assert_int_equal(balm_map_at(map, 0)->value.as.integer, 3);
    balm_map_set(&arena, map, "c", balm_null());
    assert_int_equal(balm_map_len(map), 3);
    assert_int_equal(balm_map_len(balm_map_of(&arena, NULL, 0)), 0);
}

static void adds_members_whose_names_differ(void **state)
{
    static char keys[100][16];
    struct balm_value map = balm_map_sized(&arena, 2);
    (void)state;
    for (int i = 0; i < 100; i++) { /* more than were announced, and than a small map holds */
        (void)snprintf(keys[i], sizeof keys[i], "k%d", i);
        balm_map_add(&arena, map, keys[i], balm_int(i));
    }
    assert_int_equal(balm_map_len(map), 100);
    assert_string_equal(balm_map_at(map, 99)->key, "k99");
    assert_int_equal(balm_get_int(map, "k0", -1), 0);
    assert_int_equal(balm_get_int(map, "k77", -1), 77);
    balm_map_set(&arena, map, "k77", balm_int(1));
    assert_int_equal(balm_map_len(map), 100);
    balm_map_add(&arena, balm_null(), "k", balm_int(1)); /* what an earlier failure left */
}

static void a_map_made_again_is_changed_on_its_own(void **state)
{
    static const size_t sizes[] = {1, 16, 17, 100};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct balm_value map = balm_map(&arena), again;
        for (size_t i = 0; i < sizes[s] + 1; i++) {
            balm_map_set(&arena, map, balm_textf(&arena, "k%zu", i).as.text, balm_int((int)i));
        }
        balm_map_remove(map, "k0");
        again = balm_map_again(&arena, map);
        assert_true(balm_equal(again, map));
        assert_ptr_equal(balm_map_at(again, 0)->key, balm_map_at(map, 0)->key);
        balm_map_set(&arena, again, "k1", balm_int(-1));
        balm_map_set(&arena, again, "new", balm_int(-2));
        assert_int_equal(balm_map_len(map), sizes[s]);
        assert_int_equal(balm_get_int(map, "k1", 0), 1);
        assert_null(balm_map_get(map, "new"));
        assert_int_equal(balm_map_len(again), sizes[s] + 1);
        assert_int_equal(balm_get_int(again, "k1", 0), -1);
        assert_int_equal(balm_get_int(again, "new", 0), -2);
        assert_null(balm_map_get(again, "k0"));
    }
    assert_int_equal(balm_map_again(&arena, balm_int(1)).type, BALM_MAP);
}

static void reads_without_fear(void **state)
{
    struct balm_value map = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, map, "Name", balm_string("logs"));
    balm_map_set(&arena, map, "Days", balm_int(14));
    balm_map_set(&arena, map, "On", balm_bool(true));
    assert_string_equal(balm_get_string(map, "Name", "?"), "logs");
    assert_string_equal(balm_get_string(map, "Days", "?"), "?");
    assert_null(balm_get_string(balm_null(), "Name", NULL));
    assert_int_equal(balm_get_int(map, "Days", 0), 14);
    assert_int_equal(balm_get_int(map, "Name", 7), 7);
    assert_true(balm_get_bool(map, "On", false));
    assert_true(balm_is_null(balm_get(map, "Else")));
}

static void walks_a_path(void **state)
{
    struct balm_value root = balm_map(&arena);
    struct balm_value list = balm_list(&arena);
    struct balm_value inner = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, inner, "c", balm_int(5));
    balm_list_push(&arena, list, inner);
    balm_map_set(&arena, root, "a", list);
    assert_int_equal(balm_path(root, "a.0.c").as.integer, 5);
    assert_int_equal(balm_path(root, "").type, BALM_MAP);
    assert_true(balm_is_null(balm_path(root, "a.1.c")));
    assert_true(balm_is_null(balm_path(root, "a.x")));
    assert_true(balm_is_null(balm_path(root, "a.99999999999999999999")));
    assert_true(balm_is_null(balm_path(root, "a.0.c.d")));
    assert_true(balm_is_null(balm_path(root, "b")));
}

static void compares_deeply_and_maps_regardless_of_order(void **state)
{
    struct balm_value a = balm_map(&arena);
    struct balm_value b = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, a, "x", balm_int(2));
    balm_map_set(&arena, a, "y", balm_string("t"));
    balm_map_set(&arena, b, "y", balm_string("t"));
    balm_map_set(&arena, b, "x", balm_double(2.0));
    assert_true(balm_equal(a, b));
    balm_map_set(&arena, b, "x", balm_double(2.5));
    assert_false(balm_equal(a, b));
    balm_map_set(&arena, b, "x", balm_int(2));
    balm_map_set(&arena, b, "z", balm_null());
    assert_false(balm_equal(a, b));
}

static void compares_scalars(void **state)
{
    (void)state;
    assert_true(balm_equal(balm_null(), balm_null()));
    assert_false(balm_equal(balm_null(), balm_bool(false)));
    assert_false(balm_equal(balm_int(1), balm_bool(true)));
    assert_false(balm_equal(balm_string("a"), balm_bytes("a", 1)));
    assert_true(balm_equal(balm_double(NAN), balm_double(NAN)));
    assert_false(balm_equal(balm_int(INT64_MAX), balm_double(9223372036854775808.0)));
    assert_true(balm_equal(balm_double(-9223372036854775808.0), balm_int(INT64_MIN)));
    assert_false(balm_equal(balm_int(9007199254740993), balm_double(9007199254740992.0)));
    assert_false(balm_equal(balm_int(0), balm_double(NAN)));
    assert_false(balm_equal(balm_time_value(5), balm_int(5)));
}

static void copies_deeply_into_another_arena(void **state)
{
    struct balm_arena other = BALM_ARENA_INIT;
    char text[] = "secret";
    struct balm_value map = balm_map(&arena);
    struct balm_value list = balm_list(&arena);
    struct balm_value hidden = balm_string(text);
    struct balm_value copy;
    (void)state;
    hidden.secret = 1;
    balm_list_push(&arena, list, hidden);
    balm_map_put(&arena, map, "list", 4, list);
    balm_map_put(&arena, map, "n", 1, balm_double(0.5));
    copy = balm_copy(&other, map);
    balm_arena_free(&arena);
    text[0] = 'X';
    assert_int_equal(balm_map_len(copy), 2);
    assert_string_equal(balm_path(copy, "list.0").as.text, "secret");
    assert_int_equal(balm_path(copy, "list.0").secret, 1);
    balm_arena_free(&other);
}

static void refuses_to_go_deeper_than_the_stack_is_safe(void **state)
{
    struct balm_arena other = BALM_ARENA_INIT;
    struct balm_value root = balm_list(&arena);
    struct balm_value list = root;
    int i;
    (void)state;
    for (i = 0; i < 100000; i++) {
        struct balm_value inner = balm_list(&arena);
        balm_list_push(&arena, list, inner);
        list = inner;
    }
    balm_copy(&other, root);
    assert_int_equal(balm_arena_status(&other, NULL), BALM_E_LIMIT);
    assert_false(balm_equal(root, root));
    balm_arena_free(&other);
}

static void gives_null_when_memory_ran_out(void **state)
{
    struct balm_arena small;
    struct balm_value list;
    (void)state;
    balm_arena_init(&small, 200);
    list = balm_list(&small);
    while (balm_list_push(&small, list, balm_int(1))) {
        assert_true(balm_list_len(list) < 20);
    }
    assert_true(balm_is_null(balm_map(&small)));
    assert_true(balm_is_null(balm_text(&small, "text")));
    assert_true(balm_is_null(balm_textf(&small, "%d", 5)));
    assert_int_equal(balm_arena_status(&small, NULL), BALM_E_LIMIT);
    balm_arena_free(&small);
}

static void wipes_every_string_of_a_tree(void **state)
{
    struct balm_value tree = balm_map(&arena), list = balm_list(&arena);
    const char *first = balm_arena_strdup(&arena, "secret");
    const char *second = balm_arena_strdup(&arena, "token");
    (void)state;
    balm_list_push(&arena, list, balm_string(second));
    balm_list_push(&arena, list, balm_int(5));
    balm_map_set(&arena, tree, "a", balm_string(first));
    balm_map_set(&arena, tree, "b", list);
    balm_value_wipe(tree);
    assert_memory_equal(first, "\0\0\0\0\0\0", 7);
    assert_memory_equal(second, "\0\0\0\0\0", 6);
}

static void names_every_type(void **state)
{
    (void)state;
    assert_string_equal(balm_type_name(BALM_INT), "integer");
    assert_string_equal(balm_type_name(BALM_STRING), "string");
    assert_string_equal(balm_type_name(BALM_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_scalars_as_they_are),
        cmocka_unit_test(copies_texts_into_the_arena),
        cmocka_unit_test(appends_to_lists),
        cmocka_unit_test(sets_replaces_and_finds_in_small_maps),
        cmocka_unit_test(finds_each_of_many_keys),
        cmocka_unit_test(removes_and_keeps_the_order),
        cmocka_unit_test(filters_and_renames_in_place),
        cmocka_unit_test(makes_containers_at_once),
        cmocka_unit_test(adds_members_whose_names_differ),
        cmocka_unit_test(a_map_made_again_is_changed_on_its_own),
        cmocka_unit_test(reads_without_fear),
        cmocka_unit_test(walks_a_path),
        cmocka_unit_test(compares_deeply_and_maps_regardless_of_order),
        cmocka_unit_test(compares_scalars),
        cmocka_unit_test(copies_deeply_into_another_arena),
        cmocka_unit_test(refuses_to_go_deeper_than_the_stack_is_safe),
        cmocka_unit_test(gives_null_when_memory_ran_out),
        cmocka_unit_test(wipes_every_string_of_a_tree),
        cmocka_unit_test(names_every_type),
    };
    return cmocka_run_group_tests(tests, clean, clean);
}
