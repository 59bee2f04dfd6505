#include "vault/internal.h"

#include <string.h>

/* Only an owner's own dealing comes in an operation: later ones are the holders' work. */
static enum sr_error dealing_is_fresh(const struct vault_dealt *d)
{
	return d->generation == 0 && vault_dealt_good(d) == d->holders_n ? SR_OK
									 : SR_ERR_DEALING_BAD;
}

enum sr_error vault_key_check(const struct vault_wrapped_key *key, const struct vault_block *block,
    const struct sr_hash32 *label)
{
	struct vault_dealt dealt;

	if (!vault_key_is_dealt(key))
		return block->hooks->key_check(key->tdh2, label);
	SR_TRY(vault_dealt_decode(&dealt, key->dealt));
	SR_TRY(dealing_is_fresh(&dealt));
	return block->hooks->dealt_check(&dealt, label);
}

static bool is_member(const struct vault_roster *roster, const struct vault_holder *h)
{
	for (uint32_t i = 0; roster != NULL && i < roster->n; i++)
		if (roster->members[i].seat == h->seat)
			return memcmp(roster->members[i].box_key, h->key, sizeof h->key) == 0;
	return false;
}

enum sr_error vault_key_holders(const struct vault_tx *tx, const struct vault_wrapped_key *key)
{
	struct vault_dealt dealt;

	if (!vault_key_is_dealt(key))
		return SR_OK;
	SR_TRY(vault_dealt_decode(&dealt, key->dealt));
	for (uint32_t i = 0; i < dealt.holders_n; i++)
		if (!is_member(tx->block->roster, &dealt.holders[i]))
			return SR_ERR_HOLDER_UNKNOWN;
	return SR_OK;
}

/* C_0 is what no reshare changes, and no other dealing has. */
bool vault_key_same(const struct vault_wrapped_key *a, const struct vault_wrapped_key *b)
{
	struct vault_dealt x, y;

	if (vault_key_is_dealt(a) != vault_key_is_dealt(b))
		return false;
	if (!vault_key_is_dealt(a))
		return memcmp(a->tdh2, b->tdh2, sizeof a->tdh2) == 0;
	return vault_dealt_decode(&x, a->dealt) == SR_OK &&
	    vault_dealt_decode(&y, b->dealt) == SR_OK &&
	    memcmp(x.commitments[0], y.commitments[0], sizeof x.commitments[0]) == 0;
}
