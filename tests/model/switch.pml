/*
 * tests/model/switch.pml - one dead-man switch (vault/switch.c) under the uptime clock and its
 * amnesty (vault/clock.c), with outages, a liar among the members, and everybody who may act.
 *
 * Time is in steps of VAULT_UPTIME_STEP_MAX_MS (3 s). Clocks are kept as what is left or has passed,
 * cut off where more makes no difference, so that all behaviours are a finite graph.
 *
 *   M_...   a mutant, must fail       REACH=n  the n-th goal is out of reach: must fail
 */
#ifndef REACH
#define REACH 0
#endif
#define INTERVAL 4
#define GRACE 2
#define STEP 1        /* most that a block adds to the uptime */
#define AMNESTY_MIN 1 /* 60 s */
#define AMNESTY_MAX 2 /* a tenth of the interval */
#define PAUSE 3
#define GUARDIANS 2   /* of whom both must confirm */
#define LONG 4        /* the longest gap between blocks */
#define FAULTS 1
#define QUIET_MAX (PAUSE + INTERVAL + GRACE + 2 * AMNESTY_MAX + 3)

mtype = { ARMED, WARN, PENDING, PAUSED, FIRED, CANCELLED };

mtype state = ARMED;
bool frozen;
byte left = INTERVAL; /* uptime until the interval, or the grace, is over */
byte beat_ago;        /* wall clock since the last beat */
byte pause_left;
byte confirmed;       /* a bit a guardian */
byte stalled;         /* length of the stall so far */
byte hold_left, tenth_left; /* of hold_until_uptime_ms, of outage_uptime_ms + I / 10 */

/* What the owner could have done; the switch does not see these. */
byte chance;          /* time since the last beat in which an honest member took requests */
byte chance_since;    /* the same since the last outage */
byte owed;            /* of it, what that outage is paid back with */
byte grace_seen;      /* the same since PENDING began */
byte heard;           /* guardians that confirmed since PENDING began, a bit each */
byte quiet;           /* blocks since everything works and the owner is silent */
bool was_fired;

#define LESS(a, b) ((a) < (b) -> (a) : (b))
#define MORE(a, b) ((a) > (b) -> (a) : (b))
#define DOWN(a, by) ((a) > (by) -> (a) - (by) : 0)

inline beat()
{
	left = INTERVAL;
	beat_ago = 0;
	confirmed = 0;
	chance = 0;
	heard = 0
}

inline arm() { state = ARMED; pause_left = 0; beat() }

#ifdef M_NO_AMNESTY
#define AMNESTY_LEFT 0
#else
#define AMNESTY_LEFT LESS(hold_left, tenth_left)
#endif

/* No amnesty, and the wall clock agrees; else the step is put off. */
inline held_back(span)
{
	held = AMNESTY_LEFT;
	if
	:: beat_ago < span -> held = span - beat_ago
	:: else
	fi;
	if
	:: held > 0 -> left = held
	:: else
	fi
}

inline fire()
{
	/* I9: in all this time a heartbeat would have been taken. */
	assert(chance >= INTERVAL + GRACE);
	assert(grace_seen >= GRACE);
	assert(beat_ago >= INTERVAL + GRACE);
	assert(chance_since >= owed);
	assert(heard == (1 << GUARDIANS) - 1);
	assert(!frozen);
	assert(honest_up > 0);
	state = FIRED
}

#if defined(M_GUARDIANS)
#define GUARDIANS_AGREE true
#else
#define GUARDIANS_AGREE (confirmed == (1 << GUARDIANS) - 1)
#endif
#ifdef M_FROZEN_FIRES
#define MAY_FIRE true
#else
#define MAY_FIRE !frozen
#endif

/* vault_switch_due: all steps that are due in this block. */
inline due()
{
	do
	:: (state == ARMED) && left <= INTERVAL / 2 -> state = WARN
	:: (state == WARN) && left == 0 ->
		held_back(INTERVAL);
		if
		:: held == 0 ->
			assert(chance_since >= owed);
			state = PENDING;
			confirmed = 0; heard = 0; grace_seen = 0;
#ifdef M_NO_GRACE
			left = 0
#else
			left = GRACE
#endif
		:: else
		fi
	:: (state == PENDING) && left == 0 && GUARDIANS_AGREE && MAY_FIRE ->
		held_back(INTERVAL + GRACE);
		if
		:: held == 0 -> fire()
		:: else
		fi
	:: else -> break
	od;
	held = 0
}

#ifdef M_FAULTS_VOTES
#define INGRESS(honest_up) (honest_up + FAULTS >= FAULTS)
#else
#define INGRESS(honest_up) (honest_up + FAULTS >= FAULTS + 1)
#endif
#ifdef M_NO_CAP
#define ADDED(dt) (dt)
#else
#define ADDED(dt) LESS(dt, STEP)
#endif
#ifdef M_OUTAGE_COUNTS
#define COUNTS true
#else
#define COUNTS ingress
#endif
#ifdef M_MOVES_IN_OUTAGE
#define MOVES true
#else
#define MOVES ingress
#endif

/* clock_advance of vault/clock.c, and the owner's view of the same block. */
inline clock(dt)
{
	added = (COUNTS -> ADDED(dt) : 0);
	left = DOWN(left, added);
#ifndef M_AMNESTY_FOR_EVER
	hold_left = DOWN(hold_left, added);
	tenth_left = DOWN(tenth_left, added);
#endif
	beat_ago = LESS(beat_ago + dt, INTERVAL + GRACE);
	pause_left = DOWN(pause_left, dt);
	stalled = (ingress && dt <= STEP -> 0 : LESS(stalled + dt, LONG));
	if
	:: stalled > STEP ->
		tenth_left = AMNESTY_MAX;
		hold_left = MORE(hold_left, MORE(stalled, AMNESTY_MIN))
	:: else
	fi;
	/* For the owner what an honest member takes counts, and no more of a gap than a step. */
	added = (honest_up > 0 -> LESS(dt, STEP) : 0);
	chance = LESS(chance + added, INTERVAL + GRACE);
	grace_seen = LESS(grace_seen + added, GRACE);
	chance_since = LESS(chance_since + added, AMNESTY_MAX);
	outage = (honest_up > 0 && dt <= STEP -> 0 : LESS(outage + dt, LONG));
	if
	:: outage > STEP ->
		chance_since = 0;
		owed = LESS(AMNESTY_MAX, MORE(outage, AMNESTY_MIN))
	:: else
	fi;
	added = 0
}

/* Somebody's operation. Refused ones are not listed: they change nothing. */
inline operation()
{
	if
	/* The owner, or who beats for it. */
	:: state == ARMED || state == WARN -> arm()
	:: state == PENDING ->
#ifdef M_BEAT_IGNORED
		chance = 0;
		grace_seen = 0
#else
		arm()
#endif
		;
		assert(state == ARMED && left == INTERVAL && confirmed == 0)
	:: state == PENDING -> arm() /* veto */
	:: state != FIRED && state != CANCELLED -> /* pause */
		state = PAUSED; pause_left = PAUSE; beat()
	:: state != FIRED && state != CANCELLED -> arm(); frozen = false /* resume */
	:: state != FIRED && state != CANCELLED -> /* under duress: a heartbeat to every observer */
		if
		:: state != PAUSED -> arm()
		:: else -> beat()
		fi;
		frozen = true
	:: state != FIRED && state != CANCELLED -> state = CANCELLED; frozen = false
	/* Guardians. */
	:: state == PENDING && !(confirmed & 1) -> confirmed = confirmed | 1; heard = heard | 1
	:: state == PENDING && !(confirmed & 2) -> confirmed = confirmed | 2; heard = heard | 2
	fi
}

active proctype cluster()
{
	byte dt, honest_up, added, held, outage;
	bool ingress;

	do
	:: atomic {
		if
		:: quiet == 0 && state != CANCELLED && !frozen -> quiet = 1
		:: quiet == 0
		:: quiet > 0 && quiet < QUIET_MAX -> quiet++
		:: quiet == QUIET_MAX
		fi;
		/* A block. Its author may leave the flag out, not put it in. */
		if
		:: dt = 1
		:: quiet == 0 -> dt = 2
		:: quiet == 0 -> dt = LONG
		fi;
		if
		:: honest_up = 1
		:: quiet == 0 -> honest_up = 0
		fi;
		if
		:: INGRESS(honest_up) -> ingress = true
		:: quiet == 0 -> ingress = false
		fi;
		d_step {
			clock(dt);
			if
			:: state == PAUSED && pause_left == 0 ->
				/* Nobody was asked to beat while it was paused. */
				chance = 0;
#ifdef M_PAUSE_KEEPS_INTERVAL
				state = ARMED
#else
				arm()
#endif
			:: else
			fi;
			if
			:: MOVES && state != PAUSED -> due()
			:: else
			fi;
			dt = 0; honest_up = 0; ingress = false
		};
		if
		:: quiet > 0 && state == PENDING ->
			confirmed = (1 << GUARDIANS) - 1;
			heard = confirmed
		:: else
		fi;
		assert(!was_fired || state == FIRED);
		was_fired = (state == FIRED);
		assert(quiet < QUIET_MAX || state == FIRED);
#if REACH == 1
		assert(state != FIRED);
#elif REACH == 2
		/* An outage holds a grace back that is over. */
		assert(!(state == PENDING && left > 0 && grace_seen >= GRACE && owed > 0));
#elif REACH == 3
		assert(!(frozen && state == PENDING))
#endif
	}
	/* Any number of operations in the block just begun. */
	:: atomic { quiet == 0 && state != FIRED && state != CANCELLED -> operation() }
	od
}
