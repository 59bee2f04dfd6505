/* strongroomd: the untrusted host of one node. Options, checks, limits; then the loop. */
#define _GNU_SOURCE /* readlink of /proc/self/exe is plain POSIX; getopt_long is not */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/hex.h"
#include "base/log.h"
#include "node/file.h"
#include "node/http.h"
#include "node/loop.h"
#include "node/sealing.h"
#include "node/serve.h"
#include "node/version.h"

/* 78, sysexits' EX_CONFIG: a person must look before it is started again. */
enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_LOOK = 78 };

static const char help[] =
    "strongroomd - a node of a Strongroom cluster: the untrusted host around its enclave\n"
    "\n"
    "usage: strongroomd --config FILE                 runs the node\n"
    "       strongroomd --config FILE --check-config  says what is wrong, changes nothing\n"
    "       strongroomd --make-https DIR              makes DIR/https.key and DIR/https.crt unless "
    "they\n"
    "                                                 are there; prints the pin (SHA-256 of the "
    "public key)\n"
    "       strongroomd --sample-config               prints every key with its default\n"
    "       strongroomd --help | --version\n"
    "\n"
    "exit codes: 0 stopped in order; 1 failed, may be started again; 2 usage or configuration;\n"
    "            78 the enclave or the disk needs a person to look first, or the node is no\n"
    "            member any more\n";

static int usage(const char *why)
{
	fprintf(stderr, "strongroomd: %s; see --help\n", why);
	return EXIT_USAGE;
}

static int make_https(const char *dir)
{
	struct sr_hash32 pin;
	char hex[65];
	enum sr_error err = https_make(&pin, dir);

	if (err != SR_OK) {
		fprintf(stderr, "strongroomd: %s: %s (%s)\n", dir, sr_error_message((unsigned)err),
		    sr_error_name((unsigned)err));
		return EXIT_FAILED;
	}
	sr_hex_encode(hex, pin.b, sizeof pin.b);
	return puts(hex) >= 0 ? EXIT_SUCCESS : EXIT_FAILED;
}

static int sample_config(void)
{
	size_t n = config_sample(NULL, 0);
	char *text = malloc(n + 1);

	if (text == NULL)
		return EXIT_FAILED;
	config_sample(text, n + 1);
	fputs(text, stdout);
	free(text);
	return EXIT_SUCCESS;
}

/* --- The configuration --- */

/* strongroom-enclave beside this program. */
static enum sr_error enclave_default(struct config *config)
{
	char self[CONFIG_TEXT_MAX];
	ssize_t n;
	char *slash;

	if (config->enclave_program[0] != '\0')
		return SR_OK;
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return SR_ERR_IO;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return SR_ERR_IO;
	*slash = '\0';
	n = snprintf(
	    config->enclave_program, sizeof config->enclave_program, "%s/strongroom-enclave", self);
	return (size_t)n < sizeof config->enclave_program ? SR_OK : SR_ERR_TOO_LONG;
}

static unsigned complain(const char *key, const char *path, const char *what)
{
	fprintf(stderr, "strongroomd: %s: %s: %s\n", key, path, what);
	return 1;
}

static unsigned check_file(const char *key, const char *path, const char *way_out)
{
	return access(path, R_OK) == 0 ? 0 : complain(key, path, way_out);
}

static unsigned check_genesis(const struct config *config)
{
	struct genesis *g = malloc(sizeof *g);
	uint8_t *bytes = NULL;
	size_t n;
	unsigned bad = 0;
	enum sr_error err = g != NULL ? file_read(&bytes, &n, config->genesis, GENESIS_FILE_MAX)
				      : SR_ERR_NO_MEMORY;

	if (err == SR_OK)
		err = genesis_decode(g, bytes, n);
	if (err != SR_OK)
		bad = complain("genesis", config->genesis, sr_error_message((unsigned)err));
	free(bytes);
	free(g);
	return bad;
}

/* What a start would trip over. */
static int check_config(const struct config *config)
{
	char path[NODE_PATH_MAX];
	unsigned bad = check_genesis(config);
	bool sealed = false;

	if (file_path(path, config->data_dir, "identity") == SR_OK)
		bad += check_file(
		    "data_dir", path, "no sealed identity (strongroom-enclave --new-identity)");
	if (node_sealing_is_sealed(&sealed, config->data_dir) == SR_OK && !sealed &&
	    file_path(path, config->data_dir, NODE_SEALING_KEY) == SR_OK)
		bad += check_file(
		    "data_dir", path, "no sealing key (strongroom-enclave --new-identity)");
	if (config->trail[0] != '\0')
		bad += check_file("trail", config->trail, "not readable");
	bad += check_file(
	    "https_key", config->https_key, "not readable (strongroomd --make-https)");
	bad += check_file(
	    "https_cert", config->https_cert, "not readable (strongroomd --make-https)");
	if (access(config->enclave_program, X_OK) != 0)
		bad += complain("enclave_program", config->enclave_program, "not a program");
	if (bad == 0)
		puts("the configuration is good");
	return bad == 0 ? EXIT_SUCCESS : EXIT_USAGE;
}

/* --- Running --- */

static void limits_set(const struct config *config)
{
	struct rlimit none = { 0, 0 }, files;

	/* No core files: this process holds no key, but what clients send goes through it. */
	(void)!setrlimit(RLIMIT_CORE, &none);
	(void)!prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	umask(077);
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)!setrlimit(RLIMIT_NOFILE, &files);
	/* Without descriptors nanomsg spins and nobody gets in. */
	if (files.rlim_cur < config->clients_max + 4 * SR_MEMBERS_MAX + 256)
		sr_log(SR_LOG_WARN, "node",
		    "the limit of open files (%llu) is low for clients_max %llu",
		    (unsigned long long)files.rlim_cur, (unsigned long long)config->clients_max);
}

static int exit_code(const struct loop *loop, enum sr_error err)
{
	if (err == SR_OK)
		return EXIT_SUCCESS;
	if (loop->fatal || err == SR_ERR_DAMAGED || err == SR_ERR_FOREIGN_DATA
	    || err == SR_ERR_BAD_VERSION || err == SR_ERR_NOT_A_MEMBER)
		return EXIT_LOOK;
	return EXIT_FAILED;
}

static int run(const struct config *config)
{
	static struct loop loop;
	enum sr_error err;
	int code;

	sr_log_set((enum sr_log_level)config->log_level, config->log_json);
	limits_set(config);
	sr_log(SR_LOG_INFO, "node", "strongroomd " SR_VERSION " seat=%llu data_dir=%s",
	    (unsigned long long)config->member, config->data_dir);
	err = sr_crypto_init();
	if (err == SR_OK)
		err = loop_open(&loop, config);
	if (err != SR_OK)
		return exit_code(&loop, err);
	err = node_serve(&loop, config);
	if (loop.failed == SR_OK)
		loop.failed = err;
	code = exit_code(&loop, err);
	loop_close(&loop);
	return code;
}

static int with_config(const char *path, bool check)
{
	static struct config config;
	struct config_error why;
	enum sr_error err = config_read(&config, path, &why);

	if (err != SR_OK) {
		fprintf(stderr, "strongroomd: %s\n", why.text);
		return EXIT_USAGE;
	}
	if (enclave_default(&config) != SR_OK)
		return usage("enclave_program must be given");
	if (!check)
		return run(&config);
	return sr_crypto_init() == SR_OK ? check_config(&config) : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "make-https", required_argument, NULL, 'm' },
		{ "sample-config", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL, *https = NULL;
	bool check = false;
	int c;

	while ((c = getopt_long(argc, argv, "hv", table, NULL)) != -1) {
		if (c == 'c')
			path = optarg;
		else if (c == 'k')
			check = true;
		else if (c == 'm')
			https = optarg;
		else if (c == 's')
			return sample_config();
		else if (c == 'h')
			return fputs(help, stdout) >= 0 ? EXIT_SUCCESS : EXIT_FAILED;
		else if (c == 'v')
			return puts("strongroomd " SR_VERSION) >= 0 ? EXIT_SUCCESS : EXIT_FAILED;
		else
			return usage("unknown option");
	}
	if (optind != argc)
		return usage("takes no arguments besides options");
	if (https != NULL)
		return sr_crypto_init() == SR_OK ? make_https(https) : EXIT_FAILED;
	return path != NULL ? with_config(path, check) : usage("--config is needed");
}
