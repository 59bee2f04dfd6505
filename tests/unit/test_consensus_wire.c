/* Encodings of headers, votes and certificates: one value, one encoding, and nothing else is
 * read. */
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "tests/lib/check_main.h"

static struct sr_edsk sks[SR_MEMBERS_MAX];
static struct sr_edpk pks[SR_MEMBERS_MAX];
static struct sr_hash32 chain = { { 9, 9, 9 } };

static void keys_make(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sr_key32 seed = { { (uint8_t)(i + 1), 5 } };

		sr_ed25519_keypair(&sks[i], &pks[i], &seed);
	}
}

static struct consensus_header header_sample(uint32_t flags)
{
	struct consensus_header h = {
		.chain_id = { { 1 } }, .epoch = 2, .slot = 9, .height = 7, .parent_slot = 6,
		.parent_hash = { { 3 } }, .time_ms = 1700000000123u, .author = 1, .flags = flags,
		.ops_root = { { 4 } }, .pre_state_root = { { 5 } },
	};

	if (flags & CONSENSUS_CLOSE) {
		h.next_roster_root.b[0] = 6;
		h.post_state_root.b[0] = 7;
	}
	return h;
}

static struct consensus_vote vote_sample(enum consensus_vote_kind kind, uint32_t voter)
{
	struct consensus_vote v = { .kind = kind, .epoch = 2, .slot = 9, .voter = voter };

	if (kind != CONSENSUS_SKIP)
		v.hash.b[0] = 8;
	consensus_vote_sign(&v, &chain, &sks[voter]);
	return v;
}

static struct consensus_cert cert_sample(enum consensus_vote_kind kind, uint32_t signers)
{
	struct consensus_cert c = { .kind = kind, .epoch = 2, .slot = 9, .signers_n = signers };

	for (uint32_t i = 0; i < signers; i++) {
		struct consensus_vote v = vote_sample(kind, i);

		c.hash = v.hash;
		c.signers[i].voter = i;
		c.signers[i].sig = v.sig;
	}
	return c;
}

static enum sr_error header_decode(struct consensus_header *h, const uint8_t *p, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, p, n);
	consensus_header_read(h, &r);
	return sr_reader_finish(&r);
}

static enum sr_error vote_decode(struct consensus_vote *v, const uint8_t *p, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, p, n);
	consensus_vote_read(v, &r);
	return sr_reader_finish(&r);
}

static enum sr_error cert_decode(struct consensus_cert *c, const uint8_t *p, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, p, n);
	consensus_cert_read(c, &r);
	return sr_reader_finish(&r);
}

START_TEST(the_quorum_is_what_the_table_says_for_every_size)
{
	static const uint32_t known[][3] = {
		{ 1, 0, 1 },
		{ 2, 0, 2 },
		{ 3, 0, 2 },
		{ 4, 1, 3 },
		{ 5, 1, 4 },
		{ 6, 1, 4 },
		{ 7, 2, 5 },
		{ 10, 3, 7 },
		{ 13, 4, 9 },
		{ 100, 33, 67 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		ck_assert_uint_eq(consensus_faults(known[i][0]), known[i][1]);
		ck_assert_uint_eq(consensus_quorum(known[i][0]), known[i][2]);
	}
	for (uint32_t n = 1; n <= SR_MEMBERS_MAX; n++) {
		uint32_t f = consensus_faults(n), q = consensus_quorum(n);

		/* Two quorums share an honest member, and the honest ones alone are a quorum. */
		ck_assert_uint_ge(2 * q, n + f + 1);
		ck_assert_uint_le(q, n - f);
	}
}
END_TEST

START_TEST(a_header_survives_the_round_trip_with_and_without_close)
{
	static const uint32_t flags[] = {
		0, CONSENSUS_CLOSE, CONSENSUS_INGRESS_OK, CONSENSUS_CLOSE | CONSENSUS_INGRESS_OK,
	};

	for (size_t i = 0; i < 4; i++) {
		struct consensus_header h = header_sample(flags[i]), back;
		struct sr_hash32 a = consensus_header_hash(&h), b;
		struct sr_writer w;

		sr_writer_init(&w, CONSENSUS_HEADER_MAX);
		consensus_header_write(&w, &h);
		ck_ok(sr_writer_finish(&w));
		ck_ok(header_decode(&back, w.p, w.n));
		b = consensus_header_hash(&back);
		ck_assert(sr_hash32_equal(&a, &b));
		ck_assert_uint_eq(back.flags, flags[i]);
		/* Every length but the right one is refused. */
		for (size_t n = 0; n < w.n; n++)
			ck_assert_int_ne(header_decode(&back, w.p, n), SR_OK);
		sr_write_u8(&w, 0);
		ck_error(header_decode(&back, w.p, w.n), SR_ERR_TRAILING_BYTES);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(every_bit_of_a_header_is_in_its_hash)
{
	struct consensus_header h = header_sample(CONSENSUS_CLOSE), back;
	struct sr_hash32 before = consensus_header_hash(&h);
	struct sr_writer w;

	sr_writer_init(&w, CONSENSUS_HEADER_MAX);
	consensus_header_write(&w, &h);
	for (size_t bit = 0; bit < 8 * w.n; bit++) {
		w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (header_decode(&back, w.p, w.n) == SR_OK) {
			struct sr_hash32 after = consensus_header_hash(&back);

			ck_assert(!sr_hash32_equal(&before, &after));
		}
		w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	sr_writer_clear(&w);
}
END_TEST

static void header_refused(const struct consensus_header *h, enum sr_error error)
{
	struct consensus_header back;
	struct sr_writer w;

	sr_writer_init(&w, CONSENSUS_HEADER_MAX);
	consensus_header_write(&w, h);
	ck_ok(sr_writer_finish(&w));
	ck_error(header_decode(&back, w.p, w.n), error);
	sr_writer_clear(&w);
}

START_TEST(headers_that_make_no_sense_are_refused)
{
	struct consensus_header h = header_sample(0);

	h.parent_slot = h.slot;
	header_refused(&h, SR_ERR_OUT_OF_RANGE);
	h = header_sample(0);
	h.slot = 0;
	h.parent_slot = 0;
	header_refused(&h, SR_ERR_OUT_OF_RANGE);
	h = header_sample(0);
	h.author = SR_MEMBERS_MAX;
	header_refused(&h, SR_ERR_OUT_OF_RANGE);
	h = header_sample(4);
	header_refused(&h, SR_ERR_BAD_ENCODING);
}
END_TEST

START_TEST(a_vote_survives_the_round_trip_and_verifies)
{
	keys_make(4);
	for (int kind = CONSENSUS_NOTAR; kind <= CONSENSUS_FINAL; kind++) {
		struct consensus_vote v = vote_sample((enum consensus_vote_kind)kind, 3), back;
		struct sr_writer w;

		sr_writer_init(&w, 1000);
		consensus_vote_write(&w, &v);
		ck_ok(sr_writer_finish(&w));
		ck_ok(vote_decode(&back, w.p, w.n));
		ck_ok(consensus_vote_verify(&back, &chain, &pks[3]));
		ck_error(consensus_vote_verify(&back, &chain, &pks[2]), SR_ERR_BAD_SIGNATURE);
		for (size_t n = 0; n < w.n; n++)
			ck_assert_int_ne(vote_decode(&back, w.p, n), SR_OK);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(no_field_of_a_vote_can_be_changed_under_its_signature)
{
	struct sr_hash32 other_chain = { { 1 } };
	struct consensus_vote v, w;

	keys_make(4);
	v = vote_sample(CONSENSUS_NOTAR, 1);
	ck_ok(consensus_vote_verify(&v, &chain, &pks[1]));
	ck_error(consensus_vote_verify(&v, &other_chain, &pks[1]), SR_ERR_BAD_SIGNATURE);
	w = v, w.kind = CONSENSUS_FINAL;
	ck_error(consensus_vote_verify(&w, &chain, &pks[1]), SR_ERR_BAD_SIGNATURE);
	w = v, w.epoch++;
	ck_error(consensus_vote_verify(&w, &chain, &pks[1]), SR_ERR_BAD_SIGNATURE);
	w = v, w.slot++;
	ck_error(consensus_vote_verify(&w, &chain, &pks[1]), SR_ERR_BAD_SIGNATURE);
	w = v, w.hash.b[31] ^= 1;
	ck_error(consensus_vote_verify(&w, &chain, &pks[1]), SR_ERR_BAD_SIGNATURE);
	w = v, w.flags = CONSENSUS_VOTE_INGRESS;
	ck_error(consensus_vote_verify(&w, &chain, &pks[1]), SR_ERR_BAD_SIGNATURE);
	w = v, w.voter = 2;
	ck_error(consensus_vote_verify(&w, &chain, &pks[1]), SR_ERR_BAD_SIGNATURE);
}
END_TEST

static void vote_refused(const struct consensus_vote *v, enum sr_error error)
{
	struct consensus_vote back;
	struct sr_writer w;

	sr_writer_init(&w, 1000);
	consensus_vote_write(&w, v);
	ck_ok(sr_writer_finish(&w));
	ck_error(vote_decode(&back, w.p, w.n), error);
	sr_writer_clear(&w);
}

START_TEST(votes_that_make_no_sense_are_refused)
{
	struct consensus_vote v;

	keys_make(4);
	v = vote_sample(CONSENSUS_NOTAR, 1);
	v.slot = 0;
	vote_refused(&v, SR_ERR_OUT_OF_RANGE);
	v = vote_sample(CONSENSUS_NOTAR, 1);
	v.voter = SR_MEMBERS_MAX;
	vote_refused(&v, SR_ERR_OUT_OF_RANGE);
	v = vote_sample(CONSENSUS_NOTAR, 1);
	v.flags = 2;
	vote_refused(&v, SR_ERR_BAD_ENCODING);
	v = vote_sample(CONSENSUS_SKIP, 1);
	v.flags = CONSENSUS_VOTE_INGRESS;
	vote_refused(&v, SR_ERR_BAD_ENCODING);
	v = vote_sample(CONSENSUS_SKIP, 1);
	v.hash.b[0] = 1;
	ck_error(consensus_vote_verify(&v, &chain, &pks[1]), SR_ERR_BAD_ENCODING);
	v = vote_sample(CONSENSUS_FINAL, 1);
	v.kind = (enum consensus_vote_kind)4;
	vote_refused(&v, SR_ERR_BAD_KIND);
	v.kind = (enum consensus_vote_kind)0;
	vote_refused(&v, SR_ERR_BAD_KIND);
}
END_TEST

START_TEST(a_certificate_survives_the_round_trip_up_to_a_hundred_signers)
{
	static const uint32_t sizes[] = { 3, 4, 67, 100 };

	keys_make(100);
	for (size_t i = 0; i < 4; i++) {
		struct consensus_cert c = cert_sample(CONSENSUS_NOTAR, sizes[i]), back;
		struct sr_writer w;

		sr_writer_init(&w, 16384);
		consensus_cert_write(&w, &c);
		ck_ok(sr_writer_finish(&w));
		ck_ok(cert_decode(&back, w.p, w.n));
		ck_ok(consensus_cert_verify(&back, &chain, pks, sizes[i] <= 4 ? 4 : 100));
		for (size_t n = 0; n < w.n; n++)
			ck_assert_int_ne(cert_decode(&back, w.p, n), SR_OK);
		sr_writer_clear(&w);
	}
}
END_TEST

/* The sanitizers see a copy that reads or writes more than there is. */
START_TEST(a_copy_of_a_certificate_needs_room_for_its_signers_only)
{
	struct consensus_cert c = cert_sample(CONSENSUS_NOTAR, 3);
	struct consensus_cert *first, *second;
	struct sr_writer w, back;

	ck_assert_uint_lt(consensus_cert_bytes(&c), sizeof c / 10);
	first = malloc(consensus_cert_bytes(&c));
	second = malloc(consensus_cert_bytes(&c));
	ck_assert(first != NULL && second != NULL);
	consensus_cert_copy(first, &c);
	consensus_cert_copy(second, first);
	sr_writer_init(&w, 16384);
	sr_writer_init(&back, 16384);
	consensus_cert_write(&w, &c);
	consensus_cert_write(&back, second);
	ck_assert_uint_eq(w.n, back.n);
	ck_assert_mem_eq(w.p, back.p, w.n);
	sr_writer_clear(&w);
	sr_writer_clear(&back);
	free(first);
	free(second);
}
END_TEST

START_TEST(a_certificate_needs_a_quorum_of_distinct_members)
{
	struct consensus_cert c;

	keys_make(8);
	c = cert_sample(CONSENSUS_FINAL, 2);
	ck_error(consensus_cert_verify(&c, &chain, pks, 4), SR_ERR_BAD_QUORUM);
	c = cert_sample(CONSENSUS_FINAL, 3);
	ck_ok(consensus_cert_verify(&c, &chain, pks, 4));
	c.signers[2] = c.signers[1];
	ck_error(consensus_cert_verify(&c, &chain, pks, 4), SR_ERR_DUPLICATE);
	c = cert_sample(CONSENSUS_FINAL, 3);
	c.signers[2].voter = 5;
	ck_error(consensus_cert_verify(&c, &chain, pks, 4), SR_ERR_NOT_A_MEMBER);
	c = cert_sample(CONSENSUS_FINAL, 3);
	c.signers[2].sig.b[0] ^= 1;
	ck_error(consensus_cert_verify(&c, &chain, pks, 4), SR_ERR_BAD_SIGNATURE);
	c = cert_sample(CONSENSUS_FINAL, 5);
	ck_error(consensus_cert_verify(&c, &chain, pks, 4), SR_ERR_BAD_QUORUM);
	c = cert_sample(CONSENSUS_FINAL, 3);
	c.epoch++;
	ck_error(consensus_cert_verify(&c, &chain, pks, 4), SR_ERR_BAD_SIGNATURE);
}
END_TEST

START_TEST(a_certificate_with_signers_out_of_order_is_not_an_encoding)
{
	struct consensus_cert c, back;
	struct sr_writer w;

	keys_make(4);
	c = cert_sample(CONSENSUS_FINAL, 3);
	c.signers[1].voter = 2;
	c.signers[2].voter = 1;
	sr_writer_init(&w, 16384);
	consensus_cert_write(&w, &c);
	ck_error(cert_decode(&back, w.p, w.n), SR_ERR_DUPLICATE);
	sr_writer_reset(&w);
	c.signers_n = 0;
	consensus_cert_write(&w, &c);
	ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(ingress_is_counted_in_notar_certificates_only)
{
	struct consensus_cert c;

	keys_make(4);
	c = cert_sample(CONSENSUS_NOTAR, 4);
	ck_assert_uint_eq(consensus_cert_ingress(&c), 0);
	c.signers[1].flags = c.signers[3].flags = CONSENSUS_VOTE_INGRESS;
	ck_assert_uint_eq(consensus_cert_ingress(&c), 2);
	c.kind = CONSENSUS_FINAL;
	ck_assert_uint_eq(consensus_cert_ingress(&c), 0);
}
END_TEST

START_TEST(a_genesis_hash_depends_on_everything_it_stands_for)
{
	struct sr_hash32 a = { { 1 } }, b = { { 2 } }, c = { { 3 } }, d = { { 4 } }, e = { { 5 } };
	struct sr_hash32 g = consensus_genesis_hash(&a, 1, &b, &c, &d), o;

	o = consensus_genesis_hash(&e, 1, &b, &c, &d);
	ck_assert(!sr_hash32_equal(&g, &o));
	o = consensus_genesis_hash(&a, 2, &b, &c, &d);
	ck_assert(!sr_hash32_equal(&g, &o));
	o = consensus_genesis_hash(&a, 1, &e, &c, &d);
	ck_assert(!sr_hash32_equal(&g, &o));
	o = consensus_genesis_hash(&a, 1, &b, &e, &d);
	ck_assert(!sr_hash32_equal(&g, &o));
	o = consensus_genesis_hash(&a, 1, &b, &c, &e);
	ck_assert(!sr_hash32_equal(&g, &o));
}
END_TEST

TEST_MAIN("consensus_wire",
	the_quorum_is_what_the_table_says_for_every_size,
	a_header_survives_the_round_trip_with_and_without_close,
	every_bit_of_a_header_is_in_its_hash,
	headers_that_make_no_sense_are_refused,
	a_vote_survives_the_round_trip_and_verifies,
	no_field_of_a_vote_can_be_changed_under_its_signature,
	votes_that_make_no_sense_are_refused,
	a_certificate_survives_the_round_trip_up_to_a_hundred_signers,
    a_copy_of_a_certificate_needs_room_for_its_signers_only,
	a_certificate_needs_a_quorum_of_distinct_members,
	a_certificate_with_signers_out_of_order_is_not_an_encoding,
	ingress_is_counted_in_notar_certificates_only,
	a_genesis_hash_depends_on_everything_it_stands_for)
