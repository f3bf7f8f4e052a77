// SPDX-License-Identifier: GPL-2.0-only
/*
 * The barrier of a node request: members join, their threads enter, and everybody stands until it
 * is released, aborted, or its deadline passes.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "request.h"

#define CAIRN_THREADS_MAX	32768u

static bool cairn_over(const struct cairn_request *r)
{
	return r->state == CAIRN_KM_RELEASED || r->state == CAIRN_KM_ABORTED;
}

/* With r->lock held. The first reason stays. */
void cairn_abort_locked(struct cairn_request *r, int error, const char *text)
{
	if (cairn_over(r))
		return;
	r->state = CAIRN_KM_ABORTED;
	r->error = error;
	strscpy(r->text, text, sizeof(r->text));
	wake_up_all(&r->changed);
}

struct cairn_member *cairn_find_member(struct cairn_request *r, struct pid *pid)
{
	struct cairn_member *m;

	list_for_each_entry(m, &r->members, list) {
		if (m->pid == pid)
			return m;
	}
	return NULL;
}

static void cairn_check_complete(struct cairn_request *r)
{
	if (r->state != CAIRN_KM_GATHERING || r->member_count != r->members_wanted ||
	    r->members_open || r->threads != r->threads_wanted)
		return;
	r->state = CAIRN_KM_COMPLETE;
	wake_up_all(&r->changed);
}

static long cairn_time_left(struct cairn_request *r)
{
	long left = (long)(r->deadline - jiffies);

	return left > 0 ? left : 0;
}

/* A member that joined without a number of threads says it now. */
static long cairn_tell_threads(struct cairn_request *r, struct cairn_member *m, u32 threads)
{
	if (m->threads || !threads)
		return -EALREADY;
	if (threads < m->entered)
		return -EINVAL;
	m->threads = threads;
	r->members_open--;
	r->threads_wanted += threads;
	cairn_check_complete(r);
	return 0;
}

long cairn_join(struct cairn_request *r, void __user *argument)
{
	struct cairn_km_join join;
	struct cairn_member *m, *known;
	long error;

	error = cairn_copy_in(&join, sizeof(join), argument);
	if (error)
		return error;
	if (join.flags || join.reserved || join.threads > CAIRN_THREADS_MAX)
		return -EINVAL;
	if (!uid_eq(current_uid(), r->owner) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m)
		return -ENOMEM;
	m->pid = get_pid(task_tgid(current));
	m->threads = join.threads;
	spin_lock(&r->lock);
	known = cairn_find_member(r, m->pid);
	if (cairn_over(r))
		error = -ECANCELED;
	else if (known)
		error = cairn_tell_threads(r, known, join.threads);
	else if (r->member_count == r->members_wanted)
		error = -EUSERS;
	if (!error && !known) {
		list_add_tail(&m->list, &r->members);
		r->member_count++;
		r->members_open += !m->threads;
		r->threads_wanted += m->threads;
		m = NULL;
	}
	spin_unlock(&r->lock);
	if (m) {
		put_pid(m->pid);
		kfree(m);
	}
	return error;
}

static bool cairn_is_over(struct cairn_request *r)
{
	bool over;

	spin_lock(&r->lock);
	over = cairn_over(r);
	spin_unlock(&r->lock);
	return over;
}

static void cairn_leave(struct cairn_request *r, struct cairn_member *m, long waited)
{
	spin_lock(&r->lock);
	r->threads--;
	m->entered--;
	if (waited == 0)
		cairn_abort_locked(r, ETIMEDOUT, "the deadline of the node request has passed");
	else if (waited < 0)
		cairn_abort_locked(r, EINTR, "a thread in the barrier was killed");
	spin_unlock(&r->lock);
}

long cairn_enter(struct cairn_request *r)
{
	struct cairn_member *m;
	long error = 0;

	spin_lock(&r->lock);
	m = cairn_find_member(r, task_tgid(current));
	if (!m)
		error = -ENOENT;
	else if (cairn_over(r))
		error = r->state == CAIRN_KM_ABORTED ? -ECANCELED : -EALREADY;
	else if (m->entered == (m->threads ? m->threads : CAIRN_THREADS_MAX))
		error = -EUSERS;
	if (!error) {
		m->entered++;
		r->threads++;
		cairn_check_complete(r);
	}
	spin_unlock(&r->lock);
	if (error)
		return error;
	error = wait_event_killable_timeout(r->changed, cairn_is_over(r), cairn_time_left(r));
	cairn_leave(r, m, error);
	return r->state == CAIRN_KM_ABORTED ? -ECANCELED : 0;
}

static void cairn_describe(struct cairn_request *r, struct cairn_km_status *status)
{
	spin_lock(&r->lock);
	if (!cairn_over(r) && !cairn_time_left(r))
		cairn_abort_locked(r, ETIMEDOUT, "the deadline of the node request has passed");
	*status = (struct cairn_km_status){
		.size = sizeof(*status),
		.state = r->state,
		.members_wanted = r->members_wanted,
		.members = r->member_count,
		.threads_wanted = r->threads_wanted,
		.threads = r->threads,
		.error = r->error,
	};
	strscpy(status->text, r->text, sizeof(status->text));
	spin_unlock(&r->lock);
}

static bool cairn_is_gathering(struct cairn_request *r)
{
	bool gathering;

	spin_lock(&r->lock);
	gathering = r->state == CAIRN_KM_GATHERING;
	spin_unlock(&r->lock);
	return gathering;
}

long cairn_status(struct cairn_request *r, void __user *argument, bool wait)
{
	struct cairn_km_status status;
	long result = 1;
	int error;

	error = cairn_copy_in(&status, sizeof(status), argument);
	if (error)
		return error;
	if (status.size < sizeof(status))
		return -EINVAL;
	if (wait)
		result = wait_event_killable_timeout(r->changed, !cairn_is_gathering(r),
						     min_t(long, cairn_time_left(r),
							   msecs_to_jiffies(status.timeout_ms)));
	cairn_describe(r, &status);
	if (copy_to_user(argument, &status, sizeof(status)))
		return -EFAULT;
	if (result < 0)
		return -EINTR;
	return wait && status.state == CAIRN_KM_GATHERING ? -ETIMEDOUT : 0;
}

long cairn_release_all(struct cairn_request *r)
{
	long error = 0;

	spin_lock(&r->lock);
	if (!cairn_find_member(r, task_tgid(current))) {
		error = -ENOENT;
	} else if (r->state == CAIRN_KM_ABORTED) {
		error = -ECANCELED;
	} else {
		r->state = CAIRN_KM_RELEASED;
		wake_up_all(&r->changed);
	}
	spin_unlock(&r->lock);
	return error;
}

long cairn_abort(struct cairn_request *r, void __user *argument)
{
	struct cairn_km_abort abort;
	long error;

	error = cairn_copy_in(&abort, sizeof(abort), argument);
	if (error)
		return error;
	if (abort.error <= 0 || abort.error > 4095)
		return -EINVAL;
	abort.text[sizeof(abort.text) - 1] = '\0';
	spin_lock(&r->lock);
	if (cairn_find_member(r, task_tgid(current)))
		cairn_abort_locked(r, abort.error, abort.text);
	else
		error = -ENOENT;
	spin_unlock(&r->lock);
	return error;
}
