// SPDX-License-Identifier: GPL-2.0-only
/*
 * The node request: what the members on this node of one checkpoint share. It is a file; its
 * members are the processes that joined through it. All waiting is bounded by its deadline, and
 * whatever ends it early (an abort, a member's end, the deadline) lets everybody go.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "request.h"

#define CAIRN_MEMBERS_MAX	65536u
#define CAIRN_DEADLINE_MAX_MS	(24u * 3600 * 1000)

static unsigned int requests_per_user = 16;
module_param(requests_per_user, uint, 0644);
MODULE_PARM_DESC(requests_per_user, "Node requests that one user may have open");

static LIST_HEAD(cairn_requests);
static DEFINE_SPINLOCK(cairn_requests_lock);

static long cairn_request_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct cairn_request *r = file->private_data;
	void __user *where = (void __user *)argument;

	switch (command) {
	case CAIRN_KM_JOIN:
		return cairn_join(r, where);
	case CAIRN_KM_ENTER:
		return cairn_enter(r);
	case CAIRN_KM_WAIT:
		return cairn_status(r, where, true);
	case CAIRN_KM_STATUS:
		return cairn_status(r, where, false);
	case CAIRN_KM_RELEASE:
		return cairn_release_all(r);
	case CAIRN_KM_ABORT:
		return cairn_abort(r, where);
	default:
		return -ENOTTY;
	}
}

/*
 * Some process closes its descriptor, or ends. A member that does so before the end takes the
 * request with it.
 */
static int cairn_request_flush(struct file *file, fl_owner_t owner)
{
	struct cairn_request *r = file->private_data;

	spin_lock(&r->lock);
	if (cairn_find_member(r, task_tgid(current)))
		cairn_abort_locked(r, ECONNRESET, "a member has left the node request");
	spin_unlock(&r->lock);
	return 0;
}

static int cairn_request_free(struct inode *inode, struct file *file)
{
	struct cairn_request *r = file->private_data;
	struct cairn_member *m, *next;

	spin_lock(&cairn_requests_lock);
	list_del(&r->list);
	spin_unlock(&cairn_requests_lock);
	list_for_each_entry_safe(m, next, &r->members, list) {
		put_pid(m->pid);
		kfree(m);
	}
	kfree(r);
	return 0;
}

static const struct file_operations cairn_request_operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = cairn_request_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.flush = cairn_request_flush,
	.release = cairn_request_free,
	.llseek = noop_llseek,
};

/* Enters @r into the list, unless its owner has too many there. */
static int cairn_enlist(struct cairn_request *r)
{
	struct cairn_request *other;
	unsigned int same = 0;

	spin_lock(&cairn_requests_lock);
	list_for_each_entry(other, &cairn_requests, list)
		same += uid_eq(other->owner, r->owner);
	if (same < requests_per_user)
		list_add_tail(&r->list, &cairn_requests);
	spin_unlock(&cairn_requests_lock);
	return same < requests_per_user ? 0 : -EDQUOT;
}

/**
 * cairn_request_create() - CAIRN_KM_REQUEST
 * @argument:	the caller's struct cairn_km_request
 *
 * Return: a file descriptor, or -errno.
 */
long cairn_request_create(void __user *argument)
{
	struct cairn_km_request request;
	struct cairn_request *r;
	long result;

	result = cairn_copy_in(&request, sizeof(request), argument);
	if (result)
		return result;
	if (request.flags || !request.members || request.members > CAIRN_MEMBERS_MAX ||
	    !request.deadline_ms || request.deadline_ms > CAIRN_DEADLINE_MAX_MS)
		return -EINVAL;
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return -ENOMEM;
	spin_lock_init(&r->lock);
	init_waitqueue_head(&r->changed);
	INIT_LIST_HEAD(&r->members);
	r->owner = current_uid();
	r->epoch = request.epoch;
	r->members_wanted = request.members;
	r->deadline = jiffies + msecs_to_jiffies(request.deadline_ms);
	result = cairn_enlist(r);
	if (result) {
		kfree(r);
		return result;
	}
	result = anon_inode_getfd("[cairn-request]", &cairn_request_operations, r,
				  O_RDWR | O_CLOEXEC);
	if (result < 0) {
		spin_lock(&cairn_requests_lock);
		list_del(&r->list);
		spin_unlock(&cairn_requests_lock);
		kfree(r);
	}
	return result;
}
