/*
 * codec_read_tree: a document that no model describes, as errors are.
 */
#include "aws/codec_internal.h"

#include <string.h>

struct node {
    const char *name;
    struct balm_value children; /* a map; null until the first one comes */
    size_t text_start;          /* in the text of all that is open */
};

struct tree {
    struct balm_arena *arena;
    struct balm_buf text;
    struct balm_value result;
    const char *root;
    size_t depth;
    struct node nodes[BALM_CODEC_DEPTH];
};

static enum balm_code on_start(void *owner, const char *name, const char **attributes,
                               struct balm_err *err)
{
    struct tree *tree = owner;
    struct node *node = &tree->nodes[tree->depth++];

    (void)attributes;
    *node = (struct node){balm_arena_strdup(tree->arena, name), balm_null(), tree->text.len};
    if (!node->name) return balm_arena_status(tree->arena, err);
    if (tree->depth == 1) tree->root = node->name;
    return BALM_OK;
}

static void on_text(void *owner, const char *text, size_t len)
{
    struct tree *tree = owner;

    (void)balm_buf_add(&tree->text, text, len);
}

/* The second of a name makes a list of both. */
static void add_child(struct tree *tree, struct balm_value map, const char *name,
                      struct balm_value value)
{
    struct balm_value *there = balm_map_get(map, name);

    if (!there) {
        (void)balm_map_set(tree->arena, map, name, value);
    } else if (there->type == BALM_LIST) {
        (void)balm_list_push(tree->arena, *there, value);
    } else {
        struct balm_value both[] = {*there, value};
        *there = balm_list_of(tree->arena, both, 2);
    }
}

static enum balm_code on_end(void *owner, struct balm_err *err)
{
    struct tree *tree = owner;
    struct node *node = &tree->nodes[--tree->depth];
    struct balm_value value = node->children;

    enum balm_code code = balm_buf_status(&tree->text, "the answer", err);
    if (code) return code;
    if (balm_is_null(value)) {
        value = balm_text_n(tree->arena, tree->text.bytes + node->text_start,
                            tree->text.len - node->text_start);
    }
    balm_buf_cut(&tree->text, tree->text.len - node->text_start);
    if (!tree->depth) {
        tree->result = value;
        return balm_arena_status(tree->arena, err);
    }
    struct node *parent = &tree->nodes[tree->depth - 1];
    if (balm_is_null(parent->children)) parent->children = balm_map(tree->arena);
    add_child(tree, parent->children, node->name, value);
    return balm_arena_status(tree->arena, err);
}

enum balm_code balm_codec_read_tree(struct balm_arena *arena, const char *text, size_t len,
                                    const char **root, struct balm_value *out, struct balm_err *err)
{
    struct tree tree = {.arena = arena, .text = BALM_BUF_INIT(BALM_BUF_MAX), .result = balm_null()};
    struct balm_codec_events events = {&tree, on_start, on_text, on_end};
    enum balm_code code = balm_codec_xml_events(&events, text, len, err);

    balm_buf_free(&tree.text);
    if (code) return code;
    *root = tree.root;
    *out = tree.result;
    return BALM_OK;
}
