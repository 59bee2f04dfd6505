/*
 * tests/lib/sweep.h - is an encoding canonical? Cuts and changes it everywhere and counts what a
 * decoder lets through.
 */
#ifndef SR_TESTS_LIB_SWEEP_H
#define SR_TESTS_LIB_SWEEP_H

#include "base/buf.h"

/* Decodes bytes strictly and writes the value again. */
typedef enum sr_error (*test_recode)(struct sr_writer *again, struct sr_bytes bytes);

/*
 * The faults found, each said on stderr; 0 is right. Faults: the bytes themselves do not come back;
 * a proper prefix or one byte more is accepted; a flipped bit gives a value that is written
 * differently from the flipped bytes (two encodings of one value).
 */
size_t test_sweep(const char *what, test_recode recode, struct sr_bytes bytes);

#endif
