/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/cairn: the per-node kernel checkpointer, as user space sees it.
 *
 * Every structure begins with its size as the caller knows it. A newer module accepts the sizes of
 * older versions and treats what is missing as zero; an older module refuses a larger structure
 * whose surplus is not all zero (-E2BIG), as copy_struct_from_user() does. Unknown flags: -EINVAL.
 */
#ifndef _UAPI_CAIRN_H
#define _UAPI_CAIRN_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define CAIRN_KM_VERSION	1u

/* What the module can do on this kernel. */
#define CAIRN_KM_SOFT_DIRTY	0x1ull

/**
 * struct cairn_km_info - CAIRN_KM_INFO on /dev/cairn
 * @size:	in: sizeof(struct cairn_km_info)
 * @version:	out: CAIRN_KM_VERSION of the module
 * @features:	out: CAIRN_KM_SOFT_DIRTY, ...
 * @chunk_max:	out: bytes of memory in one chunk at most
 * @reserved:	zero
 */
struct cairn_km_info {
	__u32 size;
	__u32 version;
	__u64 features;
	__u32 chunk_max;
	__u32 reserved;
};

/**
 * struct cairn_km_request - CAIRN_KM_REQUEST on /dev/cairn: a node request
 * @size:	in: sizeof(struct cairn_km_request)
 * @flags:	in: zero
 * @epoch:	in: the coordinator's number, for messages only
 * @members:	in: how many processes of this node take part, 1 ...
 * @deadline_ms: in: from now until everything must be over
 *
 * Returns a file descriptor (close-on-exec) that carries the request. It is passed to the other
 * members; whoever holds it and has the creator's user id may join. When the deadline passes, or
 * a member ends or closes it before CAIRN_KM_RELEASE, the request is aborted and all are let go.
 */
struct cairn_km_request {
	__u32 size;
	__u32 flags;
	__u64 epoch;
	__u32 members;
	__u32 deadline_ms;
};

/**
 * struct cairn_km_join - CAIRN_KM_JOIN on a request: the caller's process becomes a member
 * @size:	in: sizeof(struct cairn_km_join)
 * @flags:	in: zero
 * @threads:	in: how many of its threads will enter the barrier, or 0 if that is not known yet:
 *		then it is said later, by joining once more
 * @reserved:	zero
 *
 * Errors: -EALREADY (joined before), -EUSERS (all members are there), -EPERM, -ECANCELED.
 */
struct cairn_km_join {
	__u32 size;
	__u32 flags;
	__u32 threads;
	__u32 reserved;
};

enum cairn_km_state {
	CAIRN_KM_GATHERING = 0,	/* members join, threads enter */
	CAIRN_KM_COMPLETE = 1,	/* every thread of every member stands in the barrier */
	CAIRN_KM_RELEASED = 2,
	CAIRN_KM_ABORTED = 3,
};

#define CAIRN_KM_TEXT	160

/**
 * struct cairn_km_status - CAIRN_KM_STATUS and CAIRN_KM_WAIT on a request
 * @size:	in: sizeof(struct cairn_km_status)
 * @state:	out: enum cairn_km_state
 * @members_wanted: out
 * @members:	out: joined so far
 * @threads_wanted: out: of the members that have joined
 * @threads:	out: that stand in the barrier
 * @timeout_ms:	in: CAIRN_KM_WAIT only: at most this long (and the deadline)
 * @error:	out: 0, or the errno of an abort
 * @text:	out: why it was aborted
 *
 * WAIT returns when the state is not GATHERING any more, or with -ETIMEDOUT.
 */
struct cairn_km_status {
	__u32 size;
	__u32 state;
	__u32 members_wanted;
	__u32 members;
	__u32 threads_wanted;
	__u32 threads;
	__u32 timeout_ms;
	__s32 error;
	char text[CAIRN_KM_TEXT];
};

/**
 * struct cairn_km_abort - CAIRN_KM_ABORT on a request, by any member
 * @size:	in: sizeof(struct cairn_km_abort)
 * @error:	in: errno > 0
 * @text:	in: why, NUL-terminated
 */
struct cairn_km_abort {
	__u32 size;
	__s32 error;
	char text[CAIRN_KM_TEXT];
};

#define CAIRN_KM_RUN_ZERO	0x1u	/* zeros that hide a file's pages: not in the chunk */

/* One run of pages of a dump, in ascending order of address. */
struct cairn_km_run {
	__u64 address;
	__u32 pages;
	__u32 flags;
};

#define CAIRN_KM_RUNS_MAX	1024u	/* of one chunk */

/* Consecutive bytes of the file: the pages of run_count runs. checksum: XXH64, seed 0. */
struct cairn_km_chunk {
	__u64 offset;
	__u64 bytes;
	__u64 checksum;
	__u32 first_run;
	__u32 run_count;
};

#define CAIRN_KM_DIRTY_ONLY	0x1u	/* pages whose soft-dirty bit is set */

/**
 * struct cairn_km_dump - CAIRN_KM_DUMP on /dev/cairn: write part of the caller's own memory
 * @size:	in: sizeof(struct cairn_km_dump)
 * @flags:	in: CAIRN_KM_DIRTY_ONLY
 * @fd:		in: where to, open for writing; pwrite-like: its position is not used
 * @reserved:	zero
 * @start:	in: page-aligned
 * @end:	in: page-aligned; [start, end) is private memory, holes are skipped
 * @offset:	in: of the first chunk in the file, page-aligned
 * @runs:	in: address of struct cairn_km_run[runs_max]
 * @chunks:	in: address of struct cairn_km_chunk[chunks_max]
 * @runs_max:	in: at least CAIRN_KM_RUNS_MAX
 * @chunks_max:	in: at least 1
 * @run_count:	out
 * @chunk_count: out
 * @next:	out: where it stopped: @end, or short of it when an array was full, or the
 *		address that made it fail
 * @file_end:	out: offset behind the last byte written
 * @pages_seen:	out: present pages that were looked at
 * @pages_zero:	out: of these, left out since they hold only zeros
 * @walk_ns:	out: time spent in the page tables
 * @write_ns:	out: time spent comparing, summing and writing
 *
 * Stored are pages that are present or swapped and not all zero; of private file mappings those
 * that the process has modified, and pages of zeros among these are reported as runs. A chunk ends
 * when it is full (pages or runs) and at @end or where an area ends. The protection of the memory
 * does not matter: it is the caller's own. Errors: -EOPNOTSUPP (shared, device or special memory at
 * @next), -EFAULT, -EINTR (fatal signal), -EBADF (@fd is not open for writing), -ESPIPE (it only
 * appends, or has no positions), and what writing to it gives.
 */
struct cairn_km_dump {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
	__u64 start;
	__u64 end;
	__u64 offset;
	__u64 runs;
	__u64 chunks;
	__u32 runs_max;
	__u32 chunks_max;
	__u32 run_count;
	__u32 chunk_count;
	__u64 next;
	__u64 file_end;
	__u64 pages_seen;
	__u64 pages_zero;
	__u64 walk_ns;
	__u64 write_ns;
};

#define CAIRN_KM_IOC		0xC7
#define CAIRN_KM_INFO		_IOWR(CAIRN_KM_IOC, 0, struct cairn_km_info)
#define CAIRN_KM_REQUEST	_IOW(CAIRN_KM_IOC, 1, struct cairn_km_request)
#define CAIRN_KM_DUMP		_IOWR(CAIRN_KM_IOC, 2, struct cairn_km_dump)

#define CAIRN_KM_JOIN		_IOW(CAIRN_KM_IOC, 16, struct cairn_km_join)
#define CAIRN_KM_ENTER		_IO(CAIRN_KM_IOC, 17)	/* stand in the barrier until released */
#define CAIRN_KM_WAIT		_IOWR(CAIRN_KM_IOC, 18, struct cairn_km_status)
#define CAIRN_KM_STATUS		_IOWR(CAIRN_KM_IOC, 19, struct cairn_km_status)
#define CAIRN_KM_RELEASE	_IO(CAIRN_KM_IOC, 20)
#define CAIRN_KM_ABORT		_IOW(CAIRN_KM_IOC, 21, struct cairn_km_abort)

#endif
