#include "cli/io.h"

#include <errno.h>
#include <unistd.h>

enum sr_error io_write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return errno == ENOSPC ? SR_ERR_DISK_FULL : SR_ERR_IO;
		p += put;
		n -= (size_t)put;
	}
	return SR_OK;
}

enum sr_error io_read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? SR_ERR_TRUNCATED : SR_ERR_IO;
		p += got;
		n -= (size_t)got;
	}
	return SR_OK;
}
