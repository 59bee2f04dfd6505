/*
 * tests/lib/fake_tsm.h - what Linux does below /sys/kernel/config/tsm/report, for a folder of a
 * test's own: a test program that links this has its mkdir, rmdir, open and close of the C library
 * replaced, so that attributes come and go and reads follow writes as in the kernel.
 */
#ifndef SR_TESTS_LIB_FAKE_TSM_H
#define SR_TESTS_LIB_FAKE_TSM_H

#include "base/types.h"

struct fake_tsm {
	const char *root;
	const char *provider;            /* with the kernel's newline */
	struct sr_bytes out, aux;        /* aux may be empty: no such attribute then */
	unsigned others;                 /* so many of our next writes are met by somebody else's */
	unsigned entries, made;          /* now, and ever */
	uint8_t in[64];                  /* what was written last */
	size_t in_n;
};
/* From now on; NULL: no more. Borrowed. */
void fake_tsm_use(struct fake_tsm *tsm);

#endif
