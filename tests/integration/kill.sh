#!/bin/bash
# A few rounds of the soak, for make check: no acknowledged secret is missing, no byte is wrong.
ROUNDS=${KILL_ROUNDS:-6} exec "$(dirname "$0")/soak.sh"
