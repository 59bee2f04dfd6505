/*
 * tests/model/slot_simplex.pml - the votes of consensus/rules.c, the restart of consensus/recover.c
 * and the epoch's end of consensus/tree.c, for three honest members and one liar (n = 4, f = 1,
 * quorum 3). docs/MODEL.md says what is left out and why that only adds behaviour.
 *
 * A set of votes or certificates is a word, five bits a slot: NOTAR for block 1, for block 2, SKIP,
 * FINAL for block 1, for block 2. The liar has cast every vote: a certificate exists as soon as
 * QUORUM - 1 honest members voted for it, and anyone may learn of it at any later time, or never.
 * Any block may be proposed by anyone to anyone: two rivals a slot, on any parents.
 *
 *   SLOTS   slots (2)            RESTARTS  disks emptied (0)       EPOCH   blocks may be CLOSE
 *   HEAL    from every state, a healed network makes a final block
 *   REACH=n the n-th goal is asserted to be out of reach: must fail, or the model says nothing
 *   STRAIGHT  four slots at a bearable cost: no timer runs out, each block stands on the slot before
 *           it, only the last slot has rivals
 *   M_...   a mutant, must fail  HARM      only assertions about final blocks
 *   NAMED   members keep their place, so that a trail can be read (three to six times the states)
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef REACH
#define REACH 0
#endif
#ifndef QUORUM
#define QUORUM 3
#endif
#define HONEST 3
#define BLOCKS (2 * SLOTS)

/* Bits of a slot's five. */
#define AT(s, bit) (1 << (5 * ((s) - 1) + (bit)))
#define NOTAR_OF(w, s) (((w) >> (5 * ((s) - 1))) & 3)
#define SKIP_OF(w, s) (((w) >> (5 * ((s) - 1) + 2)) & 1)
#define FINAL_OF(w, s) (((w) >> (5 * ((s) - 1) + 3)) & 3)
#define NOTAR_BIT(block) AT(SLOT(block), RIVAL(block))
#define FINAL_BIT(block) AT(SLOT(block), RIVAL(block) + 3)

/* Blocks are numbered 1.. two a slot; 0 is the genesis. */
#define SLOT(block) (((block) + 1) / 2)
#define RIVAL(block) (((block) + 1) & 1)
#define MASKED(s, mask) (2 * ((s) - 1) + (mask)) /* the block of a mask that has one bit */

#if SLOTS == 2
#define TOP(w) (FINAL_OF(w, 2) -> 2 : (FINAL_OF(w, 1) -> 1 : 0))
#elif SLOTS == 3
#define TOP(w) (FINAL_OF(w, 3) -> 3 : (FINAL_OF(w, 2) -> 2 : (FINAL_OF(w, 1) -> 1 : 0)))
#else
#define TOP(w) (FINAL_OF(w, 4) -> 4 : (FINAL_OF(w, 3) -> 3 : \
	(FINAL_OF(w, 2) -> 2 : (FINAL_OF(w, 1) -> 1 : 0))))
#endif
#define TOP_BLOCK(w) (TOP(w) == 0 -> 0 : MASKED(TOP(w), FINAL_OF(w, TOP(w))))

#ifdef STRAIGHT
#define TIMERS false
#define RIVALS(s) ((s) == SLOTS)
#define LOWEST_PARENT(s) ((s) > 1 -> 2 * (s) - 3 : 0)
#else
#define TIMERS true
#define RIVALS(s) true
#define LOWEST_PARENT(s) 0
#endif

#if QUORUM == 3
#define CERTS(a, b, c) (((a) & (b)) | ((a) & (c)) | ((b) & (c)))
#elif QUORUM == 2
#define CERTS(a, b, c) ((a) | (b) | (c))
#else
#define CERTS(a, b, c) ((1 << (5 * SLOTS)) - 1)
#endif

#define HANDSHAKE 15 /* a floor that no slot reaches */

int votes[HONEST];   /* ever sent */
int known[HONEST];   /* certificates held */
byte above[BLOCKS + 1]; /* 1 + the parent; 0: nobody proposed this block yet */
#if RESTARTS > 0
int own[HONEST];     /* votes in the member's own record: fewer than sent after a rollback */
byte from[HONEST];   /* no vote below this floor */
byte restarts;
#define OWN(i) own[i]
#define FLOOR(i) from[i]
#define FIRST(i) (from[i] > 1 -> from[i] : 1)
#else
#define OWN(i) votes[i]
#define FLOOR(i) 0
#define FIRST(i) 1
#endif
#ifdef EPOCH
short close_mask;    /* blocks that carry CLOSE */
short closing_mask;  /* those and their descendants */
short full_mask;     /* blocks with operations below a CLOSE block */
#define IN(mask, block) (((mask) >> (block)) & 1)
#define CLOSED(w) IN(closing_mask, TOP_BLOCK(w))
#else
#define CLOSED(w) false
#endif

/* --- the rules (consensus/rules.c, tree.c) --- */

/* The smallest slot with neither a NOTAR nor a SKIP certificate nor a later FINAL. */
inline frontier_of(result, certs)
{
	result = TOP(certs) + 1;
	do
	:: result <= SLOTS && (NOTAR_OF(certs, result) || SKIP_OF(certs, result)) -> result++
	:: else -> break
	od
}

/* SKIP and FINAL exclude each other; SKIP may follow an own NOTAR, and NOTAR an own SKIP. */
#if defined(M_EXCLUSION)
#define SKIP_ALLOWED(mine, s) true
#define FINAL_ALLOWED(mine, s) true
#elif defined(M_SKIP_AFTER_NOTAR)
#define SKIP_ALLOWED(mine, s) !(FINAL_OF(mine, s) || NOTAR_OF(mine, s))
#define FINAL_ALLOWED(mine, s) !SKIP_OF(mine, s)
#else
#define SKIP_ALLOWED(mine, s) !FINAL_OF(mine, s)
#define FINAL_ALLOWED(mine, s) !SKIP_OF(mine, s)
#endif

#ifdef M_LAST_FINAL
#define OLD_PARENT_GOOD(w, exist, parent) (parent == 0 || ((exist) & NOTAR_BIT(parent)))
#else
#define OLD_PARENT_GOOD(w, exist, parent) (parent == TOP_BLOCK(w))
#endif

/*
 * May a block of this slot on this parent be notarised by one who knows certs and what it needs of
 * all others? Learning more than it needs never allows a vote: that only moves the frontier and the
 * last final block up. So the needed is all that certs gains here.
 */
inline parent_good(result, certs, all, slot, parent)
{
	if
	:: SLOT(parent) <= TOP(certs) -> result = OLD_PARENT_GOOD(certs, all, parent)
	:: else ->
		if
		:: NOTAR_OF(certs, SLOT(parent)) == 0 -> certs = certs | (all & NOTAR_BIT(parent))
		:: else
		fi;
		result = ((certs & NOTAR_BIT(parent)) != 0)
	fi;
#ifndef M_GAP
	gap = (SLOT(parent) > TOP(certs) -> SLOT(parent) : TOP(certs)) + 1;
	do
	:: gap < slot ->
		certs = certs | (all & AT(gap, 2));
		result = result && SKIP_OF(certs, gap);
		gap++
	:: else -> break
	od;
	gap = 0
#endif
}

/* A member may learn of the FINAL certificate of a slot; what is below is of no use any more. */
inline learn_final(certs, all)
{
	x = 1;
	do
	:: x <= SLOTS ->
		if
		:: x > TOP(certs) && FINAL_OF(all, x) ->
			if
			:: certs = (certs & ~(AT(x, 3) - 1)) | (FINAL_OF(all, x) == 2 -> AT(x, 4) : AT(x, 3))
			:: true
			fi
		:: else
		fi;
		x++
	:: else -> break
	od;
	x = 0
}

/* To be at the frontier s: for each slot below either certificate, whichever came. */
inline learn_below(certs, all, slot)
{
	x = TOP(certs) + 1;
	do
	:: x < slot ->
		if
		:: NOTAR_OF(certs, x) || SKIP_OF(certs, x)
		:: !NOTAR_OF(certs, x) && !SKIP_OF(certs, x) && NOTAR_OF(all, x) ->
			certs = certs | (NOTAR_OF(all, x) == 2 -> AT(x, 1) : AT(x, 0))
		:: !NOTAR_OF(certs, x) && !SKIP_OF(certs, x) && SKIP_OF(all, x) -> certs = certs | AT(x, 2)
		:: else -> break
		fi;
		x++
	:: else -> break
	od;
	x = 0
}

/* --- what must hold --- */

/* Is a an ancestor of b, or b itself? */
inline ancestor(result, a, b)
{
	walk = b;
	do
	:: SLOT(walk) > SLOT(a) -> walk = above[walk] - 1
	:: else -> break
	od;
	result = (walk == a);
	walk = 0
}

inline check()
{
	d_step {
		exist = CERTS(votes[0], votes[1], votes[2]);
		x = 1;
		do
		:: x <= BLOCKS ->
			if
			:: above[x] && (exist & FINAL_BIT(x)) ->
				y = x + 1;
				do
				:: y <= BLOCKS ->
					if
					:: above[y] && (exist & FINAL_BIT(y)) ->
						ancestor(good, x, y);
						no_conflicting_finals = good
					:: else
					fi;
					assert(no_conflicting_finals);
					y++
				:: else -> break
				od;
#ifdef EPOCH
				closes = 0;
				walk = x;
				do
				:: walk > 0 ->
					closes = closes + IN(close_mask, walk);
					nothing_after_close = nothing_after_close && !IN(full_mask, walk);
					walk = above[walk] - 1
				:: else -> break
				od;
				one_next_roster = one_next_roster && closes <= 1;
				closes = 0;
				assert(one_next_roster);
				assert(nothing_after_close)
#endif
			:: else
			fi;
			x++
		:: else -> break
		od;
#ifndef HARM
		x = 1;
		do
		:: x <= SLOTS ->
			no_double_vote = NOTAR_OF(votes[i], x) != 3 && FINAL_OF(votes[i], x) != 3 &&
			    !(SKIP_OF(votes[i], x) && FINAL_OF(votes[i], x));
			one_notarised = NOTAR_OF(exist, x) != 3;
			skipped_or_final = !(SKIP_OF(exist, x) && FINAL_OF(exist, x));
			assert(no_double_vote);
			assert(one_notarised);
			assert(skipped_or_final);
			x++
		:: else -> break
		od;
#endif
		x = 0; y = 0; good = false
	}
}

#ifdef HEAL
/*
 * The liar is silent, all share what they hold, timers run out: slot by slot the frontier must move,
 * and an honest author of the last slot, nobody having voted there, must be able to finish a block.
 */
inline heal()
{
	d_step {
		exist = known[0] | known[1] | known[2] | (votes[0] & votes[1] & votes[2]);
		frontier_of(front, exist);
		do
		:: front < SLOTS ->
			/* All three must be allowed to skip: a quorum without the liar. */
			all_may_skip = SKIP_ALLOWED(votes[0] | votes[1] | votes[2], front);
			assert(all_may_skip);
			exist = exist | AT(front, 2);
			frontier_of(front, exist)
		:: else -> break
		od;
		x = SLOTS - 1;
		do
		:: x > TOP(exist) && !NOTAR_OF(exist, x) -> x--
		:: else -> break
		od;
		/* Two notarised blocks in a slot are reported elsewhere. */
		x = (x > TOP(exist) -> MASKED(x, NOTAR_OF(exist, x)) : TOP_BLOCK(exist));
		parent_good(healed_makes_final, exist, exist, SLOTS, x);
		assert(healed_makes_final);
		x = 0; front = 0
	}
}
#endif

/* Things that must be possible. */
inline reach()
{
	d_step {
		exist = CERTS(votes[0], votes[1], votes[2]);
		good = false;
#if REACH == 1
		/* The last slot's block is final on top of every slot before it. */
		good = above[BLOCKS - 1] == BLOCKS - 2 && above[3] == 2 &&
		    (exist & FINAL_BIT(BLOCKS - 1))
#elif REACH == 2
		/* A notarised block is skipped, and its rival line becomes final. */
		good = NOTAR_OF(exist, 1) && SKIP_OF(exist, 1) && FINAL_OF(exist, 2) && above[3] == 1
#elif REACH == 3
		/* One skipped at first, then its block was notarised and built upon all the same. */
		good = SKIP_OF(votes[i], 1) && NOTAR_OF(votes[i], 1) && (exist & FINAL_BIT(3)) &&
		    above[3] == 2
#elif REACH == 4
		/* A member that lost its disk votes again, and its vote counts in a final block. */
		good = restarts > 0 && from[i] != 0 && from[i] <= SLOTS && FINAL_OF(own[i], SLOTS) &&
		    FINAL_OF(exist, SLOTS)
#elif REACH == 5
		/* A CLOSE block and an empty one after it are final. */
		good = IN(close_mask, 1) && above[3] == 2 && (exist & FINAL_BIT(3))
#endif
		;
		out_of_reach = !good;
		assert(out_of_reach);
		good = false
	}
}

/* Honest members are alike: those that stand in a different order are the same state. */
#if RESTARTS > 0
#define SWAP_MORE(a, b) word = own[a]; own[a] = own[b]; own[b] = word; \
	word = from[a]; from[a] = from[b]; from[b] = word;
#define AFTER(a, b) (votes[a] > votes[b] || (votes[a] == votes[b] && (known[a] > known[b] || \
	(known[a] == known[b] && (own[a] > own[b] || (own[a] == own[b] && from[a] > from[b]))))))
#else
#define SWAP_MORE(a, b)
#define AFTER(a, b) (votes[a] > votes[b] || (votes[a] == votes[b] && known[a] > known[b]))
#endif
inline order(a, b)
{
	if
	:: AFTER(a, b) ->
		word = votes[a]; votes[a] = votes[b]; votes[b] = word;
		word = known[a]; known[a] = known[b]; known[b] = word;
		SWAP_MORE(a, b)
	:: else
	fi
}

/* So are two rivals in a slot. */
#define SWAPPED(w, s) (((w) & ~(27 << (5 * ((s) - 1)))) | \
	((((w) >> (5 * ((s) - 1))) & 9) << (5 * ((s) - 1) + 1)) | \
	((((w) >> (5 * ((s) - 1) + 1)) & 9) << (5 * ((s) - 1))))
#define COUNT(list, bits) ((list[0] & (bits)) != 0) + ((list[1] & (bits)) != 0) + \
	((list[2] & (bits)) != 0)
#define WEIGHT(block) (above[block] * 64 + 16 * (COUNT(votes, NOTAR_BIT(block))) + \
	4 * (COUNT(votes, FINAL_BIT(block))) + COUNT(known, NOTAR_BIT(block) | FINAL_BIT(block)))
#define SWAPPED_IN(mask, s) (((mask) & ~(3 << (2 * (s) - 1))) | \
	(((mask) >> 1) & (1 << (2 * (s) - 1))) | (((mask) << 1) & (2 << (2 * (s) - 1))))
inline order_rivals(slot)
{
	if
	:: above[2 * slot] && WEIGHT(2 * slot) > WEIGHT(2 * slot - 1) ->
		x = 0;
		do
		:: x < HONEST ->
			votes[x] = SWAPPED(votes[x], slot);
			known[x] = SWAPPED(known[x], slot);
#if RESTARTS > 0
			own[x] = SWAPPED(own[x], slot);
#endif
			x++
		:: else -> break
		od;
		word = above[2 * slot]; above[2 * slot] = above[2 * slot - 1]; above[2 * slot - 1] = word;
		x = 2 * slot + 1;
		do
		:: x <= BLOCKS ->
			if
			:: above[x] == 2 * slot -> above[x] = 2 * slot + 1
			:: above[x] == 2 * slot + 1 -> above[x] = 2 * slot
			:: else
			fi;
			x++
		:: else -> break
		od;
#ifdef EPOCH
		close_mask = SWAPPED_IN(close_mask, slot);
		closing_mask = SWAPPED_IN(closing_mask, slot);
		full_mask = SWAPPED_IN(full_mask, slot);
#endif
		x = 0
	:: else
	fi
}

/* --- a block is proposed when the first honest member votes for it --- */

#ifdef EPOCH
#ifdef M_TWO_CLOSE
#define CLOSE_ALLOWED(parent) true
#else
#define CLOSE_ALLOWED(parent) !IN(closing_mask, parent)
#endif
inline kind_choose(block, parent)
{
	if
	:: true
	:: CLOSE_ALLOWED(parent) ->
		close_mask = close_mask | (1 << block)
#ifdef M_CLOSE_FULL
	:: IN(closing_mask, parent) -> full_mask = full_mask | (1 << block)
#endif
	fi;
	if
	:: IN(closing_mask, parent) || IN(close_mask, block) ->
		closing_mask = closing_mask | (1 << block)
	:: else
	fi
}
#else
#define kind_choose(block, parent) skip
#endif

/* --- restart (consensus/recover.c) --- */

#if RESTARTS > 0
#define OTHER(i) (((i) + 1) % HONEST)
#define THIRD(i) (((i) + 2) % HONEST)

/* What a STATUS answer proves: the newest FINAL certificate and the slots up to the frontier. */
inline status(result, certs)
{
#ifdef M_STATUS_TO_FRONTIER
	frontier_of(front, certs);
	result = (front > SLOTS -> certs : certs & (AT(front, 0) - 1))
#else
	result = certs
#endif
}

/* One that is abstaining itself does not count. */
inline answers(j)
{
	frontier_of(front, known[j]);
#ifndef M_RECOVERING_COUNTED
	good = good && FLOOR(j) <= front
#endif
}
#endif

active proctype cluster()
{
	int w, exist, word;
	byte i, s, x, y, walk, gap, front, closes;
	bool good, no_conflicting_finals = true, one_next_roster = true, nothing_after_close = true;
	bool no_double_vote = true, one_notarised = true, skipped_or_final = true;
	bool all_may_skip = true, healed_makes_final = true, out_of_reach = true;

again:
	atomic {
	do
	:: true ->
		/* One member learns some certificates and casts one vote. */
		if
		:: i = 0
		:: i = 1
		:: i = 2
		fi;
		exist = CERTS(votes[0], votes[1], votes[2]);
		w = known[i];
		learn_final(w, exist);
		if
		:: CLOSED(w) || FIRST(i) > SLOTS -> goto nothing
		:: else
		fi;
		s = FIRST(i);
		do
		:: s < SLOTS -> s++
		:: break
		od;
		if
		/* NOTAR; y: the block, x: its parent */
		:: !NOTAR_OF(OWN(i), s) ->
			if
			:: y = 2 * s - 1
			:: above[2 * s - 1] && RIVALS(s) -> y = 2 * s
			fi;
			if
			:: above[y] -> x = above[y] - 1
			:: else ->
				x = LOWEST_PARENT(s);
				do
				:: x < 2 * (s - 1) -> x++
				:: break
				od
			fi;
			skip;
			d_step {
				good = (x == 0 || above[x]);
				if
				:: good -> parent_good(good, w, exist, s, x)
				:: else
				fi;
				frontier_of(front, w);
				good = good && s >= front
			}
			if
			:: !good -> goto nothing
			:: good && above[y] == 0 -> above[y] = x + 1; kind_choose(y, x)
			:: good && above[y] != 0
			fi;
			word = NOTAR_BIT(y);
			printf("member %d NOTAR slot %d block %d on %d\n", i, s, y, x)
		:: TIMERS && !SKIP_OF(OWN(i), s) && SKIP_ALLOWED(OWN(i), s) ->
			learn_below(w, exist, s);
			skip;
			d_step { frontier_of(front, w) };
			if
			:: s != front -> goto nothing
			:: else
			fi;
			word = AT(s, 2);
			printf("member %d SKIP slot %d\n", i, s)
		/* FINAL; of two certificates the first to come is kept */
		:: s > TOP(w) && !FINAL_OF(OWN(i), s) && FINAL_ALLOWED(OWN(i), s) &&
		    NOTAR_OF(w | exist, s) ->
			if
			:: NOTAR_OF(w, s)
			:: NOTAR_OF(w, s) == 0 && (NOTAR_OF(exist, s) & 1) -> w = w | AT(s, 0)
			:: NOTAR_OF(w, s) == 0 && (NOTAR_OF(exist, s) & 2) -> w = w | AT(s, 1)
			fi;
			word = NOTAR_OF(w, s) << (5 * (s - 1) + 3);
			printf("member %d FINAL slot %d block %d\n", i, s, MASKED(s, NOTAR_OF(w, s)))
		:: else -> goto nothing
		fi;
		known[i] = w;
		votes[i] = votes[i] | word;
#if RESTARTS > 0
		own[i] = own[i] | word;
#endif
		goto done
#if RESTARTS > 0
	:: restarts < RESTARTS ->
		/* The disk comes back empty: no fewer votes could be left in an older image of it. */
		if
		:: i = 0
		:: i = 1
		:: i = 2
		fi;
		if
		:: votes[i] == 0 -> goto nothing
		:: else
		fi;
		restarts++;
		own[i] = 0;
		known[i] = 0;
#ifdef M_AMNESIA
		from[i] = 0;
#else
		from[i] = HANDSHAKE;
#endif
		printf("member %d restarts with an empty disk\n", i);
		goto done
	:: restarts > 0 ->
		/* Both honest peers have answered; the liar said nothing of use. */
		if
		:: i = 0
		:: i = 1
		:: i = 2
		fi;
		if
		:: from[i] != HANDSHAKE -> goto nothing
		:: else
		fi;
		/* Peers that wait below a floor may have learned enough to leave it. */
		exist = CERTS(votes[0], votes[1], votes[2]);
		if
		:: FLOOR(OTHER(i)) && FLOOR(OTHER(i)) != HANDSHAKE -> learn_below(known[OTHER(i)], exist, FLOOR(OTHER(i)))
		:: else
		fi;
		if
		:: FLOOR(THIRD(i)) && FLOOR(THIRD(i)) != HANDSHAKE -> learn_below(known[THIRD(i)], exist, FLOOR(THIRD(i)))
		:: else
		fi;
		skip;
		d_step {
			good = true;
			answers(OTHER(i));
			answers(THIRD(i));
			status(w, known[OTHER(i)]);
			status(word, known[THIRD(i)]);
			known[i] = w | word;
			/* Without certificates in a gap: a later one proves that the earlier exist. */
			s = SLOTS;
			do
			:: s > 0 && !NOTAR_OF(known[i], s) && !SKIP_OF(known[i], s) &&
			    !FINAL_OF(known[i], s) -> s--
			:: else -> break
			od;
#ifdef M_STATUS_TO_FRONTIER
			frontier_of(front, known[i]);
			s = front - 1;
#endif
#ifdef M_FLOOR
			front = s + 1 + 1;
#else
			front = s + 1 + 2;
#endif
		}
		if
		:: !good -> known[i] = 0; goto nothing
#ifdef HIDDEN
		/* No honest peer needs to have seen a vote of mine: nothing tells me of the rollback. */
		:: good && !(known[i] & votes[i] & ~(votes[OTHER(i)] & votes[THIRD(i)])) ->
			from[i] = 0
#endif
		:: good ->
			from[i] = front
		fi;
		printf("member %d goes on, floor %d\n", i, from[i]);
		goto done
#endif
	od;
nothing:
	w = 0; exist = 0; word = 0; i = 0; s = 0; x = 0; y = 0; front = 0; good = false;
	goto again;
done:
	skip;
	check();
#if REACH > 0
	reach();
#endif
#ifdef HEAL
	if
	:: !((votes[0] | votes[1] | votes[2]) >> (5 * (SLOTS - 1))) -> heal()
	:: else
	fi;
#endif
#ifndef NAMED
	d_step {
		s = 1;
		do
		:: s <= SLOTS -> order_rivals(s); s++
		:: else -> break
		od;
		order(0, 1);
		order(1, 2);
		order(0, 1);
		word = 0
	};
#endif
	w = 0; exist = 0; word = 0; i = 0; s = 0; x = 0; y = 0; front = 0; good = false
	}
	goto again
}
