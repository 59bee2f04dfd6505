/*
 * tests/sim/disk.h - disks as bad as disks are, in memory, for paths below DISK_PREFIX. The calls
 * of the C library reach them through tests/sim/posix.c, so the product's own files run on them.
 *
 * A file is two images: what programs see now, and what is durable. They differ in the 512-byte
 * sectors written since the last sync. When the power is cut, each of these survives or not (by
 * seed: none, all, each by chance, or a prefix in order of writing), one may be torn, and the size
 * is the old one, the new one or between.
 * Names are durable when their folder was synced. By seed a disk is either
 *   ordered:   as ext4: names change in order, and a sync of anything takes along all changes of
 *              names and truncations before it; or
 *   scattered: only what POSIX promises: each change of a name survives or not by itself.
 * A longer file never shows what was not written, as with data=ordered and all newer file systems;
 * with size_first it may.
 */
#ifndef SR_TESTS_SIM_DISK_H
#define SR_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_PREFIX "/simulated/"
#define DISKS_MAX 256u
#define DISK_FILES_MAX 96u
#define DISK_NAME_MAX 96u
#define DISK_SECTOR 512u
#define DISK_FILE_MAX (64u * 1024u * 1024u)
#define DISK_ROOM_BYTES (1024ull * 1024 * 1024)

enum disk_fault {
	DISK_CUT,               /* power cuts */
	DISK_LOST,              /* sectors that did not survive one */
	DISK_TORN,              /* sectors half written at one */
	DISK_NAME_LOST,         /* creations, renames, removals that did not survive one */
	DISK_FLIP,              /* bits flipped in what was durable */
	DISK_ASTRAY,            /* sectors written elsewhere in the same file */
	DISK_FULL,              /* calls refused for want of room */
	DISK_READ_ERROR,
	DISK_WRITE_ERROR,
	DISK_SYNC_ERROR,
	DISK_SLOW_SYNC,
	DISK_FAULTS
};

/* Of 1,000,000 calls that could have it, each. */
struct disk_rates {
	uint32_t cut, astray, read_error, write_error, sync_error, slow_sync;
	uint32_t slow_sync_us;  /* at most */
	const char *error_in;   /* only in names that begin so; NULL: all */
};

struct disk_file {
	bool used, folder, stale;       /* stale: now differs from durable in clean sectors, too */
	uint8_t *now, *durable, *dirty_map;
	uint32_t *dirty;                /* sectors, in order of their first write */
	size_t now_n, durable_n, low_n; /* low_n: the smallest size since the last sync */
	size_t reserved, charged, mapped_n, dirty_n;
	size_t now_high, durable_high;  /* zeros from there on */
	size_t astray_from, astray_to;  /* sector + 1; 0: none */
	uint32_t open_n;
	int locked_by;                  /* descriptor + 1 */
};

struct disk_name { char name[DISK_NAME_MAX]; int now, durable; }; /* files; -1: none */

/* A change of a name that is not durable yet: file appears under name and leaves from. */
struct disk_change { char name[DISK_NAME_MAX], from[DISK_NAME_MAX]; int file; };

struct disk {
	bool dead;                      /* the power is cut: all is in vain until disk_power_on */
	bool ordered, size_first;
	bool armed;                     /* rates apply */
	uint64_t random, room, charged, calls, cut_after; /* cut_after: in this call; 0: never */
	uint64_t cost_us;               /* of slow syncs, until somebody takes it off */
	uint32_t open_n;
	struct disk_rates rates;
	uint64_t count[DISK_FAULTS];
	struct disk_file files[DISK_FILES_MAX];
	struct disk_name names[DISK_FILES_MAX];
	size_t names_n;
	struct disk_change changes[DISK_FILES_MAX];
	size_t changes_n;
};

/* --- For whoever runs the world --- */

/* The disk below DISK_PREFIX "number/", empty, its power on. */
struct disk *disk_format(unsigned number, uint64_t seed);
/* What programs do from now on works as ever, and is in vain. */
void disk_power_cut(struct disk *self);
/* The process that used it is gone, and with it the descriptors it had not closed (posix.c). */
void disk_process_ends(struct disk *self);
/* All descriptors must be closed. What is durable is what there is. */
void disk_power_on(struct disk *self);
/* to: the durable image of from, its power on. Rates and counters stay. */
void disk_copy(struct disk *to, const struct disk *from);
/* Flips a bit of this file's durable image, and of what is seen of it. false: nothing to flip. */
bool disk_flip(struct disk *self, const char *name);
/* Is there anything in this file that a power cut now might lose? */
bool disk_loose(struct disk *self, const char *name);
const struct disk_file *disk_look(const struct disk *self, const char *name);
const char *disk_fault_name(enum disk_fault fault);

/* --- For tests/sim/posix.c; 0 or an errno --- */

/* Is this path on a disk? name: within it, empty for its root. */
bool disk_path(struct disk **self, const char **name, const char *path);
int disk_open(struct disk *self, struct disk_file **out, const char *name, bool create,
    bool exclusive, bool truncate);
void disk_close(struct disk *self, struct disk_file *file);
int disk_read(struct disk *self, struct disk_file *file, size_t *got, void *p, size_t n,
    size_t at);
int disk_write(struct disk *self, struct disk_file *file, size_t *put, const void *p, size_t n,
    size_t at);
int disk_resize(struct disk *self, struct disk_file *file, size_t n);
int disk_reserve(struct disk *self, struct disk_file *file, size_t end);
int disk_sync(struct disk *self, struct disk_file *file);
/* Writing begins, which promises nothing. */
int disk_push(struct disk *self, struct disk_file *file);
/* What programs see of the file's first n bytes, for as long as it is open. */
void *disk_map(struct disk_file *file, size_t n);
/* Forgets the clean pages of a file: the next read comes from the disk. */
void disk_uncache(struct disk *self, struct disk_file *file);
int disk_rename(struct disk *self, const char *from, const char *to);
int disk_unlink(struct disk *self, const char *name);
int disk_mkdir(struct disk *self, const char *name);

#endif
