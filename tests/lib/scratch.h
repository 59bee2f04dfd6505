/* tests/lib/scratch.h - a folder of a test's own, gone at its end; free ports; deadlines. */
#ifndef SR_TESTS_LIB_SCRATCH_H
#define SR_TESTS_LIB_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new folder; removed with all in it when this process exits. One a process. */
const char *scratch_dir(void);
/* scratch_dir/name, in one of a few static buffers. */
const char *scratch_path(const char *name);
void scratch_write(const char *path, const void *p, size_t n);
/* malloc'd, with a NUL behind it. */
uint8_t *scratch_read(const char *path, size_t *n);
/* Removes a folder and all in it. */
void scratch_remove(const char *path);

/* A TCP port of 127.0.0.1 that was free a moment ago. */
uint16_t scratch_port(void);

/* Monotonic milliseconds; for polling a condition up to a deadline. */
uint64_t scratch_now_ms(void);
/* Gives others a moment between two looks at a condition. */
void scratch_moment(void);
/* Flips a bit amid the first 500 bytes of the file that are all this one. */
void scratch_damage(const char *name, uint8_t byte);

#endif
