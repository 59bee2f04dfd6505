/* Pieces of larger payloads: kept while any version of any secret names them. */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/lib/check_main.h"

struct bench {
	struct enclave_core *core;
	struct enclave_effects out;
	struct vault_tree *state;
};

static void bench_open(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->core = calloc(1, sizeof(*b->core));
	ck_assert_ptr_nonnull(b->core);
	b->core->seat = 1;
	enclave_effects_init(&b->out);
	b->core->out = &b->out;
}

static void bench_close(struct bench *b)
{
	pieces_clear(b->core);
	enclave_effects_clear(&b->out);
	vault_tree_unref(b->state);
	free(b->core);
}

/* A version whose piece for this member is the byte repeated. */
static void version_put(struct vault_tree **t, uint8_t secret, uint64_t number, uint8_t piece)
{
	struct vault_version v = { .version = number, .time_ms = 1 };
	struct vault_key key;
	struct sr_writer w;

	v.id.b[0] = secret;
	v.key.tdh2[0] = 2;                      /* zeros would begin a dealing */
	v.payload = (struct vault_payload){ .plain_bytes = 131072, .cipher_bytes = 131200,
		.data_pieces = 2, .pieces_n = 4, .stripe_bytes = 4096 };
	memset(v.payload.piece_hash[1].b, piece, 32);
	key = vault_key_version(&v.id, number);
	sr_writer_init(&w, VAULT_VALUE_MAX);
	vault_version_write(&w, &v);
	ck_ok(sr_writer_finish(&w));
	ck_ok(vault_tree_put(t, &key, w.p, w.n));
	sr_writer_clear(&w);
}

static void version_delete(struct vault_tree **t, uint8_t secret, uint64_t number)
{
	struct vault_secret_id id = { { secret } };
	struct vault_key key = vault_key_version(&id, number);

	ck_ok(vault_tree_delete(t, &key));
}

/* The next state is final: what the host is told. */
static void settle(struct bench *b, struct vault_tree *after)
{
	enclave_effects_reset(&b->out);
	pieces_settle(b->core, b->state, after);
	ck_ok(b->core->broken);
	vault_tree_unref(b->state);
	b->state = after;
}

static size_t told(const struct bench *b, enum enclave_effect_kind kind, uint8_t piece)
{
	size_t n = 0;

	for (size_t i = 0; i < b->out.n; i++)
		n += b->out.list[i].kind == kind && b->out.list[i].a.n == 32 &&
		    b->out.list[i].a.p[0] == piece;
	return n;
}

START_TEST(a_piece_is_kept_with_its_version_and_dropped_with_it)
{
	struct vault_tree *t;
	struct bench b;

	bench_open(&b);
	t = vault_tree_ref(b.state);
	version_put(&t, 1, 1, 7);
	settle(&b, t);
	ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_KEEP, 7), 1);
	t = vault_tree_ref(b.state);
	version_delete(&t, 1, 1);
	settle(&b, t);
	ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_DROP, 7), 1);
	bench_close(&b);
}
END_TEST

START_TEST(deleting_a_secret_that_names_anothers_piece_does_not_drop_it)
{
	struct vault_tree *t;
	struct bench b;

	bench_open(&b);
	t = vault_tree_ref(b.state);
	version_put(&t, 1, 1, 7);
	settle(&b, t);
	t = vault_tree_ref(b.state);
	version_put(&t, 2, 1, 7); /* a reader of secret 1 names its piece in a secret of his own */
	settle(&b, t);
	t = vault_tree_ref(b.state);
	version_delete(&t, 2, 1);
	settle(&b, t);
	ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_DROP, 7), 0);
	t = vault_tree_ref(b.state);
	version_delete(&t, 1, 1);
	settle(&b, t);
	ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_DROP, 7), 1);
	bench_close(&b);
}
END_TEST

START_TEST(a_piece_that_changes_hands_within_a_block_stays)
{
	struct vault_tree *t;
	struct bench b;

	/* Both orders of the keys. */
	for (uint8_t to = 1; to <= 3; to += 2) {
		bench_open(&b);
		t = vault_tree_ref(b.state);
		version_put(&t, 2, 1, 7);
		settle(&b, t);
		t = vault_tree_ref(b.state);
		version_delete(&t, 2, 1);
		version_put(&t, to, 1, 7);
		settle(&b, t);
		ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_KEEP, 7), 1);
		ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_DROP, 7), 0);
		bench_close(&b);
	}
}
END_TEST

START_TEST(after_a_restart_the_counts_are_those_of_the_state)
{
	struct vault_tree *t;
	struct bench b;

	bench_open(&b);
	version_put(&b.state, 1, 1, 7);
	version_put(&b.state, 1, 2, 7); /* restored: the same pieces */
	version_put(&b.state, 2, 1, 8);
	pieces_count(b.core, b.state);
	ck_ok(b.core->broken);
	t = vault_tree_ref(b.state);
	version_delete(&t, 1, 1);
	version_delete(&t, 2, 1);
	settle(&b, t);
	ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_DROP, 7), 0);
	ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_DROP, 8), 1);
	t = vault_tree_ref(b.state);
	version_delete(&t, 1, 2);
	settle(&b, t);
	ck_assert_uint_eq(told(&b, ENCLAVE_FX_BLOB_DROP, 7), 1);
	bench_close(&b);
}
END_TEST

TEST_MAIN("enclave pieces", a_piece_is_kept_with_its_version_and_dropped_with_it,
    deleting_a_secret_that_names_anothers_piece_does_not_drop_it,
    a_piece_that_changes_hands_within_a_block_stays,
    after_a_restart_the_counts_are_those_of_the_state)
