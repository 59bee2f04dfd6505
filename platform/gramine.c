/*
 * SGX through Gramine: the enclave process itself runs inside of the hardware enclave and asks the
 * library OS below it (Gramine's documentation, "Attestation and Secret Provisioning"):
 *   attestation_type        "dcap"
 *   user_report_data        64 bytes, written
 *   quote                   a quote over them, read afterwards
 *   keys/_sgx_mrenclave     16 bytes that only this enclave on this processor gets
 */
#include <stdlib.h>
#include <string.h>

#include "base/drbg.h"
#include "platform/internal.h"

#define ROOT "/dev/attestation"
#define SEAL_KEY_BYTES 16u
/* sealed = version u8 | nonce 12 | AES-256-GCM of the key */
#define SEALED_VERSION 1u
#define SEALED_BYTES (1u + SR_GCM_NONCE + 32u + SR_GCM_TAG)

static const char seal_label[] = "strongroom gramine seal v1";

static const char *root(const struct platform *self)
{
	return self->options.root != NULL ? self->options.root : ROOT;
}

static enum sr_error gramine_evidence(struct platform *self, struct sr_writer *w,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	struct platform_file quote;
	enum sr_error error;

	error = platform_file_write(
	    root(self), "user_report_data", report_data, ATTEST_REPORT_DATA);
	if (error == SR_OK)
		error = platform_file_read(&quote, root(self), "quote");
	if (error != SR_OK)
		return platform_fail(self, SR_ERR_PLATFORM, "Gramine gives no quote (%s)",
		    sr_error_name(error));
	error = platform_dcap_write(
	    self, w, ATTEST_KIND_SGX, (struct sr_bytes){ quote.p, quote.n });
	platform_file_clear(&quote);
	return error;
}

static enum sr_error seal_key(struct platform *self, struct sr_key32 *out)
{
	struct platform_file key;
	enum sr_error error = platform_file_read(&key, root(self), "keys/_sgx_mrenclave");

	if (error == SR_OK && key.n != SEAL_KEY_BYTES)
		error = SR_ERR_BAD_ENCODING;
	if (error == SR_OK)
		error = sr_hkdf(out->b, sizeof out->b, key.p, key.n, NULL, 0,
		    (const uint8_t *)seal_label, sizeof seal_label - 1);
	else
		error = platform_fail(self, SR_ERR_PLATFORM, "Gramine gives no sealing key (%s)",
		    sr_error_name(error));
	platform_file_clear(&key);
	return error;
}

static enum sr_error gramine_seal(struct platform *self, struct sr_writer *sealed,
    const struct sr_key32 *key)
{
	uint8_t out[SEALED_BYTES] = { SEALED_VERSION };
	SR_KEY32_AUTO by = { { 0 } };

	SR_TRY(seal_key(self, &by));
	SR_TRY(sr_random_system(out + 1, SR_GCM_NONCE));
	SR_TRY(sr_gcm_seal(out + 1 + SR_GCM_NONCE, &by, out + 1, out, 1, key->b, sizeof key->b));
	sr_write_copy(sealed, out, sizeof out);
	return sealed->error;
}

static enum sr_error gramine_unseal(struct platform *self, struct sr_key32 *key,
    struct sr_bytes sealed)
{
	SR_KEY32_AUTO by = { { 0 } };

	if (sealed.n != SEALED_BYTES || sealed.p[0] != SEALED_VERSION)
		return SR_ERR_DAMAGED;
	SR_TRY(seal_key(self, &by));
	return sr_gcm_open(key->b, &by, sealed.p + 1, sealed.p, 1, sealed.p + 1 + SR_GCM_NONCE,
	    sealed.n - 1 - SR_GCM_NONCE);
}

static void gramine_close(struct platform *self)
{
	free(self);
}

static const struct platform_ops gramine_ops = {
	.close = gramine_close,
	.evidence = gramine_evidence,
	.seal = gramine_seal,
	.unseal = gramine_unseal,
};

enum sr_error platform_gramine_open(struct platform **out, const struct platform_options *o)
{
	struct platform *self = calloc(1, sizeof *self);
	struct platform_file type;
	bool dcap;

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	*self = (struct platform){ PLATFORM_GRAMINE, &gramine_ops, *o, "" };
	*out = self;
	if (platform_file_read(&type, root(self), "attestation_type") != SR_OK)
		return platform_fail(self, SR_ERR_PLATFORM,
		    "not inside of Gramine, or its manifest has no sgx.remote_attestation");
	dcap = type.n >= 4 && memcmp(type.p, "dcap", 4) == 0 && (type.n == 4 || type.p[4] <= ' ');
	platform_file_clear(&type);
	return dcap ? SR_OK : platform_fail(self, SR_ERR_PLATFORM,
	    "Gramine attests in another way than dcap");
}
