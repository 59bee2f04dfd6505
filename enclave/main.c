/* strongroom-enclave: the trusted process. Options, keys, sandbox; then shell_run. */
#include <fcntl.h>
#include <getopt.h>
#include <gnutls/gnutls.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/drbg.h"
#include "base/hex.h"
#include "enclave/shell_measure.h"
#include "enclave/shell_run.h"
#include "enclave/shell_sandbox.h"

#ifndef SR_VERSION
#define SR_VERSION "0.1.0"
#endif

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

struct options {
	const char *sealing_key, *out, *user;
	int fd, sealing_fd;
	bool new_identity, print_measurement, keys_only;
};

static const char help[] =
    "strongroom-enclave - the part of a Strongroom node that holds keys and decides\n"
    "\n"
    "usage: strongroom-enclave --fd N --sealing-key FILE [--user NAME] [--lock all|keys]\n"
    "       strongroom-enclave --fd N --sealing-fd N [--user NAME] [--lock all|keys]\n"
    "       strongroom-enclave --new-identity --sealing-key FILE --out FILE\n"
    "       strongroom-enclave --print-measurement\n"
    "\n"
    "  --fd N               stream socket to strongroomd, which starts this program\n"
    "  --sealing-key FILE   the key that seals this enclave's state (mode 0600)\n"
    "  --sealing-fd N       a pipe that it is read from instead\n"
    "  --user NAME          become this user when started as root (default: nobody)\n"
    "  --lock all           lock all memory (default); needs an unlimited memlock limit\n"
    "  --lock keys          lock only the memory that holds keys\n"
    "  --new-identity       make keys, seal them to --out, print the public half as hex\n"
    "  --print-measurement  print the hash that stands for this program in a genesis\n"
    "\n"
    "This is a SOFTWARE enclave: without a TEE the machine's root can read its memory.\n";

static int fail(const char *what, enum sr_error err)
{
	fprintf(stderr, "strongroom-enclave: %s: %s (%s)\n", what, sr_error_message((unsigned)err),
	    sr_error_name((unsigned)err));
	return EXIT_REFUSED;
}

static int usage(const char *why)
{
	fprintf(stderr, "strongroom-enclave: %s; see --help\n", why);
	return EXIT_USAGE;
}

static enum sr_error write_file(const char *path, const uint8_t *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return SR_ERR_IO;
	bool ok = write(fd, p, n) == (ssize_t)n && fsync(fd) == 0;
	if (close(fd) != 0 || !ok) {
		unlink(path);
		return SR_ERR_IO;
	}
	return SR_OK;
}

static enum sr_error print_identity(const struct genesis_identity *identity)
{
	struct sr_writer w;
	char text[1024];
	sr_writer_init(&w, sizeof text / 2 - 1);
	genesis_identity_write(&w, identity);
	SR_TRY(sr_writer_finish(&w));
	sr_hex_encode(text, w.p, w.n);
	sr_writer_clear(&w);
	return puts(text) >= 0 && fflush(stdout) == 0 ? SR_OK : SR_ERR_IO;
}

static int new_identity(const struct options *o, const struct sr_hash32 *measurement)
{
	SR_KEY32_AUTO sealing_key;
	SR_KEY32_AUTO seed;
	struct genesis_identity identity;
	struct sr_writer sealed;
	if (access(o->out, F_OK) == 0) {
		fprintf(stderr, "strongroom-enclave: %s: it exists already and stays as it is\n",
		    o->out);
		return EXIT_REFUSED;
	}
	enum sr_error err = shell_sealing_key(&sealing_key, o->sealing_key, true);
	if (err != SR_OK)
		return fail(o->sealing_key, err);
	sr_writer_init(&sealed, 65536);
	err = sr_random_system(seed.b, sizeof seed.b);
	if (err == SR_OK)
		err = enclave_identity_new(&identity, &sealed, &sealing_key, measurement, &seed);
	if (err == SR_OK)
		err = sr_writer_finish(&sealed);
	if (err == SR_OK)
		err = write_file(o->out, sealed.p, sealed.n);
	if (err == SR_OK)
		err = print_identity(&identity);
	sr_writer_clear(&sealed);
	return err == SR_OK ? EXIT_SUCCESS : fail("making an identity", err);
}

static int serve(const struct options *o, const struct sr_hash32 *measurement)
{
	SR_KEY32_AUTO sealing_key;
	enum sr_error err = o->keys_only ? SR_OK : shell_sandbox_lock_memory();
	if (err != SR_OK)
		return fail("locking memory (or allow --lock keys)", err);
	err = o->sealing_fd >= 0 ? shell_sealing_fd(&sealing_key, o->sealing_fd) :
	    shell_sealing_key(&sealing_key, o->sealing_key, false);
	if (err != SR_OK)
		return fail(o->sealing_fd >= 0 ? "the sealing key" : o->sealing_key, err);
	err = shell_sandbox_drop_user(o->user);
	if (err != SR_OK)
		return fail(o->user, err);
	struct enclave_core *core = enclave_core_new(&sealing_key, measurement);
	sr_key32_wipe(&sealing_key);
	if (core == NULL)
		return fail("starting", SR_ERR_NO_LOCKED_MEMORY);
	err = shell_sandbox_seccomp();
	if (err == SR_OK)
		err = shell_run(o->fd, core, measurement);
	enclave_core_free(core);
	return err == SR_OK ? EXIT_SUCCESS : fail("running", err);
}

static bool descriptor(int *fd, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	*fd = (int)n;
	return *end == '\0' && end != text && n >= 3 && n <= 1024;
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option table[] = {
		{ "fd", required_argument, NULL, 'f' },
		{ "sealing-key", required_argument, NULL, 's' },
		{ "sealing-fd", required_argument, NULL, 'd' },
		{ "user", required_argument, NULL, 'u' },
		{ "lock", required_argument, NULL, 'l' },
		{ "out", required_argument, NULL, 'o' },
		{ "new-identity", no_argument, NULL, 'n' },
		{ "print-measurement", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c;
	while ((c = getopt_long(argc, argv, "hv", table, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!descriptor(&o->fd, optarg))
				return usage("--fd takes a descriptor from 3 to 1024");
			break;
		case 'd':
			if (!descriptor(&o->sealing_fd, optarg))
				return usage("--sealing-fd takes a descriptor from 3 to 1024");
			break;
		case 's':
			o->sealing_key = optarg;
			break;
		case 'u':
			o->user = optarg;
			break;
		case 'l':
			if (strcmp(optarg, "all") != 0 && strcmp(optarg, "keys") != 0)
				return usage("--lock takes all or keys");
			o->keys_only = strcmp(optarg, "keys") == 0;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'n':
			o->new_identity = true;
			break;
		case 'm':
			o->print_measurement = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		case 'v':
			puts("strongroom-enclave " SR_VERSION " (attestation: software)");
			exit(EXIT_SUCCESS);
		default:
			return usage("unknown option");
		}
	}
	return optind == argc ? 0 : usage("takes no arguments besides options");
}

int main(int argc, char **argv)
{
	struct options o = { .user = "nobody", .fd = -1, .sealing_fd = -1 };
	struct sr_hash32 measurement;
	int rc = parse(&o, argc, argv);
	if (rc != 0)
		return rc;
	enum sr_error err = shell_sandbox_early();
	/* A host that goes away is an error of write, after which keys are wiped in order. */
	if (err == SR_OK && signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		err = SR_ERR_INTERNAL;
	if (err == SR_OK)
		err = sr_crypto_init();
	if (err == SR_OK && gnutls_global_init() < 0)
		err = SR_ERR_INTERNAL;
	if (err == SR_OK)
		err = shell_measure(&measurement);
	if (err != SR_OK)
		return fail("starting", err);
	if (o.print_measurement) {
		char text[65];
		sr_hex_encode(text, measurement.b, sizeof measurement.b);
		puts(text);
		return EXIT_SUCCESS;
	}
	if ((o.sealing_key == NULL) == (o.sealing_fd < 0))
		return usage("--sealing-key or --sealing-fd is needed");
	if (o.new_identity && o.sealing_key == NULL)
		return usage("--new-identity makes a --sealing-key");
	if (o.new_identity)
		return o.out != NULL ? new_identity(&o, &measurement) : usage("--out is needed");
	return o.fd >= 0 ? serve(&o, &measurement) : usage("--fd is needed");
}
