#define _GNU_SOURCE /* setgroups, prctl */
#include "enclave/shell_sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum sr_error shell_sandbox_early(void)
{
	struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return SR_ERR_IO;
	return SR_OK;
}

enum sr_error shell_sandbox_lock_memory(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	/* Root may raise the limit, and must before it stops being root; others need it given. */
	if (geteuid() == 0 && setrlimit(RLIMIT_MEMLOCK, &all) != 0)
		return SR_ERR_NO_LOCKED_MEMORY;
	struct rlimit have;
	if (getrlimit(RLIMIT_MEMLOCK, &have) != 0 || have.rlim_cur != RLIM_INFINITY)
		return SR_ERR_NO_LOCKED_MEMORY; /* a finite limit would fail later, in mid-decision
						 */
	return mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
}

enum sr_error shell_sandbox_drop_user(const char *user)
{
	if (geteuid() != 0)
		return SR_OK;
	const struct passwd *pw = getpwnam(user);
	if (pw == NULL || pw->pw_uid == 0)
		return SR_ERR_NOT_FOUND;
	uid_t uid = pw->pw_uid;
	gid_t gid = pw->pw_gid;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0
	    || setresuid(uid, uid, uid) != 0)
		return SR_ERR_IO;
	if (setresuid(0, 0, 0) == 0)
		return SR_ERR_INTERNAL;
	/* Changing user resets it. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? SR_OK : SR_ERR_IO;
}

enum sr_error shell_sandbox_seccomp(void)
{
	static const int allowed[] = {
		SCMP_SYS(read),
		SCMP_SYS(write),
		SCMP_SYS(writev),
		SCMP_SYS(poll),
		SCMP_SYS(ppoll),
		SCMP_SYS(close),
		SCMP_SYS(munmap),
		SCMP_SYS(mremap),
		SCMP_SYS(madvise),
		SCMP_SYS(brk),
		SCMP_SYS(mlock),
		SCMP_SYS(munlock),
		SCMP_SYS(getrandom),
		SCMP_SYS(clock_gettime),
		SCMP_SYS(gettimeofday),
		SCMP_SYS(time),
		SCMP_SYS(futex),
		SCMP_SYS(rt_sigreturn),
		SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(restart_syscall),
		SCMP_SYS(getpid),
		SCMP_SYS(gettid),
		SCMP_SYS(tgkill),
		SCMP_SYS(exit),
		SCMP_SYS(exit_group),
		SCMP_SYS(getrusage),
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return SR_ERR_NO_MEMORY;
	enum sr_error err = SR_OK;
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0] && err == SR_OK; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
			err = SR_ERR_IO;
	/* Memory, but no new code: everything is linked and loaded by now. */
	static const int mapping[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
	for (size_t i = 0; i < sizeof mapping / sizeof mapping[0] && err == SR_OK; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
			err = SR_ERR_IO;
	/* Library start-up paths that ask the system something get a plain "no", not death. */
	static const int refused[] = {
		SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(newfstatat), SCMP_SYS(fstat),
		SCMP_SYS(access), SCMP_SYS(ioctl), SCMP_SYS(sysinfo), SCMP_SYS(uname),
	};
	for (size_t i = 0; i < sizeof refused / sizeof refused[0] && err == SR_OK; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0) != 0)
			err = SR_ERR_IO;
	if (err == SR_OK && seccomp_load(filter) != 0)
		err = SR_ERR_IO;
	seccomp_release(filter);
	return err;
}
