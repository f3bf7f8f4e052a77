/* SPDX-License-Identifier: Apache-2.0 */
/* The gate of one rank (mpi/crcp/gate.hpp, threads.cpp; mpi/shim/table_lock.hpp) at MPI_THREAD_MULTIPLE: threads that come,
 * enter MPI and go, the bias of the one that is alone, and libcr's callback thread. A thread's store of `inside` or
 * `tables` reaches the others later, unless a barrier comes first: that is what the processor does, and what membarrier()
 * is for.
 *
 * Never are two threads in sections, or one in a section while the callback thread has the lock; never are two in
 * a region of TableLock, libcr's thread among them, which takes that lock while it has the gate's. All get through.
 *
 * Faults: FAULT_UNREVOKED (a second thread does not wait until the first has left what it began alone), FAULT_UNFENCED
 *   (it runs no barrier on it before), FAULT_BLIND (the callback thread looks without a barrier),
 *   FAULT_BIASED (a thread that is alone takes tables without their lock while the callback thread has the gate's), FAULT_UNLINKED (a new
 *   thread's slot is in the list only when its section has begun), FAULT_LONELY (a thread that ends gives the bias back while
 *   two others are left). */
#define GUESTS 3
#ifndef ROUNDS
#define ROUNDS 1 /* of each thread */
#endif
#ifndef REQUESTS
#define REQUESTS 1
#endif

bit wanted, several;                     /* of attention */
bit inside[GUESTS], tables[GUESTS];      /* as others see them */
bit storing_inside[GUESTS], storing_tables[GUESTS]; /* on their way */
bit locked[GUESTS];                      /* the section was entered with section_lock */
bit linked[GUESTS];
bit section_lock, table_lock, registry;

/* what the asserts look at */
byte in_sections, in_tables;
bit callback_has;

inline arrive(g) {
  inside[g] = inside[g] | storing_inside[g];
  tables[g] = tables[g] | storing_tables[g];
  storing_inside[g] = 0;
  storing_tables[g] = 0
}
inline membarrier() { arrive(0); arrive(1); arrive(2) }
#define IS_ALONE(g) (linked[0] + linked[1] + linked[2] == linked[g])
#define HAS_BIASED(g) ((inside[g] && !locked[g]) || tables[g])

inline wait_for_biased(other) {
  if
  :: other == g
  :: other != g && !HAS_BIASED(other)
  fi
}

inline take_slot(g) {
  atomic { !registry -> registry = 1 };
  atomic {
    linked[g] = 1;
    arrive(g)
  };
  if
  :: IS_ALONE(g)
  :: !IS_ALONE(g) ->
     several = 1;
#ifndef FAULT_UNFENCED
     atomic { membarrier() };
#endif
#ifndef FAULT_UNREVOKED
     wait_for_biased(0);
     wait_for_biased(1);
     wait_for_biased(2);
#endif
     skip
  fi;
  registry = 0
}

#ifdef FAULT_LONELY
#define MAY_GIVE_BACK(g) 1
#else
#define MAY_GIVE_BACK(g) (linked[0] + linked[1] + linked[2] - linked[g] <= 1)
#endif
inline leave_slot(g) {
  atomic { !registry -> registry = 1 };
  atomic { linked[g] = 0; arrive(g) };
  if
  :: MAY_GIVE_BACK(g) -> several = 0
  :: else
  fi;
  registry = 0
}

proctype Guest(byte g) {
  byte round;
  bit saw_wanted, saw_several;
#ifndef FAULT_UNLINKED
  take_slot(g);
#endif
  do
  :: round < ROUNDS -> round++;
     if
     :: /* gate(), gate_slow() */
again:
        storing_inside[g] = 1;
        atomic { saw_wanted = wanted; saw_several = several };
        if
        :: saw_wanted ->
           atomic { storing_inside[g] = 0; inside[g] = 0 };
           if
           :: locked[g] -> atomic { locked[g] = 0; section_lock = 0 }
           :: else
           fi;
           !wanted;
           goto again
        :: !saw_wanted && saw_several && !locked[g] ->
           atomic { storing_inside[g] = 0; inside[g] = 0 };
           atomic { !section_lock -> section_lock = 1; locked[g] = 1; arrive(g) };
           goto again
        :: else
        fi;
        in_sections++;
        assert(in_sections == 1 && !callback_has);
        in_sections--;
#ifdef FAULT_UNLINKED
        if
        :: !linked[g] -> take_slot(g)
        :: else
        fi;
#endif
        atomic { storing_inside[g] = 0; inside[g] = 0 };
        if
        :: locked[g] -> atomic { locked[g] = 0; section_lock = 0 }
        :: else
        fi
     :: linked[g] -> /* TableLock */
        storing_tables[g] = 1;
#ifdef FAULT_BIASED
        saw_several = several;
#else
        atomic { saw_several = several || wanted };
#endif
        if
        :: saw_several ->
           atomic { storing_tables[g] = 0; tables[g] = 0 };
           atomic { !table_lock -> table_lock = 1; arrive(g) }
        :: else
        fi;
        in_tables++;
        assert(in_tables == 1);
        in_tables--;
        if
        :: saw_several -> table_lock = 0
        :: else -> atomic { storing_tables[g] = 0; tables[g] = 0 }
        fi
     fi
  :: round == ROUNDS -> break
  od;
  if
  :: linked[g] -> leave_slot(g)
  :: else
  fi
}

/* The processor: what was stored arrives in the end. */
proctype Memory() {
end:
  do
  :: atomic { storing_inside[0] || storing_tables[0] -> arrive(0) }
  :: atomic { storing_inside[1] || storing_tables[1] -> arrive(1) }
  :: atomic { storing_inside[2] || storing_tables[2] -> arrive(2) }
  od
}

inline look_at(g) {
  if
  :: !linked[g]
  :: linked[g] -> !inside[g]
  fi
}

proctype Callback() {
  byte request;
  do
  :: request < REQUESTS -> request++;
     wanted = 1;
#ifndef FAULT_BLIND
     atomic { membarrier() };
#endif
     look_at(0);
     look_at(1);
     look_at(2);
     callback_has = 1;
     assert(in_sections == 0);
     atomic { !table_lock -> table_lock = 1 };
     !tables[0];
     !tables[1];
     !tables[2];
     in_tables++;
     assert(in_tables == 1);
     in_tables--;
     table_lock = 0;
     callback_has = 0;
     wanted = 0
  :: request == REQUESTS -> break
  od
}

init {
  atomic {
    run Memory();
    run Callback();
    run Guest(0);
    run Guest(1);
    run Guest(2)
  }
}
