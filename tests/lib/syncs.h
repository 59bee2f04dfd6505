/*
 * tests/lib/syncs.h - what is made durable, in which order. Whoever calls these gets fsync,
 * fdatasync and rename of this file in its own program; they do their work and leave a letter:
 *   d fdatasync    f fsync of a file    D fsync of a folder    r rename
 */
#ifndef SR_TESTS_LIB_SYNCS_H
#define SR_TESTS_LIB_SYNCS_H

#include <stdbool.h>

/* From here on; the story so far is forgotten. */
void syncs_begin(void);
/* The letters since, as a string. */
const char *syncs_story(void);
/* Both kinds of sync fail with EIO from now on, or no longer. */
void syncs_fail(bool fail);

#endif
