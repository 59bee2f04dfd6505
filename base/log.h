/*
 * base/log.h - structured lines on stderr: time, level, area, message, then key=value pairs. One
 * line per call, at most 1 KiB, text escaped. Takes no secret type: there is no way to print one.
 * Only processes and their shells log; pure folders hand NOTE effects out instead.
 */
#ifndef SR_BASE_LOG_H
#define SR_BASE_LOG_H

#include "base/types.h"

enum sr_log_level { SR_LOG_ERROR, SR_LOG_WARN, SR_LOG_INFO, SR_LOG_DEBUG };

void sr_log_set(enum sr_log_level most, bool json);
__attribute__((format(printf, 3, 4)))
void sr_log(enum sr_log_level level, const char *area, const char *format, ...);

#endif
