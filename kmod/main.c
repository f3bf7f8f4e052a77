// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device /dev/cairn. Everybody may open it: no call gives what the caller could not have by
 * itself.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "cairn.h"

/**
 * cairn_copy_in() - copy a sized structure from user space
 * @to:		where to
 * @size:	what this module knows of it
 * @from:	the caller's, beginning with its own size (__u32)
 *
 * Return: 0, or -EFAULT, -EINVAL (too small to have a size), -E2BIG (surplus that is not zero).
 */
int cairn_copy_in(void *to, size_t size, const void __user *from)
{
	u32 theirs;

	if (get_user(theirs, (const u32 __user *)from))
		return -EFAULT;
	if (theirs < 2 * sizeof(u32) || theirs > PAGE_SIZE)
		return -EINVAL;
	return copy_struct_from_user(to, size, from, theirs);
}

static long cairn_info(void __user *argument)
{
	struct cairn_km_info info;
	u32 theirs;
	int error;

	error = cairn_copy_in(&info, sizeof(info), argument);
	if (error)
		return error;
	theirs = min_t(u32, info.size, sizeof(info));
	info = (struct cairn_km_info){
		.size = sizeof(info),
		.version = CAIRN_KM_VERSION,
		.features = IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) ? CAIRN_KM_SOFT_DIRTY : 0,
		.chunk_max = CAIRN_CHUNK_PAGES << PAGE_SHIFT,
	};
	return copy_to_user(argument, &info, theirs) ? -EFAULT : 0;
}

static long cairn_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *where = (void __user *)argument;

	switch (command) {
	case CAIRN_KM_INFO:
		return cairn_info(where);
	case CAIRN_KM_REQUEST:
		return cairn_request_create(where);
	case CAIRN_KM_DUMP:
		return cairn_dump(where);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations cairn_operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = cairn_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice cairn_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cairn",
	.fops = &cairn_operations,
	.mode = 0666,
};

module_misc_device(cairn_device);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Checkpointer of the processes of one node");
MODULE_VERSION("0.1.0");
