#include "node/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/hex.h"
#include "node/file.h"

#define VERSION_FILE_MAX 256u
#define FORMAT "strongroom data "
#define VERSION_NOW '3'                /* the state is a base and deltas, the archive files */

static enum sr_error lock_take(struct node_dir *self, char *note)
{
	char path[NODE_PATH_MAX], pid[32];

	SR_TRY(file_path(path, self->path, "lock"));
	self->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (self->lock < 0)
		return file_errno();
	if (flock(self->lock, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = read(self->lock, pid, sizeof pid - 1);

		pid[n > 0 ? n : 0] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		snprintf(note, NODE_DIR_NOTE_MAX, "%.400s is in use by process %s", self->path,
		    pid[0] != '\0' ? pid : "(unknown)");
		return errno == EWOULDBLOCK ? SR_ERR_IN_USE : SR_ERR_IO;
	}
	snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	/* Only for the message above: failing to write it does no harm. */
	if (ftruncate(self->lock, 0) == 0)
		(void)!write(self->lock, pid, strlen(pid));
	return SR_OK;
}

static void version_text(
    char out[VERSION_FILE_MAX], const struct sr_hash32 *chain_id, uint32_t member)
{
	char hex[65];

	sr_hex_encode(hex, chain_id->b, sizeof chain_id->b);
	snprintf(out, VERSION_FILE_MAX, FORMAT "%c\nchain_id %s\nmember %u\n", VERSION_NOW, hex,
	    member);
}

static enum sr_error refuse(const struct node_dir *self, bool known, char *note)
{
	snprintf(note, NODE_DIR_NOTE_MAX,
	    known ? "%.300s holds another member's or another cluster's data "
		    "(see its VERSION). Point data_dir at "
		    "this node's folder, or correct member and genesis"
		  : "%.300s/VERSION is of a format this build does not read: use the build that "
		    "wrote it, or have the node replaced by one that joins",
	    self->path);
	return known ? SR_ERR_FOREIGN_DATA : SR_ERR_BAD_VERSION;
}

static enum sr_error version_check(struct node_dir *self, const struct sr_hash32 *chain_id,
    uint32_t member, char *note)
{
	char path[NODE_PATH_MAX], want[VERSION_FILE_MAX];
	uint8_t *have = NULL;
	size_t n = 0, prefix = sizeof FORMAT "N";
	enum sr_error err;

	version_text(want, chain_id, member);
	SR_TRY(file_path(path, self->path, "VERSION"));
	err = file_read(&have, &n, path, VERSION_FILE_MAX);
	if (err == SR_ERR_NOT_FOUND)
		return file_replace(self->path, "VERSION", (const uint8_t *)want, strlen(want));
	if (err == SR_OK && (n != strlen(want) || memcmp(have, want, n) != 0))
		err = refuse(self, n > prefix && memcmp(have, want, prefix) == 0, note);
	free(have);
	return err;
}

enum sr_error node_dir_open(struct node_dir *self, const char *path,
    const struct sr_hash32 *chain_id, uint32_t member, char note[NODE_DIR_NOTE_MAX])
{
	enum sr_error err;

	memset(self, 0, sizeof *self);
	self->lock = -1;
	note[0] = '\0';
	if (strlen(path) >= sizeof self->path)
		return SR_ERR_TOO_LONG;
	snprintf(self->path, sizeof self->path, "%s", path);
	SR_TRY(file_make_dir(path));
	err = lock_take(self, note);
	if (err == SR_OK)
		err = version_check(self, chain_id, member, note);
	if (err != SR_OK)
		node_dir_close(self);
	return err;
}

void node_dir_close(struct node_dir *self)
{
	if (self->lock >= 0)
		close(self->lock);
	self->lock = -1;
}
