/*
 * attest/collateral.h - Intel's signed JSON (PCS v3, v4): TCB info and the quoting enclave's
 * identity; and JSON Web Keys. The only file of the folder that includes jansson.
 */
#ifndef SR_ATTEST_COLLATERAL_H
#define SR_ATTEST_COLLATERAL_H

#include "attest/attest.h"
#include "attest/cert.h"

#define COLLATERAL_LEVELS_MAX 64u
#define COLLATERAL_MODULES_MAX 16u

struct collateral_level {
	uint8_t sgx[16], tdx[16];            /* tdx: of TDX only */
	uint16_t svn;                        /* pcesvn; of a module or QE: isvsvn */
	enum attest_status status;
	uint64_t date;                       /* unix s */
	struct attest_advisories advisories;
};

struct collateral_levels { struct collateral_level at[COLLATERAL_LEVELS_MAX]; size_t n; };

struct collateral_module {
	uint8_t version;                     /* of "TDX_xx"; 0: the plain tdxModule */
	uint8_t mrsigner[48], attributes[8], attributes_mask[8];
	struct collateral_levels *levels;    /* NULL for the plain one */
};

struct collateral_tcb {
	bool tdx;
	uint32_t version, evaluation;
	uint64_t issued, next;
	uint8_t fmspc[6], pce_id[2];
	struct collateral_levels levels;
	bool module_known;
	struct collateral_module module, modules[COLLATERAL_MODULES_MAX];
	size_t modules_n;
};

struct collateral_qe {
	bool td;                             /* TD_QE, not QE */
	uint32_t evaluation;
	uint64_t issued, next;
	uint8_t miscselect[4], miscselect_mask[4], attributes[16], attributes_mask[16],
	    mrsigner[32];
	uint16_t isv_prod_id;
	struct collateral_levels levels;
};

/* The exact bytes that are signed and the signature (r || s), of {"name":VALUE,"signature":"HEX"}
 * in either order. COLLATERAL_BAD. */
SR_MUST_CHECK enum sr_error collateral_signed(
    struct sr_bytes *inner, uint8_t signature[64], struct sr_bytes file, const char *name);

/* Of the inner bytes, whose signature the caller has verified. COLLATERAL_BAD, NO_MEMORY. */
SR_MUST_CHECK enum sr_error collateral_tcb_read(struct collateral_tcb *out, struct sr_bytes inner);
void collateral_tcb_clear(struct collateral_tcb *self);
SR_MUST_CHECK enum sr_error collateral_qe_read(struct collateral_qe *out, struct sr_bytes inner);

/* The RSA key of that id in a JWK set (RFC 7517), big-endian. EVIDENCE_FORMAT. */
SR_MUST_CHECK enum sr_error collateral_jwk_rsa(uint8_t *modulus, size_t *modulus_n,
    size_t modulus_max, uint8_t *exponent, size_t *exponent_n, size_t exponent_max,
    struct sr_bytes json, const char *kid);

#endif
