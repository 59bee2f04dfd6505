#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define TEXT_MAX_BYTES 1024

static enum sr_log_level log_most = SR_LOG_INFO;
static bool log_json;

struct line {
	char b[LINE_MAX_BYTES];
	size_t n;
};

/* Keeps four bytes for what closes a line: "} and the newline. */
static bool line_has_room(const struct line *self, size_t n)
{
	return self->n + n + 4 <= sizeof self->b;
}

static void line_add(struct line *self, const char *text)
{
	size_t n = strlen(text);

	if (line_has_room(self, n)) {
		memcpy(self->b + self->n, text, n);
		self->n += n;
	}
}

/* Nothing a stranger sends may forge a line or steer a terminal: only printable ASCII as it is. */
static void line_add_escaped(struct line *self, const char *text, bool json)
{
	for (const char *c = text; *c != '\0'; c++) {
		unsigned char v = (unsigned char)*c;
		char piece[8] = { (char)v, '\0' };

		if (v < 0x20 || v >= 0x7f)
			snprintf(piece, sizeof piece, json ? "\\u%04x" : "\\x%02x", v);
		else if (json && (v == '"' || v == '\\'))
			snprintf(piece, sizeof piece, "\\%c", v);
		if (!line_has_room(self, strlen(piece) + 3)) {
			line_add(self, "...");
			return;
		}
		line_add(self, piece);
	}
}

static void time_text(char *out, size_t out_n)
{
	struct timespec now = { 0, 0 };
	struct tm utc;
	size_t n = 0;

	if (clock_gettime(CLOCK_REALTIME, &now) == 0 && gmtime_r(&now.tv_sec, &utc) != NULL)
		n = strftime(out, out_n, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(out + n, out_n - n, ".%03ldZ", now.tv_nsec / 1000000);
}

void sr_log_set(enum sr_log_level most, bool json)
{
	log_most = most;
	log_json = json;
}

static void compose(struct line *line, enum sr_log_level level, const char *area, const char *text)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	const char *name = (unsigned)level < 4 ? names[level] : "error";
	char when[40];

	time_text(when, sizeof when);
	line_add(line, log_json ? "{\"time\":\"" : "");
	line_add(line, when);
	line_add(line, log_json ? "\",\"level\":\"" : " ");
	line_add(line, name);
	line_add(line, log_json ? "\",\"area\":\"" : " ");
	line_add_escaped(line, area, log_json);
	line_add(line, log_json ? "\",\"message\":\"" : ": ");
	line_add_escaped(line, text, log_json);
	/* line_has_room kept the place for these. */
	if (log_json) {
		line->b[line->n++] = '"';
		line->b[line->n++] = '}';
	}
	line->b[line->n++] = '\n';
}

void sr_log(enum sr_log_level level, const char *area, const char *format, ...)
{
	struct line line = { .n = 0 };
	char text[TEXT_MAX_BYTES];
	size_t done = 0;
	va_list args;

	if (level > log_most)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	compose(&line, level, area, text);
	/* One write a line, so that lines of several processes on one pipe do not mix. */
	while (done < line.n) {
		ssize_t wrote = write(STDERR_FILENO, line.b + done, line.n - done);

		if (wrote <= 0)
			return;
		done += (size_t)wrote;
	}
}
