/* AMD SEV-SNP reports (56860, table "ATTESTATION_REPORT") and the certificates above them (57230).
 */
#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"
#include "attest/cert.h"
#include "attest/der.h"

#define REPORT_BYTES 1184u
#define SIGNED_BYTES 0x2a0u
#define ECDSA_P384_SHA384 1u
#define POLICY_SMT (1ull << 16)
#define POLICY_MIGRATE (1ull << 18)
#define POLICY_DEBUG (1ull << 19)
#define OID "1.3.6.1.4.1.3704.1."

/* SHA-256 of AMD's root certificates. */
static const struct sr_hash32 roots[] = {
	{ { 0x69, 0xd0, 0x63, 0xb4, 0x53, 0x44, 0xd2, 0x6a, 0x2e, 0x94, 0xe1, 0xf4, 0x21, 0x0d,
	    0xe4, 0x9e, 0xf5, 0x55, 0x30, 0x82, 0x87, 0xd4, 0xc1, 0x74, 0x44, 0x5c, 0x95, 0x63,
	    0x9a, 0x54, 0x0b, 0xcd } }, /* ARK-Milan */
	{ { 0x4c, 0x65, 0x98, 0xd1, 0x9c, 0x18, 0x71, 0x9c, 0x5d, 0xfd, 0x4a, 0x7d, 0x33, 0x5f,
	    0x67, 0x4e, 0x5b, 0xfe, 0x1d, 0x8f, 0x80, 0x0c, 0xea, 0x2c, 0xf2, 0x70, 0xc1, 0x0d,
	    0x10, 0x3d, 0xb2, 0xf1 } }, /* ARK-Genoa */
	{ { 0x1f, 0x08, 0x41, 0x61, 0xa4, 0x4b, 0xb6, 0xd9, 0x37, 0x78, 0xa9, 0x04, 0x87, 0x7d,
	    0x48, 0x19, 0xca, 0xfa, 0x5d, 0x05, 0xef, 0x41, 0x93, 0xb2, 0xde, 0xd9, 0xdd, 0x9c,
	    0x73, 0xdd, 0x3f, 0x6a } }, /* ARK-Turin */
};
static const char *const products[] = { "milan", "genoa", "turin" };

struct report {
	struct sr_bytes signed_part;
	uint8_t r[48], s[48], tcb[8];
	uint32_t signing_key;
};

/* --- The report --- */

/* 72 bytes, little-endian, of which a P-384 number fills 48. */
static void number_read(uint8_t out[48], struct sr_reader *r)
{
	struct sr_bytes b = sr_read_view(r, 72);

	for (size_t i = 0; r->error == SR_OK && i < 72; i++) {
		if (i < 48)
			out[47 - i] = b.p[i];
		else if (b.p[i] != 0)
			sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	}
}

static void fields_read(struct attest_result *out, struct report *rep, struct sr_reader *r)
{
	uint32_t flags;

	out->snp.version = sr_read_u32(r);
	out->snp.guest_svn = sr_read_u32(r);
	out->snp.policy = sr_read_u64(r);
	sr_read_view(r, 32);                 /* family, image */
	out->snp.vmpl = sr_read_u32(r);
	if (sr_read_u32(r) != ECDSA_P384_SHA384)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	sr_read_view(r, 16);                 /* current TCB, platform info */
	flags = sr_read_u32(r);
	rep->signing_key = flags >> 2 & 7u;
	sr_read_view(r, 4);
	sr_read_copy(r, out->report_data, 64);
	sr_read_copy(r, out->measurement, 48);
	sr_read_copy(r, out->snp.host_data, 32);
	sr_read_copy(r, out->signer, 48);    /* digest of the id key */
	sr_read_view(r, 48 + 32 + 32);       /* author key, report ids */
	sr_read_copy(r, rep->tcb, 8);
	sr_read_view(r, 24);
	sr_read_copy(r, out->snp.chip_id, 64);
	sr_read_view(r, SIGNED_BYTES - 0x1e0);
}

static enum sr_error report_read(
    struct attest_result *out, struct report *rep, struct sr_bytes bytes)
{
	struct sr_reader r;
	struct sr_bytes rest;

	if (bytes.n != REPORT_BYTES)
		return SR_ERR_EVIDENCE_FORMAT;
	sr_reader_init(&r, bytes.p, bytes.n);
	fields_read(out, rep, &r);
	rep->signed_part = (struct sr_bytes){ bytes.p, SIGNED_BYTES };
	number_read(rep->r, &r);
	number_read(rep->s, &r);
	rest = sr_read_view(&r, REPORT_BYTES - SIGNED_BYTES - 144);
	for (size_t i = 0; r.error == SR_OK && i < rest.n; i++)
		if (rest.p[i] != 0)
			sr_reader_fail(&r, SR_ERR_EVIDENCE_FORMAT);
	if (sr_reader_finish(&r) != SR_OK || out->snp.version < 2 || out->snp.version > 5 ||
	    rep->signing_key > 1)
		return SR_ERR_EVIDENCE_FORMAT;
	out->tee = ATTEST_SNP;
	out->status = ATTEST_UP_TO_DATE;     /* AMD names no levels; the policy has minimum SVNs */
	out->measurement_n = out->signer_n = 48;
	out->report_data_n = 64;
	out->debug = (out->snp.policy & POLICY_DEBUG) != 0;
	out->snp.migrate_ma = (out->snp.policy & POLICY_MIGRATE) != 0;
	out->snp.smt = (out->snp.policy & POLICY_SMT) != 0;
	out->snp.vlek = rep->signing_key == 1;
	return SR_OK;
}

/* --- The certificate says the same --- */

/* EVIDENCE_BAD: it says something else. */
static enum sr_error said(enum sr_error read, bool same)
{
	if (sr_error_is_shortage(read))
		return read;
	return read == SR_OK && same ? SR_OK : SR_ERR_EVIDENCE_BAD;
}

static enum sr_error extension_is(const struct cert *leaf, const char *oid, uint32_t value)
{
	struct sr_reader r;
	uint8_t *p = NULL;
	size_t n = 0;
	uint32_t have = 0;
	enum sr_error err = cert_extension(&p, &n, leaf, oid);

	if (err == SR_OK) {
		sr_reader_init(&r, p, n);
		have = der_u32(&r);
		err = sr_reader_finish(&r);
		free(p);
	}
	return said(err, have == value);
}

/* The extension holds the number as it is, not in DER; on Turin 8 bytes of the 64. */
static enum sr_error chip_is(const struct cert *leaf, const uint8_t chip_id[64])
{
	static const uint8_t zero[64];
	uint8_t *p = NULL;
	size_t n = 0;
	bool same = false;
	enum sr_error err = cert_extension(&p, &n, leaf, OID "4");

	if (err == SR_OK) {
		same = (n == 64 || n == 8) && memcmp(p, chip_id, n) == 0 &&
		    memcmp(chip_id + n, zero, 64 - n) == 0;
		free(p);
	}
	return said(err, same);
}

static enum sr_error tcb_is(struct attest_snp *snp, const struct cert *leaf, const uint8_t tcb[8])
{
	bool turin = strcmp(snp->product, "turin") == 0;

	snp->fmc = turin ? tcb[0] : 0;
	snp->boot_loader = tcb[turin ? 1 : 0];
	snp->tee = tcb[turin ? 2 : 1];
	snp->snp = tcb[turin ? 3 : 6];
	snp->microcode = tcb[7];
	SR_TRY(extension_is(leaf, OID "3.1", snp->boot_loader));
	SR_TRY(extension_is(leaf, OID "3.2", snp->tee));
	SR_TRY(extension_is(leaf, OID "3.3", snp->snp));
	SR_TRY(extension_is(leaf, OID "3.8", snp->microcode));
	return turin ? extension_is(leaf, OID "3.9", snp->fmc) : SR_OK;
}

/* Which of the roots it leads to. */
static enum sr_error product_find(
    size_t *root, const struct cert_chain *chain, struct cert_window *window)
{
	enum sr_error err = SR_ERR_CHAIN_BAD;

	for (*root = 0; *root < sizeof roots / sizeof roots[0]; ++*root) {
		err = cert_chain_verify(chain, &roots[*root], 1, window);
		if (err != SR_ERR_CHAIN_BAD)
			break;
	}
	SR_TRY(err);
	return chain->n == 3 ? SR_OK : SR_ERR_CHAIN_BAD;
}

static enum sr_error chain_read(struct cert_chain *chain, const struct attest_snp_input *in)
{
	struct cert_chain pool = { .n = 0 };
	enum sr_error err = cert_chain_read(chain, in->leaf);

	if (err == SR_OK && in->ask.n > 0)
		err = cert_chain_read(&pool, in->ask);
	if (err == SR_OK && in->ark.n > 0)
		err = cert_chain_read(&pool, in->ark);
	if (err == SR_OK)
		err = cert_chain_complete(chain, &pool);
	cert_chain_clear(&pool);
	return err;
}

static enum sr_error verify(struct attest_result *out, struct cert_chain *chain,
    const struct attest_snp_input *in)
{
	struct cert_window window;
	struct report rep;
	size_t root;

	memset(&rep, 0, sizeof rep);
	cert_window_init(&window);
	SR_TRY(report_read(out, &rep, in->report));
	SR_TRY(chain_read(chain, in));
	SR_TRY(product_find(&root, chain, &window));
	memcpy(out->snp.product, products[root], strlen(products[root]) + 1);
	SR_TRY(cert_named(chain->at[0], out->snp.vlek ? "SEV-VLEK" : "SEV-VCEK"));
	SR_TRY(cert_verify_rs(chain->at[0], CERT_P384, rep.signed_part, rep.r, rep.s));
	SR_TRY(tcb_is(&out->snp, chain->at[0], rep.tcb));
	if (!out->snp.vlek)
		SR_TRY(chip_is(chain->at[0], out->snp.chip_id));
	if (!cert_window_holds(&window, in->time_s))
		return SR_ERR_COLLATERAL_TIME;
	if (!out->snp.vlek)
		out->platform = sr_hash_domain("strongroom amd platform v1",
		    &(struct sr_bytes){ out->snp.chip_id, sizeof out->snp.chip_id }, 1);
	out->valid_from = window.from;
	out->valid_to = window.to;
	return SR_OK;
}

enum sr_error attest_snp_verify(struct attest_result *out, const struct attest_snp_input *in)
{
	struct cert_chain chain = { .n = 0 };
	struct sr_hash32 each[3];
	struct sr_bytes parts[3] = { { each[0].b, 32 }, { each[1].b, 32 }, { each[2].b, 32 } };
	enum sr_error err;

	memset(out, 0, sizeof *out);
	err = verify(out, &chain, in);
	cert_chain_clear(&chain);
	if (err != SR_OK) {
		memset(out, 0, sizeof *out);
		return err;
	}
	each[0] = sr_hash(in->leaf.p, in->leaf.n);
	each[1] = sr_hash(in->ask.p, in->ask.n);
	each[2] = sr_hash(in->ark.p, in->ark.n);
	out->collateral = sr_hash_domain("strongroom collateral v1", parts, 3);
	return SR_OK;
}
