/*
 * tests/lib/fake_enclave.h - a FAKE enclave for tests of the host: it keeps no secret and decides
 * nothing. A test program is its own fake enclave when it is started with --fd, as strongroomd
 * starts the real one.
 *
 * A client's CLIENT_SUBMIT is a command in plain text:
 *   persist:TEXT  a record, synced, then the reply TEXT     state:TEXT  a checkpoint whose row "k"
 * is TEXT replay        what it was given at boot                 order       records without sync,
 * one with, in one go crash, exit   dies                                      fatal       says
 * FATAL silent        never answers                             garbage     bytes that are no
 * effect send:TEXT     TEXT to member 1                          inbox       the last message
 *   archive:N     a row of height N                         read:N      how many rows from N on
 *   block         announces a block                         ticks       how many TICKs so far
 *   big:N         N bytes                                   keep:HEX, drop:HEX   a piece
 *   disk          "1" while told that the disk is low       gone        how many CLIENT_GONE so far
 *   identity:TEXT replaces the identity                     trail       the TRAIL it was told
 *   peer:N=LINK   who has seat N; peer:N= nobody            fatal:left, fatal:refused  ends calmly
 *   evidence      how asking the machine ended
 */
#ifndef SR_TESTS_LIB_FAKE_ENCLAVE_H
#define SR_TESTS_LIB_FAKE_ENCLAVE_H

#include <stdbool.h>

/* Was this process started to be the enclave? */
bool fake_enclave_wanted(int argc, char **argv);
/* Serves descriptor 3; returns main's value. */
int fake_enclave_run(void);

#endif
