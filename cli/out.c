/* What people see: lines, tables, bars, errors; and the clocks behind them. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- how it ends --- */

enum cli_exit cli_exit_of(enum sr_error error)
{
	if (error == SR_OK)
		return CLI_DONE;
	if (error == SR_ERR_USAGE)
		return CLI_USAGE;
	if (error == SR_ERR_TIMED_OUT || error == SR_ERR_NOT_REACHED)
		return CLI_UNREACHED;
	return CLI_REFUSED;
}

static void error_put(struct cli *self, enum sr_error error, const char *detail)
{
	if (self->failed)
		return;
	self->failed = true;
	cli_object_begin(self, "error");
	cli_put_number(self, "code", (uint64_t)error);
	cli_put_text(self, "name", sr_error_name((unsigned)error));
	cli_put_text(self, "message", sr_error_message((unsigned)error));
	cli_put_text(self, "detail", detail);
	cli_object_end(self);
	fprintf(stderr, "strongroom: %s\n  %s (%s)\n", detail, sr_error_message((unsigned)error),
	    sr_error_name((unsigned)error));
}

enum cli_exit cli_fail(struct cli *self, enum sr_error error, const char *format, ...)
{
	char detail[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(detail, sizeof detail, format, ap);
	va_end(ap);
	error_put(self, error, detail);
	return error == SR_OK ? CLI_REFUSED : cli_exit_of(error);
}

enum cli_exit cli_usage(struct cli *self, enum sr_error error, const char *format, ...)
{
	char detail[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(detail, sizeof detail, format, ap);
	va_end(ap);
	error_put(self, error, detail);
	return CLI_USAGE;
}

/* --- lines --- */

void cli_say(const struct cli *self, const char *format, ...)
{
	va_list ap;

	if (self->json)
		return;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
}

void cli_warn(const struct cli *self, const char *format, ...)
{
	va_list ap;

	(void)self;
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
}

void cli_time_text(char out[CLI_TIME_TEXT], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (ms == 0 || gmtime_r(&seconds, &tm) == NULL)
		snprintf(out, CLI_TIME_TEXT, "%s", ms == 0 ? "never" : "?");
	else if (strftime(out, CLI_TIME_TEXT, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		out[0] = '\0';
}

void cli_duration_text(char out[CLI_TIME_TEXT], uint64_t ms)
{
	static const struct { const char *name; uint64_t ms; } units[] = {
		{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
	};
	size_t at = 0;
	unsigned parts = 0;

	snprintf(out, CLI_TIME_TEXT, "0s");
	for (size_t i = 0; i < 5 && parts < 2; i++) {
		uint64_t v = ms / units[i].ms;

		if (v == 0)
			continue;
		at += (size_t)snprintf(
		    out + at, CLI_TIME_TEXT - at, "%llu%s", (unsigned long long)v, units[i].name);
		ms -= v * units[i].ms;
		parts++;
	}
}

void cli_bytes_text(char out[CLI_TIME_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	unsigned u = 0;
	double v = (double)bytes;

	while (v >= 1024 && u < 3) {
		v /= 1024;
		u++;
	}
	snprintf(out, CLI_TIME_TEXT, u == 0 || v >= 100 ? "%.0f %s" : "%.1f %s", v, units[u]);
}

void cli_name_text(char out[SR_NAME_MAX + 1], struct sr_bytes name)
{
	size_t n = name.n > SR_NAME_MAX ? SR_NAME_MAX : name.n;

	if (n > 0)
		memcpy(out, name.p, n);
	out[n] = '\0';
	/* Members refuse control characters; a lying one must not reach the terminal either. */
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = '?';
}

/* --- tables --- */

void cli_table_init(struct cli_table *self, unsigned columns)
{
	*self = (struct cli_table){ .columns = columns };
}

void cli_table_cell(struct cli_table *self, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (self->cells_n == self->capacity) {
		unsigned capacity = self->capacity == 0 ? 64 : self->capacity * 2;
		char **cells = realloc(self->cells, capacity * sizeof *cells);

		SR_ASSERT(cells != NULL);
		self->cells = cells;
		self->capacity = capacity;
	}
	self->cells[self->cells_n] = strdup(text);
	SR_ASSERT(self->cells[self->cells_n] != NULL);
	self->cells_n++;
}

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static int text_width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void cli_table_print(const struct cli *cli, struct cli_table *self)
{
	int width[16] = { 0 };

	SR_ASSERT(self->columns > 0 && self->columns <= 16);
	for (unsigned i = 0; i < self->cells_n; i++) {
		int w = text_width(self->cells[i]);

		if (w > width[i % self->columns])
			width[i % self->columns] = w;
	}
	for (unsigned i = 0; i < self->cells_n; i++) {
		bool last = i % self->columns == self->columns - 1;

		cli_say(cli, "%s", self->cells[i]);
		if (last)
			cli_say(cli, "\n");
		else
			cli_say(cli, "%*s",
			    width[i % self->columns] - text_width(self->cells[i]) + 2, "");
		free(self->cells[i]);
	}
	free(self->cells);
	*self = (struct cli_table){ 0 };
}

/* --- progress --- */

void cli_progress_start(struct cli_progress *self, const struct cli *cli, const char *what,
    uint64_t total)
{
	*self = (struct cli_progress){ .what = what, .total = total };
	self->on = !cli->json && isatty(STDERR_FILENO);
}

void cli_progress_at(struct cli_progress *self, uint64_t done)
{
	uint64_t now = cli_monotonic_ms();
	char have[CLI_TIME_TEXT];

	if (!self->on || (self->drawn && now - self->shown_ms < 100))
		return;
	self->shown_ms = now;
	self->drawn = true;
	cli_bytes_text(have, done);
	if (self->total == 0) {
		fprintf(stderr, "\r%s %s\033[K", self->what, have);
		return;
	}
	unsigned filled = (unsigned)(done >= self->total ? 30 : done * 30 / self->total);
	fprintf(stderr, "\r%s [%.*s%*s] %3u%% %s\033[K", self->what, (int)filled,
	    "##############################", (int)(30 - filled), "", filled * 100 / 30, have);
}

void cli_progress_end(struct cli_progress *self)
{
	if (self->drawn)
		fprintf(stderr, "\r\033[K");
	self->drawn = false;
	self->on = false;
}

/* --- clocks --- */

static uint64_t clock_ms(clockid_t id)
{
	struct timespec ts;

	SR_ASSERT(clock_gettime(id, &ts) == 0);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t cli_now_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

uint64_t cli_monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

void cli_pause_ms(unsigned ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

uint64_t cli_left_ms(const struct cli *self)
{
	uint64_t gone = cli_monotonic_ms() - self->started_ms;

	return gone >= self->timeout_ms ? 0 : self->timeout_ms - gone;
}
