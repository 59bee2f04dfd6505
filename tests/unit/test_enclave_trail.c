/* The trail of CLOSE certificates: trails made here, signed with the members' own keys. */
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "enclave/genesis.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

#define NODES 4u

/* One step from epoch 0 to 1, to be spoiled before it is written. */
struct step {
	struct cluster *c;
	struct sr_edsk votes[NODES];
	struct epoch_record next;
	struct consensus_header headers[2];     /* CLOSE, and a descendant */
	uint32_t headers_n;
	struct consensus_cert cert;
};

static void keys_make(struct step *s)
{
	for (uint32_t i = 0; i < NODES; i++) {
		struct sr_key32 seed = cluster_identity_seed(s->c, i), id, vote;
		struct sr_drbg drbg;
		struct sr_edpk pk;

		sr_drbg_init(&drbg, &seed);
		ck_ok(sr_drbg_fill(&drbg, id.b, 32));
		ck_ok(sr_drbg_fill(&drbg, vote.b, 32));
		sr_ed25519_keypair(&s->votes[i], &pk, &vote);
		ck_assert_mem_eq(pk.b, s->c->genesis->members[i].vote_key.b, 32);
	}
}

/* A FINAL certificate of members 0, 1, 2 for the last header. */
static void certify(struct step *s)
{
	const struct consensus_header *last = &s->headers[s->headers_n - 1];

	memset(&s->cert, 0, sizeof(s->cert));
	s->cert.kind = CONSENSUS_FINAL;
	s->cert.epoch = last->epoch;
	s->cert.slot = last->slot;
	s->cert.hash = consensus_header_hash(last);
	s->cert.signers_n = 3;
	for (uint32_t i = 0; i < 3; i++) {
		struct consensus_vote v;

		s->cert.signers[i].voter = i;
		v = consensus_cert_vote(&s->cert, i);
		consensus_vote_sign(&v, &s->c->genesis->chain_id, &s->votes[i]);
		s->cert.signers[i].sig = v.sig;
	}
}

static void step_open(struct step *s)
{
	struct consensus_header *close = &s->headers[0], *child = &s->headers[1];

	memset(s, 0, sizeof(*s));
	s->c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 81 });
	keys_make(s);
	epoch_record_genesis(&s->next, s->c->genesis);
	s->next.epoch = 1;
	close->chain_id = s->c->genesis->chain_id;
	close->slot = 7;
	close->height = 7;
	close->parent_slot = 6;
	close->flags = CONSENSUS_CLOSE;
	close->next_roster_root = epoch_record_root(&s->next);
	*child = *close;
	child->slot = 8;
	child->height = 8;
	child->parent_slot = 7;
	child->parent_hash = consensus_header_hash(close);
	child->flags = 0;
	memset(&child->next_roster_root, 0, sizeof(child->next_roster_root));
	s->headers_n = 1;
	certify(s);
}

static void step_close(struct step *s)
{
	cluster_free(s->c);
	free(s);
}

static struct step *step_new(void)
{
	struct step *s = malloc(sizeof(*s));

	ck_assert_ptr_nonnull(s);
	step_open(s);
	return s;
}

static void step_write(struct sr_writer *w, const struct step *s)
{
	struct sr_writer headers, cert, next;

	sr_writer_init(&headers, 2 * CONSENSUS_HEADER_MAX);
	sr_writer_init(&cert, 10000);
	sr_writer_init(&next, EPOCH_RECORD_MAX);
	for (uint32_t i = 0; i < s->headers_n; i++)
		consensus_header_write(&headers, &s->headers[i]);
	consensus_cert_write(&cert, &s->cert);
	epoch_record_write(&next, &s->next);
	sr_write_blob(w, headers.p, headers.n);
	sr_write_blob(w, cert.p, cert.n);
	sr_write_blob(w, next.p, next.n);
	ck_ok(w->error);
	sr_writer_clear(&headers);
	sr_writer_clear(&cert);
	sr_writer_clear(&next);
}

/* One step, or two. */
static enum sr_error walk_on(const struct step *s, const struct step *after)
{
	struct epoch_record *record = malloc(sizeof(*record));
	struct sr_hash32 close;
	struct sr_writer w;
	enum sr_error error;

	ck_assert_ptr_nonnull(record);
	sr_writer_init(&w, 100000);
	sr_write_u32(&w, after != NULL ? 2 : 1);
	step_write(&w, s);
	if (after != NULL)
		step_write(&w, after);
	error = epoch_trail_verify(record, &close, s->c->genesis, w.p, w.n);
	ck_assert_uint_eq(record->epoch, error != SR_OK ? 0 : after != NULL ? 2 : 1);
	sr_writer_clear(&w);
	free(record);
	return error;
}

static enum sr_error walk(const struct step *s)
{
	return walk_on(s, NULL);
}

START_TEST(a_close_that_a_quorum_finalised_leads_on)
{
	struct step *s = step_new();

	ck_ok(walk(s));
	s->headers_n = 2; /* finalised by a descendant only */
	certify(s);
	ck_ok(walk(s));
	step_close(s);
}
END_TEST

START_TEST(the_certificate_is_final_signed_and_of_this_block)
{
	struct step *s = step_new();

	s->cert.hash.b[0] ^= 1;
	ck_error(walk(s), SR_ERR_BAD_HASH);
	certify(s);
	s->cert.slot++;
	ck_error(walk(s), SR_ERR_BAD_HASH);
	certify(s);
	s->cert.kind = CONSENSUS_NOTAR;
	ck_error(walk(s), SR_ERR_BAD_HASH);
	certify(s);
	s->cert.signers[2].sig.b[3] ^= 1;
	ck_error(walk(s), SR_ERR_BAD_SIGNATURE);
	certify(s);
	s->cert.signers_n = 2;
	ck_error(walk(s), SR_ERR_BAD_QUORUM);
	step_close(s);
}
END_TEST

START_TEST(the_next_roster_is_the_one_that_was_closed_on)
{
	struct step *s = step_new();

	s->next.members[2].vote_key.b[0] ^= 1;
	ck_error(walk(s), SR_ERR_BAD_HASH);
	s->next.members[2].vote_key.b[0] ^= 1;
	s->next.epoch = 2;
	s->headers[0].next_roster_root = epoch_record_root(&s->next);
	certify(s);
	ck_error(walk(s), SR_ERR_WRONG_EPOCH);
	step_close(s);
}
END_TEST

/* Who stole the vote keys of an old roster shows another past, but no other vault key: what is put
 * under the one that its thief knows would be his to read. */
START_TEST(the_vault_key_is_the_same_in_every_epoch)
{
	struct step *s = step_new(), *after = step_new();

	after->next.epoch = 2;
	after->headers[0].epoch = 1;
	after->headers[0].next_roster_root = epoch_record_root(&after->next);
	certify(after);
	ck_ok(walk_on(s, after));
	after->next.vault_key[0] ^= 1;
	after->headers[0].next_roster_root = epoch_record_root(&after->next);
	certify(after);
	ck_error(walk_on(s, after), SR_ERR_CHECKPOINT_OTHER);
	step_close(after);
	step_close(s);
}
END_TEST

START_TEST(headers_are_a_close_and_what_follows_it)
{
	struct step *s = step_new();

	s->headers[0].flags = 0;
	certify(s);
	ck_error(walk(s), SR_ERR_BAD_KIND);
	s->headers[0].flags = CONSENSUS_CLOSE;
	s->headers_n = 2;
	s->headers[1].parent_hash.b[0] ^= 1;
	certify(s);
	ck_error(walk(s), SR_ERR_BAD_PARENT);
	s->headers[1].parent_hash.b[0] ^= 1;
	s->headers[1].parent_slot = 5;
	certify(s);
	ck_error(walk(s), SR_ERR_BAD_PARENT);
	s->headers[1].parent_slot = 7;
	s->headers[1].chain_id.b[0] ^= 1;
	certify(s);
	ck_error(walk(s), SR_ERR_WRONG_CHAIN);
	s->headers[1].chain_id.b[0] ^= 1;
	s->headers[1].epoch = 1;
	certify(s);
	ck_error(walk(s), SR_ERR_WRONG_EPOCH);
	step_close(s);
}
END_TEST

TEST_MAIN("enclave trail", a_close_that_a_quorum_finalised_leads_on,
    the_certificate_is_final_signed_and_of_this_block,
    the_next_roster_is_the_one_that_was_closed_on, the_vault_key_is_the_same_in_every_epoch,
    headers_are_a_close_and_what_follows_it)
