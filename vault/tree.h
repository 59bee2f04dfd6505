/*
 * vault/tree.h - the state: an immutable, reference-counted Merkle radix tree from 32-byte keys to
 * byte values. Every change makes a new tree that shares all untouched nodes, so a fork of the
 * chain costs only what it touches and a view can be kept or dropped freely. Keys are structured
 * (first byte = record type), so records of a kind are walked in key order.
 *
 * leaf     = H("strongroom leaf v1", key, H(value))
 * branch   = H("strongroom branch v1", bit u16, prefix of key up to bit (rest zero, 32 bytes),
 *            left, right)
 * empty    = 32 zero bytes
 */
#ifndef SR_VAULT_TREE_H
#define SR_VAULT_TREE_H

#include "base/crypto.h"
#include "vault/proof.h"                 /* struct vault_key: both sides of the wire know it */

struct vault_tree;                       /* NULL is the empty tree */

struct vault_tree *vault_tree_ref(struct vault_tree *t);
void vault_tree_unref(struct vault_tree *t);
struct sr_hash32 vault_tree_root(struct vault_tree *t);   /* computed once per node, cached */
uint64_t vault_tree_count(const struct vault_tree *t);
/* Borrowed as long as the tree lives. p = NULL when absent. */
struct sr_bytes vault_tree_get(const struct vault_tree *t, const struct vault_key *key);
/* Consumes *t and replaces it by the changed tree. On failure *t is unchanged. */
SR_MUST_CHECK enum sr_error vault_tree_put(struct vault_tree **t, const struct vault_key *key,
    const uint8_t *value, size_t n);
/* Deleting what is absent changes nothing and is SR_OK. */
SR_MUST_CHECK enum sr_error vault_tree_delete(struct vault_tree **t, const struct vault_key *key);
/*
 * A draft of t: changed and read like a tree, while t stays as it is. It costs only what is changed
 * in it, where a changed tree costs a copy of each path: for what is tried and thrown away, and for
 * many changes in a row. It is got from, put to, deleted from and walked; it has no root, count,
 * kinds, differences or proofs. NULL: no memory. Ends with vault_tree_settle, or vault_tree_unref.
 */
struct vault_tree *vault_tree_draft(struct vault_tree *t);
/* Makes *t, which draft is a draft of, what draft is; takes over draft. NO_MEMORY: *t has a part of
 * the changes and is to be given up. */
SR_MUST_CHECK enum sr_error vault_tree_settle(struct vault_tree **t, struct vault_tree *draft);
/*
 * Not thread-safe. Nodes that only *t reaches are changed in place, so who changes a tree while
 * walking it, or wants to keep the old one, takes a reference first (vault_tree_ref) and changes
 * the other.
 */
/* Calls visit for each key >= from that shares from's first prefix_bytes bytes, in key order, until
 * it returns false. */
void vault_tree_walk(const struct vault_tree *t, const struct vault_key *from, size_t prefix_bytes,
    bool (*visit)(void *ctx, const struct vault_key *key, struct sr_bytes value), void *ctx);
/* The part with the records of one kind (the keys' first byte), a tree of its own to read.
 * Borrowed; NULL when there are none. */
const struct vault_tree *vault_tree_kind(const struct vault_tree *t, uint8_t kind);
/* Calls visit, in key order, for every key whose value differs; shared subtrees are skipped. value:
 * the one in after; p = NULL: deleted. */
void vault_tree_diff(const struct vault_tree *before, const struct vault_tree *after,
    void (*visit)(void *ctx, const struct vault_key *key, struct sr_bytes value), void *ctx);
/* Writes a proof that key has its value, or is absent, under the root (vault/proof.h reads it). */
void vault_tree_prove(struct sr_writer *w, struct vault_tree *t, const struct vault_key *key);

#endif
