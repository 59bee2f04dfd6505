/* cli/io.h - whole reads and writes of plain descriptors. */
#ifndef SR_CLI_IO_H
#define SR_CLI_IO_H

#include "base/error.h"
#include "base/types.h"

/* DISK_FULL, IO. */
SR_MUST_CHECK enum sr_error io_write_all(int fd, const uint8_t *p, size_t n);
/* TRUNCATED when the file ends before; IO. */
SR_MUST_CHECK enum sr_error io_read_all(int fd, uint8_t *p, size_t n);

/* A whole regular file, malloc'd. NOT_FOUND, EMPTY, TOO_LONG, BAD_KIND, NO_MEMORY, IO. */
SR_MUST_CHECK enum sr_error io_load(uint8_t **out, size_t *n, const char *path, size_t max);
/* A new file, on the disk when this returns. IN_USE when there is one; DISK_FULL, IO: none then. */
SR_MUST_CHECK enum sr_error io_create(const char *path, const uint8_t *p, size_t n, unsigned mode);

#endif
