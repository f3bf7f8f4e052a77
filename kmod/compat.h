/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between the kernels that this source is built for. */
#ifndef CAIRN_COMPAT_H
#define CAIRN_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uio.h>
#include <linux/version.h>

static inline long cairn_get_pages(struct mm_struct *mm, unsigned long at, unsigned long count,
				   struct page **pages)
{
	/* FOLL_FORCE: also what is mapped without PROT_READ; it is the caller's all the same. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return get_user_pages_remote(mm, at, count, FOLL_FORCE, pages, NULL, NULL);
#else
	return get_user_pages_remote(mm, at, count, FOLL_FORCE, pages, NULL);
#endif
}

static inline ssize_t cairn_write_iter(struct file *file, struct iov_iter *from, loff_t *at)
{
	ssize_t written;

	/* Since 6.8 vfs_iter_write() does this by itself. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	file_start_write(file);
#endif
	written = vfs_iter_write(file, from, at, 0);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	file_end_write(file);
#endif
	return written;
}

#endif
