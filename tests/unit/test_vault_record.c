#include "vault/record.h"

#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/sweep.h"

#define BYTES(text) ((struct sr_bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

static const uint8_t policy[] = { 1, VAULT_POLICY_HOLDER, 12, 0, 0, 0, 0, 0, 0, 0 };

static struct vault_account account(uint8_t seed)
{
	struct vault_account a = { .kind = seed % 2 ? VAULT_ACCOUNT_ED25519
						    : VAULT_ACCOUNT_ETHEREUM };

	memset(a.b, seed, seed % 2 ? 32 : 20);
	return a;
}

static struct vault_meta meta(void)
{
	return (struct vault_meta){ 1, 2, 3, 4, 5, 6, 7, 8 };
}

static struct vault_account_record account_record(void)
{
	return (struct vault_account_record){ account(1), 2, 3, 4, 5 };
}

static struct vault_collection collection(void)
{
	return (struct vault_collection){ 1, account(2), BYTES("keys"), 3 };
}

static struct vault_nft nft(void)
{
	return (struct vault_nft){ 1, 2, 3, 4, 5, 6, account(7), { 0 }, BYTES("front door"),
		{ { 8 } }, 9 };
}

static struct vault_secret secret(void)
{
	return (struct vault_secret){ { { 1 } }, account(1), BYTES("seed"),
		{ policy, sizeof policy }, 2, 3, 4, 5, 6, false };
}

static struct vault_version version(void)
{
	struct vault_version v = { { { 1 } }, 2, 3, 1, { { 4 } },
		{ { 5 }, { 6 }, { 7 }, { NULL, 0 } },
		{ .plain_bytes = 3, .inlined = true, .inline_bytes = BYTES("sealed") } };

	return v;
}

static struct vault_ticket ticket(void)
{
	return (struct vault_ticket){ { { 1 } }, { { 2 } }, 3, 4, 5, 6, 7, 8, account(9),
		{ { 10 } }, true, { { 11 } }, { 12 }, true };
}

static struct vault_switch switch_(void)
{
	struct vault_switch v = { .id = 1,
		.created_ms = 2,
		.owner = account(3),
		.name = BYTES("estate"),
		.state = VAULT_SWITCH_PENDING,
		.warn_level = 90,
		.heartbeat_uptime_ms = 4,
		.heartbeat_ms = 5,
		.pending_uptime_ms = 6,
		.stage = 2,
		.confirmed = 5,
		.delegates_n = 2 };

	v.settings = (struct vault_switch_settings){ .interval_ms = 10000, .grace_ms = 2000,
		.guardians_n = 1, .guardians_k = 1 };
	v.settings.guardians[0] = account(4);
	v.delegates[0] = account(5);
	v.delegates[1] = account(6);
	v.delegate_until_ms[1] = 77;
	return v;
}

static struct vault_receipt receipt(void)
{
	return (struct vault_receipt){ { { 1 } }, SR_ERR_POLICY_FALSE, 2, 3, 4, 5 };
}

static struct vault_event event(void)
{
	return (struct vault_event){ VAULT_EVENT_WARN, VAULT_SUBJECT_SWITCH, { 9 }, 1, 2, 3, { 0 },
		4, 90 };
}

static struct vault_pending pending(void)
{
	return (struct vault_pending){ { { 1 } }, 2, account(3), 4, 5, BYTES("https://a.example"),
		BYTES("evidence") };
}

static struct vault_vote vote(void)
{
	return (struct vault_vote){ 1, SR_ERR_BINDING, { { 2 } } };
}

static struct vault_attestation attestation(void)
{
	return (struct vault_attestation){ .id = { { 1 } },
		.number = 2,
		.submitter = account(3),
		.url = BYTES("https://a.example"),
		.submitted_ms = 4,
		.judged_ms = 5,
		.keep_ms = 6,
		.kind = ATTEST_KIND_SNP,
		.status = ATTEST_OUT_OF_DATE,
		.debug = true,
		.measurement = { 7 },
		.measurement_n = 48,
		.signer = { 8 },
		.signer_n = 32,
		.report_data = { 9 },
		.collateral = { { 10 } },
		.evaluation = 11,
		.vouchers = 12,
		.valid_from_ms = 13,
		.valid_to_ms = 14 };
}

static struct vault_attestation refused(void)
{
	struct vault_attestation v = { .id = { { 1 } }, .number = 2, .submitter = account(3),
		.submitted_ms = 4, .judged_ms = 5, .keep_ms = 6, .code = SR_ERR_CHAIN_BAD };

	return v;
}

/* For each record: it has one encoding, and every other version is refused. */
#define RECORD_TEST(name_, type_)                                                                  \
	static enum sr_error recode_##name_(struct sr_writer *again, struct sr_bytes bytes)        \
	{                                                                                          \
		struct type_ v;                                                                    \
		struct sr_reader r;                                                                \
                                                                                                   \
		sr_reader_init(&r, bytes.p, bytes.n);                                              \
		vault_##name_##_read(&v, &r);                                                      \
		SR_TRY(sr_reader_finish(&r));                                                      \
		vault_##name_##_write(again, &v);                                                  \
		return SR_OK;                                                                      \
	}                                                                                          \
                                                                                                   \
	START_TEST(name_##_has_one_encoding)                                                       \
	{                                                                                          \
		struct type_ v = name_##_sample();                                                 \
		struct sr_writer w, again;                                                         \
                                                                                                   \
		sr_writer_init(&w, VAULT_VALUE_MAX);                                               \
		vault_##name_##_write(&w, &v);                                                     \
		ck_ok(sr_writer_finish(&w));                                                       \
		ck_assert_uint_eq(                                                                 \
		    test_sweep(#name_, recode_##name_, (struct sr_bytes){ w.p, w.n }), 0);         \
		sr_writer_init(&again, VAULT_VALUE_MAX);                                           \
		w.p[0] = 2;                                                                        \
		ck_error(                                                                          \
		    recode_##name_(&again, (struct sr_bytes){ w.p, w.n }), SR_ERR_BAD_VERSION);    \
		sr_writer_clear(&again);                                                           \
		sr_writer_clear(&w);                                                               \
	}                                                                                          \
	END_TEST

#define switch_sample switch_
#define meta_sample meta
#define account_record_sample account_record
#define collection_sample collection
#define nft_sample nft
#define secret_sample secret
#define version_sample version
#define ticket_sample ticket
#define receipt_sample receipt
#define event_sample event
#define pending_sample pending
#define vote_sample vote
#define attestation_sample attestation
RECORD_TEST(meta, vault_meta)
RECORD_TEST(account_record, vault_account_record)
RECORD_TEST(collection, vault_collection)
RECORD_TEST(nft, vault_nft)
RECORD_TEST(secret, vault_secret)
RECORD_TEST(version, vault_version)
RECORD_TEST(ticket, vault_ticket)
RECORD_TEST(switch, vault_switch)
RECORD_TEST(receipt, vault_receipt)
RECORD_TEST(event, vault_event)
RECORD_TEST(pending, vault_pending)
RECORD_TEST(vote, vault_vote)
RECORD_TEST(attestation, vault_attestation)

/* The planted fault: two spellings of "deleted". */
static enum sr_error recode_loosely(struct sr_writer *again, struct sr_bytes bytes)
{
	SR_TRY(recode_secret(again, bytes));
	again->p[again->n - 1] = 0;
	return SR_OK;
}

START_TEST(a_loose_reader_is_caught)
{
	struct vault_secret v = secret();
	struct sr_writer w;

	sr_writer_init(&w, VAULT_VALUE_MAX);
	vault_secret_write(&w, &v);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(test_sweep("planted", recode_loosely, (struct sr_bytes){ w.p, w.n }), 1);
	sr_writer_clear(&w);
}
END_TEST

/* Writes v and reads it back: the reader's verdict. */
#define VERDICT(name_, type_, v_, error_)                                                          \
	do {                                                                                       \
		struct sr_writer w_;                                                               \
		struct sr_reader r_;                                                               \
		struct type_ again_;                                                               \
                                                                                                   \
		sr_writer_init(&w_, VAULT_VALUE_MAX);                                              \
		vault_##name_##_write(&w_, &v_);                                                   \
		ck_ok(w_.error);                                                                   \
		sr_reader_init(&r_, w_.p, w_.n);                                                   \
		vault_##name_##_read(&again_, &r_);                                                \
		ck_error(sr_reader_finish(&r_), error_);                                           \
		sr_writer_clear(&w_);                                                              \
	} while (0)

START_TEST(fields_out_of_range_are_refused_by_name)
{
	struct vault_switch s = switch_();
	struct vault_receipt r = receipt();
	struct vault_event e = event();
	struct vault_secret x = secret();
	struct vault_collection c = collection();
	struct vault_attestation a = refused();

	VERDICT(attestation, vault_attestation, a, SR_OK);
	a.code = 29;
	VERDICT(attestation, vault_attestation, a, SR_ERR_OUT_OF_RANGE);
	a = attestation();
	a.status = (enum attest_status)(ATTEST_NOT_SUPPORTED + 1);
	VERDICT(attestation, vault_attestation, a, SR_ERR_OUT_OF_RANGE);
	a = attestation();
	a.kind = (enum attest_kind)0;
	VERDICT(attestation, vault_attestation, a, SR_ERR_OUT_OF_RANGE);
	a.kind = (enum attest_kind)(ATTEST_KINDS + 1);
	VERDICT(attestation, vault_attestation, a, SR_ERR_OUT_OF_RANGE);
	a = attestation();
	a.url = BYTES("a b");
	VERDICT(attestation, vault_attestation, a, SR_ERR_BAD_UTF8);
	s.state = (enum vault_switch_state)0;
	VERDICT(switch, vault_switch, s, SR_ERR_OUT_OF_RANGE);
	s.state = (enum vault_switch_state)8;
	VERDICT(switch, vault_switch, s, SR_ERR_OUT_OF_RANGE);
	s.state = VAULT_SWITCH_CANCELLED;
	VERDICT(switch, vault_switch, s, SR_OK);
	s.confirmed = 0xffff;
	VERDICT(switch, vault_switch, s, SR_OK);
	s.confirmed = 0x10000;
	VERDICT(switch, vault_switch, s, SR_ERR_OUT_OF_RANGE);
	s = switch_();
	s.stage = VAULT_HEIRS_MAX + 1;
	VERDICT(switch, vault_switch, s, SR_ERR_OUT_OF_RANGE);
	s = switch_();
	s.settings.guardians_k = 2;
	VERDICT(switch, vault_switch, s, SR_ERR_SWITCH_SETTINGS);
	r.code = 29; /* not in the list */
	VERDICT(receipt, vault_receipt, r, SR_ERR_OUT_OF_RANGE);
	e.kind = (enum vault_event_kind)(VAULT_EVENT_RESHARED + 1);
	VERDICT(event, vault_event, e, SR_ERR_BAD_KIND);
	e = event();
	e.subject = (enum vault_subject)0;
	VERDICT(event, vault_event, e, SR_ERR_BAD_KIND);
	x.policy.n--;
	VERDICT(secret, vault_secret, x, SR_ERR_TRUNCATED);
	x.policy.n = 0;
	VERDICT(secret, vault_secret, x, SR_ERR_EMPTY);
	x.deleted = true; /* nothing left to protect */
	VERDICT(secret, vault_secret, x, SR_OK);
	c.name.n = 0;
	VERDICT(collection, vault_collection, c, SR_ERR_NAME_BAD);
}
END_TEST

START_TEST(a_writer_refuses_more_delegates_than_there_are)
{
	struct vault_switch s = switch_();
	struct sr_writer w;

	s.delegates_n = VAULT_DELEGATES_MAX + 1;
	sr_writer_init(&w, VAULT_VALUE_MAX);
	vault_switch_write(&w, &s);
	ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(the_largest_records_fit_a_value)
{
	static const char long_name[] =
	    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
	static uint8_t payload[VAULT_INLINE_BYTES_MAX];
	struct vault_version v = version();
	struct vault_switch s = switch_();
	static uint8_t evidence[VAULT_ATTEST_EVIDENCE_MAX], url[VAULT_ATTEST_URL_MAX];
	struct vault_pending p = { .submitter = account(1), .url = { url, 0 },
		.evidence = { evidence, sizeof evidence } };

	memset(url, 'u', sizeof url);
	v.payload.inline_bytes = (struct sr_bytes){ payload, sizeof payload };
	VERDICT(version, vault_version, v, SR_OK);
	v.payload = (struct vault_payload){ .plain_bytes = 5, .cipher_bytes = 6, .data_pieces = 34,
		.pieces_n = VAULT_BLOB_PIECES_MAX, .stripe_bytes = 7 };
	VERDICT(version, vault_version, v, SR_OK);
	s.name = BYTES(long_name);
	s.settings.guardians_n = s.settings.heirs_n = s.settings.stages_n = 16;
	for (uint8_t i = 0; i < 16; i++) {
		s.settings.guardians[i] = account((uint8_t)(2 * i + 1));
		s.settings.heirs[i] = account((uint8_t)(2 * i + 1));
		s.settings.heir_delay_ms[i] = s.settings.stage_delay_ms[i] = i;
	}
	s.delegates_n = VAULT_DELEGATES_MAX;
	s.delegates[2] = s.delegates[3] = account(8);
	VERDICT(switch, vault_switch, s, SR_OK);
	p.url.n = VAULT_ATTEST_URL_MAX;
	VERDICT(pending, vault_pending, p, SR_OK);
}
END_TEST

START_TEST(keys_of_numbers_are_in_the_numbers_order)
{
	static const uint64_t numbers[] = { 0, 1, 255, 256, 65535, 65536, 1ull << 32, UINT64_MAX };
	const uint8_t subject[16] = { 7 };
	const struct vault_secret_id id = { { 3 } };

	for (size_t i = 1; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct vault_key a = vault_key_number(VAULT_REC_NFT, numbers[i - 1]);
		struct vault_key b = vault_key_number(VAULT_REC_NFT, numbers[i]);

		ck_assert_int_lt(memcmp(a.b, b.b, 32), 0);
		a = vault_key_version(&id, numbers[i - 1]);
		b = vault_key_version(&id, numbers[i]);
		ck_assert_int_lt(memcmp(a.b, b.b, 32), 0);
		a = vault_key_event(VAULT_SUBJECT_NFT, subject, numbers[i - 1]);
		b = vault_key_event(VAULT_SUBJECT_NFT, subject, numbers[i]);
		ck_assert_int_lt(memcmp(a.b, b.b, 32), 0);
	}
}
END_TEST

START_TEST(keys_begin_with_their_type_and_differ)
{
	const struct vault_account a = account(1), b = account(3);
	const struct vault_secret_id id = { { 1, 2, 3 } };
	const struct sr_hash32 h = { { 1, 2, 3 } };
	const uint8_t subject[16] = { 1, 2, 3 }, neighbour[16] = { 1, 2, 3, [15] = 1 };
	const struct vault_key keys[] = { vault_key_meta(), vault_key_account(&a),
		vault_key_account(&b), vault_key_number(VAULT_REC_COLLECTION, 1),
		vault_key_number(VAULT_REC_NFT, 1), vault_key_number(VAULT_REC_SWITCH, 1),
		vault_key_secret(&id), vault_key_version(&id, 1), vault_key_version(&id, 2),
		vault_key_hash(VAULT_REC_TICKET, &h), vault_key_hash(VAULT_REC_RECEIPT, &h),
		vault_key_event(VAULT_SUBJECT_NFT, subject, 1),
		vault_key_event(VAULT_SUBJECT_SECRET, subject, 1),
		vault_key_event(VAULT_SUBJECT_SECRET, neighbour, 1),
		vault_key_hash(VAULT_REC_PENDING, &h), vault_key_hash(VAULT_REC_ATTESTATION, &h),
		vault_key_vote(&h, 1), vault_key_vote(&h, 256) };
	static const char types[] = "maacnwsvvtreeepgqq";

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		ck_assert_int_eq(keys[i].b[0], types[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_mem_ne(keys[i].b, keys[j].b, 32);
	}
}
END_TEST

TEST_MAIN("vault record",
    meta_has_one_encoding,
    account_record_has_one_encoding,
    collection_has_one_encoding,
    nft_has_one_encoding,
    secret_has_one_encoding,
    version_has_one_encoding,
    ticket_has_one_encoding,
    switch_has_one_encoding,
    receipt_has_one_encoding,
    event_has_one_encoding,
    pending_has_one_encoding,
    vote_has_one_encoding,
    attestation_has_one_encoding,
    a_loose_reader_is_caught,
    fields_out_of_range_are_refused_by_name,
    a_writer_refuses_more_delegates_than_there_are,
    the_largest_records_fit_a_value,
    keys_of_numbers_are_in_the_numbers_order,
    keys_begin_with_their_type_and_differ)
