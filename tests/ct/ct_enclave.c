/* What the enclave does with its keys: opening what is sealed to it, the keys of an epoch, its
 * identity, rows and log records at rest. */
#include "base/hpke.h"
#include "enclave/internal.h"
#include "shamir/subshare.h"
#include "shamir/tdh2.h"
#include "tests/ct/ct.h"

static const uint8_t context[] = "context";
static uint8_t text[200];

static void hpke(void)
{
	uint8_t sealed[sizeof text + SR_HPKE_OVERHEAD], out[sizeof text];
	struct sr_key32 sk, ephemeral;
	struct sr_xpk pk;

	ct_key(&sk);
	ct_key(&ephemeral);
	sr_x25519_public(&pk, &sk);
	SECRET(&sk, sizeof sk);
	SECRET(&ephemeral, sizeof ephemeral);
	ct_must(sr_hpke_seal(sealed, &pk, &ephemeral, "info", NULL, 0, text, sizeof text));
	PUBLIC(sealed, sizeof sealed);
	ct_must(sr_hpke_open(out, &sk, "info", NULL, 0, sealed, sizeof sealed));
	ct_use(out, sizeof out);
}

static void boxes(void)
{
	struct sr_scalar p, share, got;
	struct sr_key32 payload, opened;
	struct sr_point key;
	struct shamir_box box;

	ct_must(shamir_box_keypair(&p, &key, &ct_drbg));
	ct_must(sr_scalar_random(&share, &ct_drbg));
	ct_key(&payload);
	SECRET(&p, sizeof p);
	SECRET(&share, sizeof share);
	SECRET(&payload, sizeof payload);
	ct_must(shamir_subshare_seal(&box, &key, &share, context, sizeof context, &ct_drbg));
	PUBLIC(&box, sizeof box);
	ct_must(shamir_subshare_open(&got, &box, &p, context, sizeof context));
	ct_use(&got, sizeof got);
	ct_must(shamir_box_seal32(&box, &key, &payload, context, sizeof context, &ct_drbg));
	PUBLIC(&box, sizeof box);
	ct_must(shamir_box_open32(&opened, &box, &p, context, sizeof context));
	ct_use(&opened, sizeof opened);
}

/* epoch_secret = HKDF(all contributions); what follows from it; the record of both at rest. */
static void epoch_keys(void)
{
	struct core_epoch_keys keys, back;
	uint8_t bytes[EPOCH_KEYS_BYTES];
	struct sr_key32 contributions[4];

	memset(&keys, 0, sizeof keys);
	for (unsigned i = 0; i < 4; i++)
		ct_key(&contributions[i]);
	ct_key(&keys.vote_seed);
	ct_must(sr_scalar_random(&keys.share, &ct_drbg));
	SECRET(contributions, sizeof contributions);
	SECRET(&keys.vote_seed, sizeof keys.vote_seed);
	SECRET(&keys.share, sizeof keys.share);
	keys.has_vote = keys.has_share = true;
	ct_must(sr_hkdf(keys.secret.b, 32, contributions[0].b, sizeof contributions, context,
	    sizeof context, context, sizeof context));
	ct_must(epoch_keys_vote(&keys));
	epoch_keys_write(bytes, &keys);
	/* The epoch's number and the two marks are public. */
	PUBLIC(bytes, 10);
	ct_must(epoch_keys_read(&back, bytes));
	ct_use(&back, sizeof back);
	ct_use(&keys, sizeof keys);
}

static void at_rest(void)
{
	static const struct sr_hash32 measurement = { { 1 } };
	struct enclave_core *core;
	struct genesis_identity identity;
	struct sr_key32 sealing, seed;
	struct sr_writer sealed, record;
	uint8_t *plain;
	size_t n;

	ct_key(&sealing);
	ct_key(&seed);
	/* Its making is ct_shamir's: here the public half of it leaves. */
	SECRET(&sealing, sizeof sealing);
	sr_writer_init(&sealed, 4096);
	ct_must(enclave_identity_new(&identity, &sealed, &sealing, &measurement, &seed));
	PUBLIC(&identity, sizeof identity);
	PUBLIC(sealed.p, sealed.n);
	core = enclave_core_new(&sealing, &measurement);
	if (core == NULL)
		exit(EXIT_FAILURE);
	ct_must(seal_keys_derive(core->keys));
	ct_must(identity_open(core, sealed.p, sealed.n));
	sr_writer_init(&record, 4096);
	SECRET(text, sizeof text);
	ct_must(seal_put(&record, &ct_drbg, &core->keys->log, NULL, 0, text, sizeof text));
	PUBLIC(record.p, record.n);
	ct_must(seal_open_secret(&plain, &n, &core->keys->log, NULL, 0, record.p, record.n));
	ct_use(plain, n);
	PUBLIC(text, sizeof text);
	sr_secret_free(plain);
	sr_writer_clear(&record);
	sr_writer_clear(&sealed);
	enclave_core_free(core);
}

int main(int argc, char **argv)
{
	static const struct ct_test tests[] = {
		{ "HPKE", hpke }, { "boxes to a member", boxes },
		{ "keys of an epoch", epoch_keys }, { "identity, log, rows", at_rest },
	};

	return ct_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
