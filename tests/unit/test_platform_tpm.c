/* A platform with a TPM, against a software TPM of the test's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <gnutls/gnutls.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "attest/evidence.h"
#include "attest/tpm_credential.h"
#include "platform/tpm.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"
#include "tests/lib/seed.h"
#include "tests/lib/swtpm.h"

static void fill(void *p, size_t n)
{
	static struct sr_drbg drbg;
	static bool started;

	if (!started)
		test_drbg(&drbg, "platform/tpm");
	started = true;
	ck_ok(sr_drbg_fill(&drbg, p, n));
}

static struct platform *platform_at(const struct swtpm *tpm)
{
	static char collateral[512], vouchers[512];
	struct platform_options o = { .kind = PLATFORM_TPM, .tcti = swtpm_tcti(tpm),
		.collateral = collateral, .vouchers = vouchers };
	struct platform *p;
	char why[PLATFORM_WHY_MAX];
	enum sr_error error;

	snprintf(collateral, sizeof collateral, "%s", scratch_path("collateral"));
	snprintf(vouchers, sizeof vouchers, "%s", scratch_path("vouchers"));
	mkdir(o.collateral, 0700);
	mkdir(o.vouchers, 0700);
	error = platform_open(&p, &o, why);
	ck_assert_msg(error == SR_OK, "%s: %s", sr_error_name(error), why);
	return p;
}

/* Says the TPM's words when it is not as expected. */
#define platform_ok(p, expr) platform_expect(p, expr, SR_OK)
static void platform_expect(struct platform *p, enum sr_error error, enum sr_error expected)
{
	ck_assert_msg(error == expected, "%s instead of %s: %s", sr_error_name(error),
	    sr_error_name(expected), platform_why(p));
}

/* PEM to the hash of its DER, which is what members pin. */
static struct sr_hash32 root_of(const struct swtpm *tpm)
{
	struct sr_hash32 root;
	gnutls_datum_t der;
	size_t n;
	uint8_t *pem = scratch_read(swtpm_root(tpm), &n);

	ck_assert_int_eq(gnutls_pem_base64_decode2(NULL,
	    &(gnutls_datum_t){ pem, (unsigned)n }, &der), 0);
	root = sr_hash(der.data, der.size);
	gnutls_free(der.data);
	free(pem);
	return root;
}

/* What the operator keeps beside the node: the certificates above the endorsement's. */
static void chain_keep(const struct swtpm *tpm)
{
	size_t a, b;
	uint8_t *issuer = scratch_read(swtpm_issuer(tpm), &a);
	uint8_t *root = scratch_read(swtpm_root(tpm), &b);

	issuer = realloc(issuer, a + b);
	ck_assert_ptr_nonnull(issuer);
	memcpy(issuer + a, root, b);
	scratch_write(scratch_path("collateral/ek-chain.pem"), issuer, a + b);
	free(issuer);
	free(root);
}

static enum sr_error judge(struct attest_facts *f, const struct swtpm *tpm,
    const struct sr_writer *w, const struct sr_edpk *provisioners, size_t n)
{
	struct sr_hash32 root = root_of(tpm);
	struct attest_trust trust = { .makers = &root, .makers_n = 1,
		.provisioners = provisioners, .provisioners_n = n };

	return attest_evidence_verify(f, (struct sr_bytes){ w->p, w->n }, &trust,
	    (uint64_t)time(NULL));
}

START_TEST(evidence_is_genuine_and_bound_to_its_report_data)
{
	struct swtpm *tpm = swtpm_start("tpm"), *other;
	struct platform *p;
	struct attest_facts f;
	struct sr_writer w;
	struct sr_hash32 measurement;
	uint8_t report_data[64];

	if (tpm == NULL)
		return;
	other = swtpm_start("other");
	p = platform_at(tpm);
	chain_keep(tpm);
	fill(report_data, sizeof report_data);
	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	platform_ok(p, platform_evidence(p, &w, report_data));
	ck_ok(judge(&f, tpm, &w, NULL, 0));
	ck_assert_int_eq(f.kind, ATTEST_KIND_TPM);
	ck_assert(attest_facts_bound(&f, report_data));
	ck_ok(platform_tpm_measurement(p, &measurement));
	ck_assert_uint_eq(f.measurement_n, 32);
	ck_assert_mem_eq(f.measurement, measurement.b, 32);
	ck_assert_uint_eq(f.vouchers_n, 0);
	report_data[0] ^= 1;
	ck_assert(!attest_facts_bound(&f, report_data));
	ck_error(judge(&f, other, &w, NULL, 0), SR_ERR_CHAIN_BAD);
	sr_writer_clear(&w);
	platform_close(p);
	swtpm_stop(tpm);
	swtpm_stop(other);
}
END_TEST

START_TEST(the_attestation_key_is_the_same_after_a_reset)
{
	struct swtpm *tpm = swtpm_start("tpm");
	struct platform *p;
	struct sr_writer before, after;

	if (tpm == NULL)
		return;
	sr_writer_init(&before, ATTEST_EVIDENCE_MAX);
	sr_writer_init(&after, ATTEST_EVIDENCE_MAX);
	p = platform_at(tpm);
	ck_ok(platform_tpm_public(p, &before));
	platform_close(p);
	swtpm_reset(tpm);
	p = platform_at(tpm);
	ck_ok(platform_tpm_public(p, &after));
	ck_assert_uint_eq(before.n, after.n);
	ck_assert_mem_eq(before.p, after.p, after.n);
	platform_close(p);
	sr_writer_clear(&before);
	sr_writer_clear(&after);
	swtpm_stop(tpm);
}
END_TEST

/* A challenge for this EK and this name. */
struct credential { uint8_t id_object[512], secret[512]; struct platform_challenge c; };

/* What attest/ does in software, by a TPM. */
static void credential_by_tpm(struct credential *out, const struct swtpm *tpm,
    const struct sr_key32 *secret, const struct platform_ak_name *name)
{
	TPM2B_DIGEST credential = { .size = 32 };
	TPM2B_NAME object = { .size = ATTEST_AK_NAME };
	TPM2B_ENCRYPTED_SECRET *encrypted;
	TPM2B_ID_OBJECT *id;
	TSS2_TCTI_CONTEXT *tcti = NULL;
	ESYS_CONTEXT *esys = NULL;
	ESYS_TR ek;

	memcpy(credential.buffer, secret->b, 32);
	memcpy(object.name, name->b, ATTEST_AK_NAME);
	ck_assert_uint_eq(Tss2_TctiLdr_Initialize(swtpm_tcti(tpm), &tcti), 0);
	ck_assert_uint_eq(Esys_Initialize(&esys, tcti, NULL), 0);
	ck_assert_uint_eq(Esys_TR_FromTPMPublic(esys, 0x81010001, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &ek), 0);
	ck_assert_uint_eq(Esys_MakeCredential(esys, ek, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
	    &credential, &object, &id, &encrypted), 0);
	memcpy(out->id_object, id->credential, id->size);
	memcpy(out->secret, encrypted->secret, encrypted->size);
	out->c = (struct platform_challenge){ { out->id_object, id->size },
		{ out->secret, encrypted->size } };
	Esys_Free(id);
	Esys_Free(encrypted);
	Esys_Finalize(&esys);
	Tss2_TctiLdr_Finalize(&tcti);
}

static void credential_by_us(struct credential *out, struct sr_bytes ek_certificate,
    const struct sr_key32 *secret, const struct platform_ak_name *name)
{
	struct attest_credential made;
	uint8_t random[64];

	fill(random, sizeof random);
	ck_ok(attest_credential_make(&made, ek_certificate, name->b, secret, random));
	memcpy(out->id_object, made.id_object, sizeof made.id_object);
	memcpy(out->secret, made.secret, sizeof made.secret);
	out->c = (struct platform_challenge){ { out->id_object, sizeof made.id_object },
		{ out->secret, sizeof made.secret } };
}

static struct platform_ak_name name_of(struct platform *p)
{
	struct platform_tpm_public public;
	struct platform_ak_name name;
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	ck_ok(platform_tpm_public(p, &w));
	ck_ok(platform_tpm_public_read(&public, (struct sr_bytes){ w.p, w.n }));
	name = platform_ak_name(public.ak);
	sr_writer_clear(&w);
	return name;
}

static void opens(const struct swtpm *tpm, const struct credential *credential,
    const struct sr_key32 *secret, enum sr_error expected)
{
	struct platform *p = platform_at(tpm);
	struct platform_ak_name said, name = name_of(p);
	struct sr_key32 opened;

	platform_expect(p, platform_tpm_activate(p, &opened, &said, &credential->c), expected);
	if (expected == SR_OK) {
		ck_assert_mem_eq(secret, &opened, sizeof opened);
		ck_assert_mem_eq(&name, &said, sizeof name);
	}
	platform_close(p);
}

START_TEST(only_the_challenged_tpm_and_key_open_a_challenge)
{
	struct swtpm *tpm = swtpm_start("tpm"), *other;
	struct platform *p;
	struct platform_ak_name name, wrong;
	struct sr_key32 secret;
	struct credential credential;

	if (tpm == NULL)
		return;
	other = swtpm_start("other");
	fill(secret.b, sizeof secret.b);
	p = platform_at(tpm);
	name = name_of(p);
	platform_close(p);
	credential_by_tpm(&credential, tpm, &secret, &name);
	opens(tpm, &credential, &secret, SR_OK);
	opens(other, &credential, &secret, SR_ERR_DECRYPT_FAILED);
	credential.c.id_object.n--;
	opens(tpm, &credential, &secret, SR_ERR_DECRYPT_FAILED);
	credential.c.secret.n = 513;
	opens(tpm, &credential, &secret, SR_ERR_BAD_ENCODING);
	wrong = name;
	wrong.b[33] ^= 1;
	credential_by_tpm(&credential, tpm, &secret, &wrong);
	opens(tpm, &credential, &secret, SR_ERR_DECRYPT_FAILED);
	swtpm_stop(tpm);
	swtpm_stop(other);
}
END_TEST

START_TEST(a_challenge_made_without_a_tpm_opens_in_the_right_one_alone)
{
	struct swtpm *tpm = swtpm_start("tpm"), *other;
	struct platform_tpm_public public;
	struct platform_ak_name name;
	struct credential credential;
	struct platform *p;
	struct sr_key32 secret;
	struct sr_writer w;

	if (tpm == NULL)
		return;
	other = swtpm_start("other");
	fill(secret.b, sizeof secret.b);
	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	p = platform_at(tpm);
	ck_ok(platform_tpm_public(p, &w));
	platform_close(p);
	ck_ok(platform_tpm_public_read(&public, (struct sr_bytes){ w.p, w.n }));
	name = platform_ak_name(public.ak);
	credential_by_us(&credential, public.ek_certificate, &secret, &name);
	opens(tpm, &credential, &secret, SR_OK);
	opens(other, &credential, &secret, SR_ERR_DECRYPT_FAILED);
	name.b[2] ^= 1;
	credential_by_us(&credential, public.ek_certificate, &secret, &name);
	opens(tpm, &credential, &secret, SR_ERR_DECRYPT_FAILED);
	sr_writer_clear(&w);
	swtpm_stop(tpm);
	swtpm_stop(other);
}
END_TEST

START_TEST(what_starts_is_measured_once_a_boot)
{
	struct swtpm *tpm = swtpm_start("tpm");
	struct platform *p;
	struct sr_hash32 files[2], empty, one, two, again;
	bool done;

	if (tpm == NULL)
		return;
	fill(files, sizeof files);
	p = platform_at(tpm);
	ck_ok(platform_tpm_measurement(p, &empty));
	ck_ok(platform_tpm_measure(p, &done, files, 2, false));
	ck_assert(done);
	ck_ok(platform_tpm_measurement(p, &one));
	ck_assert(!sr_hash32_equal(&empty, &one));
	ck_ok(platform_tpm_measure(p, &done, files, 2, false));
	ck_assert(!done);
	ck_error(platform_tpm_measure(p, &done, files, 1, false), SR_ERR_IN_USE);
	ck_ok(platform_tpm_measurement(p, &two));
	ck_assert(sr_hash32_equal(&one, &two));
	ck_ok(platform_tpm_measure(p, &done, files, 1, true));
	ck_assert(done);
	ck_ok(platform_tpm_measurement(p, &two));
	ck_assert(!sr_hash32_equal(&one, &two));
	platform_close(p);
	swtpm_reset(tpm);
	p = platform_at(tpm);
	ck_ok(platform_tpm_measurement(p, &again));
	ck_assert(sr_hash32_equal(&empty, &again));
	ck_ok(platform_tpm_measure(p, &done, files, 2, false));
	ck_ok(platform_tpm_measurement(p, &again));
	ck_assert(sr_hash32_equal(&one, &again));
	platform_close(p);
	swtpm_stop(tpm);
}
END_TEST

START_TEST(a_sealed_key_opens_on_this_machine_in_this_state_alone)
{
	struct swtpm *tpm = swtpm_start("tpm"), *other;
	struct platform *p;
	struct sr_key32 key, opened;
	struct sr_hash32 file;
	struct sr_writer w;
	bool done;

	if (tpm == NULL)
		return;
	other = swtpm_start("other");
	fill(key.b, sizeof key.b);
	fill(&file, sizeof file);
	p = platform_at(tpm);
	sr_writer_init(&w, PLATFORM_SEALED_MAX);
	ck_ok(platform_tpm_measure(p, &done, &file, 1, false));
	platform_ok(p, platform_seal(p, &w, &key));
	platform_ok(p, platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }));
	ck_assert_mem_eq(&key, &opened, sizeof key);
	platform_close(p);

	swtpm_reset(tpm);                /* the enclave is not measured: another state */
	p = platform_at(tpm);
	platform_expect(p, platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }),
	    SR_ERR_DECRYPT_FAILED);
	ck_ok(platform_tpm_measure(p, &done, &file, 1, false));
	ck_ok(platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }));
	ck_assert_mem_eq(&key, &opened, sizeof key);
	platform_expect(p, platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n - 1 }),
	    SR_ERR_DAMAGED);
	w.p[w.n - 1] ^= 1;
	platform_expect(p, platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }),
	    SR_ERR_DECRYPT_FAILED);
	w.p[w.n - 1] ^= 1;
	platform_close(p);

	p = platform_at(other);
	ck_ok(platform_tpm_measure(p, &done, &file, 1, false));
	platform_expect(p, platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }),
	    SR_ERR_DECRYPT_FAILED);
	platform_close(p);
	sr_writer_clear(&w);
	swtpm_stop(tpm);
	swtpm_stop(other);
}
END_TEST

START_TEST(the_counter_goes_up_and_survives)
{
	struct swtpm *tpm = swtpm_start("tpm");
	struct platform *p;
	uint64_t first, value;

	if (tpm == NULL)
		return;
	p = platform_at(tpm);
	platform_ok(p, platform_lease(p, &first));
	ck_ok(platform_lease(p, &value));
	ck_assert_uint_eq(value, first);
	for (uint64_t i = 1; i <= 3; i++) {
		ck_ok(platform_lease_increase(p, &value));
		ck_assert_uint_eq(value, first + i);
	}
	platform_close(p);
	swtpm_reset(tpm);
	p = platform_at(tpm);
	ck_ok(platform_lease(p, &value));
	ck_assert_uint_eq(value, first + 3);
	platform_close(p);
	swtpm_stop(tpm);
}
END_TEST

static struct sr_edpk vouch_file(const char *name, struct platform *p, struct sr_bytes ek,
    bool spoilt)
{
	struct platform_vouch v = { .ek = sr_hash(ek.p, ek.n), .ak = name_of(p) };
	struct sr_key32 seed;
	struct sr_edsk sk;
	struct sr_edpk pk;
	struct sr_writer w;

	fill(seed.b, sizeof seed.b);
	sr_ed25519_keypair(&sk, &pk, &seed);
	attest_voucher_sign(&v.voucher, &sk, &pk, ek, v.ak.b);
	if (spoilt)
		v.voucher.signature.b[0] ^= 1;
	sr_writer_init(&w, PLATFORM_VOUCH_BYTES);
	platform_vouch_write(&w, &v);
	ck_ok(sr_writer_finish(&w));
	scratch_write(scratch_path(name), w.p, w.n);
	sr_writer_clear(&w);
	return pk;
}

START_TEST(vouchers_for_this_key_travel_in_the_evidence_and_others_do_not)
{
	struct swtpm *tpm = swtpm_start("tpm");
	uint8_t report_data[64] = { 1 };
	struct attest_evidence e;
	struct attest_facts f;
	struct platform *p;
	struct sr_edpk all[4];
	struct sr_writer w, first;

	if (tpm == NULL)
		return;
	p = platform_at(tpm);
	chain_keep(tpm);
	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	sr_writer_init(&first, ATTEST_EVIDENCE_MAX);
	ck_ok(platform_evidence(p, &first, report_data));
	ck_ok(attest_evidence_read(&e, (struct sr_bytes){ first.p, first.n }));
	all[0] = vouch_file("vouchers/a.vouch", p, e.tpm.ek_certificate, false);
	all[1] = vouch_file("vouchers/b.vouch", p, e.tpm.ek_certificate, false);
	all[2] = vouch_file("vouchers/spoilt.vouch", p, e.tpm.ek_certificate, true);
	all[3] = vouch_file("vouchers/other.vouch", p, (struct sr_bytes){ report_data, 64 }, false);
	scratch_write(scratch_path("vouchers/noise.vouch"), "noise", 5);
	ck_ok(platform_evidence(p, &w, report_data));
	ck_ok(judge(&f, tpm, &w, all, 4));
	ck_assert_uint_eq(f.vouchers_n, 2);
	ck_assert_int_lt(memcmp(f.vouchers[0].b, f.vouchers[1].b, 32), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert(memcmp(&f.vouchers[0], &all[i], 32) == 0 ||
		    memcmp(&f.vouchers[1], &all[i], 32) == 0);
	sr_writer_clear(&w);
	sr_writer_clear(&first);
	platform_close(p);
	swtpm_stop(tpm);
}
END_TEST

START_TEST(more_vouchers_than_evidence_may_have_leave_eight)
{
	struct swtpm *tpm = swtpm_start("tpm");
	uint8_t report_data[64] = { 1 };
	struct attest_evidence e;
	struct platform *p;
	struct sr_writer w, first;
	char name[64];

	if (tpm == NULL)
		return;
	p = platform_at(tpm);
	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	sr_writer_init(&first, ATTEST_EVIDENCE_MAX);
	ck_ok(platform_evidence(p, &first, report_data));
	ck_ok(attest_evidence_read(&e, (struct sr_bytes){ first.p, first.n }));
	for (unsigned i = 0; i < ATTEST_FACTS_VOUCHERS_MAX + 3; i++) {
		snprintf(name, sizeof name, "vouchers/%u.vouch", i);
		vouch_file(name, p, e.tpm.ek_certificate, false);
	}
	ck_ok(platform_evidence(p, &w, report_data));
	ck_ok(attest_evidence_read(&e, (struct sr_bytes){ w.p, w.n }));
	ck_assert_uint_eq(e.tpm.vouchers_n, ATTEST_FACTS_VOUCHERS_MAX);
	sr_writer_clear(&w);
	sr_writer_clear(&first);
	platform_close(p);
	swtpm_stop(tpm);
}
END_TEST

START_TEST(a_tpm_that_is_not_there_is_said_so)
{
	struct platform_options o = { .kind = PLATFORM_TPM, .tcti = "swtpm:host=127.0.0.1,port=1" };
	char why[PLATFORM_WHY_MAX];
	struct platform *p;

	ck_error(platform_open(&p, &o, why), SR_ERR_PLATFORM);
	ck_assert_ptr_nonnull(strstr(why, "opening the TPM"));
	ck_assert_ptr_null(p);
	o.tcti = NULL;
	ck_error(platform_open(&p, &o, why), SR_ERR_CONFIG);
	ck_assert_uint_ne(strlen(why), 0);
}
END_TEST

TEST_MAIN("platform/tpm", evidence_is_genuine_and_bound_to_its_report_data,
    the_attestation_key_is_the_same_after_a_reset, only_the_challenged_tpm_and_key_open_a_challenge,
    a_challenge_made_without_a_tpm_opens_in_the_right_one_alone,
    what_starts_is_measured_once_a_boot, a_sealed_key_opens_on_this_machine_in_this_state_alone,
    the_counter_goes_up_and_survives,
    vouchers_for_this_key_travel_in_the_evidence_and_others_do_not,
    more_vouchers_than_evidence_may_have_leave_eight, a_tpm_that_is_not_there_is_said_so)
