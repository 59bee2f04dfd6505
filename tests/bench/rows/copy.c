/*
 * What copying a file over TLS to another process that writes it down costs, as scp does it:
 *   bench-copy FROM TO BYTES RUNS
 * sends FROM again and again until BYTES are through, to a process that writes them to TO and syncs
 * it. Seconds of each run, from the first byte to the answer that all is on the disk.
 */
#define _GNU_SOURCE /* O_CLOEXEC under strict C */
#include <arpa/inet.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/types.h"
#include "tests/bench/rows/clock.h"

#define BLOCK 65536u
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+ECDHE-PSK"
#define PSK_HEX "000102030405060708090a0b0c0d0e0f"

static uint8_t block[BLOCK];

static void need(bool good, const char *what)
{
	clock_must(good ? SR_OK : SR_ERR_IO, what);
}

static int on_user(gnutls_session_t tls, const char *name, gnutls_datum_t *key)
{
	const gnutls_datum_t text = { (unsigned char *)(uintptr_t)PSK_HEX, sizeof PSK_HEX - 1 };

	(void)tls;
	(void)name;
	return gnutls_hex_decode2(&text, key);
}

static gnutls_session_t session(int fd, bool server)
{
	const gnutls_datum_t key = { (unsigned char *)(uintptr_t)PSK_HEX, sizeof PSK_HEX - 1 };
	gnutls_psk_server_credentials_t theirs;
	gnutls_psk_client_credentials_t ours;
	gnutls_session_t tls;
	int rc;

	need(gnutls_init(&tls, server ? GNUTLS_SERVER : GNUTLS_CLIENT) == 0, "TLS");
	need(gnutls_priority_set_direct(tls, PRIORITY, NULL) == 0, "its priorities");
	if (server) {
		need(gnutls_psk_allocate_server_credentials(&theirs) == 0, "a key");
		gnutls_psk_set_server_credentials_function(theirs, on_user);
		need(gnutls_credentials_set(tls, GNUTLS_CRD_PSK, theirs) == 0, "a key");
	} else {
		need(gnutls_psk_allocate_client_credentials(&ours) == 0, "a key");
		need(gnutls_psk_set_client_credentials(ours, "copy", &key,
			 GNUTLS_PSK_KEY_HEX) == 0, "a key");
		need(gnutls_credentials_set(tls, GNUTLS_CRD_PSK, ours) == 0, "a key");
	}
	gnutls_transport_set_int(tls, fd);
	do
		rc = gnutls_handshake(tls);
	while (rc < 0 && gnutls_error_is_fatal(rc) == 0);
	need(rc == 0, "a handshake");
	return tls;
}

static void all(gnutls_session_t tls, uint8_t *p, size_t n, bool send)
{
	while (n > 0) {
		ssize_t moved =
		    send ? gnutls_record_send(tls, p, n) : gnutls_record_recv(tls, p, n);

		if (moved == GNUTLS_E_AGAIN || moved == GNUTLS_E_INTERRUPTED)
			continue;
		need(moved > 0, "bytes");
		p += moved;
		n -= (size_t)moved;
	}
}

static size_t piece(unsigned long long left)
{
	return left < BLOCK ? (size_t)left : BLOCK;
}

static void receive(int socket, const char *path, unsigned long long left)
{
	gnutls_session_t tls = session(socket, true);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint8_t done = 1;

	need(fd >= 0, path);
	for (size_t n; left > 0; left -= n) {
		n = piece(left);
		all(tls, block, n, false);
		need(write(fd, block, n) == (ssize_t)n, path);
	}
	need(fsync(fd) == 0, path);
	all(tls, &done, 1, true);
	exit(0);
}

static void send_all(gnutls_session_t tls, const char *path, unsigned long long left)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	need(fd >= 0, path);
	while (left > 0) {
		got = read(fd, block, piece(left));
		need(got > 0 || (got == 0 && lseek(fd, 0, SEEK_SET) == 0), path);
		all(tls, block, (size_t)got, true);
		left -= (unsigned long long)got;
	}
	close(fd);
}

/* A connection over the loopback interface: both ends. */
static void connection(int ends[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	need(listener >= 0 && ends[0] >= 0
	    && bind(listener, (struct sockaddr *)&at, sizeof at) == 0
	    && getsockname(listener, (struct sockaddr *)&at, &n) == 0
	    && listen(listener, 1) == 0
	    && connect(ends[0], (struct sockaddr *)&at, sizeof at) == 0, "a connection");
	ends[1] = accept(listener, NULL, NULL);
	need(ends[1] >= 0, "a connection");
	close(listener);
}

static double once(const char *from, const char *to, unsigned long long bytes)
{
	gnutls_session_t tls;
	int ends[2], status = 0;
	uint8_t done;
	double start;
	pid_t pid;

	connection(ends);
	fflush(NULL);
	pid = fork();
	need(pid >= 0, "a process");
	if (pid == 0)
		receive(ends[1], to, bytes);
	close(ends[1]);
	tls = session(ends[0], false);
	start = clock_s();
	send_all(tls, from, bytes);
	all(tls, &done, 1, false);
	start = clock_s() - start;
	gnutls_deinit(tls);
	close(ends[0]);
	need(waitpid(pid, &status, 0) == pid && status == 0, "the receiver");
	return start;
}

int main(int argc, char **argv)
{
	double values[RUNS_MAX];
	unsigned runs = clock_runs(argc == 5 ? argv[4] : NULL);
	unsigned long long bytes = argc == 5 ? strtoull(argv[3], NULL, 10) : 0;

	need(bytes > 0, "bytes");
	for (unsigned i = 0; i < runs; i++)
		values[i] = once(argv[1], argv[2], bytes);
	clock_say("copy", values, runs);
	return 0;
}
