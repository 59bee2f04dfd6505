#include "vault/internal.h"

#include <string.h>

#define OWNER_BYTES 20u
#define ID_BYTES 10u

/*
 * i | kind | 20 bytes of whom | 10 bytes of what. The value carries the whole id, so a walk over a
 * prefix lists what belongs to someone, in order, without touching anything else.
 */
static struct vault_key index_key(enum vault_index kind, const uint8_t owner[OWNER_BYTES],
    const uint8_t id[ID_BYTES])
{
	struct vault_key key = { { 0 } };

	key.b[0] = VAULT_REC_INDEX;
	key.b[1] = (uint8_t)kind;
	memcpy(key.b + 2, owner, OWNER_BYTES);
	memcpy(key.b + VAULT_INDEX_PREFIX, id, ID_BYTES);
	return key;
}

struct vault_key vault_index_number(enum vault_index kind, const struct vault_account *a,
    uint64_t id)
{
	struct vault_key account = vault_key_account(a);
	uint8_t b[ID_BYTES] = { 0 };

	vault_put_be64(b, id);
	return index_key(kind, account.b + 1, b);
}

struct vault_key vault_index_secret(const struct vault_account *a, const struct vault_secret_id *id)
{
	struct vault_key account = vault_key_account(a);

	return index_key(VAULT_INDEX_SECRETS, account.b + 1, id->b);
}

struct vault_key vault_index_name(const struct vault_account *a, struct sr_bytes name)
{
	struct vault_key account = vault_key_account(a);
	struct sr_hash32 h = sr_hash_domain("strongroom name v1", &name, 1);

	return index_key(VAULT_INDEX_NAMES, account.b + 1, h.b);
}

struct vault_key vault_index_nft_secret(uint64_t nft_id, const struct vault_secret_id *id)
{
	uint8_t owner[OWNER_BYTES] = { 0 };

	vault_put_be64(owner, nft_id);
	return index_key(VAULT_INDEX_NFT_SECRETS, owner, id->b);
}

struct vault_key vault_index_waiting(const struct vault_account *a, uint64_t number)
{
	static const uint8_t nobody[OWNER_BYTES];
	uint8_t b[ID_BYTES] = { 0 };

	vault_put_be64(b, number);
	if (a == NULL)
		return index_key(VAULT_INDEX_WAITING, nobody, b);
	return index_key(VAULT_INDEX_WAITING_OF, vault_key_account(a).b + 1, b);
}

/* Numbers fall, so that a walk meets the newest first. */
struct vault_key vault_index_attested(uint64_t number)
{
	static const uint8_t nobody[OWNER_BYTES];
	uint8_t b[ID_BYTES] = { 0 };

	vault_put_be64(b, UINT64_MAX - number);
	return index_key(VAULT_INDEX_ATTESTED, nobody, b);
}

struct vault_key vault_index_measured(struct sr_bytes measurement, uint64_t number)
{
	struct sr_hash32 h = sr_hash_domain("strongroom measurement v1", &measurement, 1);
	uint8_t b[ID_BYTES] = { 0 };

	vault_put_be64(b, UINT64_MAX - number);
	return index_key(VAULT_INDEX_MEASURED, h.b, b);
}

/* All 30 bytes are the hash's: who finds two for one key could pass off another workload's. */
struct vault_key vault_index_workload(struct sr_bytes measurement, const uint8_t key[32])
{
	struct sr_bytes parts[] = { { key, 32 }, measurement };
	struct sr_hash32 h = sr_hash_domain("strongroom workload v1", parts, 2);

	return index_key(VAULT_INDEX_WORKLOAD, h.b, h.b + OWNER_BYTES);
}

enum sr_error vault_index_put_number(struct vault_tx *tx, enum vault_index kind,
    const struct vault_account *a, uint64_t id)
{
	struct vault_key key = vault_index_number(kind, a, id);

	return vault_tx_put(tx, &key, key.b + VAULT_INDEX_PREFIX, 8);
}

enum sr_error vault_index_put_secret(struct vault_tx *tx, const struct vault_key *key,
    const struct vault_secret_id *id)
{
	return vault_tx_put(tx, key, id->b, sizeof id->b);
}
