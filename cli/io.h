/* cli/io.h - whole reads and writes of plain descriptors. */
#ifndef SR_CLI_IO_H
#define SR_CLI_IO_H

#include "base/error.h"
#include "base/types.h"

/* DISK_FULL, IO. */
SR_MUST_CHECK enum sr_error io_write_all(int fd, const uint8_t *p, size_t n);
/* TRUNCATED when the file ends before; IO. */
SR_MUST_CHECK enum sr_error io_read_all(int fd, uint8_t *p, size_t n);

#endif
