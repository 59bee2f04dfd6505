/* node/file.h - small durable things on disk. */
#ifndef SR_NODE_FILE_H
#define SR_NODE_FILE_H

#include "base/error.h"
#include "base/types.h"

#define NODE_PATH_MAX 1024u

/* The way out of a damaged data directory, for messages. */
#define NODE_RECOVER                                                                               \
	"restore the data directory from a backup: the node then abstains until its peers have "   \
	"brought it up to date"

/* dir/name; TOO_LONG. */
SR_MUST_CHECK enum sr_error file_path(char out[NODE_PATH_MAX], const char *dir, const char *name);
SR_MUST_CHECK enum sr_error file_exists(bool *out, const char *dir, const char *name);
/* Whole file, malloc'd. NOT_FOUND, TOO_LONG, IO. */
SR_MUST_CHECK enum sr_error file_read(uint8_t **out, size_t *n, const char *path, size_t max);
/* Written aside, fsynced, renamed over the old one, the folder fsynced. DISK_FULL, IO. */
SR_MUST_CHECK enum sr_error file_replace(
    const char *dir, const char *name, const uint8_t *p, size_t n);
SR_MUST_CHECK enum sr_error file_write_all(int fd, const uint8_t *p, size_t n);
/* dir/aside, whole and synced, becomes dir/name. */
SR_MUST_CHECK enum sr_error file_move(const char *dir, const char *aside, const char *name);
/* What was created, moved or removed in it is so for good. */
SR_MUST_CHECK enum sr_error file_sync_dir(const char *dir);
/* Creates dir (mode 0700) when it is not there. */
SR_MUST_CHECK enum sr_error file_make_dir(const char *dir);
/* Removes and makes that durable; fine when it is not there. */
SR_MUST_CHECK enum sr_error file_remove(const char *dir, const char *name);
/* Bytes that this process may still write there; 0 when that can't be told. */
uint64_t file_free_bytes(const char *dir);
/* DISK_FULL or IO from errno. */
enum sr_error file_errno(void);

#endif
