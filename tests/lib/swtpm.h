/*
 * tests/lib/swtpm.h - a software TPM 2.0 of a test's own (Debian's swtpm), with an endorsement
 * certificate by a maker of its own, on a loopback port. Ended when the process exits, by its pid.
 */
#ifndef SR_TESTS_LIB_SWTPM_H
#define SR_TESTS_LIB_SWTPM_H

#include <stdbool.h>

struct swtpm;

/* name: its folder below the test's scratch folder. NULL, and "SKIPPED" printed, when swtpm is not
 * installed; the test fails when it is and does not start. */
struct swtpm *swtpm_start(const char *name);
void swtpm_stop(struct swtpm *self);
/* Power off and on: PCRs are zero again, what is persistent stays. */
void swtpm_reset(struct swtpm *self);
const char *swtpm_tcti(const struct swtpm *self);
/* PEM files: the maker's root, and what stands between it and the endorsement certificate. */
const char *swtpm_root(const struct swtpm *self);
const char *swtpm_issuer(const struct swtpm *self);

#endif
