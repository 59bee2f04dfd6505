#define _GNU_SOURCE /* syscall */
#include "tests/lib/syncs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char story[256];
static bool failing;

static void tell(char letter)
{
	size_t n = strlen(story);

	if (n + 1 < sizeof story) {
		story[n] = letter;
		story[n + 1] = '\0';
	}
}

void syncs_begin(void) { story[0] = '\0'; }
const char *syncs_story(void) { return story; }
void syncs_fail(bool fail) { failing = fail; }

static int sync_as(char letter, long call, int fd)
{
	tell(letter);
	if (failing) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(call, fd);
}

int fdatasync(int fd)
{
	return sync_as('d', SYS_fdatasync, fd);
}

int fsync(int fd)
{
	struct stat st;

	return sync_as(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'D' : 'f', SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	tell('r');
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0u);
}
