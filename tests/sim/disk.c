#include "tests/sim/disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20
#define MAP_NORESERVE 0x4000
#endif
#define PAGE 4096u
#define SECTORS_MAX (DISK_FILE_MAX / DISK_SECTOR)

static struct disk *disks[DISKS_MAX];

static const char *const fault_names[DISK_FAULTS] = { "cut", "lost", "torn", "name-lost", "flip",
	"astray", "full", "read-error", "write-error", "sync-error", "slow-sync" };

const char *disk_fault_name(enum disk_fault fault)
{
	return fault_names[fault];
}

/* --- Chance --- */

/* splitmix64: a stream of its own, so that a world without faults of disks is as it was. */
static uint64_t draw(struct disk *self)
{
	uint64_t z = self->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static size_t below(struct disk *self, size_t n)
{
	return n == 0 ? 0 : (size_t)(draw(self) % n);
}

static bool strikes(struct disk *self, uint32_t per_million, enum disk_fault fault)
{
	if (self->dead || !self->armed || per_million == 0 || below(self, 1000000) >= per_million)
		return false;
	self->count[fault]++;
	return true;
}

/* --- One file --- */

static void file_make(struct disk_file *f)
{
	size_t map_n = SECTORS_MAX / 8, list_n = SECTORS_MAX * sizeof(uint32_t);
	uint8_t *p;

	if (f->now == NULL) {
		p = mmap(NULL, 2 * (size_t)DISK_FILE_MAX + map_n + list_n, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		SR_ASSERT(p != MAP_FAILED);
		*f = (struct disk_file){ .now = p, .durable = p + DISK_FILE_MAX };
		f->dirty = (uint32_t *)(void *)(p + 2 * (size_t)DISK_FILE_MAX);
		f->dirty_map = p + 2 * (size_t)DISK_FILE_MAX + list_n;
	}
}

static void dirty_clear(struct disk_file *f)
{
	for (size_t i = 0; i < f->dirty_n; i++)
		f->dirty_map[f->dirty[i] / 8] = 0;
	f->dirty_n = 0;
	f->astray_from = f->astray_to = 0;
}

/* As new; keeps its memory for the next one. */
static void file_wipe(struct disk_file *f)
{
	if (f->now != NULL) {
		memset(f->now, 0, f->now_high);
		memset(f->durable, 0, f->durable_high);
		dirty_clear(f);
	}
	*f = (struct disk_file){ .now = f->now, .durable = f->durable, .dirty = f->dirty,
		.dirty_map = f->dirty_map };
}

static bool is_dirty(const struct disk_file *f, size_t sector)
{
	return (f->dirty_map[sector / 8] >> sector % 8 & 1) != 0;
}

static void dirty_mark(struct disk_file *f, size_t from, size_t to)
{
	for (size_t s = from / DISK_SECTOR; s * DISK_SECTOR < to; s++)
		if (!is_dirty(f, s)) {
			f->dirty_map[s / 8] |= (uint8_t)(1u << s % 8);
			f->dirty[f->dirty_n++] = (uint32_t)s;
		}
}

/* What was written through a mapping left no trace but itself. */
static void mapped_scan(struct disk_file *f)
{
	for (size_t at = 0; at < f->mapped_n; at += PAGE) {
		size_t n = f->mapped_n - at < PAGE ? f->mapped_n - at : PAGE;

		if (memcmp(f->now + at, f->durable + at, n) == 0)
			continue;
		for (size_t s = at; s < at + n; s += DISK_SECTOR)
			if (memcmp(f->now + s, f->durable + s, DISK_SECTOR) != 0)
				dirty_mark(f, s, s + DISK_SECTOR);
		if (f->now_high < at + n)
			f->now_high = at + n;
	}
}

/* These bytes of a sector's new content reach the disk. */
static void sector_land(struct disk_file *f, size_t sector, size_t from, size_t end)
{
	size_t to = sector;

	if (f->astray_from == sector + 1) {
		to = f->astray_to - 1;
		f->stale = true;
	}
	memcpy(f->durable + to * DISK_SECTOR + from, f->now + sector * DISK_SECTOR + from,
	    end - from);
	if (f->durable_high < (to + 1) * DISK_SECTOR)
		f->durable_high = (to + 1) * DISK_SECTOR;
}

static void durable_resize(struct disk_file *f, size_t n)
{
	if (n < f->durable_high) {
		memset(f->durable + n, 0, f->durable_high - n);
		f->durable_high = n;
	}
	f->durable_n = n;
}

static void file_settle(struct disk_file *f)
{
	mapped_scan(f);
	for (size_t i = 0; i < f->dirty_n; i++)
		sector_land(f, f->dirty[i], 0, DISK_SECTOR);
	durable_resize(f, f->now_n);
	f->low_n = f->now_n;
	dirty_clear(f);
}

enum fate { FATE_NONE, FATE_ALL, FATE_EACH, FATE_PREFIX, FATES };

static size_t size_by_fate(struct disk *self, const struct disk_file *f, enum fate fate)
{
	if (fate == FATE_NONE || f->now_n <= f->durable_n)
		return f->durable_n;
	if (fate == FATE_ALL || below(self, 2) == 0)
		return f->now_n;
	return f->durable_n + below(self, f->now_n - f->durable_n + 1);
}

/* Half of it, one end or the other. */
static void sector_tear(struct disk *self, struct disk_file *f, size_t sector)
{
	size_t at = 1 + below(self, DISK_SECTOR - 1);

	self->count[DISK_TORN]++;
	if (below(self, 2) == 0)
		sector_land(f, sector, 0, at);
	else
		sector_land(f, sector, at, DISK_SECTOR);
}

/* The power goes: what of the unsynced reached the disk? */
static void file_cut(struct disk *self, struct disk_file *f)
{
	enum fate fate = (enum fate)below(self, FATES);
	size_t size, prefix, torn;

	f->stale = true;
	mapped_scan(f);
	/* It was cut off before: that got there, at once, or nothing since. */
	if (f->low_n < f->durable_n) {
		if (fate == FATE_NONE || (fate != FATE_ALL && below(self, 2) == 0))
			return;
		durable_resize(f, f->low_n);
	}
	size = size_by_fate(self, f, fate);
	prefix = below(self, f->dirty_n + 1);
	torn = fate != FATE_NONE && below(self, 4) == 0 ? below(self, f->dirty_n) : SIZE_MAX;
	for (size_t i = 0; i < f->dirty_n; i++) {
		size_t s = f->dirty[i], at = s * DISK_SECTOR;
		bool lands = fate == FATE_ALL || (fate == FATE_EACH && below(self, 2) == 0) ||
		    (fate == FATE_PREFIX && i < prefix);

		if (at >= f->now_n)
			continue;
		if (!self->size_first && at + DISK_SECTOR > f->durable_n && at < size &&
		    size > f->durable_n)
			sector_land(f, s, 0, DISK_SECTOR);
		else if (i == torn)
			sector_tear(self, f, s);
		else if (lands)
			sector_land(f, s, 0, DISK_SECTOR);
		else
			self->count[DISK_LOST]++;
	}
	durable_resize(f, size);
}

/* What is seen is what is durable. */
static void file_reload(struct disk_file *f)
{
	size_t high = f->durable_high > f->durable_n ? f->durable_high : f->durable_n;

	dirty_clear(f);
	if (!f->stale)
		return;
	if (f->now_high > high)
		memset(f->now + high, 0, f->now_high - high);
	memcpy(f->now, f->durable, high);
	f->now_high = high;
	f->now_n = f->low_n = f->durable_n;
	f->stale = false;
}

static void charge(struct disk *self, struct disk_file *f)
{
	size_t n = f->now_n > f->reserved ? f->now_n : f->reserved;

	n = (n + PAGE - 1) / PAGE * PAGE;
	self->charged = self->charged - f->charged + n;
	f->charged = n;
}

/* --- Names --- */

static struct disk_name *name_find(struct disk *self, const char *name)
{
	for (size_t i = 0; i < self->names_n; i++)
		if (strcmp(self->names[i].name, name) == 0)
			return &self->names[i];
	return NULL;
}

static struct disk_name *name_make(struct disk *self, const char *name)
{
	struct disk_name *found = name_find(self, name);

	for (size_t i = 0; i < self->names_n && found == NULL; i++)
		if (self->names[i].now < 0 && self->names[i].durable < 0)
			found = &self->names[i];
	if (found == NULL) {
		SR_ASSERT(self->names_n < DISK_FILES_MAX);
		found = &self->names[self->names_n++];
	} else if (strcmp(found->name, name) == 0) {
		return found;
	}
	snprintf(found->name, sizeof found->name, "%s", name);
	found->now = found->durable = -1;
	return found;
}

static void change_apply(struct disk *self, const struct disk_change *c)
{
	struct disk_name *from = c->from[0] != '\0' ? name_find(self, c->from) : NULL;

	if (c->from[0] != '\0' && (from == NULL || from->durable != c->file))
		return; /* what it moves or removes never got there */
	if (from != NULL)
		from->durable = -1;
	if (c->name[0] != '\0')
		name_make(self, c->name)->durable = c->file;
}

static bool in_folder(const char *name, const char *folder)
{
	const char *slash = strrchr(name, '/');
	size_t n = slash != NULL ? (size_t)(slash - name) : 0;

	return name[0] != '\0' && strlen(folder) == n && strncmp(name, folder, n) == 0;
}

/* folder NULL: all. */
static void changes_commit(struct disk *self, const char *folder)
{
	size_t left = 0;

	for (size_t i = 0; i < self->changes_n; i++) {
		struct disk_change *c = &self->changes[i];

		if (folder == NULL || in_folder(c->name, folder) || in_folder(c->from, folder))
			change_apply(self, c);
		else
			self->changes[left++] = *c;
	}
	self->changes_n = left;
}

/* Names and truncations, in order: what ext4 takes along with any sync. */
static void journal_commit(struct disk *self)
{
	changes_commit(self, NULL);
	for (size_t i = 0; i < DISK_FILES_MAX; i++)
		if (self->files[i].used && self->files[i].low_n < self->files[i].durable_n)
			durable_resize(&self->files[i], self->files[i].low_n);
}

static void changes_cut(struct disk *self)
{
	enum fate fate = (enum fate)below(self, FATES);
	size_t prefix = below(self, self->changes_n + 1);

	if (self->ordered && fate == FATE_EACH)
		fate = FATE_PREFIX;
	for (size_t i = 0; i < self->changes_n; i++)
		if (fate == FATE_ALL || (fate == FATE_EACH && below(self, 2) == 0) ||
		    (fate == FATE_PREFIX && i < prefix))
			change_apply(self, &self->changes[i]);
		else
			self->count[DISK_NAME_LOST]++;
	self->changes_n = 0;
}

static void change_add(struct disk *self, const char *name, const char *from, int file)
{
	struct disk_change *c;

	if (self->dead)
		return;
	if (self->changes_n == DISK_FILES_MAX)
		changes_commit(self, NULL);
	c = &self->changes[self->changes_n++];
	snprintf(c->name, sizeof c->name, "%s", name);
	snprintf(c->from, sizeof c->from, "%s", from);
	c->file = file;
}

static bool is_wanted(const struct disk *self, int file)
{
	for (size_t i = 0; i < self->names_n; i++)
		if (self->names[i].now == file || self->names[i].durable == file)
			return true;
	for (size_t i = 0; i < self->changes_n; i++)
		if (self->changes[i].file == file)
			return true;
	return self->files[file].open_n > 0;
}

static void files_collect(struct disk *self)
{
	for (int i = 0; i < (int)DISK_FILES_MAX; i++) {
		struct disk_file *f = &self->files[i];

		if (f->used && !is_wanted(self, i)) {
			self->charged -= f->charged;
			file_wipe(f);
		}
	}
}

static int file_new(struct disk *self)
{
	files_collect(self);
	for (int i = 0; i < (int)DISK_FILES_MAX; i++)
		if (!self->files[i].used) {
			file_make(&self->files[i]);
			self->files[i].used = true;
			return i;
		}
	SR_ASSERT(false);
	return -1;
}

static const char *name_of(const struct disk *self, const struct disk_file *f)
{
	for (size_t i = 0; i < self->names_n; i++)
		if (self->names[i].now >= 0 && &self->files[self->names[i].now] == f)
			return self->names[i].name;
	return "";
}

/* A call on this file, of a kind that fails at this rate. */
static bool fails(struct disk *self, const struct disk_file *file, uint32_t rate,
    enum disk_fault fault)
{
	const char *in = self->rates.error_in;

	return rate > 0 &&
	    (in == NULL || strncmp(name_of(self, file), in, strlen(in)) == 0) &&
	    strikes(self, rate, fault);
}

/* --- The world's side --- */

struct disk *disk_format(unsigned number, uint64_t seed)
{
	struct disk *self;

	SR_ASSERT(number < DISKS_MAX);
	if (disks[number] == NULL)
		disks[number] = calloc(1, sizeof *disks[number]);
	self = disks[number];
	SR_ASSERT(self != NULL && self->open_n == 0);
	for (size_t i = 0; i < DISK_FILES_MAX; i++)
		if (self->files[i].used)
			file_wipe(&self->files[i]);
	self->names_n = self->changes_n = 0;
	self->dead = self->armed = self->size_first = false;
	self->charged = self->calls = self->cut_after = self->cost_us = 0;
	self->room = DISK_ROOM_BYTES;
	self->rates = (struct disk_rates){ 0 };
	memset(self->count, 0, sizeof self->count);
	self->random = seed;
	self->ordered = below(self, 2) == 0;
	return self;
}

void disk_power_cut(struct disk *self)
{
	if (self->dead)
		return;
	self->count[DISK_CUT]++;
	for (size_t i = 0; i < DISK_FILES_MAX; i++)
		if (self->files[i].used)
			file_cut(self, &self->files[i]);
	changes_cut(self);
	self->dead = true;
}

void disk_power_on(struct disk *self)
{
	SR_ASSERT(self->open_n == 0);
	for (size_t i = 0; i < self->names_n; i++)
		self->names[i].now = self->names[i].durable;
	files_collect(self);
	for (size_t i = 0; i < DISK_FILES_MAX; i++)
		if (self->files[i].used) {
			file_reload(&self->files[i]);
			self->files[i].reserved = 0;
			charge(self, &self->files[i]);
		}
	self->dead = false;
}

static void file_copy(struct disk_file *to, const struct disk_file *from)
{
	file_make(to);
	memcpy(to->durable, from->durable, from->durable_high);
	to->durable_high = from->durable_high;
	to->durable_n = from->durable_n;
	to->folder = from->folder;
	to->used = to->stale = true;
}

void disk_copy(struct disk *to, const struct disk *from)
{
	SR_ASSERT(to->open_n == 0);
	for (size_t i = 0; i < DISK_FILES_MAX; i++) {
		if (to->files[i].used)
			file_wipe(&to->files[i]);
		if (from->files[i].used)
			file_copy(&to->files[i], &from->files[i]);
	}
	memcpy(to->names, from->names, sizeof to->names);
	to->names_n = from->names_n;
	to->changes_n = 0;
	to->charged = 0;
	to->ordered = from->ordered;
	disk_power_on(to);
}

bool disk_flip(struct disk *self, const char *name)
{
	struct disk_name *found = name_find(self, name);
	struct disk_file *f = found != NULL && found->durable >= 0 ? &self->files[found->durable]
								   : NULL;
	size_t at;
	uint8_t bit;

	if (f == NULL || f->durable_n == 0)
		return false;
	at = below(self, f->durable_n);
	bit = (uint8_t)(1u << below(self, 8));
	f->durable[at] ^= bit;
	if (!is_dirty(f, at / DISK_SECTOR) && at < f->now_n)
		f->now[at] ^= bit;
	self->count[DISK_FLIP]++;
	return true;
}

const struct disk_file *disk_look(const struct disk *self, const char *name)
{
	for (size_t i = 0; i < self->names_n; i++)
		if (strcmp(self->names[i].name, name) == 0 && self->names[i].now >= 0)
			return &self->files[self->names[i].now];
	return NULL;
}

bool disk_loose(struct disk *self, const char *name)
{
	struct disk_name *found = name_find(self, name);
	struct disk_file *f;

	if (found == NULL || found->now < 0)
		return false;
	f = &self->files[found->now];
	mapped_scan(f);
	return found->now != found->durable || f->dirty_n > 0 || f->now_n != f->durable_n;
}

/* --- The calls' side --- */

/* Counts a call that changes something. true: the power goes in the middle of it. */
static bool cut_now(struct disk *self)
{
	if (self->dead)
		return false;
	self->calls++;
	return (self->cut_after != 0 && self->calls == self->cut_after) ||
	    (self->armed && self->rates.cut > 0 && below(self, 1000000) < self->rates.cut);
}

static int done(struct disk *self, bool cut)
{
	if (cut)
		disk_power_cut(self);
	return 0;
}

bool disk_path(struct disk **self, const char **name, const char *path)
{
	unsigned long number;
	char *end;

	if (path == NULL || path[0] != '/' ||
	    strncmp(path, DISK_PREFIX, sizeof DISK_PREFIX - 1) != 0)
		return false;
	number = strtoul(path + sizeof DISK_PREFIX - 1, &end, 10);
	SR_ASSERT(number < DISKS_MAX && disks[number] != NULL && (*end == '/' || *end == '\0'));
	*self = disks[number];
	*name = *end == '/' ? end + 1 : end;
	SR_ASSERT(strlen(*name) < DISK_NAME_MAX);
	return true;
}

/* The root is always there, and has no file. */
int disk_open(struct disk *self, struct disk_file **out, const char *name, bool create,
    bool exclusive, bool truncate)
{
	struct disk_name *found = name_find(self, name);
	bool there = found != NULL && found->now >= 0, cut;

	*out = NULL;
	if (there && create && exclusive)
		return EEXIST;
	if (!there && !create)
		return ENOENT;
	if (!there && !self->dead && self->charged + PAGE > self->room) {
		self->count[DISK_FULL]++;
		return ENOSPC;
	}
	if (!there) {
		cut = cut_now(self);
		found = name_make(self, name);
		found->now = file_new(self);
		change_add(self, name, "", found->now);
		(void)done(self, cut);
	}
	*out = &self->files[found->now];
	(*out)->open_n++;
	self->open_n++;
	if (!truncate || (*out)->now_n == 0)
		return 0;
	int err = disk_resize(self, *out, 0);
	if (err != 0)
		disk_close(self, *out);
	return err;
}

void disk_close(struct disk *self, struct disk_file *file)
{
	SR_ASSERT(file->open_n > 0 && self->open_n > 0);
	file->open_n--;
	self->open_n--;
	if (file->open_n == 0)
		file->mapped_n = 0;
}

int disk_read(struct disk *self, struct disk_file *file, size_t *got, void *p, size_t n, size_t at)
{
	if (fails(self, file, self->rates.read_error, DISK_READ_ERROR))
		return EIO;
	*got = at >= file->now_n ? 0 : file->now_n - at < n ? file->now_n - at : n;
	memcpy(p, file->now + at, *got);
	return 0;
}

/* How many of these bytes there is room for. */
static size_t fits(struct disk *self, const struct disk_file *file, size_t n, size_t at)
{
	uint64_t room = self->dead ? DISK_FILE_MAX : self->room;
	uint64_t limit = file->charged + (room > self->charged ? room - self->charged : 0);

	limit = limit / PAGE * PAGE;
	if (limit > DISK_FILE_MAX)
		limit = DISK_FILE_MAX;
	return at + n <= limit ? n : at < limit ? (size_t)limit - at : 0;
}

/* The newest sector of a write will land somewhere else. */
static void lead_astray(struct disk *self, struct disk_file *f, size_t end)
{
	size_t to = below(self, (f->now_n - 1) / DISK_SECTOR + 1), from = (end - 1) / DISK_SECTOR;

	if (to != from) {
		f->astray_from = from + 1;
		f->astray_to = to + 1;
	}
}

int disk_write(
    struct disk *self, struct disk_file *file, size_t *put, const void *p, size_t n, size_t at)
{
	bool cut, failed;

	*put = fits(self, file, n, at);
	if (*put == 0 && n > 0) {
		self->count[DISK_FULL]++;
		return ENOSPC;
	}
	cut = cut_now(self);
	failed = !cut && fails(self, file, self->rates.write_error, DISK_WRITE_ERROR);
	if (cut || failed)
		*put = below(self, *put + 1);
	if (*put > 0) {
		memcpy(file->now + at, p, *put);
		dirty_mark(file, at, at + *put);
		if (at + *put > file->now_n)
			file->now_n = at + *put;
		if (file->now_n > file->now_high)
			file->now_high = file->now_n;
		charge(self, file);
		if (fails(self, file, self->rates.astray, DISK_ASTRAY))
			lead_astray(self, file, at + *put);
	}
	return failed ? EIO : done(self, cut);
}

int disk_resize(struct disk *self, struct disk_file *file, size_t n)
{
	bool cut;

	if (n > file->now_n && fits(self, file, n - file->now_n, file->now_n) < n - file->now_n)
		return ENOSPC;
	cut = cut_now(self);
	if (n < file->now_n) {
		memset(file->now + n, 0, file->now_high - n);
		dirty_mark(file, n, file->now_n);
	}
	file->now_n = n;
	file->low_n = file->low_n < n ? file->low_n : n;
	file->reserved = file->reserved < n ? file->reserved : n;
	charge(self, file);
	return done(self, cut);
}

int disk_reserve(struct disk *self, struct disk_file *file, size_t end)
{
	if (end <= file->reserved || end <= file->now_n)
		return 0;
	if (self->charged - file->charged + end > self->room) {
		self->count[DISK_FULL]++;
		return ENOSPC;
	}
	file->reserved = end;
	charge(self, file);
	return 0;
}

/* Some of it got there, all of it counts as clean, and what is seen is the new: as Linux does. */
static int sync_fails(struct disk *self, struct disk_file *f)
{
	mapped_scan(f);
	for (size_t i = 0; i < f->dirty_n; i++)
		if (below(self, 2) == 0)
			sector_land(f, f->dirty[i], 0, DISK_SECTOR);
	durable_resize(f, f->now_n > f->durable_n ? f->now_n : f->durable_n);
	f->low_n = f->now_n;
	dirty_clear(f);
	f->stale = true;
	return EIO;
}

int disk_sync(struct disk *self, struct disk_file *file)
{
	if (self->dead)
		return 0;
	if (cut_now(self))
		return done(self, true);
	if (strikes(self, self->rates.slow_sync, DISK_SLOW_SYNC))
		self->cost_us += below(self, self->rates.slow_sync_us);
	if (fails(self, file, self->rates.sync_error, DISK_SYNC_ERROR))
		return file != NULL ? sync_fails(self, file) : EIO;
	if (file != NULL && !file->folder)
		file_settle(file);
	if (self->ordered)
		journal_commit(self);
	else if (file == NULL || file->folder)
		changes_commit(self, file == NULL ? "" : name_of(self, file));
	return 0;
}

int disk_push(struct disk *self, struct disk_file *file)
{
	if (self->dead)
		return 0;
	if (cut_now(self))
		return done(self, true);
	if (fails(self, file, self->rates.sync_error, DISK_SYNC_ERROR))
		return sync_fails(self, file);
	return 0;
}

void *disk_map(struct disk_file *file, size_t n)
{
	SR_ASSERT(n <= DISK_FILE_MAX);
	if (file->mapped_n < n)
		file->mapped_n = n;
	if (file->now_high < n)
		file->now_high = n;
	return file->now;
}

void disk_uncache(struct disk *self, struct disk_file *file)
{
	if (!self->dead && file->dirty_n == 0 && file->mapped_n == 0) {
		file_reload(file);
		charge(self, file);
	}
}

int disk_rename(struct disk *self, const char *from, const char *to)
{
	struct disk_name *a = name_find(self, from), *b;
	bool cut;

	if (a == NULL || a->now < 0)
		return ENOENT;
	cut = cut_now(self);
	b = name_make(self, to);
	b->now = a->now;
	a->now = -1;
	change_add(self, to, from, b->now);
	return done(self, cut);
}

int disk_unlink(struct disk *self, const char *name)
{
	struct disk_name *found = name_find(self, name);
	bool cut;

	if (found == NULL || found->now < 0)
		return ENOENT;
	cut = cut_now(self);
	change_add(self, "", name, found->now);
	found->now = -1;
	files_collect(self);
	return done(self, cut);
}

int disk_mkdir(struct disk *self, const char *name)
{
	struct disk_file *folder;
	int err;

	if (name[0] == '\0')
		return EEXIST;
	err = disk_open(self, &folder, name, true, true, false);
	if (err != 0)
		return err;
	folder->folder = true;
	disk_close(self, folder);
	return 0;
}
