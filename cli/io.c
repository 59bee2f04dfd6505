#include "cli/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static enum sr_error load(uint8_t **out, size_t *n, int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return SR_ERR_IO;
	if (!S_ISREG(st.st_mode))
		return SR_ERR_BAD_KIND;
	if (st.st_size == 0 || (uint64_t)st.st_size > max)
		return st.st_size == 0 ? SR_ERR_EMPTY : SR_ERR_TOO_LONG;
	*n = (size_t)st.st_size;
	*out = malloc(*n);
	return *out == NULL ? SR_ERR_NO_MEMORY : io_read_all(fd, *out, *n);
}

enum sr_error io_load(uint8_t **out, size_t *n, const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum sr_error error;

	*out = NULL;
	*n = 0;
	if (fd < 0)
		return errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO;
	error = load(out, n, fd, max);
	close(fd);
	if (error != SR_OK) {
		free(*out);
		*out = NULL;
		*n = 0;
	}
	return error;
}

/* The name is there after a power cut only once its folder is on the disk, too. */
static enum sr_error folder_sync(const char *path)
{
	char *copy = strdup(path);
	enum sr_error error = SR_OK;
	int fd;

	if (copy == NULL)
		return SR_ERR_NO_MEMORY;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0 || fsync(fd) != 0)
		error = SR_ERR_IO;
	if (fd >= 0)
		close(fd);
	return error;
}

enum sr_error io_create(const char *path, const uint8_t *p, size_t n, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	enum sr_error error;

	if (fd < 0)
		return errno == EEXIST ? SR_ERR_IN_USE : SR_ERR_IO;
	error = io_write_all(fd, p, n);
	if (fsync(fd) != 0 && error == SR_OK)
		error = SR_ERR_IO;
	if (close(fd) != 0 && error == SR_OK)
		error = SR_ERR_IO;
	if (error == SR_OK)
		error = folder_sync(path);
	if (error != SR_OK)
		unlink(path);
	return error;
}
