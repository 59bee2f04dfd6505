/* node/mend.c - the files beside a table, without Tokyo Cabinet. */
#define _GNU_SOURCE /* fallocate */
#include "node/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/file.h"

#define WAL_FIRST_BYTES 256
#define WAL_FIRST_AT 20               /* size u64, offset u64, length u32 */
#define UNDO_MAX ((size_t)1 << 30)
#define HEAD_BYTES 256
#define HEAD_FLAGS_AT 33
#define HEAD_OPEN 1u                  /* flag: an open transaction is to be undone */
#define FRONT_COPY_MAX ((size_t)MEND_FRONT_BYTES)

/* The size stays: Tokyo Cabinet checks it. */
enum sr_error mend_reserve(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum sr_error err = SR_OK;

	if (fd < 0)
		return file_errno();
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, MEND_FRONT_BYTES) != 0 && errno != EOPNOTSUPP)
		err = file_errno();
	close(fd);
	return err;
}

static off_t wal_length(const uint8_t p[4], bool big)
{
	off_t n = 0;

	for (int i = 0; i < 4; i++)
		n |= (off_t)p[i] << 8 * (big ? 3 - i : i);
	return n;
}

/* Where the last whole entry of a transaction's log ends.
 * file = size u64 | entries: offset u64, length u32, bytes; in the order of bytes that Tokyo
 * Cabinet was built for. The first entry is the table's head. */
static enum sr_error wal_end(off_t *end, int fd, off_t size)
{
	uint8_t head[12];
	off_t length, at = 8;
	bool big = true;

	*end = 0;
	while (size - at >= (off_t)sizeof head) {
		if (pread(fd, head, sizeof head, at) != (ssize_t)sizeof head)
			return SR_ERR_IO;
		if (*end == 0)
			big = wal_length(head + 8, true) == WAL_FIRST_BYTES;
		length = wal_length(head + 8, big);
		if (size - at - (off_t)sizeof head < length ||
		    (*end == 0 && length != WAL_FIRST_BYTES))
			break;
		at += (off_t)sizeof head + length;
		*end = at;
	}
	return SR_OK;
}

/* Tokyo Cabinet refuses a log whose last entry is torn. What that entry was to save has not been
 * touched, since the entry is synced first: it is left out. */
static enum sr_error wal_mend(const char *path)
{
	char wal[NODE_PATH_MAX + 8];
	enum sr_error err = SR_OK;
	struct stat st;
	off_t end;
	int fd;

	snprintf(wal, sizeof wal, "%s" MEND_WAL, path);
	fd = open(wal, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? SR_OK : SR_ERR_IO;
	if (fstat(fd, &st) != 0)
		err = SR_ERR_IO;
	if (err == SR_OK)
		err = wal_end(&end, fd, st.st_size);
	if (err == SR_OK && end < st.st_size && (ftruncate(fd, end) != 0 || fsync(fd) != 0))
		err = file_errno();
	close(fd);
	return err;
}

/*
 * Tokyo Cabinet undoes an open transaction while it opens a table, and removes the log without
 * having synced what it wrote: after another power cut neither would be there. So the log is copied
 * first, and the copy goes when the table is on the disk.
 */
static enum sr_error undo_copy(const char *dir, const char *from, const char *to)
{
	char path[NODE_PATH_MAX];
	uint8_t *bytes;
	size_t n;
	enum sr_error err;

	SR_TRY(file_path(path, dir, from));
	err = file_read(&bytes, &n, path, UNDO_MAX);
	if (err != SR_OK)
		return err == SR_ERR_NOT_FOUND ? SR_OK : err;
	if (n > WAL_FIRST_BYTES)
		err = file_replace(dir, to, bytes, n);
	free(bytes);
	return err;
}

/*
 * Tokyo Cabinet logs each bucket before it changes it, and changes it even if the log took nothing
 * (a full disk, a bad one): undone, the bucket would lead to no record. So the front of the file is
 * copied before each transaction, while its log is empty. A log that is not empty belongs to this
 * copy.
 */
enum sr_error mend_save(const char *dir, const char *name, uint64_t buckets)
{
	char path[NODE_PATH_MAX], copy[64];
	size_t n = HEAD_BYTES + 8 * (size_t)buckets;
	enum sr_error err = SR_OK;
	uint8_t *front;
	int fd;

	SR_TRY(file_path(path, dir, name));
	snprintf(copy, sizeof copy, "%s" MEND_FRONT, name);
	if (n > FRONT_COPY_MAX)
		return SR_ERR_TOO_LONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return SR_ERR_IO;
	front = malloc(n);
	if (front == NULL)
		err = SR_ERR_NO_MEMORY;
	else if (pread(fd, front, n, 0) != (ssize_t)n)
		err = SR_ERR_IO;
	close(fd);
	if (err == SR_OK)
		err = file_replace(dir, copy, front, n);
	free(front);
	return err;
}

/* The flag, since Tokyo Cabinet takes it back before all that it undoes is on the disk, and then
 * would not undo the rest. front: n == 0 when there is none. */
static enum sr_error front_write(const char *path, const uint8_t *front, size_t n)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum sr_error err = SR_OK;
	uint8_t flags;

	if (fd < 0)
		return SR_ERR_IO;
	if (pread(fd, &flags, 1, HEAD_FLAGS_AT) != 1)
		err = SR_ERR_IO;
	flags |= HEAD_OPEN;
	if (err == SR_OK && pwrite(fd, &flags, 1, HEAD_FLAGS_AT) != 1)
		err = file_errno();
	if (err == SR_OK && n > HEAD_BYTES &&
	    pwrite(fd, front + HEAD_BYTES, n - HEAD_BYTES, HEAD_BYTES) !=
		(ssize_t)(n - HEAD_BYTES))
		err = file_errno();
	close(fd);
	return err;
}

/* Is this front of the log's transaction? Its first entry is the table's head at the beginning, but
 * for the flags. */
static enum sr_error front_belongs(
    bool *out, const uint8_t *front, size_t n, const char *dir, const char *undo)
{
	char path[NODE_PATH_MAX];
	uint8_t head[WAL_FIRST_AT + HEAD_BYTES];
	ssize_t got;
	int fd;

	*out = false;
	SR_TRY(file_path(path, dir, undo));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return SR_ERR_IO;
	got = pread(fd, head, sizeof head, 0);
	close(fd);
	if (got != (ssize_t)sizeof head)
		return SR_ERR_IO;
	head[WAL_FIRST_AT + HEAD_FLAGS_AT] = n > HEAD_BYTES ? front[HEAD_FLAGS_AT] : 0;
	*out = n > HEAD_BYTES && memcmp(head + WAL_FIRST_AT, front, HEAD_BYTES) == 0;
	return SR_OK;
}

/* Before Tokyo Cabinet undoes a transaction: what it may not undo. */
static enum sr_error front_restore(const char *dir, const char *name, const char *undo)
{
	char path[NODE_PATH_MAX], copy[64];
	uint8_t *front = NULL;
	size_t n = 0;
	enum sr_error err;
	bool there;

	SR_TRY(file_exists(&there, dir, undo));
	if (!there)
		return SR_OK;
	snprintf(copy, sizeof copy, "%s" MEND_FRONT, name);
	SR_TRY(file_path(path, dir, copy));
	err = file_read(&front, &n, path, FRONT_COPY_MAX);
	if (err != SR_OK && err != SR_ERR_NOT_FOUND)
		return err;
	err = front_belongs(&there, front, n, dir, undo);
	if (err == SR_OK)
		err = file_path(path, dir, name);
	if (err == SR_OK)
		err = front_write(path, front, there ? n : 0);
	free(front);
	return err;
}

/* dir/name and what is added to it. */
struct names { char wal[64], undo[64]; };

static struct names names_of(const char *name)
{
	struct names n;

	snprintf(n.wal, sizeof n.wal, "%s" MEND_WAL, name);
	snprintf(n.undo, sizeof n.undo, "%s" MEND_UNDO, name);
	return n;
}

enum sr_error mend_before_open(const char *dir, const char *name)
{
	const struct names n = names_of(name);
	char path[NODE_PATH_MAX];

	SR_TRY(file_path(path, dir, name));
	SR_TRY(undo_copy(dir, n.undo, n.wal));
	SR_TRY(wal_mend(path));
	SR_TRY(undo_copy(dir, n.wal, n.undo));
	return front_restore(dir, name, n.undo);
}

enum sr_error mend_after_open(const char *dir, const char *name)
{
	const struct names n = names_of(name);
	bool there;

	SR_TRY(file_exists(&there, dir, n.undo));
	if (!there)
		return SR_OK;
	SR_TRY(file_sync(dir, name));
	return file_remove(dir, n.undo);
}

enum sr_error mend_ended(const char *dir, const char *name)
{
	return file_sync(dir, names_of(name).wal);
}

enum sr_error mend_forget(const char *dir, const char *name)
{
	const struct names n = names_of(name);

	SR_TRY(file_remove(dir, n.undo));
	SR_TRY(file_remove(dir, n.wal));
	return file_sync_dir(dir); /* Tokyo Cabinet may have removed them */
}
