/*
 * The roots of the subtrees that hold all secrets and all their versions, out of proofs of two
 * records under a quorum's signatures. Whoever finds the same roots later has every byte of every
 * record again, and none is missing.
 */
#include "tests/load/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/json.h"

#define KIND_BITS 8u                     /* of a key: the type of its record */

struct first { uint32_t owner; struct vault_secret_id id; };

static struct first first_of(const char *list)
{
	struct first first;
	uint64_t number;
	unsigned owner;
	char id[33];
	FILE *f = fopen(list, "re");

	if (f == NULL || fscanf(f, "%u %" SCNu64 " %32s", &owner, &number, id) != 3
	    || sr_hex_decode(first.id.b, sizeof first.id.b, id, strlen(id)) != SR_OK)
		load_die("the list can't be read");
	fclose(f);
	first.owner = owner;
	return first;
}

static unsigned bit_of(const struct vault_key *key, unsigned bit)
{
	return (unsigned)key->b[bit / 8] >> (7 - bit % 8) & 1u;
}

/* vault/tree.h: a branch's hash. */
static struct sr_hash32 branch_hash(unsigned bit, const struct vault_key *key,
    const struct sr_hash32 *left, const struct sr_hash32 *right)
{
	uint8_t bit_le[2] = { (uint8_t)bit, 0 };
	struct vault_key prefix = { { 0 } };
	struct sr_bytes parts[] = { { bit_le, sizeof bit_le }, { prefix.b, sizeof prefix.b },
		{ left->b, sizeof left->b }, { right->b, sizeof right->b } };

	for (unsigned i = 0; i < bit; i++)
		prefix.b[i / 8] |= (uint8_t)(bit_of(key, i) << (7 - i % 8));
	return sr_hash_domain("strongroom branch v1", parts, 4);
}

/* Climbs a proof that was checked, as far as the record's kind goes. */
static enum sr_error kind_root(
    struct sr_hash32 *root, const struct vault_key *key, const uint8_t *path, size_t n)
{
	struct sr_bytes leaf[2] = { { key->b, sizeof key->b } }, value;
	struct sr_hash32 hash, other;
	struct sr_reader r;
	unsigned steps;

	sr_reader_init(&r, path, n);
	if (sr_read_u8(&r) != VAULT_PROOF_VERSION || sr_read_u8(&r) != VAULT_PROOF_PRESENT)
		return SR_ERR_BAD_PROOF;
	value = sr_read_blob(&r, VAULT_VALUE_MAX);
	hash = sr_hash(value.p, value.n);
	leaf[1] = (struct sr_bytes){ hash.b, sizeof hash.b };
	*root = sr_hash_domain("strongroom leaf v1", leaf, 2);
	steps = sr_read_u16(&r);
	for (unsigned i = 0; i < steps && r.error == SR_OK; i++) {
		unsigned bit = sr_read_u8(&r);

		other = sr_read_hash(&r);
		if (bit < KIND_BITS)
			continue;
		*root = bit_of(key, bit) == 0 ? branch_hash(bit, key, root, &other) :
		    branch_hash(bit, key, &other, root);
	}
	return sr_reader_finish(&r);
}

static enum sr_error root_of(struct sr_hash32 *root, struct worker *w, const struct key *key,
    enum vault_get_kind kind, struct sr_bytes params, const struct vault_key *record)
{
	uint8_t *value = NULL, *proof = NULL;
	size_t value_n = 0, proof_n = 0;
	struct sr_bytes path;
	struct sr_reader r;
	enum sr_error error;

	load_begin(w);
	SR_TRY(client_get_proven(
	    w->c, key, kind, params, record, &value, &value_n, &proof, &proof_n));
	sr_reader_init(&r, proof, proof_n);
	(void)sr_read_blob(&r, CONSENSUS_HEADER_MAX);
	(void)sr_read_blob(&r, CLIENT_BYTES_MAX);
	path = sr_read_blob(&r, VAULT_PROOF_MAX);
	error = r.error != SR_OK ? r.error : kind_root(root, record, path.p, path.n);
	client_answer_free(value, value_n);
	client_answer_free(proof, proof_n);
	return error;
}

int load_roots(const char *cluster, const char *list)
{
	static struct worker w;
	struct first first = first_of(list);
	struct vault_key secret = vault_key_secret(&first.id),
			 version = vault_key_version(&first.id, 1);
	struct key *key;
	uint8_t params[24] = { 0 };
	struct sr_hash32 secrets, versions;
	char text[65];
	enum sr_error error;

	memcpy(params, first.id.b, sizeof first.id.b);
	params[16] = 1;
	load_worker_open(&w, cluster, 0);
	key = load_key(first.owner);
	error = root_of(&secrets, &w, key, VAULT_GET_SECRET, (struct sr_bytes){ params, 16 },
	    &secret);
	if (error == SR_OK)
		error = root_of(&versions, &w, key, VAULT_GET_VERSION,
		    (struct sr_bytes){ params, 24 }, &version);
	if (error == SR_OK) {
		sr_hex_encode(text, secrets.b, sizeof secrets.b);
		printf("secrets %s\n", text);
		sr_hex_encode(text, versions.b, sizeof versions.b);
		printf("versions %s\n", text);
	} else {
		fprintf(stderr, "load: roots: %s\n", sr_error_name((unsigned)error));
	}
	key_free(key);
	load_worker_close(&w);
	return error == SR_OK ? 0 : 1;
}
