/*
 * The wire between the nodes of `make chaos`: a switch in user space, which does to Ethernet frames
 * what a bad network does. Each port is a TAP device that it makes inside a network namespace.
 * (docs/decisions/0008 says why it is our own.)
 *
 *   wire SEED CONTROL STATS NETNS...        CONTROL: a fifo with commands, a line each
 *
 *   set FROM TO [delay US] [jitter US] [loss BP] [dup BP] [reorder BP] [cut 0|1]
 *                        FROM, TO: ports, "0,2,3" or "*"; one direction. BP: of ten thousand frames
 *   clear                every path back to what `base` left
 *   base                 what is set now is what `clear` returns to
 *   twin V T P,P,...     to these ports, port T is V: it has V's MAC and address
 *   untwin
 *   stats                writes the counters to STATS, as at the end
 *
 * Port i has the MAC 02:77:00:00:00:i; whom a MAC leads to is a table, not learned.
 */
#define _GNU_SOURCE /* setns, ppoll */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PORTS_MAX 16u
#define FRAME_MAX 2048u
#define QUEUE_MAX 16384u /* frames on their way; more are lost, as in a full switch */
#define BURST 64u        /* frames of a port before the others get their turn */
#define LATE_US 20000u   /* how far a reordered frame falls behind */

struct path {
	uint64_t delay_us, jitter_us, loss, dup, reorder, cut;
	uint64_t last_due_us; /* frames keep their order unless reordered */
};

struct frame {
	uint64_t due_us, seq;
	unsigned to, n;
	uint8_t bytes[FRAME_MAX];
};

struct wire {
	unsigned ports_n;
	int fds[PORTS_MAX], control;
	const char *stats;
	struct path paths[PORTS_MAX][PORTS_MAX], base[PORTS_MAX][PORTS_MAX];
	unsigned route[PORTS_MAX][PORTS_MAX]; /* [from][MAC]: the port */
	unsigned mac[PORTS_MAX];              /* of the port; a twin has another's */
	struct frame **heap;
	size_t heap_n;
	uint64_t seq, random;
	char line[256];
	size_t line_n;
	struct { uint64_t forwarded, lost, cut, duplicated, reordered, full; } count;
};

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	(void)number;
	ending = 1;
}

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* splitmix64 */
static uint64_t draw(struct wire *w, uint64_t below)
{
	uint64_t z = (w->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return below == 0 ? 0 : (z ^ (z >> 31)) % below;
}

static bool chance(struct wire *w, uint64_t of_ten_thousand)
{
	return of_ten_thousand > 0 && draw(w, 10000) < of_ten_thousand;
}

/* --- frames on their way: a heap, the next one due on top --- */

static bool before(const struct frame *a, const struct frame *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->seq < b->seq;
}

static void heap_push(struct wire *w, struct frame *f)
{
	size_t i = w->heap_n++;

	for (; i > 0 && before(f, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = f;
}

static struct frame *heap_pop(struct wire *w)
{
	struct frame *top = w->heap[0], *last = w->heap[--w->heap_n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < w->heap_n && before(w->heap[child + 1], w->heap[child]))
			child++;
		if (child >= w->heap_n || !before(w->heap[child], last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return top;
}

static void send_one(
    struct wire *w, struct path *p, unsigned to, const uint8_t *bytes, size_t n, uint64_t now)
{
	uint64_t due = now + p->delay_us + draw(w, p->jitter_us);
	struct frame *f;

	if (chance(w, p->reorder)) {
		due += LATE_US / 4 + draw(w, LATE_US);
		w->count.reordered++;
	} else {
		due = due > p->last_due_us ? due : p->last_due_us;
		p->last_due_us = due;
	}
	if (w->heap_n == QUEUE_MAX || (f = malloc(sizeof *f)) == NULL) {
		w->count.full++;
		return;
	}
	f->due_us = due;
	f->seq = w->seq++;
	f->to = to;
	f->n = (unsigned)n;
	memcpy(f->bytes, bytes, n);
	heap_push(w, f);
}

static void forward(struct wire *w, unsigned from, unsigned mac, const uint8_t *bytes, size_t n,
    uint64_t now)
{
	unsigned to = w->route[from][mac];
	struct path *p = &w->paths[from][to];

	/* Whom this port takes for another's twin does not hear it in its own name. */
	if (to == from || p->cut != 0 || w->route[to][w->mac[from]] != from) {
		w->count.cut++;
		return;
	}
	if (chance(w, p->loss)) {
		w->count.lost++;
		return;
	}
	send_one(w, p, to, bytes, n, now);
	if (chance(w, p->dup)) {
		send_one(w, p, to, bytes, n, now);
		w->count.duplicated++;
	}
}

static void port_read(struct wire *w, unsigned from)
{
	uint8_t bytes[FRAME_MAX];
	uint64_t now = now_us();

	for (unsigned i = 0; i < BURST; i++) {
		ssize_t n = read(w->fds[from], bytes, sizeof bytes);
		bool all;

		if (n < 14)
			return;
		all = (bytes[0] & 1) != 0;
		for (unsigned mac = 0; mac < w->ports_n; mac++)
			if (w->mac[mac] == mac && w->mac[from] != mac && (all || bytes[5] == mac))
				forward(w, from, mac, bytes, (size_t)n, now);
	}
}

static void deliver(struct wire *w)
{
	uint64_t now = now_us();

	while (w->heap_n > 0 && w->heap[0]->due_us <= now) {
		struct frame *f = heap_pop(w);

		if (write(w->fds[f->to], f->bytes, f->n) == (ssize_t)f->n)
			w->count.forwarded++;
		else
			w->count.full++;
		free(f);
	}
}

/* --- commands --- */

static void stats_write(const struct wire *w)
{
	FILE *f = fopen(w->stats, "w");

	if (f == NULL)
		return;
	fprintf(f,
	    "frames forwarded %llu, lost %llu, cut off %llu, duplicated %llu, reordered %llu, "
	    "overflowed %llu\n",
	    (unsigned long long)w->count.forwarded, (unsigned long long)w->count.lost,
	    (unsigned long long)w->count.cut, (unsigned long long)w->count.duplicated,
	    (unsigned long long)w->count.reordered, (unsigned long long)w->count.full);
	fclose(f);
}

/* "*" or "1,3": a bit per port. */
static unsigned ports_parse(const char *text, unsigned ports_n)
{
	unsigned set = 0;

	if (strcmp(text, "*") == 0)
		return (1u << ports_n) - 1;
	for (const char *p = text; *p != '\0'; p += *p == ',') {
		char *end;
		unsigned long port = strtoul(p, &end, 10);

		if (end == p || port >= ports_n)
			return 0;
		set |= 1u << port;
		p = end;
	}
	return set;
}

static bool path_set(struct path *p, const char *key, uint64_t value)
{
	static const char *const names[] = { "delay", "jitter", "loss", "dup", "reorder", "cut" };
	uint64_t *fields[] = { &p->delay_us, &p->jitter_us, &p->loss, &p->dup, &p->reorder,
		&p->cut };

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i], key) == 0) {
			*fields[i] = value;
			return true;
		}
	}
	return false;
}

static bool command_set(struct wire *w, char **words, unsigned n)
{
	unsigned from = ports_parse(words[1], w->ports_n), to = ports_parse(words[2], w->ports_n);
	bool good = from != 0 && to != 0 && n % 2 == 1;

	for (unsigned i = 3; i + 1 < n && good; i += 2)
		for (unsigned a = 0; a < w->ports_n; a++)
			for (unsigned b = 0; b < w->ports_n; b++)
				if ((from >> a & 1) != 0 && (to >> b & 1) != 0)
					good &= path_set(&w->paths[a][b], words[i],
					    strtoull(words[i + 1], NULL, 10));
	return good;
}

static void untwin(struct wire *w)
{
	for (unsigned a = 0; a < w->ports_n; a++) {
		w->mac[a] = a;
		for (unsigned b = 0; b < w->ports_n; b++)
			w->route[a][b] = b;
	}
}

static bool command_twin(struct wire *w, char **words)
{
	unsigned victim = (unsigned)strtoul(words[1], NULL, 10);
	unsigned twin = (unsigned)strtoul(words[2], NULL, 10);
	unsigned seen_by = ports_parse(words[3], w->ports_n);

	if (victim >= w->ports_n || twin >= w->ports_n || victim == twin || seen_by == 0)
		return false;
	untwin(w);
	w->mac[twin] = victim;
	for (unsigned a = 0; a < w->ports_n; a++)
		if ((seen_by >> a & 1) != 0)
			w->route[a][victim] = twin;
	return true;
}

static void command(struct wire *w, char *line)
{
	char *words[16], *save = NULL;
	unsigned n = 0;
	bool good = false;

	for (char *p = strtok_r(line, " ", &save); p != NULL && n < 16;
	     p = strtok_r(NULL, " ", &save))
		words[n++] = p;
	if (n >= 5 && strcmp(words[0], "set") == 0)
		good = command_set(w, words, n);
	else if (n == 4 && strcmp(words[0], "twin") == 0)
		good = command_twin(w, words);
	else if (n == 1 && strcmp(words[0], "untwin") == 0)
		good = (untwin(w), true);
	else if (n == 1 && strcmp(words[0], "clear") == 0)
		good = memcpy(w->paths, w->base, sizeof w->base) != NULL;
	else if (n == 1 && strcmp(words[0], "base") == 0)
		good = memcpy(w->base, w->paths, sizeof w->base) != NULL;
	else if (n == 1 && strcmp(words[0], "stats") == 0)
		good = (stats_write(w), true);
	if (!good)
		fprintf(stderr, "wire: not a command: %s ...\n", n > 0 ? words[0] : "");
}

static void control_read(struct wire *w)
{
	ssize_t n = read(w->control, w->line + w->line_n, sizeof w->line - 1 - w->line_n);
	char *end;

	if (n <= 0)
		return;
	w->line_n += (size_t)n;
	w->line[w->line_n] = '\0';
	while ((end = strchr(w->line, '\n')) != NULL) {
		*end = '\0';
		command(w, w->line);
		w->line_n -= (size_t)(end + 1 - w->line);
		memmove(w->line, end + 1, w->line_n + 1);
	}
	if (w->line_n == sizeof w->line - 1)
		w->line_n = 0;
}

/* --- the beginning and the loop --- */

/* A TAP device made while in the namespace stays there; its descriptor works from anywhere. */
static int tap_open(const char *netns)
{
	struct ifreq request = { .ifr_name = "sr0" };
	int ns = open(netns, O_RDONLY | O_CLOEXEC), fd;

	if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
		die(netns);
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
		die("/dev/net/tun");
	return fd;
}

static void run(struct wire *w)
{
	struct pollfd fds[PORTS_MAX + 1];

	while (!ending) {
		uint64_t now = now_us(), wait = 100000;
		struct timespec timeout = { 0, 0 };

		for (unsigned i = 0; i < w->ports_n; i++)
			fds[i] = (struct pollfd){ .fd = w->fds[i], .events = POLLIN };
		fds[w->ports_n] = (struct pollfd){ .fd = w->control, .events = POLLIN };
		if (w->heap_n > 0)
			wait = w->heap[0]->due_us > now ? w->heap[0]->due_us - now : 0;
		timeout.tv_nsec = (long)(wait < 100000 ? wait : 100000) * 1000;
		if (ppoll(fds, w->ports_n + 1, &timeout, NULL) < 0 && errno != EINTR)
			die("poll");
		for (unsigned i = 0; i < w->ports_n; i++)
			if ((fds[i].revents & POLLIN) != 0)
				port_read(w, i);
		if ((fds[w->ports_n].revents & POLLIN) != 0)
			control_read(w);
		deliver(w);
	}
}

int main(int argc, char **argv)
{
	struct wire *w = calloc(1, sizeof *w);
	struct sigaction act = { .sa_handler = on_signal };

	if (argc < 6 || argc > 4 + (int)PORTS_MAX || w == NULL) {
		fputs("usage: wire SEED CONTROL STATS NETNS NETNS...\n", stderr);
		return 2;
	}
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	w->random = strtoull(argv[1], NULL, 10);
	/* Also open for writing: else every writer that closes would be an end. */
	w->control = open(argv[2], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (w->control < 0)
		die(argv[2]);
	w->stats = argv[3];
	w->heap = calloc(QUEUE_MAX, sizeof(struct frame *));
	if (w->heap == NULL)
		die("memory");
	w->ports_n = (unsigned)argc - 4;
	for (unsigned i = 0; i < w->ports_n; i++)
		w->fds[i] = tap_open(argv[4 + i]);
	untwin(w);
	puts("ready");
	fflush(stdout);
	run(w);
	stats_write(w);
	while (w->heap_n > 0)
		free(heap_pop(w));
	free(w->heap);
	free(w);
	return 0;
}
