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
#define REFS_BITS 20u
#define N_BITS 33u
#define N_MASK ((1ull << N_BITS) - 1)
#define LEAF_HASH_KEPT_FROM 65u          /* bytes of value */
enum { BASE, CHANGES };

/* There are millions, so each byte counts: what every node begins with, then a branch or a leaf. */
struct vault_tree {
	uint64_t refs : REFS_BITS;
	uint64_t bit : 9;            /* LEAF_BIT for a leaf, DRAFT_BIT for a draft */
	uint64_t hashed : 1;         /* what keeps a hash: that it is valid */
	uint64_t gone : 1;           /* a leaf among a draft's changes */
	uint64_t n : N_BITS;         /* branch: leaves below; leaf: bytes of value */
	struct vault_key key;        /* branch: the common prefix, rest zero */
};

/* Or a draft, whose children BASE and CHANGES may be empty. */
struct branch {
	struct vault_tree head;
	struct vault_tree *child[2];
	struct sr_hash32 hash;
};

/* A short value is hashed again when it is asked for, a longer one keeps its hash before it. */
struct leaf {
	struct vault_tree head;
	uint8_t bytes[];
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

static struct branch *branch_of(struct vault_tree *t) { return (struct branch *)t; }

static struct vault_tree *child_of(const struct vault_tree *t, unsigned side)
{
	return ((const struct branch *)t)->child[side];
}

static bool keeps_hash(const struct vault_tree *t)
{
	return !is_leaf(t) || t->n >= LEAF_HASH_KEPT_FROM;
}

static struct sr_bytes leaf_value(const struct vault_tree *t)
{
	const uint8_t *bytes = ((const struct leaf *)t)->bytes;

	return (struct sr_bytes){ bytes + (keeps_hash(t) ? sizeof(struct sr_hash32) : 0),
		(size_t)t->n };
}

static struct vault_tree *leaf_new(const struct vault_key *key, const uint8_t *value, size_t n)
{
	struct vault_tree head = { .refs = 1, .bit = LEAF_BIT, .n = n & N_MASK, .key = *key };
	size_t hash_n = keeps_hash(&head) ? sizeof(struct sr_hash32) : 0;
	struct leaf *made = malloc(sizeof *made + hash_n + n);

	if (made == NULL)
		return NULL;
	made->head = head;
	if (n > 0)
		memcpy(made->bytes + hash_n, value, n);
	return &made->head;
}

/* Takes over both references. */
static struct vault_tree *branch_new(unsigned bit, const struct vault_key *key,
    struct vault_tree *on_side, struct vault_tree *other)
{
	struct branch *made = malloc(sizeof *made);
	unsigned side = key_bit(key, bit);

	if (made == NULL)
		return NULL;
	made->head = (struct vault_tree){ .refs = 1, .bit = bit & 0x1ff,
		.key = key_prefix(key, bit),
		.n = (vault_tree_count(on_side) + vault_tree_count(other)) & N_MASK };
	made->child[side] = on_side;
	made->child[1 - side] = other;
	return &made->head;
}

struct vault_tree *vault_tree_ref(struct vault_tree *t)
{
	if (t != NULL) {
		SR_ASSERT(t->refs < (1u << REFS_BITS) - 1);
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
			if (child_of(t, i) != NULL)
				stack[n++] = child_of(t, i);
		free(t);
	}
}

/* Makes *slot a branch or draft that this tree alone reaches. NULL without memory; the tree stays
 * equal. */
static struct branch *branch_own(struct vault_tree **slot)
{
	struct branch *shared = branch_of(*slot), *own;

	if (shared->head.refs == 1)
		return shared;
	own = malloc(sizeof *own);
	if (own == NULL)
		return NULL;
	*own = *shared;
	own->head.refs = 1;
	vault_tree_ref(own->child[0]);
	vault_tree_ref(own->child[1]);
	shared->head.refs--;
	*slot = &own->head;
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
		t = child_of(t, key_bit(key, t->bit));
	return t != NULL && key_difference(&t->key, key) == LEAF_BIT ? t : NULL;
}

static const struct vault_tree *find(const struct vault_tree *t, const struct vault_key *key)
{
	const struct vault_tree *changed;

	if (!is_draft(t))
		return find_below(t, key);
	changed = find_below(child_of(t, CHANGES), key);
	if (changed == NULL)
		return find_below(child_of(t, BASE), key);
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
		t = child_of(t, key_bit(&first, t->bit));
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
		self->stack[self->n++] = child_of(t, 1);
		self->stack[self->n++] = child_of(t, 0);
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

	cursor_init(&base, draft ? child_of(t, BASE) : t, from, prefix_bits);
	cursor_init(&changes, draft ? child_of(t, CHANGES) : NULL, from, prefix_bits);
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
	struct sr_bytes value = leaf_value(t);
	struct sr_hash32 value_hash = sr_hash(value.p, value.n);
	struct sr_bytes parts[] = { { t->key.b, sizeof t->key.b },
		{ value_hash.b, sizeof value_hash.b } };

	return sr_hash_domain("strongroom leaf v1", parts, 2);
}

/* Of a node that keeps it, and has it. */
static const uint8_t *kept_hash(const struct vault_tree *t)
{
	return is_leaf(t) ? ((const struct leaf *)t)->bytes : ((const struct branch *)t)->hash.b;
}

static bool has_hash(const struct vault_tree *t) { return t->hashed || !keeps_hash(t); }

static struct sr_hash32 hash_of(const struct vault_tree *t)
{
	struct sr_hash32 hash;

	if (!keeps_hash(t))
		return leaf_hash(t);
	memcpy(hash.b, kept_hash(t), sizeof hash.b);
	return hash;
}

static struct sr_hash32 branch_hash(const struct vault_tree *t)
{
	struct sr_hash32 left = hash_of(child_of(t, 0)), right = hash_of(child_of(t, 1));
	uint8_t bit_le[2] = { (uint8_t)t->bit, (uint8_t)(t->bit >> 8) };
	struct sr_bytes parts[] = { { bit_le, sizeof bit_le }, { t->key.b, sizeof t->key.b },
		{ left.b, sizeof left.b }, { right.b, sizeof right.b } };

	return sr_hash_domain("strongroom branch v1", parts, 4);
}

static void hash_keep(struct vault_tree *t)
{
	if (is_leaf(t)) {
		struct sr_hash32 hash = leaf_hash(t);

		memcpy(((struct leaf *)t)->bytes, hash.b, sizeof hash.b);
	} else {
		branch_of(t)->hash = branch_hash(t);
	}
	t->hashed = true;
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

		if (!has_hash(top) && !is_leaf(top)) {
			bool left = has_hash(child_of(top, 0));

			if (!left || !has_hash(child_of(top, 1))) {
				stack[n++] = child_of(top, left ? 1 : 0);
				continue;
			}
		}
		if (!has_hash(top))
			hash_keep(top);
		n--;
	}
	return hash_of(t);
}

/* --- changing --- */

static bool leaf_is(const struct vault_tree *t, const struct vault_tree *other)
{
	return t->gone == other->gone && t->n == other->n &&
	    memcmp(leaf_value(t).p, leaf_value(other).p, (size_t)t->n) == 0;
}

struct path {
	struct branch *branches[PATH_MAX_NODES];
	size_t n;
};

/* Own branches down to where key leaves the tree: at a leaf, or before a branch it is not below. */
static struct vault_tree **descend(struct path *path, struct vault_tree **slot,
    const struct vault_key *key)
{
	path->n = 0;
	while (!is_leaf(*slot) && key_difference(&(*slot)->key, key) >= (*slot)->bit) {
		struct branch *own = branch_own(slot);

		if (own == NULL)
			return NULL;
		path->branches[path->n++] = own;
		slot = &own->child[key_bit(key, own->head.bit)];
	}
	return slot;
}

/* Only now that nothing can fail are the branches above told of the change. */
static void path_changed(struct path *path, size_t n, int64_t leaves)
{
	for (size_t i = 0; i < n; i++) {
		path->branches[i]->head.hashed = false;
		path->branches[i]->head.n = (path->branches[i]->head.n + (uint64_t)leaves) & N_MASK;
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
		struct branch *draft = branch_own(t);

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
	struct branch *parent, *above;
	struct vault_tree **slot, *gone;

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
		slot = above != NULL ? &above->child[key_bit(key, above->head.bit)] : t;
		*slot = parent->child[1 - key_bit(key, parent->head.bit)];
		free(parent);
		path_changed(&path, path.n - 1, -1);
	}
	vault_tree_unref(gone);
	return SR_OK;
}

/* --- drafts --- */

struct vault_tree *vault_tree_draft(struct vault_tree *t)
{
	struct branch *made = malloc(sizeof *made);

	SR_ASSERT(!is_draft(t));
	if (made == NULL)
		return NULL;
	*made = (struct branch){ .head = { .refs = 1, .bit = DRAFT_BIT },
		.child = { vault_tree_ref(t), NULL } };
	return &made->head;
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
			stack[n++] = child_of(top, 1);
			stack[n++] = child_of(top, 0);
		} else {
			error = top->gone ? vault_tree_delete(t, &top->key) :
			    leaf_put(t, vault_tree_ref(top));
		}
	}
	return error;
}

enum sr_error vault_tree_settle(struct vault_tree **t, struct vault_tree *draft)
{
	struct vault_tree *changes = vault_tree_ref(child_of(draft, CHANGES));
	enum sr_error error;

	SR_ASSERT(is_draft(draft) && child_of(draft, BASE) == *t);
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
	    memcmp(kept_hash(before), kept_hash(after), sizeof(struct sr_hash32)) == 0)
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
		return child_of(t, side);
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
	struct sr_hash32 hash;

	if (t == NULL) {
		sr_write_u8(w, VAULT_PROOF_EMPTY);
	} else if (!is_leaf(t)) {
		sr_write_u8(w, VAULT_PROOF_BRANCH);
		sr_write_u8(w, (uint8_t)t->bit);
		sr_write_copy(w, t->key.b, sizeof t->key.b);
		for (unsigned side = 0; side < 2; side++) {
			hash = hash_of(child_of(t, side));
			sr_write_hash(w, &hash);
		}
	} else if (key_difference(&t->key, key) == LEAF_BIT) {
		sr_write_u8(w, VAULT_PROOF_PRESENT);
		sr_write_blob(w, leaf_value(t).p, (size_t)t->n);
	} else {
		sr_write_u8(w, VAULT_PROOF_LEAF);
		hash = sr_hash(leaf_value(t).p, (size_t)t->n);
		sr_write_copy(w, t->key.b, sizeof t->key.b);
		sr_write_hash(w, &hash);
	}
}

void vault_tree_prove(struct sr_writer *w, struct vault_tree *t, const struct vault_key *key)
{
	const struct vault_tree *path[PATH_MAX_NODES];
	size_t n = 0;

	vault_tree_root(t);
	while (t != NULL && !is_leaf(t) && key_difference(&t->key, key) >= t->bit) {
		path[n++] = t;
		t = child_of(t, key_bit(key, t->bit));
	}
	sr_write_u8(w, VAULT_PROOF_VERSION);
	end_write(w, t, key);
	sr_write_u16(w, (uint16_t)n);
	while (n > 0) {
		const struct vault_tree *up = path[--n];
		struct sr_hash32 beside = hash_of(child_of(up, 1 - key_bit(key, up->bit)));

		sr_write_u8(w, (uint8_t)up->bit);
		sr_write_hash(w, &beside);
	}
}
