/*
 * tests/sim/posix.c - the file calls of the C library, for everything in this program, Tokyo
 * Cabinet included: paths and descriptors of simulated disks go there, all others go on to the C
 * library. The linker exports what shared libraries ask for, so their calls end here, too.
 */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT, fallocate, and the names that end in 64 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/sim/disk.h"

#define FD_FIRST 0x40000000
#define FDS_MAX 1024
#define BLOCK 4096u

_Static_assert(sizeof(off_t) == 8 && sizeof(struct stat) == sizeof(struct stat64),
    "the names that end in 64 are the same calls");

struct open_file { struct disk *disk; struct disk_file *file; size_t at; bool root; };

struct folder { uint64_t mark; struct disk *disk; char name[DISK_NAME_MAX]; size_t next;
	struct dirent entry; };

#define FOLDER_MARK 0x7265646c6f466d53ull

static struct open_file fds[FDS_MAX];
static int fds_top;
static uint64_t processes;

/* The C library's own. */
#define REAL(result, name, ...)                                                                    \
	static result (*real)(__VA_ARGS__);                                                        \
	if (real == NULL) {                                                                        \
		void *found = dlsym(RTLD_NEXT, name);                                              \
		SR_ASSERT(found != NULL);                                                          \
		memcpy(&real, &found, sizeof real);                                                \
	}

static struct open_file *fd_find(int fd)
{
	if (fd < FD_FIRST)
		return NULL;
	SR_ASSERT(fd - FD_FIRST < fds_top && fds[fd - FD_FIRST].disk != NULL);
	return &fds[fd - FD_FIRST];
}

static int fd_new(struct disk *disk, struct disk_file *file)
{
	int i = 0;

	while (i < fds_top && fds[i].disk != NULL)
		i++;
	SR_ASSERT(i < FDS_MAX);
	if (i == fds_top)
		fds_top++;
	fds[i] = (struct open_file){ disk, file, 0, file == NULL };
	return FD_FIRST + i;
}

static int result(int err)
{
	if (err == 0)
		return 0;
	errno = err;
	return -1;
}

/* --- Opening --- */

static int open_there(struct disk *disk, const char *name, int flags)
{
	struct disk_file *file = NULL;
	int err;

	if (name[0] == '\0')
		return fd_new(disk, NULL);
	err = disk_open(disk, &file, name, (flags & O_CREAT) != 0, (flags & O_EXCL) != 0,
	    (flags & O_TRUNC) != 0);
	if (err == 0 && (flags & O_DIRECTORY) != 0 && !file->folder) {
		disk_close(disk, file);
		err = ENOTDIR;
	}
	return err != 0 ? result(err) : fd_new(disk, file);
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
	struct disk *disk;
	const char *name;
	REAL(int, "openat", int, const char *, int, ...)

	if (disk_path(&disk, &name, path))
		return open_there(disk, name, flags);
	return real(dir, path, flags, mode);
}

#define MODE_OF(flags)                                                                             \
	mode_t mode = 0;                                                                           \
	if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {                                              \
		va_list args;                                                                      \
		va_start(args, flags);                                                             \
		mode = va_arg(args, mode_t);                                                       \
		va_end(args);                                                                      \
	}

int open(const char *path, int flags, ...)
{
	MODE_OF(flags)
	return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	MODE_OF(flags)
	return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	MODE_OF(flags)
	return open_at(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
	MODE_OF(flags)
	return open_at(dir, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
	return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int close(int fd)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "close", int)

	if (f == NULL)
		return real(fd);
	if (f->file != NULL) {
		if (f->file->locked_by == fd)
			f->file->locked_by = 0;
		disk_close(f->disk, f->file);
	}
	f->disk = NULL;
	return 0;
}

/* --- Reading and writing --- */

static ssize_t read_there(struct open_file *f, void *p, size_t n, size_t at)
{
	size_t got = 0;
	int err = f->file == NULL ? EISDIR : disk_read(f->disk, f->file, &got, p, n, at);

	return err != 0 ? result(err) : (ssize_t)got;
}

static ssize_t write_there(struct open_file *f, const void *p, size_t n, size_t at)
{
	size_t put = 0;
	int err = f->file == NULL ? EISDIR : disk_write(f->disk, f->file, &put, p, n, at);

	return err != 0 ? result(err) : (ssize_t)put;
}

ssize_t read(int fd, void *p, size_t n)
{
	struct open_file *f = fd_find(fd);
	REAL(ssize_t, "read", int, void *, size_t)

	if (f == NULL)
		return real(fd, p, n);
	ssize_t got = read_there(f, p, n, f->at);
	f->at += got > 0 ? (size_t)got : 0;
	return got;
}

ssize_t write(int fd, const void *p, size_t n)
{
	struct open_file *f = fd_find(fd);
	REAL(ssize_t, "write", int, const void *, size_t)

	if (f == NULL)
		return real(fd, p, n);
	ssize_t put = write_there(f, p, n, f->at);
	f->at += put > 0 ? (size_t)put : 0;
	return put;
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
	struct open_file *f = fd_find(fd);
	REAL(ssize_t, "pread", int, void *, size_t, off_t)

	return f != NULL ? read_there(f, p, n, (size_t)at) : real(fd, p, n, at);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	struct open_file *f = fd_find(fd);
	REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)

	return f != NULL ? write_there(f, p, n, (size_t)at) : real(fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
	return pread(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

off_t lseek(int fd, off_t at, int whence)
{
	struct open_file *f = fd_find(fd);
	REAL(off_t, "lseek", int, off_t, int)

	if (f == NULL)
		return real(fd, at, whence);
	if (whence == SEEK_CUR)
		at += (off_t)f->at;
	else if (whence == SEEK_END)
		at += (off_t)f->file->now_n;
	if (at < 0)
		return result(EINVAL);
	f->at = (size_t)at;
	return at;
}

off64_t lseek64(int fd, off64_t at, int whence)
{
	return lseek(fd, at, whence);
}

/* What _FORTIFY_SOURCE makes of them. */
ssize_t __read_chk(int fd, void *p, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *p, size_t n, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *p, size_t n, off_t at, size_t room);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
char *__realpath_chk(const char *path, char *out, size_t room);

ssize_t __read_chk(int fd, void *p, size_t n, size_t room)
{
	SR_ASSERT(n <= room);
	return read(fd, p, n);
}

ssize_t __pread_chk(int fd, void *p, size_t n, off_t at, size_t room)
{
	SR_ASSERT(n <= room);
	return pread(fd, p, n, at);
}

ssize_t __pread64_chk(int fd, void *p, size_t n, off_t at, size_t room)
{
	return __pread_chk(fd, p, n, at, room);
}

int __open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

/* --- Size and room --- */

int ftruncate(int fd, off_t n)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "ftruncate", int, off_t)

	if (f == NULL)
		return real(fd, n);
	return result(n < 0 ? EINVAL : disk_resize(f->disk, f->file, (size_t)n));
}

int ftruncate64(int fd, off64_t n)
{
	return ftruncate(fd, n);
}

/* With FALLOC_FL_KEEP_SIZE, the one way the product calls it. */
int fallocate(int fd, int mode, off_t at, off_t n)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "fallocate", int, int, off_t, off_t)

	if (f == NULL)
		return real(fd, mode, at, n);
	return result(mode != FALLOC_FL_KEEP_SIZE
		? EOPNOTSUPP
		: disk_reserve(f->disk, f->file, (size_t)(at + n)));
}

int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
	return fallocate(fd, mode, at, n);
}

int statvfs(const char *path, struct statvfs *out)
{
	struct disk *disk;
	const char *name;
	REAL(int, "statvfs", const char *, struct statvfs *)

	if (!disk_path(&disk, &name, path))
		return real(path, out);
	memset(out, 0, sizeof *out);
	out->f_bsize = out->f_frsize = BLOCK;
	out->f_blocks = disk->room / BLOCK;
	out->f_bavail = out->f_bfree =
	    disk->room > disk->charged ? (disk->room - disk->charged) / BLOCK : 0;
	return 0;
}

int statvfs64(const char *path, struct statvfs64 *out)
{
	struct statvfs same;
	int err = statvfs(path, &same);

	memcpy(out, &same, sizeof *out);
	return err;
}

static void stat_fill(struct stat *out, const struct disk_file *file)
{
	memset(out, 0, sizeof *out);
	out->st_mode = file == NULL || file->folder ? S_IFDIR | 0700 : S_IFREG | 0600;
	out->st_nlink = 1;
	out->st_blksize = BLOCK;
	out->st_ino = file == NULL ? 1 : (ino_t)((uintptr_t)file->now >> 12);
	if (file != NULL) {
		out->st_size = (off_t)file->now_n;
		out->st_blocks = (blkcnt_t)(file->charged / 512);
	}
}

static int stat_there(struct disk *disk, const char *name, struct stat *out)
{
	const struct disk_file *file = name[0] != '\0' ? disk_look(disk, name) : NULL;

	if (name[0] != '\0' && file == NULL)
		return result(ENOENT);
	stat_fill(out, file);
	return 0;
}

int fstat(int fd, struct stat *out)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "fstat", int, struct stat *)

	if (f == NULL)
		return real(fd, out);
	stat_fill(out, f->file);
	return 0;
}

int stat(const char *path, struct stat *out)
{
	struct disk *disk;
	const char *name;
	REAL(int, "stat", const char *, struct stat *)

	return disk_path(&disk, &name, path) ? stat_there(disk, name, out) : real(path, out);
}

int lstat(const char *path, struct stat *out)
{
	struct disk *disk;
	const char *name;
	REAL(int, "lstat", const char *, struct stat *)

	return disk_path(&disk, &name, path) ? stat_there(disk, name, out) : real(path, out);
}

int fstat64(int fd, struct stat64 *out)
{
	return fstat(fd, (struct stat *)(void *)out);
}

int stat64(const char *path, struct stat64 *out)
{
	return stat(path, (struct stat *)(void *)out);
}

int lstat64(const char *path, struct stat64 *out)
{
	return lstat(path, (struct stat *)(void *)out);
}

int fstatat(int dir, const char *path, struct stat *out, int flags)
{
	struct disk *disk;
	const char *name;
	REAL(int, "fstatat", int, const char *, struct stat *, int)

	return disk_path(&disk, &name, path) ? stat_there(disk, name, out)
					     : real(dir, path, out, flags);
}

int access(const char *path, int mode)
{
	struct disk *disk;
	const char *name;
	struct stat st;
	REAL(int, "access", const char *, int)

	return disk_path(&disk, &name, path) ? stat_there(disk, name, &st) : real(path, mode);
}

/* --- Durability --- */

int fsync(int fd)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "fsync", int)

	return f != NULL ? result(disk_sync(f->disk, f->file)) : real(fd);
}

int fdatasync(int fd)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "fdatasync", int)

	return f != NULL ? result(disk_sync(f->disk, f->file)) : real(fd);
}

/* Only that it begins to write: what that does the power cut decides. */
int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "sync_file_range", int, off64_t, off64_t, unsigned)

	return f != NULL ? result(disk_push(f->disk, f->file)) : real(fd, at, n, flags);
}

int posix_fadvise(int fd, off_t at, off_t n, int advice)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "posix_fadvise", int, off_t, off_t, int)

	if (f == NULL)
		return real(fd, at, n, advice);
	if (advice == POSIX_FADV_DONTNEED)
		disk_uncache(f->disk, f->file);
	return 0;
}

/* --- Mappings: what programs see of the file is mapped in, so they see each other's writes --- */

static struct {
	uint8_t *p;
	size_t n;
	struct disk *disk;
	struct disk_file *file;
} maps[4 * DISKS_MAX];

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t from)
{
	struct open_file *f = fd >= 0 ? fd_find(fd) : NULL;
	size_t i = 0;
	REAL(void *, "mmap", void *, size_t, int, int, int, off_t)

	if (f == NULL)
		return real(at, n, protection, flags, fd, from);
	SR_ASSERT(from == 0 && (flags & MAP_SHARED) != 0);
	while (i < sizeof maps / sizeof maps[0] && maps[i].p != NULL)
		i++;
	SR_ASSERT(i < sizeof maps / sizeof maps[0]);
	maps[i].p = disk_map(f->file, n);
	maps[i].n = n;
	maps[i].disk = f->disk;
	maps[i].file = f->file;
	return maps[i].p;
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t from)
{
	return mmap(at, n, protection, flags, fd, from);
}

static int map_find(const void *at)
{
	for (int i = 0; i < (int)(sizeof maps / sizeof maps[0]); i++)
		if (maps[i].p != NULL && maps[i].p == at)
			return i;
	return -1;
}

int munmap(void *at, size_t n)
{
	int i = map_find(at);
	REAL(int, "munmap", void *, size_t)

	if (i < 0)
		return real(at, n);
	maps[i].p = NULL;
	return 0;
}

int msync(void *at, size_t n, int flags)
{
	int i = map_find(at);
	REAL(int, "msync", void *, size_t, int)

	return i < 0 ? real(at, n, flags) : result(disk_sync(maps[i].disk, maps[i].file));
}

void disk_process_ends(struct disk *disk)
{
	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
		if (maps[i].disk == disk)
			maps[i].p = NULL;
	for (int i = 0; i < fds_top; i++)
		if (fds[i].disk == disk)
			close(FD_FIRST + i);
	processes++;
}

/* --- Names --- */

int rename(const char *from, const char *to)
{
	struct disk *disk, *other;
	const char *a, *b;
	REAL(int, "rename", const char *, const char *)

	if (!disk_path(&disk, &a, from))
		return real(from, to);
	SR_ASSERT(disk_path(&other, &b, to) && other == disk);
	return result(disk_rename(disk, a, b));
}

int unlink(const char *path)
{
	struct disk *disk;
	const char *name;
	REAL(int, "unlink", const char *)

	return disk_path(&disk, &name, path) ? result(disk_unlink(disk, name)) : real(path);
}

int mkdir(const char *path, mode_t mode)
{
	struct disk *disk;
	const char *name;
	REAL(int, "mkdir", const char *, mode_t)

	return disk_path(&disk, &name, path) ? result(disk_mkdir(disk, name)) : real(path, mode);
}

/* Tokyo Cabinet remembers by these names what this process has open. Each process of a disk has
 * its own. */
char *realpath(const char *path, char *out)
{
	struct disk *disk;
	const char *name;
	REAL(char *, "realpath", const char *, char *)

	if (!disk_path(&disk, &name, path))
		return real(path, out);
	if (out == NULL)
		out = malloc(PATH_MAX);
	if (out != NULL)
		snprintf(out, PATH_MAX, "%s#%llu", path, (unsigned long long)processes);
	return out;
}

char *__realpath_chk(const char *path, char *out, size_t room)
{
	SR_ASSERT(strlen(path) < room);
	return realpath(path, out);
}

/* --- Locks: one process here, so only a lock of another descriptor is in the way --- */

int flock(int fd, int operation)
{
	struct open_file *f = fd_find(fd);
	REAL(int, "flock", int, int)

	if (f == NULL)
		return real(fd, operation);
	if (f->file->locked_by != 0 && f->file->locked_by != fd)
		return result(EWOULDBLOCK);
	f->file->locked_by = (operation & LOCK_UN) != 0 ? 0 : fd;
	return 0;
}

static int fcntl_any(int fd, int command, void *argument)
{
	REAL(int, "fcntl64", int, int, ...)

	return fd_find(fd) != NULL ? 0 : real(fd, command, argument);
}

#define ARGUMENT_OF(command)                                                                       \
	va_list args;                                                                              \
	va_start(args, command);                                                                   \
	void *argument = va_arg(args, void *);                                                     \
	va_end(args);

int fcntl(int fd, int command, ...)
{
	ARGUMENT_OF(command)
	return fcntl_any(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
	ARGUMENT_OF(command)
	return fcntl_any(fd, command, argument);
}

/* --- Folders --- */

DIR *opendir(const char *path)
{
	struct disk *disk;
	const char *name;
	struct folder *folder;
	REAL(DIR *, "opendir", const char *)

	if (!disk_path(&disk, &name, path))
		return real(path);
	if (name[0] != '\0' && (disk_look(disk, name) == NULL || !disk_look(disk, name)->folder)) {
		errno = ENOENT;
		return NULL;
	}
	folder = calloc(1, sizeof *folder);
	SR_ASSERT(folder != NULL);
	folder->mark = FOLDER_MARK;
	folder->disk = disk;
	snprintf(folder->name, sizeof folder->name, "%s", name);
	return (DIR *)(void *)folder;
}

static struct folder *folder_of(DIR *dir)
{
	struct folder *folder = (struct folder *)(void *)dir;

	/* A DIR of the C library begins with a descriptor and a lock. */
	return folder->mark == FOLDER_MARK ? folder : NULL;
}

struct dirent *readdir(DIR *dir)
{
	struct folder *folder = folder_of(dir);
	size_t n;
	REAL(struct dirent *, "readdir", DIR *)

	if (folder == NULL)
		return real(dir);
	n = strlen(folder->name);
	while (folder->next < folder->disk->names_n) {
		const struct disk_name *name = &folder->disk->names[folder->next++];
		const char *rest = name->name + (n > 0 ? n + 1 : 0);

		if (name->now < 0 || strncmp(name->name, folder->name, n) != 0 ||
		    (n > 0 && name->name[n] != '/') || strchr(rest, '/') != NULL)
			continue;
		snprintf(folder->entry.d_name, sizeof folder->entry.d_name, "%s", rest);
		return &folder->entry;
	}
	return NULL;
}

int closedir(DIR *dir)
{
	struct folder *folder = folder_of(dir);
	REAL(int, "closedir", DIR *)

	if (folder == NULL)
		return real(dir);
	free(folder);
	return 0;
}
