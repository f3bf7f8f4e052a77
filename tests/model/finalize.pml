/* SPDX-License-Identifier: Apache-2.0 */
/* The door of MPI_Finalize (mpi/crcp/group_door.cpp, gather_all): RANKS ranks gather by a dissemination barrier, go through
 * and never come back. One request, whose cut may fall at any moment, is followed by a restart, which loses all messages:
 * those who still stand at the door gather anew. Every rank must get through.
 *
 * FAULT_FINALIZE: whoever has passed the door does not say so in F2; a cut may then leave others at it for good. */
#define RANKS 3
#define ROUNDS 2 /* 1 << ROUNDS >= RANKS */
#define FROM(r, round) (((r) + 2 * RANKS - (1 << (round))) % RANKS)

mtype = { NORMAL, CLOSED, RELEASE };
mtype mode[RANKS] = NORMAL; /* of the ranks, as far as the door is concerned */
mtype = { AWAY, AT_DOOR, THROUGH };
mtype where[RANKS] = AWAY;
byte sent[RANKS];  /* rounds whose message this rank has sent, in the library that there is now */
byte round[RANKS]; /* of the rank's gathering */
bit passed[RANKS]; /* what it said in F2 */
byte contributions;
bit released;      /* somebody had passed */
byte settled;
bit restarted;

inline gather_step(r) {
  if
  :: sent[r] == round[r] -> sent[r]++ /* a round's message is sent before it waits for the other's */
  :: sent[r] > round[r] && sent[FROM(r, round[r])] > round[r] -> round[r]++
  fi
}
#define MAY_STEP(r) (round[r] < ROUNDS && (sent[r] == round[r] || sent[FROM(r, round[r])] > round[r]))
#define IS_OPEN(r) (mode[r] == NORMAL || (mode[r] == RELEASE && released))

active [RANKS] proctype guest() {
  byte r = _pid;
  atomic { mode[r] == NORMAL -> where[r] = AT_DOOR };
  do
  :: atomic { mode[r] != CLOSED && MAY_STEP(r) -> gather_step(r) }
  :: atomic { round[r] == ROUNDS && IS_OPEN(r) -> where[r] = THROUGH; break }
  od
}

/* The callback thread: F2, settling, the cut. Admission does not matter here: nobody is in a collective. */
active [RANKS] proctype protocol() {
  byte r = _pid - RANKS;
  atomic { mode[r] = CLOSED;
#ifndef FAULT_FINALIZE
    passed[r] = (where[r] == THROUGH);
#endif
    released = released | passed[r];
    contributions++ };
  atomic { contributions == RANKS -> mode[r] = RELEASE };
  /* Settled: not at a door that somebody has passed. The lock is kept from here on. */
  atomic { !(released && where[r] == AT_DOOR) -> mode[r] = CLOSED; settled++ };
  atomic { restarted -> mode[r] = NORMAL }
}

active proctype restart() {
  byte r;
  atomic {
    settled == RANKS ->
    for (r : 0 .. RANKS - 1) {
      sent[r] = 0;
      if
      :: where[r] == AT_DOOR -> round[r] = 0
      :: else
      fi
    }
    restarted = 1
  }
}

/* When nothing can move any more, all are through. */
active proctype end_of_job() {
  timeout -> assert(where[0] == THROUGH && where[1] == THROUGH && where[2] == THROUGH)
}
