/* SPDX-License-Identifier: GPL-2.0-only */
/* The node request, shared by request.c (its life) and barrier.c (its calls). */
#ifndef CAIRN_REQUEST_H
#define CAIRN_REQUEST_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include "cairn.h"

struct cairn_member {
	struct list_head list;
	struct pid *pid;
	u32 threads;	/* 0: not known yet */
	u32 entered;
};

struct cairn_request {
	struct list_head list;
	spinlock_t lock;	/* everything below */
	wait_queue_head_t changed;
	struct list_head members;
	kuid_t owner;
	u64 epoch;
	unsigned long deadline;	/* jiffies */
	u32 members_wanted;
	u32 member_count;
	u32 members_open;	/* that have not said how many threads they have */
	u32 threads_wanted;
	u32 threads;
	enum cairn_km_state state;
	int error;
	char text[CAIRN_KM_TEXT];
};

struct cairn_member *cairn_find_member(struct cairn_request *r, struct pid *pid);
void cairn_abort_locked(struct cairn_request *r, int error, const char *text);
long cairn_join(struct cairn_request *r, void __user *argument);
long cairn_enter(struct cairn_request *r);
long cairn_status(struct cairn_request *r, void __user *argument, bool wait);
long cairn_release_all(struct cairn_request *r);
long cairn_abort(struct cairn_request *r, void __user *argument);

#endif
