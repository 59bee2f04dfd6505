/*
 * cli/policy_json.h - a policy of evidence (attest/policy.h) as JSON that people edit.
 * docs/POLICY.md says what each key means; docs/policy-sample.json is one.
 */
#ifndef SR_CLI_POLICY_JSON_H
#define SR_CLI_POLICY_JSON_H

#include "attest/policy.h"

#define POLICY_JSON_MAX (256u * 1024u)
#define POLICY_JSON_ERROR 200u

/*
 * Changes what the text names in policy, which holds the one before it or the default; the rest
 * stays. Lists are replaced as a whole and may come in any order. On an error policy is as it was
 * and error says where: "measurements[2].kind: no kind of evidence". BAD_SYNTAX, or what
 * attest_policy_check says of the whole.
 */
SR_MUST_CHECK enum sr_error policy_json_parse(struct attest_policy *policy,
    char error[POLICY_JSON_ERROR], const char *text, size_t n);
/* The whole policy, indented, with a line feed at the end; parses back to the same. */
void policy_json_write(struct sr_writer *w, const struct attest_policy *policy);

#endif
