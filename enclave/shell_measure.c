#include "enclave/shell_measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/drbg.h"

enum sr_error shell_measure(struct sr_hash32 *out)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0)
		return SR_ERR_IO;
	if (fstat(fd, &st) != 0 || st.st_size <= 0) {
		close(fd);
		return SR_ERR_IO;
	}
	size_t n = (size_t)st.st_size, have = 0;
	uint8_t *bytes = malloc(n);
	while (bytes != NULL && have < n) {
		ssize_t got = read(fd, bytes + have, n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	close(fd);
	enum sr_error err = bytes == NULL ? SR_ERR_NO_MEMORY : have == n ? SR_OK : SR_ERR_IO;
	if (err == SR_OK) {
		struct sr_bytes part = { bytes, n };
		*out = sr_hash_domain("strongroom software measurement v1", &part, 1);
	}
	free(bytes);
	return err;
}

static enum sr_error sealing_key_create(struct sr_key32 *out, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? SR_ERR_IN_USE : SR_ERR_IO;
	enum sr_error err = sr_random_system(out->b, sizeof out->b);
	if (err == SR_OK &&
	    (write(fd, out->b, sizeof out->b) != (ssize_t)sizeof out->b || fsync(fd) != 0))
		err = SR_ERR_IO;
	if (close(fd) != 0 && err == SR_OK)
		err = SR_ERR_IO;
	if (err != SR_OK) {
		sr_key32_wipe(out);
		unlink(path);
	}
	return err;
}

enum sr_error shell_sealing_key(struct sr_key32 *out, const char *path, bool create)
{
	sr_key32_wipe(out);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		if (errno != ENOENT)
			return SR_ERR_IO;
		return create ? sealing_key_create(out, path) : SR_ERR_NOT_FOUND;
	}
	struct stat st;
	enum sr_error err = SR_OK;
	if (fstat(fd, &st) != 0)
		err = SR_ERR_IO;
	else if ((st.st_mode & 077) != 0 || !S_ISREG(st.st_mode))
		err = SR_ERR_FOREIGN_DATA;
	else if (st.st_size != (off_t)sizeof out->b ||
	    read(fd, out->b, sizeof out->b) != (ssize_t)sizeof out->b)
		err = SR_ERR_DAMAGED;
	close(fd);
	if (err != SR_OK)
		sr_key32_wipe(out);
	return err;
}

enum sr_error shell_sealing_fd(struct sr_key32 *out, int fd)
{
	size_t have = 0;
	ssize_t got = 1;
	uint8_t more;
	enum sr_error err = SR_ERR_DAMAGED;

	while (have < sizeof out->b && got > 0) {
		got = read(fd, out->b + have, sizeof out->b - have);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			have += (size_t)got;
	}
	if (got < 0)
		err = SR_ERR_IO;
	else if (have == sizeof out->b && read(fd, &more, 1) == 0)
		err = SR_OK;
	close(fd);
	if (err != SR_OK)
		sr_key32_wipe(out);
	return err;
}
