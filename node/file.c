#include "node/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum sr_error file_errno(void)
{
	/* EFBIG: a limit on file sizes, which leaves as little room. */
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? SR_ERR_DISK_FULL : SR_ERR_IO;
}

enum sr_error file_path(char out[NODE_PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(out, NODE_PATH_MAX, "%s/%s", dir, name);

	return n > 0 && (size_t)n < NODE_PATH_MAX ? SR_OK : SR_ERR_TOO_LONG;
}

enum sr_error file_exists(bool *out, const char *dir, const char *name)
{
	char path[NODE_PATH_MAX];

	SR_TRY(file_path(path, dir, name));
	*out = access(path, F_OK) == 0;
	return *out || errno == ENOENT ? SR_OK : SR_ERR_IO;
}

static enum sr_error read_open(uint8_t **out, size_t *n, int fd, size_t max)
{
	struct stat st;
	uint8_t *p;
	size_t size, got = 0;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return SR_ERR_IO;
	if ((uint64_t)st.st_size > max)
		return SR_ERR_TOO_LONG;
	size = (size_t)st.st_size;
	p = malloc(size + 1);
	if (p == NULL)
		return SR_ERR_NO_MEMORY;
	while (got < size) {
		ssize_t part = read(fd, p + got, size - got);

		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0) {
			free(p);
			return SR_ERR_IO;
		}
		got += (size_t)part;
	}
	*out = p;
	*n = size;
	return SR_OK;
}

enum sr_error file_read(uint8_t **out, size_t *n, const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum sr_error err;

	if (fd < 0)
		return errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO;
	err = read_open(out, n, fd, max);
	close(fd);
	return err;
}

enum sr_error file_write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? file_errno() : SR_ERR_IO;
		p += put;
		n -= (size_t)put;
	}
	return SR_OK;
}

enum sr_error file_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum sr_error err;

	if (fd < 0)
		return SR_ERR_IO;
	err = fsync(fd) == 0 ? SR_OK : file_errno();
	close(fd);
	return err;
}

enum sr_error file_move(const char *dir, const char *aside, const char *name)
{
	char from[NODE_PATH_MAX], to[NODE_PATH_MAX];

	SR_TRY(file_path(from, dir, aside));
	SR_TRY(file_path(to, dir, name));
	if (rename(from, to) != 0)
		return file_errno();
	return file_sync_dir(dir);
}

enum sr_error file_make_dir(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0700) == 0)
		return SR_OK;
	if (errno == EEXIST && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		return SR_OK;
	return file_errno();
}

enum sr_error file_replace(const char *dir, const char *name, const uint8_t *p, size_t n)
{
	char path[NODE_PATH_MAX], aside[NODE_PATH_MAX + 8];
	enum sr_error err;
	int fd;

	SR_TRY(file_path(path, dir, name));
	snprintf(aside, sizeof aside, "%s.new", path);
	fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_errno();
	err = file_write_all(fd, p, n);
	if (err == SR_OK && fsync(fd) != 0)
		err = file_errno();
	if (close(fd) != 0 && err == SR_OK)
		err = file_errno();
	if (err == SR_OK && rename(aside, path) != 0)
		err = file_errno();
	if (err != SR_OK) {
		unlink(aside);
		return err;
	}
	return file_sync_dir(dir);
}

enum sr_error file_remove(const char *dir, const char *name)
{
	char path[NODE_PATH_MAX];

	SR_TRY(file_path(path, dir, name));
	if (unlink(path) != 0)
		return errno == ENOENT ? SR_OK : SR_ERR_IO;
	return file_sync_dir(dir);
}

uint64_t file_free_bytes(const char *dir)
{
	struct statvfs fs;

	return statvfs(dir, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : 0;
}
