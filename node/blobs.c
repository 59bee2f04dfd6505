#include "node/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "node/file.h"

enum place { LOOSE, KEPT, WANTED, COMING, PLACES };
static const char *const place_names[PLACES] = { "loose", "kept", "wanted", "coming" };

struct blobs {
	pthread_mutex_t lock;
	char dir[768];
	char places[PLACES][800];
	uint64_t quota, unreferenced_s, free_min, next;
	uint64_t coming_bytes;               /* promised to uploads */
	struct blobs_figures figures;
};

struct blob_put {
	struct blobs *owner;
	struct sr_hash32 hash;
	struct sr_sha256 sha;
	uint64_t bytes, got;
	int fd;
	char path[NODE_PATH_MAX];
};

static void lock(struct blobs *self)
{
	SR_ASSERT(pthread_mutex_lock(&self->lock) == 0);
}

static void unlock(struct blobs *self)
{
	SR_ASSERT(pthread_mutex_unlock(&self->lock) == 0);
}

static void blob_path(char out[NODE_PATH_MAX], const struct blobs *self, enum place place,
    const struct sr_hash32 *hash)
{
	char hex[65];

	sr_hex_encode(hex, hash->b, sizeof hash->b);
	snprintf(out, NODE_PATH_MAX, "%s/%s", self->places[place], hex);
}

static bool blob_there(const struct blobs *self, enum place place, const struct sr_hash32 *hash,
    uint64_t *bytes)
{
	char path[NODE_PATH_MAX];
	struct stat st;

	blob_path(path, self, place, hash);
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	*bytes = (uint64_t)st.st_size;
	return true;
}

/* Calls each for every file of a place. */
static enum sr_error place_walk(struct blobs *self, enum place place,
    void (*each)(struct blobs *self, enum place place, const char *path, const struct stat *st,
	uint64_t now_s),
    uint64_t now_s)
{
	DIR *dir = opendir(self->places[place]);
	const struct dirent *entry;

	if (dir == NULL)
		return SR_ERR_IO;
	while ((entry = readdir(dir)) != NULL) {
		char path[NODE_PATH_MAX];
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    file_path(path, self->places[place], entry->d_name) != SR_OK ||
		    stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		each(self, place, path, &st, now_s);
	}
	closedir(dir);
	return SR_OK;
}

static void count_file(
    struct blobs *self, enum place place, const char *path, const struct stat *st, uint64_t now_s)
{
	(void)now_s;
	if (place == COMING) { /* of a process that is gone */
		unlink(path);
		return;
	}
	if (place == WANTED) {
		self->figures.wanted += strlen(strrchr(path, '/') + 1) == 64; /* or a torn one */
		return;
	}
	self->figures.files++;
	self->figures.bytes += (uint64_t)st->st_size;
	if (place == LOOSE) {
		self->figures.loose_files++;
		self->figures.loose_bytes += (uint64_t)st->st_size;
	}
}

enum sr_error blobs_open(struct blobs **out, const char *dir, uint64_t quota_bytes,
    uint64_t unreferenced_s, uint64_t free_min_bytes)
{
	struct blobs *self = calloc(1, sizeof *self);
	enum sr_error err = SR_OK;

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	if (pthread_mutex_init(&self->lock, NULL) != 0) {
		free(self);
		return SR_ERR_NO_MEMORY;
	}
	self->quota = quota_bytes;
	self->unreferenced_s = unreferenced_s;
	self->free_min = free_min_bytes;
	if (snprintf(self->dir, sizeof self->dir, "%s/blobs", dir) >= (int)sizeof self->dir)
		err = SR_ERR_TOO_LONG;
	if (err == SR_OK)
		err = file_make_dir(self->dir);
	for (int i = 0; i < PLACES && err == SR_OK; i++) {
		snprintf(
		    self->places[i], sizeof self->places[i], "%s/%s", self->dir, place_names[i]);
		err = file_make_dir(self->places[i]);
	}
	if (err == SR_OK)
		err = place_walk(self, COMING, count_file, 0);
	if (err == SR_OK)
		err = place_walk(self, WANTED, count_file, 0);
	if (err == SR_OK)
		err = place_walk(self, LOOSE, count_file, 0);
	if (err == SR_OK)
		err = place_walk(self, KEPT, count_file, 0);
	if (err != SR_OK) {
		blobs_close(self);
		return err;
	}
	*out = self;
	return SR_OK;
}

void blobs_close(struct blobs *self)
{
	if (self == NULL)
		return;
	pthread_mutex_destroy(&self->lock);
	free(self);
}

/* --- Receiving --- */

/* Lock held. */
static enum sr_error room_for(struct blobs *self, const struct sr_hash32 *hash, uint64_t bytes)
{
	uint64_t size;
	bool wanted = blob_there(self, WANTED, hash, &size);

	if (bytes == 0)
		return SR_ERR_EMPTY;
	if (bytes > BLOBS_PIECE_MAX)
		return SR_ERR_TOO_LONG;
	if (blob_there(self, KEPT, hash, &size) || blob_there(self, LOOSE, hash, &size))
		return SR_ERR_DUPLICATE;
	if (self->figures.coming >= BLOBS_COMING_MAX || self->figures.files >= BLOBS_FILES_MAX)
		return SR_ERR_TOO_MANY;
	if (self->figures.bytes + self->coming_bytes + bytes > self->quota ||
	    (!wanted && self->figures.loose_bytes + self->coming_bytes + bytes > self->quota / 2) ||
	    file_free_bytes(self->dir) < self->free_min + self->coming_bytes + bytes)
		return SR_ERR_DISK_FULL;
	return SR_OK;
}

static enum sr_error put_open(struct blob_put *put)
{
	SR_TRY(sr_sha256_init(&put->sha));
	put->fd = open(put->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (put->fd >= 0)
		return SR_OK;
	sr_sha256_abandon(&put->sha);
	return file_errno();
}

enum sr_error blobs_put_begin(
    struct blob_put **out, struct blobs *self, const struct sr_hash32 *hash, uint64_t bytes)
{
	struct blob_put *put = calloc(1, sizeof *put);
	enum sr_error err;

	if (put == NULL)
		return SR_ERR_NO_MEMORY;
	put->owner = self;
	put->hash = *hash;
	put->bytes = bytes;
	lock(self);
	err = room_for(self, hash, bytes);
	snprintf(put->path, sizeof put->path, "%s/%llu", self->places[COMING],
	    (unsigned long long)self->next++);
	if (err == SR_OK)
		err = put_open(put);
	if (err == SR_OK) {
		self->figures.coming++;
		self->coming_bytes += bytes;
	} else {
		self->figures.refused += err != SR_ERR_DUPLICATE;
		free(put);
		put = NULL;
	}
	unlock(self);
	*out = put;
	return err;
}

enum sr_error blobs_put_write(struct blob_put *put, const void *p, size_t n)
{
	if (n > put->bytes - put->got)
		return SR_ERR_TOO_LONG;
	sr_sha256_update(&put->sha, p, n);
	put->got += n;
	return file_write_all(put->fd, p, n);
}

/* Lock held. */
static void unwant(struct blobs *self, const struct sr_hash32 *hash)
{
	char path[NODE_PATH_MAX];

	blob_path(path, self, WANTED, hash);
	if (unlink(path) == 0)
		self->figures.wanted--;
}

/* Lock held: the file is on the disk under its hash, in the place where it belongs. */
static enum sr_error put_place(struct blob_put *put)
{
	struct blobs *self = put->owner;
	char path[NODE_PATH_MAX];
	uint64_t size;
	enum place place = blob_there(self, WANTED, &put->hash, &size) ? KEPT : LOOSE;

	if (blob_there(self, KEPT, &put->hash, &size) || blob_there(self, LOOSE, &put->hash, &size))
		return SR_OK; /* another upload was faster */
	blob_path(path, self, place, &put->hash);
	if (rename(put->path, path) != 0)
		return file_errno();
	/* Refused whole, or the next upload would be told that it is here. */
	if (file_sync_dir(self->places[place]) != SR_OK) {
		unlink(path);
		return SR_ERR_IO;
	}
	self->figures.files++;
	self->figures.bytes += put->bytes;
	if (place == LOOSE) {
		self->figures.loose_files++;
		self->figures.loose_bytes += put->bytes;
		return SR_OK;
	}
	unwant(self, &put->hash);
	return SR_OK;
}

static void put_free(struct blob_put *put)
{
	struct blobs *self = put->owner;

	lock(self);
	unlink(put->path);
	self->figures.coming--;
	self->coming_bytes -= put->bytes;
	unlock(self);
	if (put->fd >= 0)
		close(put->fd);
	free(put);
}

enum sr_error blobs_put_finish(struct blob_put *put)
{
	struct sr_hash32 hash = sr_sha256_finish(&put->sha);
	enum sr_error err = SR_OK;

	if (put->got != put->bytes)
		err = SR_ERR_TRUNCATED;
	else if (!sr_hash32_equal(&hash, &put->hash))
		err = SR_ERR_BAD_HASH;
	else if (fsync(put->fd) != 0)
		err = file_errno();
	if (err == SR_OK) {
		lock(put->owner);
		err = put_place(put);
		unlock(put->owner);
	}
	put_free(put);
	return err;
}

void blobs_put_abort(struct blob_put *put)
{
	if (put == NULL)
		return;
	sr_sha256_abandon(&put->sha);
	put_free(put);
}

/* --- The rest --- */

enum sr_error blobs_get(int *fd, uint64_t *bytes, struct blobs *self, const struct sr_hash32 *hash)
{
	char path[NODE_PATH_MAX];
	struct stat st;

	lock(self);
	blob_path(path, self, KEPT, hash);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0) {
		blob_path(path, self, LOOSE, hash);
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	unlock(self);
	if (*fd < 0)
		return errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO;
	if (fstat(*fd, &st) != 0) {
		close(*fd);
		return SR_ERR_IO;
	}
	*bytes = (uint64_t)st.st_size;
	return SR_OK;
}

/* Lock held. What is wanted already learns what it is about when that was not known. */
static enum sr_error want(
    struct blobs *self, const struct sr_hash32 *hash, struct sr_bytes about)
{
	char hex[65];
	uint64_t bytes;
	bool already = blob_there(self, WANTED, hash, &bytes);
	enum sr_error err;

	if (already && (bytes > 0 || about.n == 0))
		return SR_OK;
	if (about.n > BLOBS_ABOUT_MAX)
		return SR_ERR_TOO_LONG;
	if (!already && self->figures.wanted >= BLOBS_WANTED_MAX)
		return SR_ERR_TOO_MANY;
	sr_hex_encode(hex, hash->b, sizeof hash->b);
	err = file_replace(self->places[WANTED], hex, about.p, about.n);
	/* It may be there though it is not durable: it counts, and is taken off the count later. */
	self->figures.wanted += !already && blob_there(self, WANTED, hash, &bytes);
	return err;
}

enum sr_error blobs_keep(struct blobs *self, bool *missing, const struct sr_hash32 *hash,
    struct sr_bytes about)
{
	char from[NODE_PATH_MAX], to[NODE_PATH_MAX];
	uint64_t bytes;
	enum sr_error err = SR_OK;
	bool wanted = false;

	lock(self);
	blob_path(from, self, LOOSE, hash);
	blob_path(to, self, KEPT, hash);
	if (blob_there(self, LOOSE, hash, &bytes)) {
		if (rename(from, to) != 0) {
			err = file_errno();
		} else {
			self->figures.loose_files--;
			self->figures.loose_bytes -= bytes;
			err = file_sync_dir(self->places[KEPT]);
		}
	} else if (!blob_there(self, KEPT, hash, &bytes)) {
		wanted = true;
		err = want(self, hash, about);
	}
	unlock(self);
	if (missing != NULL)
		*missing = wanted;
	return err;
}

enum sr_error blobs_drop(struct blobs *self, const struct sr_hash32 *hash)
{
	char path[NODE_PATH_MAX];
	uint64_t bytes;
	enum sr_error err = SR_OK;

	lock(self);
	unwant(self, hash);
	blob_path(path, self, KEPT, hash);
	if (blob_there(self, KEPT, hash, &bytes)) {
		if (unlink(path) != 0) {
			err = SR_ERR_IO;
		} else {
			self->figures.files--;
			self->figures.bytes -= bytes;
		}
	}
	unlock(self);
	return err;
}

static void expire_file(
    struct blobs *self, enum place place, const char *path, const struct stat *st, uint64_t now_s)
{
	(void)place;
	if ((uint64_t)st->st_mtime + self->unreferenced_s > now_s || unlink(path) != 0)
		return;
	self->figures.files--;
	self->figures.loose_files--;
	self->figures.bytes -= (uint64_t)st->st_size;
	self->figures.loose_bytes -= (uint64_t)st->st_size;
	self->figures.expired++;
}

void blobs_expire(struct blobs *self, uint64_t now_s)
{
	lock(self);
	if (self->figures.loose_files > 0)
		(void)!place_walk(self, LOOSE, expire_file, now_s);
	unlock(self);
}

/* --- What is missing --- */

static bool wanted_name(struct sr_hash32 *hash, const char *name)
{
	return sr_hex_decode(hash->b, sizeof hash->b, name, strlen(name)) == SR_OK;
}

void blobs_wanted(struct blobs *self, uint64_t grace_s,
    bool (*each)(void *ctx, const struct sr_hash32 *hash, struct sr_bytes about), void *ctx)
{
	DIR *dir = opendir(self->places[WANTED]);
	const struct dirent *entry;
	bool more = true;

	while (dir != NULL && more && (entry = readdir(dir)) != NULL) {
		char path[NODE_PATH_MAX];
		struct sr_hash32 hash;
		struct stat st;
		uint8_t *about;
		size_t n;

		if (!wanted_name(&hash, entry->d_name) ||
		    file_path(path, self->places[WANTED], entry->d_name) != SR_OK ||
		    stat(path, &st) != 0 || time(NULL) - st.st_mtime < (time_t)grace_s ||
		    file_read(&about, &n, path, BLOBS_ABOUT_MAX) != SR_OK)
			continue;
		more = each(ctx, &hash, (struct sr_bytes){ about, n });
		free(about);
	}
	if (dir != NULL)
		closedir(dir);
}

enum sr_error blobs_scratch(int *fd, struct blobs *self, uint64_t bytes)
{
	char path[NODE_PATH_MAX];
	bool room;

	lock(self);
	room = file_free_bytes(self->dir) >= self->free_min + self->coming_bytes + bytes;
	snprintf(path, sizeof path, "%s/%llu", self->places[COMING],
	    (unsigned long long)self->next++);
	unlock(self);
	if (!room)
		return SR_ERR_DISK_FULL;
	*fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*fd < 0)
		return file_errno();
	unlink(path);
	return SR_OK;
}

void blobs_figures(struct blobs_figures *out, struct blobs *self)
{
	lock(self);
	*out = self->figures;
	unlock(self);
}
