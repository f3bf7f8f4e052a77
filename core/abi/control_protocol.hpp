/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says to the control thread of a hosted process, and what it hears.
 *
 * Abstract SOCK_SEQPACKET socket "@cairn/<pid>": the name without '@' follows a NUL byte. Both ends look at the
 * other's credentials (SO_PEERCRED): the process serves its own user and root, the command believes only the owner
 * of the process. One request a connection, one message each way at a time; a connection that ends takes its request
 * with it. Messages have a fixed size; strings are NUL-terminated.
 *
 *   CHECKPOINT   with one descriptor (SCM_RIGHTS): the directory `name` is in, or, with CAIRN_CONTROL_TO_FD, the
 *                open file. Answered by any number of replies with state < CAIRN_CONTROL_DONE, then one DONE.
 *                With CAIRN_CONTROL_MEMBER the other end leads a group (docs/groups.md): each step waits for its
 *                cairn_control_order on the same connection, and is answered by a reply of its own state.
 *   STATUS       one reply: what is being done
 *   CANCEL       gives up the checkpoint that is being taken, if the caller may; one reply
 */
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/abi/checkpoint_parameters.hpp"
#include "core/abi/checkpoint_statistics.hpp"
#include "core/base/field_bytes.hpp"

#define CAIRN_CONTROL_MAGIC 0x6c746374u
#define CAIRN_CONTROL_VERSION 6u

enum cairn_control_command { CAIRN_CONTROL_CHECKPOINT = 1, CAIRN_CONTROL_STATUS = 2, CAIRN_CONTROL_CANCEL = 3 };

/* What to do about a file of that name. The new content appears under it in one step in all cases. */
enum cairn_control_existing {
  CAIRN_CONTROL_REPLACE = 0,  /* takes the place of the old file when it is whole */
  CAIRN_CONTROL_BACKUP = 1,   /* the old file is renamed to `backup` first, or to NAME.~N~ */
  CAIRN_CONTROL_CLOBBER = 2,  /* the old file is removed before anything is written */
  CAIRN_CONTROL_NOCLOBBER = 3 /* refused if there is one */
};

#define CAIRN_CONTROL_TO_FD 0x1u
#define CAIRN_CONTROL_WAS_STOPPED                                                                            \
  0x2u                            /* by SIGSTOP or the like; the command has woken it up to be served: it is \
                                   * stopped again afterwards, and after a restart */
#define CAIRN_CONTROL_TREE 0x4u   /* with its descendants: the process leads them */
#define CAIRN_CONTROL_MEMBER 0x8u /* as one of those that the other end leads */
#define CAIRN_CONTROL_OBJECTS_ABOVE                                                                               \
  0x10u /* MEMBER: the directory is a tree's in a snapshot of a job (docs/manifest.md), whose stored files are in \
         * ../../objects */
/* TREE: and the processes of its process group, or of its session, with their descendants (checkpoint_scope.hpp) */
#define CAIRN_CONTROL_OF_GROUP 0x20u
#define CAIRN_CONTROL_OF_SESSION 0x40u

struct cairn_control_request {
  uint32_t magic = CAIRN_CONTROL_MAGIC, version = CAIRN_CONTROL_VERSION, size = sizeof(cairn_control_request);
  uint32_t command = 0;
  uint32_t flags = 0;
  uint32_t existing = CAIRN_CONTROL_REPLACE;
  int32_t signal = 0;   /* sent to the process when all is written, before it goes on; 0: none */
  char name[1024] = {}; /* of the context file in the directory; no '/' */
  char backup[1024] = {};
  cairn::CheckpointParameters parameters;
};

enum cairn_control_state {
  CAIRN_CONTROL_IDLE = 0,
  CAIRN_CONTROL_STOPPING = 1, /* callbacks, and waiting for threads */
  CAIRN_CONTROL_SAVING = 2,   /* the process stands */
  CAIRN_CONTROL_WRITING = 3,  /* the process runs; its memory is being written */
  CAIRN_CONTROL_DONE = 4,
  /* Of a member, to its leader: */
  CAIRN_CONTROL_LOOKED = 5,  /* nothing stands in the way */
  CAIRN_CONTROL_STANDS = 6,  /* callbacks have been called, threads stand */
  CAIRN_CONTROL_SAVED = 7,   /* as far as it had to stand for it */
  CAIRN_CONTROL_FINISHED = 8 /* the file is whole; with its figures */
};

/* What a leader tells a member, in this order but for the last two, of which either may come first. */
enum cairn_control_step {
  CAIRN_CONTROL_LOOK = 1,
  CAIRN_CONTROL_STAND = 2,
  CAIRN_CONTROL_SAVE = 3,    /* with a descriptor: what the members have in common (core/group/sharing_message.hpp) */
  CAIRN_CONTROL_RELEASE = 4, /* not answered */
  CAIRN_CONTROL_FINISH = 5
};

/* A file, as fstat() tells it. */
struct cairn_control_file {
  uint64_t device = 0, inode = 0;
};

struct cairn_control_order {
  uint32_t magic = CAIRN_CONTROL_MAGIC, version = CAIRN_CONTROL_VERSION, size = sizeof(cairn_control_order);
  uint32_t step = 0;
  int32_t signal = 0;  /* RELEASE: pending before the program runs again; 0: none */
  int32_t failure = 0; /* RELEASE: what callbacks see, -CR_E..., or 0 */
  double seconds = 0;  /* for this step */
  int32_t leader = 0;  /* LOOK: the number of the process that leads; its descendants may be members */
  uint32_t scope = 0;  /* LOOK: CAIRN_CONTROL_OF_GROUP or _SESSION: others may be, too */
  /* LOOK: what the leader was started with at 0, 1 and 2, which a restart has there for all members. */
  cairn_control_file standard[3] = {};
};

struct cairn_control_reply {
  uint32_t magic = CAIRN_CONTROL_MAGIC, version = CAIRN_CONTROL_VERSION, size = sizeof(cairn_control_reply);
  uint32_t state = CAIRN_CONTROL_IDLE;
  int32_t code = 0;                       /* DONE: one of exit_codes.h */
  int32_t error = 0;                      /* DONE: Error::number(); ESRCH: the program has left itself out */
  cairn::CheckpointStatistics statistics; /* before DONE: the bytes so far */
  char text[2048] = {};                   /* DONE: why it failed, or how it went */
};

inline bool cairn_control_values(const cairn_control_request &request) { return cairn::are_values(request.parameters); }
inline bool cairn_control_values(const cairn_control_reply &reply) { return cairn::are_values(reply.statistics); }

inline bool cairn_control_values(const cairn_control_order &order) {
  return order.seconds >= 0 && order.seconds - order.seconds == 0;
}

/* Whether a message of so many bytes is one that this version understands. A new parameter or figure changes `size`. */
template <class Message>
bool cairn_control_understands(const Message &message, size_t bytes) {
  return bytes == sizeof message && message.magic == CAIRN_CONTROL_MAGIC && message.version == CAIRN_CONTROL_VERSION &&
         message.size == sizeof message && cairn_control_values(message);
}
