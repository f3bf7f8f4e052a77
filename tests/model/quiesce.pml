/* SPDX-License-Identifier: Apache-2.0
 * The quiesce protocol (docs/quiesce.md) for SPIN: three ranks, two communicators, all interleavings of one program
 * of programs.py. Names are those of mpi/crcp and mpi/p2p: door_rules.cpp, doors.cpp, protocol.cpp, drain.cpp.
 *
 * Every rank decides from the data of a fence by itself (Callback); nothing is decided in one place. A fence is a counter:
 * whoever sees it full knows all contributions. What fences carry is kept per request (index i).
 *
 * Parameters: REQUESTS (1), GUESTS (3; a fourth and fifth are second threads of ranks 0 and 1), MEMBERS1 (bit mask of
 *   communicator 1: 3 = {0,1}, 6 = {1,2}), DEADLINES (a rank may vote ABORT, and give up settling), LEAVE (a rank may have
 *   waited long enough in any fence, for one that is late; needs DEADLINES), MUTE (the coordinator may say nothing; needs
 *   LEAVE), PROGRESS (an Ibarrier completes elsewhere only
 *   after the library of its lowest member has worked on it), CREATE (communicator 1 is made by the first collective of
 *   communicator 0).
 * Faults, each of which must be found: FAULT_RACE, FAULT_THROUGH, FAULT_UNSTARTED, FAULT_EQUAL, FAULT_DROP,
 *   FAULT_FORGET, FAULT_KNOWN, FAULT_STILL, FAULT_OWEDWAIT, FAULT_PARK, FAULT_GATHER, FAULT_LEFT, FAULT_SECTION,
 *   FAULT_CLOCK0, FAULT_CLOCK2, FAULT_UNISSUED, FAULT_BELIEVE, FAULT_SILENT, FAULT_HEEDLESS, FAULT_ONE, FAULT_PARK_FIRST (check.py says what they are).
 */
#ifndef REQUESTS
#define REQUESTS 1
#endif
#ifndef GUESTS
#define GUESTS 3
#endif
#ifndef MEMBERS1
#define MEMBERS1 6
#endif
#define RANKS 3
#define MOST 10 /* operations of the real library on one communicator */

#define NORMAL 0
#define WAITRES 1
#define ADMIT 2
#define LEFT 3
#define CLOSED 4
#define RELEASE 5

#define END 0
#define SEND 1
#define RECEIVE 2
#define BARRIER 3
#define BCAST 4
#define REDUCE 5
#define FREE 6
#define IBARRIER 7
#define IBCAST 8
#define WAIT 9
#define GROUP 10 /* MPI_Comm_create_group over the members of communicator 1; at most one in a program */
#define FILE 11  /* MPI_File_open over the same members: it has no door, and what it makes forbids a checkpoint */
#define ADMISSION 255 /* as an operation of the library: the protocol's own Ibarrier */
#define ANY 3

#define OUTSIDE 0
#define AT_DOOR 1
#define INSIDE 2

#define UNDECIDED 0
#define CONTINUE 1
#define RESTART 2
#define PASSED 1 /* the coordinator's verdict on F0 and F2: the first who asks decides */
#define OVER 2
#define UNJUDGED 3 /* nobody has heard anything, and all know that */

c_decl {
#include "programs.h"
}

/* the application */
short program;
byte at[GUESTS], op[GUESTS], where[GUESTS], ended;
bit posted[GUESTS], arrived[GUESTS]; /* a receive that the library has; it has matched it */
bit parked[GUESTS];                  /* taken back from the library for the cut */

/* crcp: [rank * 2 + communicator] */
byte mode[RANKS];
byte called[6], entered[6], issued[6], issued_as[6];
short owed[6];
bit freed[6], knows[6];
byte recorded[6], recorded_op[6], started_as[6]; /* the latest non-blocking collective */
bit started[6], completed[6];

/* point to point: [source * 3 + destination] */
byte wire[9], queue[9], sent[9], received[9];

/* group_door.cpp: bit masks of ranks */
byte gathered, in_group;

/* a bit mask of ranks: inside of the call that opens the file, or with the file open */
byte in_file;

/* the real library: operation n of communicator c, who has begun it, whether its lowest member has worked on it */
byte begun[6];
byte operation[2 * MOST], inside[2 * MOST];
#ifdef PROGRESS
bit worked[2 * MOST];
#endif

/* fences, per request */
byte limit[2 * REQUESTS], limit2[2 * REQUESTS], top[2 * REQUESTS];
byte f0[REQUESTS], f1[REQUESTS], f2[2 * REQUESTS], f3[REQUESTS], f4[REQUESTS], f5[REQUESTS];
bit refused[REQUESTS]; /* F0 */
byte not_level[REQUESTS], gave_up[REQUESTS], fate[REQUESTS];
byte verdict0[REQUESTS], verdict2[2 * REQUESTS]; /* F2 can be repeated: once, here */
#ifdef MUTE /* the fences that tell the verdicts on F0, F2 and its repetition: how many are in their rounds ... */
byte round1[3 * REQUESTS], round2[3 * REQUESTS];
bit unheard[3 * REQUESTS]; /* ... rank 0 has had no answer */
byte heard[3 * REQUESTS];  /* ... what anybody has heard, by the second round */
#endif
bit left_drain[REQUESTS], left_cut[REQUESTS];    /* in F4, in F5: somebody has left F3, F4 */
bit released[REQUESTS]; /* F2: somebody is inside the group call */
byte now_serving[RANKS];
byte counts[9];

#define MEMBERS(c) ((c) == 0 -> 7 : MEMBERS1)
#define IS_MEMBER(r, c) ((MEMBERS(c) >> (r)) & 1)
#define LOWEST(c) ((c) == 1 && MEMBERS1 == 6 -> 1 : 0)
#define X(r, c) ((r) * 2 + (c))
#define N(c, n) ((c) * MOST + (n))
#define TYPE(o) ((o) >> 4)
#define COMM(o) (((o) >> 2) & 3)
#define WHOM(o) ((o) & 3)
#define LIM(r, c) limit[now_serving[r] * 2 + (c)]
#define LIM2(r, c) limit2[now_serving[r] * 2 + (c)]

/* ---- the real library ---- */
#define ALL_IN(c, n) (inside[N(c, n)] == MEMBERS(c))
#define DONE(o, n, r) ((TYPE(o) == BARRIER || TYPE(o) == IBARRIER) -> ALL_IN(COMM(o), n) : \
    ((TYPE(o) == BCAST || TYPE(o) == IBCAST) -> (WHOM(o) == (r) || ((inside[N(COMM(o), n)] >> WHOM(o)) & 1)) : \
    (TYPE(o) == REDUCE -> (WHOM(o) != (r) || ALL_IN(COMM(o), n)) : 1)))
#ifdef PROGRESS
#define ADMISSION_DONE(r, c) (ALL_IN(c, issued_as[X(r, c)]) && (LOWEST(c) == (r) || worked[N(c, issued_as[X(r, c)])]))
#else
#define ADMISSION_DONE(r, c) ALL_IN(c, issued_as[X(r, c)])
#endif

/* All members must begin the same operations in the same order. */
inline begin_real(r, c, what) {
  assert(begun[X(r, c)] < MOST);
  if
  :: operation[N(c, begun[X(r, c)])] == 0 -> operation[N(c, begun[X(r, c)])] = what
  :: else -> assert(operation[N(c, begun[X(r, c)])] == what)
  fi;
  inside[N(c, begun[X(r, c)])] = inside[N(c, begun[X(r, c)])] | (1 << (r));
  begun[X(r, c)]++
}

/* ---- door_rules.cpp ---- */
#ifdef FAULT_UNISSUED
#define HAS_LIMIT(r) (mode[r] == ADMIT)
#else
#define HAS_LIMIT(r) (mode[r] == ADMIT || mode[r] == LEFT)
#endif
#define IS_OWED(r, c, k) ((owed[X(r, c)] >> (k)) & 1)
#define NEEDS_ISSUE(r, c, k) (entered[X(r, c)] == (k) - 1 && issued[X(r, c)] < (k) && \
    (((mode[r] == NORMAL || mode[r] == ADMIT || mode[r] == LEFT) && IS_OWED(r, c, k)) || \
     (HAS_LIMIT(r) && (k) > LIM(r, c))))
#define ADMITTED(r, c, k) (issued[X(r, c)] == (k) && ADMISSION_DONE(r, c))
#ifdef FAULT_OWEDWAIT
#define NORMAL_OPEN(r, c, k) (!IS_OWED(r, c, k) || ADMITTED(r, c, k))
#else
#define NORMAL_OPEN(r, c, k) 1
#endif
#define IS_OPEN(r, c, k) (entered[X(r, c)] == (k) - 1 && !NEEDS_ISSUE(r, c, k) && \
    ((mode[r] == NORMAL && NORMAL_OPEN(r, c, k)) || (mode[r] == ADMIT && ((k) <= LIM(r, c) || ADMITTED(r, c, k))) || \
     mode[r] == LEFT || (mode[r] == RELEASE && (k) <= LIM2(r, c))))
/* A communicator is freed only when this rank's admissions on it are through: the library must not hold any. */
#define FREE_MAY(r, o) (TYPE(o) != FREE || issued[X(r, COMM(o))] == 0 || ADMISSION_DONE(r, COMM(o)) || mode[r] == RELEASE)

inline issue(r, c, k) { issued[X(r, c)] = k; issued_as[X(r, c)] = begun[X(r, c)]; begin_real(r, c, ADMISSION) }
inline enter(r, c, k, o, n) { entered[X(r, c)] = k; n = begun[X(r, c)]; begin_real(r, c, o) }
inline start_recorded(r, c) {
  entered[X(r, c)] = recorded[X(r, c)];
  started_as[X(r, c)] = begun[X(r, c)];
  started[X(r, c)] = 1;
  begin_real(r, c, recorded_op[X(r, c)])
}

/* ---- group_door.cpp: whoever is inside waits for all members, as a library may ---- */
#define HAS_COME(r) ((gathered >> (r)) & 1)
#ifdef FAULT_GATHER
#define ALL_HAVE_COME 1
#else
#define ALL_HAVE_COME (gathered == MEMBERS(1))
#endif
#define GROUP_IS_OPEN(r) (ALL_HAVE_COME && (mode[r] < CLOSED || (mode[r] == RELEASE && released[now_serving[r]])))
#define INSIDE_GROUP(r) (TYPE(op[r]) == GROUP && where[r] == INSIDE)
#define OBSTACLE(r) ((in_file >> (r)) & 1)
#define AT_GROUP_DOOR(r) (TYPE(op[r]) == GROUP && where[r] == AT_DOOR)

inline take_message(s) {
  if
  :: queue[s * 3 + r] > 0 -> queue[s * 3 + r]--
  :: else -> wire[s * 3 + r]--; received[s * 3 + r]++
  fi;
  posted[g] = 0;
  at[g]++
}
#define CAN_TAKE(s) (mode[r] < CLOSED && !arrived[g] && (whom == (s) || whom == ANY) && \
    (queue[(s) * 3 + r] > 0 || wire[(s) * 3 + r] > 0))

/* gate.hpp: the callback thread gets the lock when no thread is in a section. */
#ifdef FAULT_SECTION
bit in_section[RANKS];
#define CAN_LOCK(r) (!in_section[r])
#else
#define CAN_LOCK(r) 1
#endif

proctype Guest(byte g) {
  byte r, o, type, c, whom, k, n;
  r = (g >= 3 -> g - 3 : g);
fetch:
  atomic {
    c_code { now.op[PGuest->g] = PROGRAMS[now.program][PGuest->g][now.at[PGuest->g]]; };
    o = op[g]; type = TYPE(o); c = COMM(o); whom = WHOM(o); k = 0; n = 0
  }
  if
  :: type == END -> goto done
  :: type == SEND -> atomic { mode[r] < CLOSED -> wire[r * 3 + whom]++; sent[r * 3 + whom]++; at[g]++; goto fetch }
  :: type == RECEIVE ->
     atomic { mode[r] < CLOSED -> posted[g] = 1 };
     if
     :: atomic { mode[r] < CLOSED && arrived[g] -> arrived[g] = 0; posted[g] = 0; at[g]++ }
     :: atomic { CAN_TAKE(0) -> take_message(0) }
     :: atomic { CAN_TAKE(1) -> take_message(1) }
     :: atomic { CAN_TAKE(2) -> take_message(2) }
     fi;
     goto fetch
  :: type == WAIT ->
     atomic { mode[r] < CLOSED && started[X(r, c)] && (completed[X(r, c)] || DONE(recorded_op[X(r, c)], started_as[X(r, c)], r)) ->
       recorded[X(r, c)] = 0; recorded_op[X(r, c)] = 0; started_as[X(r, c)] = 0;
       started[X(r, c)] = 0; completed[X(r, c)] = 0; at[g]++; goto fetch }
  :: type == IBARRIER || type == IBCAST ->
     atomic { mode[r] < CLOSED && recorded[X(r, c)] == 0 ->
       called[X(r, c)]++; recorded[X(r, c)] = called[X(r, c)]; recorded_op[X(r, c)] = o; at[g]++; goto fetch }
  :: type == GROUP ->
     atomic { mode[r] < CLOSED -> where[g] = AT_DOOR };
stand_at_group_door:
     if
#ifndef FAULT_GATHER
     :: atomic { mode[r] != CLOSED && !HAS_COME(r) -> gathered = gathered | (1 << r); goto stand_at_group_door }
#endif
     :: atomic { GROUP_IS_OPEN(r) -> where[g] = INSIDE; in_group = in_group | (1 << r) }
     fi;
     atomic { in_group == MEMBERS(1) -> where[g] = OUTSIDE; at[g]++; goto fetch }
  :: type == FILE ->
     atomic { mode[r] < CLOSED -> where[g] = INSIDE; in_file = in_file | (1 << r) };
     atomic { in_file == MEMBERS(1) -> where[g] = OUTSIDE; at[g]++; goto fetch }
#ifdef FAULT_SECTION
  :: type == BARRIER ->
     atomic { mode[r] < CLOSED -> in_section[r] = 1; n = begun[X(r, c)]; begin_real(r, c, o) };
     atomic { DONE(o, n, r) -> in_section[r] = 0; at[g]++; goto fetch }
#endif
  :: else ->
     atomic { mode[r] < CLOSED -> called[X(r, c)]++; k = called[X(r, c)]; where[g] = AT_DOOR };
stand_at_door:
     if
#ifdef FAULT_RACE
     :: mode[r] == NORMAL && IS_OPEN(r, c, k) -> atomic { enter(r, c, k, o, n); where[g] = INSIDE }
     :: atomic { mode[r] != NORMAL && IS_OPEN(r, c, k) && FREE_MAY(r, o) -> enter(r, c, k, o, n); where[g] = INSIDE }
#else
     :: atomic { IS_OPEN(r, c, k) && FREE_MAY(r, o) -> enter(r, c, k, o, n); where[g] = INSIDE }
#endif
     :: atomic { NEEDS_ISSUE(r, c, k) -> issue(r, c, k); goto stand_at_door }
     fi;
     atomic { DONE(o, n, r) -> where[g] = OUTSIDE; at[g]++;
       if
       :: type == FREE -> freed[X(r, c)] = 1
       :: else
       fi;
#ifdef CREATE
       if
       :: c == 0 && k == 1 && IS_MEMBER(r, 1) -> knows[X(r, 1)] = 1
       :: else
       fi;
#endif
       goto fetch }
  fi;
done:
  ended++
}

/* What the library does by itself: a message completes a posted receive. */
#define HAS_SECOND(r) ((r) + 3 < GUESTS)
#define SECOND(r) (HAS_SECOND(r) -> (r) + 3 : (r))
#define MATCHES(g, s) (TYPE(op[g]) == RECEIVE && posted[g] && !arrived[g] && (WHOM(op[g]) == (s) || WHOM(op[g]) == ANY))
#define MATCHES_NONE(s) (!(MATCHES(r, s) && queue[s * 3 + r] == 0) && !(MATCHES(SECOND(r), s) && queue[s * 3 + r] == 0))
#define DELIVER_TO(g, s) :: atomic { MATCHES(g, s) && queue[s * 3 + r] == 0 && wire[s * 3 + r] > 0 -> \
                               wire[s * 3 + r]--; received[s * 3 + r]++; arrived[g] = 1 }
#if GUESTS > 3
#define DELIVER(s) DELIVER_TO(r, s) DELIVER_TO(SECOND(r), s)
#else
#define DELIVER(s) DELIVER_TO(r, s)
#endif

/* duties(): what every poll loop and the callback thread do; recorded non-blocking collectives begin here. */
#define RECORDED(r, c) (recorded[X(r, c)] > entered[X(r, c)])
#ifdef FAULT_UNSTARTED
#define MAY_ISSUE_RECORDED 0
#else
#define MAY_ISSUE_RECORDED 1
#endif
#ifdef FAULT_STILL
#define MAY_WORK(r) (mode[r] < CLOSED || (mode[r] == RELEASE && where[r] == INSIDE))
#else
#define MAY_WORK(r) 1
#endif
proctype Duties(byte r) {
  byte k;
end:
  do
  :: atomic { MAY_ISSUE_RECORDED && RECORDED(r, 0) && NEEDS_ISSUE(r, 0, recorded[X(r, 0)]) -> issue(r, 0, recorded[X(r, 0)]) }
  :: atomic { MAY_ISSUE_RECORDED && RECORDED(r, 1) && NEEDS_ISSUE(r, 1, recorded[X(r, 1)]) -> issue(r, 1, recorded[X(r, 1)]) }
  :: atomic { RECORDED(r, 0) && IS_OPEN(r, 0, recorded[X(r, 0)]) -> start_recorded(r, 0) }
  :: atomic { RECORDED(r, 1) && IS_OPEN(r, 1, recorded[X(r, 1)]) -> start_recorded(r, 1) }
  DELIVER(0)
  DELIVER(1)
  DELIVER(2)
#ifdef PROGRESS
#define WORK(c, n) :: atomic { MAY_WORK(r) && LOWEST(c) == r && operation[N(c, n)] == ADMISSION && ALL_IN(c, n) && \
                               !worked[N(c, n)] -> worked[N(c, n)] = 1 }
  WORK(0, 0)
  WORK(0, 1)
  WORK(0, 2)
  WORK(0, 3)
  WORK(0, 4)
  WORK(0, 5)
  WORK(1, 0)
  WORK(1, 1)
  WORK(1, 2)
  WORK(1, 3)
  WORK(1, 4)
  WORK(1, 5)
#endif
  od
}

/* ---- protocol.cpp, doors.cpp ---- */
#ifdef FAULT_FORGET
#define COUNTS(r, c) (IS_MEMBER(r, c) && !freed[X(r, c)])
#else
#define COUNTS(r, c) IS_MEMBER(r, c)
#endif
#ifdef FAULT_KNOWN
#define LEVEL_ON(r, c) (!COUNTS(r, c) || !knows[X(r, c)] || entered[X(r, c)] >= LIM(r, c))
#else
#define LEVEL_ON(r, c) (!COUNTS(r, c) || entered[X(r, c)] >= LIM(r, c))
#endif
#define IS_LEVEL(r) (LEVEL_ON(r, 0) && LEVEL_ON(r, 1) && !INSIDE_GROUP(r))
#ifdef FAULT_ONE
#define NOBODY_INSIDE(r) (where[r] != INSIDE)
#else
#define NOBODY_INSIDE(r) (where[r] != INSIDE && (GUESTS < 4 || (r) != 0 || where[(GUESTS > 3 -> 3 : 0)] != INSIDE) && \
    (GUESTS < 5 || (r) != 1 || where[(GUESTS > 4 -> 4 : 0)] != INSIDE))
#endif
#define COLLECTIVE_SETTLED(r, c) (!started[X(r, c)] || completed[X(r, c)] || \
    DONE(recorded_op[X(r, c)], started_as[X(r, c)], r))
#ifdef FAULT_STILL
#define ADMISSION_SETTLED(r, c) (issued[X(r, c)] == 0 || issued[X(r, c)] > entered[X(r, c)] || ADMISSION_DONE(r, c))
#else
#define ADMISSION_SETTLED(r, c) (issued[X(r, c)] == 0 || issued[X(r, c)] > LIM2(r, c) || ADMISSION_DONE(r, c))
#endif
#define THROUGH(r) (NOBODY_INSIDE(r) && COLLECTIVE_SETTLED(r, 0) && COLLECTIVE_SETTLED(r, 1))
#define CAUGHT_UP(r, c) (!IS_MEMBER(r, c) || entered[X(r, c)] >= LIM2(r, c))
#ifdef FAULT_EQUAL
#define SETTLED(r) (CAUGHT_UP(r, 0) && CAUGHT_UP(r, 1))
#else
#ifdef FAULT_LEFT
#define GROUP_SETTLED(r) 1
#else
#define GROUP_SETTLED(r) (!released[now_serving[r]] || !AT_GROUP_DOOR(r))
#endif
#define SETTLED(r) (CAUGHT_UP(r, 0) && CAUGHT_UP(r, 1) && THROUGH(r) && ADMISSION_SETTLED(r, 0) && \
    ADMISSION_SETTLED(r, 1) && GROUP_SETTLED(r))
#endif

inline raise_to(variable, value) {
  if
  :: (value) > variable -> variable = value
  :: else
  fi
}

/* add_owed(): this rank alone; the others do the same from the same data, each in its own time. */
inline add_owed(r, c) {
  k = limit[i * 2 + c] + 1;
  if
  :: !not_level[i] && limit2[i * 2 + c] >= k -> k = limit2[i * 2 + c] + 1
  :: else
  fi;
  do
  :: k <= top[i * 2 + c] -> owed[X(r, c)] = owed[X(r, c)] | (1 << k); k++
  :: else -> break
  od;
  k = 0
}

/* drain_step(): a message from s completes a posted receive or goes into the queue. */
inline drain_one(s) {
  if
  :: MATCHES(r, s) && queue[s * 3 + r] == 0 -> wire[s * 3 + r]--; received[s * 3 + r]++; arrived[r] = 1
#if GUESTS > 3
  :: HAS_SECOND(r) && MATCHES(SECOND(r), s) && queue[s * 3 + r] == 0 ->
     wire[s * 3 + r]--; received[s * 3 + r]++; arrived[SECOND(r)] = 1
#endif
  :: MATCHES_NONE(s) -> wire[s * 3 + r]--; received[s * 3 + r]++; queue[s * 3 + r]++
  fi
}

/* Receives that nothing matches are taken back from the library: before F4, behind which others send again. */
inline park_one(g) {
  if
  :: posted[g] && !arrived[g] -> parked[g] = 1
  :: else
  fi;
#ifndef FAULT_PARK
  if
  :: parked[g] -> posted[g] = 0
  :: else
  fi
#endif
}
inline park(r) {
#ifndef FAULT_PARK_FIRST
  park_one(second);
#endif
  park_one(r)
}
inline post_one_again(g) {
  if
#ifdef FAULT_PARK
  :: parked[g] -> arrived[g] = 0; posted[g] = 1; parked[g] = 0
#else
  :: parked[g] -> posted[g] = 1; parked[g] = 0
#endif
  :: else
  fi
}
inline post_again(r) {
  post_one_again(r);
  post_one_again(second)
}

inline check_cut() {
  assert(in_group == 0 || in_group == MEMBERS(1)); /* COLL */
  assert(in_file == 0); /* nobody has what forbids a checkpoint */
  k = 0;
  do
  :: k < GUESTS -> assert(where[k] != INSIDE); /* IDLE */
#ifndef FAULT_PARK
     assert(!posted[k] || arrived[k]); /* the library holds nothing */
#endif
     k++
  :: else -> break
  od;
  k = 0;
  do
  :: k < 9 -> assert(wire[k] == 0 && sent[k] == received[k]); k++ /* P2P */
  :: else -> break
  od;
  k = 0;
  do
  :: k < 2 * MOST -> assert(operation[k] == 0 || operation[k] == ADMISSION || inside[k] == MEMBERS(k / MOST)); k++ /* COLL */
  :: else -> break
  od;
  k = 0;
  do
  :: k < 6 -> assert(!IS_MEMBER(k / 2, k % 2) || entered[k] == limit2[i * 2 + k % 2]);
     assert(COLLECTIVE_SETTLED(k / 2, k % 2));
     assert(ADMISSION_SETTLED(k / 2, k % 2));
     if
     :: started[k] -> completed[k] = 1 /* the result is in the guest's request */
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0
}

inline new_library() {
  k = 0;
  do
  :: k < 2 * MOST -> operation[k] = 0; inside[k] = 0;
#ifdef PROGRESS
     worked[k] = 0;
#endif
     k++
  :: else -> break
  od;
  k = 0;
  do
  :: k < 6 -> begun[k] = 0; issued[k] = 0; issued_as[k] = 0; owed[k] = 0; k++
  :: else -> break
  od;
  k = 0;
  gathered = 0
}

/* pass_together(): the first who asks decides. By their own clocks some would leave where others pass. */
#ifdef FAULT_CLOCK0
#define PASSES_0 1
#define OVER_AT_0 1
#else
#define PASSES_0 (verdict0[i] != OVER)
#define OVER_AT_0 (verdict0[i] != PASSED)
#endif
#ifdef FAULT_CLOCK2
#define PASSES_2 1
#define OVER_AT_2 1
#else
#define PASSES_2 (verdict2[i * 2 + turn] != OVER)
#define OVER_AT_2 (verdict2[i * 2 + turn] != PASSED)
#endif

#ifdef MUTE
/* fences.cpp: the first round has what rank 0 knows; the second, if that is nothing, what all know. */
inline finish_verdict() {
  if
  :: promised
  :: atomic { !promised && round1[v] == RANKS ->
       if
       :: unheard[v] -> raise_to(heard[v], mine); round2[v]++
       :: else
       fi }
  fi;
  !unheard[v] || round2[v] == RANKS
}

/* pass_together(): `mine` is what becomes of this rank, whose mode changes at once. */
inline judge(count, verdict, passed, over) {
  mine = UNDECIDED;
  promised = 0;
  if
  :: atomic { turn == 0 && verdict != PASSED && CAN_LOCK(r) -> verdict = OVER; mine = OVER; mode[r] = over }; count == RANKS
  :: count == RANKS
  fi;
  if
  :: refused[i] -> atomic { CAN_LOCK(r) -> mine = OVER; promised = 1; mode[r] = over } /* no verdict follows */
  :: !refused[i] && mine == OVER -> round1[v]++
  :: !refused[i] && mine != OVER && r != 0 -> round1[v]++
  :: !refused[i] && mine != OVER && r == 0 ->
     if
     :: atomic { verdict == UNDECIDED -> verdict = PASSED } /* the vote has arrived; the answer may not */
     :: true
     fi;
     if
     :: atomic { verdict == PASSED && CAN_LOCK(r) -> mine = PASSED; mode[r] = passed; round1[v]++ }
     :: atomic { verdict == OVER && CAN_LOCK(r) -> mine = OVER; mode[r] = over; round1[v]++ }
     :: atomic { unheard[v] = 1; round1[v]++ }
     fi
  fi;
  if
  :: mine != UNDECIDED
  :: atomic { mine == UNDECIDED && verdict == PASSED && CAN_LOCK(r) -> mine = PASSED; mode[r] = passed }
  :: atomic { mine == UNDECIDED && turn == 0 && verdict != PASSED && CAN_LOCK(r) -> verdict = OVER; mine = OVER; mode[r] = over }
  :: atomic { mine == UNDECIDED && round1[v] == RANKS && unheard[v] -> round2[v]++; promised = 1 };
#ifndef FAULT_HEEDLESS
     round2[v] == RANKS;
#endif
     atomic { CAN_LOCK(r) ->
       if
       :: heard[v] == PASSED -> mine = PASSED; mode[r] = passed
       :: heard[v] == OVER -> mine = OVER; mode[r] = over
       :: else -> mine = UNJUDGED
       fi }
  fi
}
#endif

/* F4, and what comes of it: images are good if F5 says that nobody has left. */
inline contribute_drained() {
  f4[i]++;
  if
  :: f4[i] == RANKS && (left_drain[i] || left_cut[i]) -> fate[i] = CONTINUE
  :: f4[i] == RANKS && !left_drain[i] && !left_cut[i] ->
     check_cut();
     if
     :: fate[i] = CONTINUE
     :: fate[i] = RESTART; new_library()
     fi
  :: f4[i] < RANKS
  fi
}

inline end_request() { /* resume(not_level), resume(gave_up), resume(same_library) */
  add_owed(r, 0);
  add_owed(r, 1);
  post_again(r);
  mode[r] = NORMAL
}

proctype Callback(byte r) {
  byte i, k, second;
  bit turn, left;
#ifdef MUTE
  byte v, mine;
  bit promised;
#endif
  second = SECOND(r);
  do
  :: i < REQUESTS ->
    left = 0;
    turn = 0;
    i == 0 || f5[(i > 0 -> i - 1 : 0)] == RANKS; /* join: who has left comes back here when all are through */
    atomic { /* join has changed nothing */
      CAN_LOCK(r) -> now_serving[r] = i;
      mode[r] = WAITRES;
      if
      :: COUNTS(r, 0) -> raise_to(limit[i * 2], entered[X(r, 0)])
      :: else
      fi;
      if
      :: COUNTS(r, 1) -> raise_to(limit[i * 2 + 1], entered[X(r, 1)])
      :: else
      fi;
      raise_to(refused[i], OBSTACLE(r));
      f0[i]++
    };
#ifdef MUTE
    v = i * 3;
    judge(f0[i], verdict0[i], ADMIT, NORMAL);
    if
    :: mine == PASSED -> finish_verdict()
    :: mine != PASSED -> mode[r] = NORMAL; finish_verdict(); f5[i]++; goto served
    fi;
#else
    if
    :: atomic { f0[i] == RANKS && refused[i] -> mode[r] = NORMAL; f5[i]++; goto served }
    :: atomic { f0[i] == RANKS && !refused[i] && PASSES_0 && CAN_LOCK(r) -> verdict0[i] = PASSED; mode[r] = ADMIT }
#ifdef LEAVE
    :: atomic { OVER_AT_0 && CAN_LOCK(r) -> verdict0[i] = OVER; mode[r] = NORMAL; f5[i]++; goto served }
#endif
    fi;
#endif
    if
    :: atomic { IS_LEVEL(r) -> f1[i]++ }
    :: atomic { !IS_LEVEL(r) && OBSTACLE(r) -> not_level[i] = 1; f1[i]++ }
#ifdef DEADLINES
    :: atomic { !IS_LEVEL(r) -> not_level[i] = 1; f1[i]++ }
#endif
    fi;
    if
    :: f1[i] == RANKS
#ifdef LEAVE
    :: atomic { f1[i] < RANKS && CAN_LOCK(r) -> mode[r] = LEFT; left = 1 };
       f1[i] == RANKS
#endif
    fi;
freeze:
#ifdef FAULT_THROUGH
    atomic { mode[r] = CLOSED };
    atomic { not_level[i] || THROUGH(r) ->
#else
    atomic {
      CAN_LOCK(r) -> mode[r] = CLOSED;
#endif
      raise_to(limit2[i * 2], entered[X(r, 0)]);
      raise_to(limit2[i * 2 + 1], entered[X(r, 1)]);
      raise_to(top[i * 2], issued[X(r, 0)]);
      raise_to(top[i * 2 + 1], issued[X(r, 1)]);
      raise_to(released[i], INSIDE_GROUP(r));
#ifdef FAULT_SILENT
      raise_to(not_level[i], left);
#else
      raise_to(not_level[i], left || OBSTACLE(r)); /* who is inside may wait there for one that is held now */
#endif
      f2[i * 2 + turn]++
    };
#ifdef MUTE
    v = i * 3 + 1 + turn;
    judge(f2[i * 2 + turn], verdict2[i * 2 + turn], CLOSED, LEFT);
    if
    :: mine == OVER -> left = 1; finish_verdict(); turn = 1; goto freeze
    :: mine == UNJUDGED -> not_level[i] = 1
    :: mine == PASSED
    fi;
#else
    if
    :: atomic { f2[i * 2 + turn] == RANKS && PASSES_2 -> verdict2[i * 2 + turn] = PASSED }
#ifdef LEAVE
    :: atomic { turn == 0 && OVER_AT_2 && CAN_LOCK(r) -> verdict2[i * 2] = OVER; mode[r] = LEFT; left = 1 };
       atomic { f2[i * 2] == RANKS -> turn = 1; goto freeze }
#endif
    fi;
#endif
    if
    :: not_level[i] -> /* end_not_level() */
       atomic { end_request() };
#ifdef MUTE
       finish_verdict();
#endif
       f5[i]++;
       goto served
    :: !not_level[i] -> mode[r] = RELEASE
    fi;
#ifdef MUTE
    finish_verdict();
#endif
    if
    :: atomic { SETTLED(r) -> f3[i]++;
         counts[r * 3] = sent[r * 3]; counts[r * 3 + 1] = sent[r * 3 + 1]; counts[r * 3 + 2] = sent[r * 3 + 2] }
#ifdef DEADLINES
    :: atomic { !SETTLED(r) -> gave_up[i] = 1; f3[i]++ }
#endif
    fi;
    if
    :: f3[i] == RANKS
#ifdef LEAVE
    :: atomic { f3[i] < RANKS -> end_request() };
       atomic { f3[i] == RANKS ->
         if
         :: gave_up[i]
         :: else -> left_drain[i] = 1; contribute_drained()
         fi;
         f5[i]++ };
       goto served
#endif
    fi;
    if
    :: gave_up[i] -> skip
    :: !gave_up[i] ->
       do
       :: atomic { received[r] < counts[r] && wire[r] > 0 -> drain_one(0) }
       :: atomic { received[3 + r] < counts[3 + r] && wire[3 + r] > 0 -> drain_one(1) }
       :: atomic { received[6 + r] < counts[6 + r] && wire[6 + r] > 0 -> drain_one(2) }
       :: atomic { received[r] >= counts[r] && received[3 + r] >= counts[3 + r] && received[6 + r] >= counts[6 + r] -> break }
       od;
       atomic {
         park(r);
         contribute_drained()
       };
       if
       :: fate[i] != UNDECIDED
#ifdef LEAVE
       :: atomic { fate[i] == UNDECIDED && f4[i] < RANKS ->
#ifndef FAULT_BELIEVE
            left_cut[i] = 1;
#endif
            end_request() };
          atomic { f4[i] == RANKS -> f5[i]++ };
          goto served
#endif
       fi
    fi;
    atomic { /* resume() */
      if
      :: fate[i] == RESTART -> post_again(r); mode[r] = NORMAL
      :: else ->
#ifdef FAULT_DROP
         k = 0;
         do
         :: k < 2 -> if :: issued[X(r, k)] > entered[X(r, k)] -> issued[X(r, k)] = 0 :: else fi; owed[X(r, k)] = 0; k++
         :: else -> break
         od;
         k = 0;
         post_again(r);
         mode[r] = NORMAL
#else
         end_request()
#endif
      fi;
      f5[i]++
    };
served:
    i++
  :: i >= REQUESTS -> break
  od
}

proctype Job() {
  byte k;
  atomic {
    ended == GUESTS && f5[REQUESTS - 1] == RANKS ->
    do
    :: k < 9 -> assert(wire[k] == 0 && queue[k] == 0 && sent[k] == received[k]); k++
    :: else -> break
    od;
    k = 0;
    do
    :: k < 2 * MOST -> assert(inside[k] == 0 || inside[k] == MEMBERS(k / MOST) || (operation[k] == ADMISSION)); k++
    :: else -> break
    od;
    assert(entered[0] == entered[2] && entered[2] == entered[4]);
    assert(MEMBERS1 == 6 -> entered[3] == entered[5] : entered[1] == entered[3])
  }
}

init {
  atomic {
#ifndef CREATE
    knows[1] = 1; knows[3] = 1; knows[5] = 1;
#endif
    knows[0] = 1; knows[2] = 1; knows[4] = 1;
    select(program : 0 .. PROGRAM_COUNT - 1);
    run Job();
    run Callback(0); run Callback(1); run Callback(2);
    run Duties(0); run Duties(1); run Duties(2);
    run Guest(0); run Guest(1); run Guest(2);
#if GUESTS >= 4
    run Guest(3);
#endif
#if GUESTS >= 5
    run Guest(4);
#endif
  }
}
