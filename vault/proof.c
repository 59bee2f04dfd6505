#include "vault/proof.h"

#include <string.h>

/* What the proof says stands at the end of the path, and how many bits it shares with the key. */
struct end {
	struct sr_hash32 hash;
	unsigned shares_below;   /* every step's bit must be below this */
	struct sr_bytes value;
	enum vault_proof_end kind;
};

static unsigned bit_of(const uint8_t key[32], unsigned bit)
{
	return (unsigned)key[bit / 8] >> (7 - bit % 8) & 1u;
}

/* The first bit where they differ, 256 when they don't. */
static unsigned first_difference(const uint8_t a[32], const uint8_t b[32])
{
	unsigned bit = 0;

	while (bit < 256 && bit_of(a, bit) == bit_of(b, bit))
		bit++;
	return bit;
}

static struct vault_key prefix_of(const struct vault_key *key, unsigned bits)
{
	struct vault_key prefix = { { 0 } };

	memcpy(prefix.b, key->b, bits / 8);
	if (bits % 8 != 0)
		prefix.b[bits / 8] = (uint8_t)(key->b[bits / 8] & (0xff00u >> bits % 8));
	return prefix;
}

static struct sr_hash32 leaf_hash(const struct vault_key *key, const struct sr_hash32 *value_hash)
{
	struct sr_bytes parts[] = { { key->b, sizeof key->b },
		{ value_hash->b, sizeof value_hash->b } };

	return sr_hash_domain("strongroom leaf v1", parts, 2);
}

static struct sr_hash32 branch_hash(unsigned bit, const struct vault_key *prefix,
    const struct sr_hash32 *left, const struct sr_hash32 *right)
{
	uint8_t bit_le[2] = { (uint8_t)bit, (uint8_t)(bit >> 8) };
	struct sr_bytes parts[] = { { bit_le, sizeof bit_le }, { prefix->b, sizeof prefix->b },
		{ left->b, sizeof left->b }, { right->b, sizeof right->b } };

	return sr_hash_domain("strongroom branch v1", parts, 4);
}

static void read_other_leaf(struct end *end, struct sr_reader *r, const struct vault_key *key)
{
	struct vault_key other;
	struct sr_hash32 value_hash;

	sr_read_copy(r, other.b, sizeof other.b);
	value_hash = sr_read_hash(r);
	end->shares_below = first_difference(key->b, other.b);
	if (end->shares_below == 256) /* this would be presence */
		sr_reader_fail(r, SR_ERR_BAD_PROOF);
	end->hash = leaf_hash(&other, &value_hash);
}

static void read_other_branch(struct end *end, struct sr_reader *r, const struct vault_key *key)
{
	unsigned bit = sr_read_u8(r);
	struct vault_key prefix, cut;
	struct sr_hash32 left, right;

	sr_read_copy(r, prefix.b, sizeof prefix.b);
	left = sr_read_hash(r);
	right = sr_read_hash(r);
	cut = prefix_of(&prefix, bit);
	end->shares_below = first_difference(key->b, prefix.b);
	if (memcmp(cut.b, prefix.b, sizeof cut.b) != 0 || end->shares_below >= bit)
		sr_reader_fail(r, SR_ERR_BAD_PROOF);
	end->hash = branch_hash(bit, &prefix, &left, &right);
}

static void read_end(struct end *end, struct sr_reader *r, const struct vault_key *key)
{
	struct sr_hash32 value_hash;
	unsigned kind = sr_read_u8(r);

	memset(end, 0, sizeof *end);
	end->shares_below = 256;
	switch (kind) {
	case VAULT_PROOF_EMPTY:
		end->shares_below = 0;
		break;
	case VAULT_PROOF_PRESENT:
		end->value = sr_read_blob(r, VAULT_VALUE_MAX);
		value_hash = sr_hash(end->value.p, end->value.n);
		end->hash = leaf_hash(key, &value_hash);
		break;
	case VAULT_PROOF_LEAF:
		read_other_leaf(end, r, key);
		break;
	case VAULT_PROOF_BRANCH:
		read_other_branch(end, r, key);
		break;
	default:
		sr_reader_fail(r, SR_ERR_BAD_KIND);
		return;
	}
	end->kind = (enum vault_proof_end)kind;
}

/* Climbs from the end to the root, taking each branch's prefix and side from the key itself. */
static struct sr_hash32 climb(
    const struct end *end, struct sr_reader *r, const struct vault_key *key)
{
	struct sr_hash32 hash = end->hash;
	unsigned steps = sr_read_u16(r), below = end->shares_below;

	if (steps > VAULT_PROOF_STEPS_MAX)
		sr_reader_fail(r, SR_ERR_TOO_LONG);
	for (unsigned i = 0; i < steps && r->error == SR_OK; i++) {
		unsigned bit = sr_read_u8(r);
		struct sr_hash32 other = sr_read_hash(r);
		struct vault_key prefix = prefix_of(key, bit);

		if (bit >= below)
			sr_reader_fail(r, SR_ERR_BAD_PROOF);
		below = bit;
		hash = bit_of(key->b, bit) == 0 ? branch_hash(bit, &prefix, &hash, &other) :
		    branch_hash(bit, &prefix, &other, &hash);
	}
	return hash;
}

enum sr_error vault_proof_check(bool *present, struct sr_bytes *value, const struct sr_hash32 *root,
    const struct vault_key *key, const uint8_t *proof, size_t n)
{
	struct sr_reader r;
	struct sr_hash32 hash;
	struct end end;

	*present = false;
	*value = (struct sr_bytes){ NULL, 0 };
	if (n > VAULT_PROOF_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, proof, n);
	if (sr_read_u8(&r) != VAULT_PROOF_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	read_end(&end, &r, key);
	hash = climb(&end, &r, key);
	SR_TRY(sr_reader_finish(&r));
	if (!sr_hash32_equal(&hash, root))
		return SR_ERR_BAD_PROOF;
	*present = end.kind == VAULT_PROOF_PRESENT;
	*value = end.value;
	return SR_OK;
}
