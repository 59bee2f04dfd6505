#include "vault/tree.h"

#include <stdlib.h>
#include <string.h>

#include "vault/proof.h"

/*
 * A path-compressed binary tree over the keys' bits, most significant first. A branch at bit b
 * holds keys that agree on the bits before b; the left child those with bit b = 0. Bits rise
 * strictly on the way down, so no path is longer than 256 and every loop below has a fixed stack.
 *
 * Leaves never change. A branch is changed in place while one tree alone reaches it (refs = 1 all
 * the way from the root), and is copied otherwise.
 *
 * A draft is one node above two trees: what it was made of, and the leaves that are put over that.
 * A leaf that is gone stands there for a key that is deleted.
 */
#define LEAF_BIT 256u
#define DRAFT_BIT 257u
#define PATH_MAX_NODES 258u
enum { BASE, CHANGES };

/* What a descent reads comes first, within one cache line. */
struct vault_tree {
	uint32_t refs;
	uint16_t bit;                /* LEAF_BIT for a leaf, DRAFT_BIT for a draft */
	bool hashed;
	bool gone;                   /* a leaf among a draft's changes */
	uint64_t n;                  /* branch: leaves below; leaf: bytes of value */
	struct vault_tree *child[2]; /* branch; draft: BASE and CHANGES, either may be empty */
	struct vault_key key;        /* branch: the common prefix, rest zero */
	struct sr_hash32 hash;       /* valid while hashed */
	uint8_t value[];             /* leaf */
};

/* --- bits of keys --- */

/* Compilers make one load of this, and no loop. */
static uint64_t load_be64(const uint8_t *p)
{
	return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
	    (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
	    (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

/* The first bit where they differ, 256 when they don't. */
static unsigned key_difference(const struct vault_key *a, const struct vault_key *b)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t differs = load_be64(a->b + 8 * i) ^ load_be64(b->b + 8 * i);

		if (differs != 0)
			return 64 * i + (unsigned)__builtin_clzll(differs);
	}
	return LEAF_BIT;
}

static unsigned key_bit(const struct vault_key *key, unsigned bit)
{
	return (unsigned)key->b[bit / 8] >> (7 - bit % 8) & 1u;
}

static struct vault_key key_prefix(const struct vault_key *key, unsigned bits)
{
	struct vault_key prefix = { { 0 } };

	memcpy(prefix.b, key->b, bits / 8);
	if (bits % 8 != 0)
		prefix.b[bits / 8] = (uint8_t)(key->b[bits / 8] & (0xff00u >> bits % 8));
	return prefix;
}

/* --- nodes --- */

static bool is_leaf(const struct vault_tree *t) { return t->bit == LEAF_BIT; }

static bool is_draft(const struct vault_tree *t) { return t != NULL && t->bit == DRAFT_BIT; }

static struct sr_bytes leaf_value(const struct vault_tree *t)
{
	return (struct sr_bytes){ t->value, (size_t)t->n };
}

static struct vault_tree *leaf_new(const struct vault_key *key, const uint8_t *value, size_t n)
{
	struct vault_tree *made = malloc(sizeof *made + n);

	if (made == NULL)
		return NULL;
	*made = (struct vault_tree){ .refs = 1, .bit = LEAF_BIT, .n = n, .key = *key };
	if (n > 0)
		memcpy(made->value, value, n);
	return made;
}

/* Takes over both references. */
static struct vault_tree *branch_new(unsigned bit, const struct vault_key *key,
    struct vault_tree *on_side, struct vault_tree *other)
{
	struct vault_tree *made = malloc(sizeof *made);
	unsigned side = key_bit(key, bit);

	if (made == NULL)
		return NULL;
	*made = (struct vault_tree){ .refs = 1, .bit = (uint16_t)bit, .key = key_prefix(key, bit) };
	made->child[side] = on_side;
	made->child[1 - side] = other;
	made->n = vault_tree_count(on_side) + vault_tree_count(other);
	return made;
}

struct vault_tree *vault_tree_ref(struct vault_tree *t)
{
	if (t != NULL) {
		SR_ASSERT(t->refs < UINT32_MAX);
		t->refs++;
	}
	return t;
}

void vault_tree_unref(struct vault_tree *t)
{
	struct vault_tree *stack[PATH_MAX_NODES];
	size_t n = 0;

	if (t != NULL)
		stack[n++] = t;
	while (n > 0) {
		t = stack[--n];
		SR_ASSERT(t->refs > 0);
		if (--t->refs > 0)
			continue;
		for (unsigned i = 2; i-- > 0 && !is_leaf(t);)
			if (t->child[i] != NULL)
				stack[n++] = t->child[i];
		free(t);
	}
}

/* Makes *slot a branch or draft that this tree alone reaches. NULL without memory; the tree stays
 * equal. */
static struct vault_tree *branch_own(struct vault_tree **slot)
{
	struct vault_tree *shared = *slot, *own;

	if (shared->refs == 1)
		return shared;
	own = malloc(sizeof *own);
	if (own == NULL)
		return NULL;
	*own = *shared;
	own->refs = 1;
	vault_tree_ref(own->child[0]);
	vault_tree_ref(own->child[1]);
	shared->refs--;
	*slot = own;
	return own;
}

/* --- reading --- */

uint64_t vault_tree_count(const struct vault_tree *t)
{
	SR_ASSERT(!is_draft(t));
	return t == NULL ? 0 : is_leaf(t) ? 1 : t->n;
}

static const struct vault_tree *find_below(const struct vault_tree *t, const struct vault_key *key)
{
	while (t != NULL && !is_leaf(t))
		t = t->child[key_bit(key, t->bit)];
	return t != NULL && key_difference(&t->key, key) == LEAF_BIT ? t : NULL;
}

static const struct vault_tree *find(const struct vault_tree *t, const struct vault_key *key)
{
	const struct vault_tree *changed;

	if (!is_draft(t))
		return find_below(t, key);
	changed = find_below(t->child[CHANGES], key);
	if (changed == NULL)
		return find_below(t->child[BASE], key);
	return changed->gone ? NULL : changed;
}

struct sr_bytes vault_tree_get(const struct vault_tree *t, const struct vault_key *key)
{
	const struct vault_tree *leaf = find(t, key);

	return leaf != NULL ? leaf_value(leaf) : (struct sr_bytes){ NULL, 0 };
}

const struct vault_tree *vault_tree_kind(const struct vault_tree *t, uint8_t kind)
{
	const struct vault_key first = { { kind } };

	SR_ASSERT(!is_draft(t));
	while (t != NULL && t->bit < 8)
		t = t->child[key_bit(&first, t->bit)];
	return t != NULL && t->key.b[0] == kind ? t : NULL;
}

/* Whether the subtree can hold a key that is >= from and shares its first prefix_bits bits. */
static bool may_hold(const struct vault_tree *t, const struct vault_key *from, unsigned prefix_bits)
{
	unsigned d = key_difference(&t->key, from);

	if (d >= t->bit) /* from itself lies in here, or is this leaf */
		return true;
	return d >= prefix_bits && key_bit(&t->key, d) == 1;
}

struct cursor {
	const struct vault_tree *stack[PATH_MAX_NODES];
	size_t n;
	const struct vault_key *from;
	unsigned prefix_bits;
};

static void cursor_init(struct cursor *self, const struct vault_tree *t,
    const struct vault_key *from, unsigned prefix_bits)
{
	self->n = 0;
	if (t != NULL)
		self->stack[self->n++] = t;
	self->from = from;
	self->prefix_bits = prefix_bits;
}

/* The next leaf, NULL behind the last. */
static const struct vault_tree *cursor_next(struct cursor *self)
{
	while (self->n > 0) {
		const struct vault_tree *t = self->stack[--self->n];

		if (!may_hold(t, self->from, self->prefix_bits))
			continue;
		if (is_leaf(t))
			return t;
		self->stack[self->n++] = t->child[1];
		self->stack[self->n++] = t->child[0];
	}
	return NULL;
}

/* Two walks side by side: of two leaves of one key the changed one is seen. */
void vault_tree_walk(const struct vault_tree *t, const struct vault_key *from, size_t prefix_bytes,
    bool (*visit)(void *ctx, const struct vault_key *key, struct sr_bytes value), void *ctx)
{
	unsigned prefix_bits = prefix_bytes >= 32 ? 256 : (unsigned)prefix_bytes * 8;
	bool draft = is_draft(t);
	const struct vault_tree *old, *new, *leaf;
	struct cursor base, changes;

	cursor_init(&base, draft ? t->child[BASE] : t, from, prefix_bits);
	cursor_init(&changes, draft ? t->child[CHANGES] : NULL, from, prefix_bits);
	old = cursor_next(&base);
	new = cursor_next(&changes);
	while (old != NULL || new != NULL) {
		int order = old == NULL ? 1 : new == NULL ? -1 :
		    memcmp(old->key.b, new->key.b, sizeof old->key.b);

		leaf = order < 0 ? old : new;
		if (!leaf->gone && !visit(ctx, &leaf->key, leaf_value(leaf)))
			return;
		if (order <= 0)
			old = cursor_next(&base);
		if (order >= 0)
			new = cursor_next(&changes);
	}
}

/* --- hashing --- */

static struct sr_hash32 leaf_hash(const struct vault_tree *t)
{
	struct sr_hash32 value_hash = sr_hash(t->value, (size_t)t->n);
	struct sr_bytes parts[] = { { t->key.b, sizeof t->key.b },
		{ value_hash.b, sizeof value_hash.b } };

	return sr_hash_domain("strongroom leaf v1", parts, 2);
}

static struct sr_hash32 branch_hash(const struct vault_tree *t)
{
	const struct vault_tree *left = t->child[0], *right = t->child[1];
	uint8_t bit_le[2] = { (uint8_t)t->bit, (uint8_t)(t->bit >> 8) };
	struct sr_bytes parts[] = { { bit_le, sizeof bit_le }, { t->key.b, sizeof t->key.b },
		{ left->hash.b, sizeof left->hash.b }, { right->hash.b, sizeof right->hash.b } };

	return sr_hash_domain("strongroom branch v1", parts, 4);
}

/* Children before parents, without recursion: a node stays on the stack until both are hashed. */
struct sr_hash32 vault_tree_root(struct vault_tree *t)
{
	struct vault_tree *stack[PATH_MAX_NODES];
	size_t n = 0;

	if (t == NULL)
		return (struct sr_hash32){ { 0 } };
	SR_ASSERT(!is_draft(t));
	stack[n++] = t;
	while (n > 0) {
		struct vault_tree *top = stack[n - 1];

		if (!top->hashed && !is_leaf(top)) {
			struct vault_tree *const *child = top->child;

			if (!child[0]->hashed || !child[1]->hashed) {
				stack[n++] = child[child[0]->hashed ? 1 : 0];
				continue;
			}
		}
		if (!top->hashed) {
			top->hash = is_leaf(top) ? leaf_hash(top) : branch_hash(top);
			top->hashed = true;
		}
		n--;
	}
	return t->hash;
}

/* --- changing --- */

static bool leaf_is(const struct vault_tree *t, const struct vault_tree *other)
{
	return t->gone == other->gone && t->n == other->n &&
	    memcmp(t->value, other->value, (size_t)t->n) == 0;
}

struct path {
	struct vault_tree *branches[PATH_MAX_NODES];
	size_t n;
};

/* Own branches down to where key leaves the tree: at a leaf, or before a branch it is not below. */
static struct vault_tree **descend(struct path *path, struct vault_tree **slot,
    const struct vault_key *key)
{
	path->n = 0;
	while (!is_leaf(*slot) && key_difference(&(*slot)->key, key) >= (*slot)->bit) {
		struct vault_tree *own = branch_own(slot);

		if (own == NULL)
			return NULL;
		path->branches[path->n++] = own;
		slot = &own->child[key_bit(key, own->bit)];
	}
	return slot;
}

/* Only now that nothing can fail are the branches above told of the change. */
static void path_changed(struct path *path, size_t n, int64_t leaves)
{
	for (size_t i = 0; i < n; i++) {
		path->branches[i]->hashed = false;
		path->branches[i]->n += (uint64_t)leaves;
	}
}

static enum sr_error put_leaf(struct vault_tree **t, struct vault_tree *leaf)
{
	struct path path;
	struct vault_tree **slot = descend(&path, t, &leaf->key), *joint;
	unsigned d;

	if (slot == NULL)
		return SR_ERR_NO_MEMORY;
	d = key_difference(&(*slot)->key, &leaf->key);
	if (d == LEAF_BIT && leaf_is(*slot, leaf)) {
		vault_tree_unref(leaf);
	} else if (d == LEAF_BIT) {
		vault_tree_unref(*slot);
		*slot = leaf;
		path_changed(&path, path.n, 0);
	} else {
		joint = branch_new(d, &leaf->key, leaf, *slot);
		if (joint == NULL)
			return SR_ERR_NO_MEMORY;
		*slot = joint;
		path_changed(&path, path.n, 1);
	}
	return SR_OK;
}

/* Takes over the leaf, also when it fails. */
static enum sr_error leaf_put(struct vault_tree **t, struct vault_tree *leaf)
{
	enum sr_error error = SR_OK;

	if (is_draft(*t)) {
		struct vault_tree *draft = branch_own(t);

		t = draft != NULL ? &draft->child[CHANGES] : NULL;
	}
	if (t != NULL && *t == NULL) {
		*t = leaf;
		return SR_OK;
	}
	error = t != NULL ? put_leaf(t, leaf) : SR_ERR_NO_MEMORY;
	if (error != SR_OK)
		vault_tree_unref(leaf);
	return error;
}

enum sr_error vault_tree_put(
    struct vault_tree **t, const struct vault_key *key, const uint8_t *value, size_t n)
{
	struct vault_tree *leaf;

	if (n > VAULT_VALUE_MAX)
		return SR_ERR_TOO_LONG;
	leaf = leaf_new(key, value, n);
	return leaf != NULL ? leaf_put(t, leaf) : SR_ERR_NO_MEMORY;
}

static enum sr_error draft_delete(struct vault_tree **t, const struct vault_key *key)
{
	struct vault_tree *leaf = leaf_new(key, NULL, 0);

	if (leaf == NULL)
		return SR_ERR_NO_MEMORY;
	leaf->gone = true;
	return leaf_put(t, leaf);
}

enum sr_error vault_tree_delete(struct vault_tree **t, const struct vault_key *key)
{
	struct path path;
	struct vault_tree **slot, *gone, *parent, *above;

	if (find(*t, key) == NULL)
		return SR_OK;
	if (is_draft(*t))
		return draft_delete(t, key);
	slot = descend(&path, t, key);
	if (slot == NULL)
		return SR_ERR_NO_MEMORY;
	gone = *slot;
	if (path.n == 0) {
		*t = NULL;
	} else {
		/* The parent goes too; the sibling takes its place. */
		parent = path.branches[path.n - 1];
		above = path.n > 1 ? path.branches[path.n - 2] : NULL;
		slot = above != NULL ? &above->child[key_bit(key, above->bit)] : t;
		*slot = parent->child[1 - key_bit(key, parent->bit)];
		free(parent);
		path_changed(&path, path.n - 1, -1);
	}
	vault_tree_unref(gone);
	return SR_OK;
}

/* --- drafts --- */

struct vault_tree *vault_tree_draft(struct vault_tree *t)
{
	struct vault_tree *made = malloc(sizeof *made);

	SR_ASSERT(!is_draft(t));
	if (made != NULL)
		*made = (struct vault_tree){ .refs = 1, .bit = DRAFT_BIT,
			.child = { vault_tree_ref(t), NULL } };
	return made;
}

/* The leaves themselves move over: none is copied. */
static enum sr_error changes_put(struct vault_tree **t, struct vault_tree *changes)
{
	struct vault_tree *stack[PATH_MAX_NODES];
	enum sr_error error = SR_OK;
	size_t n = 0;

	if (changes != NULL)
		stack[n++] = changes;
	while (n > 0 && error == SR_OK) {
		struct vault_tree *top = stack[--n];

		if (!is_leaf(top)) {
			stack[n++] = top->child[1];
			stack[n++] = top->child[0];
		} else {
			error = top->gone ? vault_tree_delete(t, &top->key) :
			    leaf_put(t, vault_tree_ref(top));
		}
	}
	return error;
}

enum sr_error vault_tree_settle(struct vault_tree **t, struct vault_tree *draft)
{
	struct vault_tree *changes = vault_tree_ref(draft->child[CHANGES]);
	enum sr_error error;

	SR_ASSERT(is_draft(draft) && draft->child[BASE] == *t);
	/* First, so that *t is changed in place if nobody else holds it. */
	vault_tree_unref(draft);
	error = changes_put(t, changes);
	vault_tree_unref(changes);
	return error;
}

/* --- differences --- */

/* Each pair steps down one tree or both, and leaves at most one pair waiting a step. */
#define PAIRS_MAX (2u * PATH_MAX_NODES + 2u)

struct pairs {
	struct { const struct vault_tree *before, *after; } list[PAIRS_MAX];
	size_t n;
};

static void pair_push(struct pairs *self, const struct vault_tree *before,
    const struct vault_tree *after)
{
	if (before == after)
		return;
	if (before != NULL && after != NULL && before->hashed && after->hashed &&
	    sr_hash32_equal(&before->hash, &after->hash))
		return;
	SR_ASSERT(self->n < PAIRS_MAX);
	self->list[self->n].before = before;
	self->list[self->n++].after = after;
}

/* The node's part on one side of a branching at bit: a child, or itself when it is all there. */
static const struct vault_tree *side_of(const struct vault_tree *t, unsigned bit, unsigned side)
{
	if (t == NULL)
		return NULL;
	if (t->bit == bit)
		return t->child[side];
	return key_bit(&t->key, bit) == side ? t : NULL;
}

/* Where the two, taken together, branch first; LEAF_BIT when both are leaves of one key. */
static unsigned first_branching(const struct vault_tree *a, const struct vault_tree *b)
{
	unsigned least = a == NULL ? b->bit : b == NULL || a->bit < b->bit ? a->bit : b->bit;
	unsigned d = a == NULL || b == NULL ? LEAF_BIT : key_difference(&a->key, &b->key);

	return d < least ? d : least;
}

void vault_tree_diff(const struct vault_tree *before, const struct vault_tree *after,
    void (*visit)(void *ctx, const struct vault_key *key, struct sr_bytes value), void *ctx)
{
	struct pairs pairs = { .n = 0 };

	SR_ASSERT(!is_draft(before) && !is_draft(after));
	pair_push(&pairs, before, after);
	while (pairs.n > 0) {
		const struct vault_tree *a = pairs.list[--pairs.n].before,
					*b = pairs.list[pairs.n].after;
		unsigned bit = first_branching(a, b);

		if (bit < LEAF_BIT) {
			pair_push(&pairs, side_of(a, bit, 1), side_of(b, bit, 1));
			pair_push(&pairs, side_of(a, bit, 0), side_of(b, bit, 0));
		} else if (b == NULL) {
			visit(ctx, &a->key, (struct sr_bytes){ NULL, 0 });
		} else if (a == NULL || !leaf_is(a, b)) {
			visit(ctx, &b->key, leaf_value(b));
		}
	}
}

/* --- proofs (vault/proof.h has the format) --- */

static void end_write(struct sr_writer *w, const struct vault_tree *t, const struct vault_key *key)
{
	struct sr_hash32 value_hash;

	if (t == NULL) {
		sr_write_u8(w, VAULT_PROOF_EMPTY);
	} else if (!is_leaf(t)) {
		sr_write_u8(w, VAULT_PROOF_BRANCH);
		sr_write_u8(w, (uint8_t)t->bit);
		sr_write_copy(w, t->key.b, sizeof t->key.b);
		sr_write_hash(w, &t->child[0]->hash);
		sr_write_hash(w, &t->child[1]->hash);
	} else if (key_difference(&t->key, key) == LEAF_BIT) {
		sr_write_u8(w, VAULT_PROOF_PRESENT);
		sr_write_blob(w, t->value, (size_t)t->n);
	} else {
		sr_write_u8(w, VAULT_PROOF_LEAF);
		value_hash = sr_hash(t->value, (size_t)t->n);
		sr_write_copy(w, t->key.b, sizeof t->key.b);
		sr_write_hash(w, &value_hash);
	}
}

void vault_tree_prove(struct sr_writer *w, struct vault_tree *t, const struct vault_key *key)
{
	const struct vault_tree *path[PATH_MAX_NODES];
	size_t n = 0;

	vault_tree_root(t);
	while (t != NULL && !is_leaf(t) && key_difference(&t->key, key) >= t->bit) {
		path[n++] = t;
		t = t->child[key_bit(key, t->bit)];
	}
	sr_write_u8(w, VAULT_PROOF_VERSION);
	end_write(w, t, key);
	sr_write_u16(w, (uint16_t)n);
	while (n > 0) {
		const struct vault_tree *up = path[--n];

		sr_write_u8(w, (uint8_t)up->bit);
		sr_write_hash(w, &up->child[1 - key_bit(key, up->bit)]->hash);
	}
}
