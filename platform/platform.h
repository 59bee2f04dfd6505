/*
 * platform/platform.h - the machine that a node runs on: what it can prove about itself, what it
 * keeps sealed, and what it can count that a restart cannot set back. One file per kind of machine;
 * a program opens the one that its configuration names.
 *
 *   software.c  nothing but the operator's signature: no TEE, no seal, no lease
 *   tpm.c       a TPM 2.0: quotes, a seal to PCRs, a counter (the only file that knows tpm2-tss)
 *   tsm.c       Linux configfs-tsm: SEV-SNP and TDX guests
 *   gramine.c   Gramine's /dev/attestation: SGX
 *
 * Not thread-safe: one thread per open platform. Evidence may take a second (a slow TPM).
 */
#ifndef SR_PLATFORM_PLATFORM_H
#define SR_PLATFORM_PLATFORM_H

#include "attest/facts.h"
#include "base/crypto.h"

enum platform_kind { PLATFORM_SOFTWARE, PLATFORM_TPM, PLATFORM_TSM, PLATFORM_GRAMINE };
#define PLATFORM_KINDS 4u
const char *platform_kind_name(enum platform_kind kind);  /* "software", "tpm", "tsm", "gramine" */
bool platform_kind_parse(enum platform_kind *out, const char *text);

#define PLATFORM_WHY_MAX 256u
#define PLATFORM_SEALED_MAX 2048u
/* A platform's own index for its counter, from the range that TPMs leave to their owners. */
#define PLATFORM_LEASE_INDEX 0x01800053u

/* Borrowed until platform_close. What a kind does not need may be NULL. */
struct platform_options {
	enum platform_kind kind;
	/* software: who signs, and what is measured. */
	const struct sr_edsk *operator_key;
	const struct sr_hash32 *measurement;
	/* tpm: "device:/dev/tpmrm0", "swtpm:host=127.0.0.1,port=2321". */
	const char *tcti;
	uint32_t lease_index;            /* tpm: 0 means PLATFORM_LEASE_INDEX */
	/* A folder of files that the operator keeps fresh (names: docs/PLATFORMS.md). */
	const char *collateral;
	/* tpm: a folder of *.vouch files by provisioners. */
	const char *vouchers;
	/* tsm, gramine: where the kernel's files are; NULL: /sys/kernel/config/tsm/report,
	 * /dev/attestation. */
	const char *root;
};

struct platform;

/* Errors: CONFIG (an option that this kind needs is missing), PLATFORM (the machine refused or is
 * not of this kind), NO_MEMORY. why: PLATFORM_WHY_MAX bytes, filled on an error with the step and
 * the machine's own words; never a secret. */
SR_MUST_CHECK enum sr_error platform_open(struct platform **out, const struct platform_options *o,
    char *why);
void platform_close(struct platform *self);                       /* NULL is fine */
enum platform_kind platform_kind(const struct platform *self);
/* The step that failed last, and the machine's own words. */
const char *platform_why(const struct platform *self);

/* Appends evidence (attest/evidence.h) that is bound to report_data. PLATFORM; NOT_FOUND or IO for
 * a collateral file; TOO_LONG through the writer. */
SR_MUST_CHECK enum sr_error platform_evidence(struct platform *self, struct sr_writer *w,
    const uint8_t report_data[ATTEST_REPORT_DATA]);

/* A key for this machine, in the state that it is in, alone. sealed is at most
 * PLATFORM_SEALED_MAX. NOT_SUPPORTED; PLATFORM; unseal also DAMAGED, or DECRYPT_FAILED for what was
 * sealed elsewhere or in another state. */
SR_MUST_CHECK enum sr_error platform_seal(struct platform *self, struct sr_writer *sealed,
    const struct sr_key32 *key);
SR_MUST_CHECK enum sr_error platform_unseal(struct platform *self, struct sr_key32 *key,
    struct sr_bytes sealed);

/* A counter that nobody can set back: its value, and its value after counting once.
 * NOT_SUPPORTED; PLATFORM. */
SR_MUST_CHECK enum sr_error platform_lease(struct platform *self, uint64_t *value);
SR_MUST_CHECK enum sr_error platform_lease_increase(struct platform *self, uint64_t *value);

#endif
