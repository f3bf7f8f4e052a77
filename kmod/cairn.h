/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of cairn.ko: what its files offer each other. */
#ifndef CAIRN_KMOD_H
#define CAIRN_KMOD_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "cairn_uapi.h"

#define CAIRN_CHUNK_PAGES	1024u	/* 4 MiB, as in the context file */

/**
 * struct cairn_span - consecutive pages that a walk found worth looking at
 * @address:	of the first
 * @pages:	how many
 */
struct cairn_span {
	unsigned long address;
	unsigned long pages;
};

/**
 * struct cairn_walk - one pass over the page tables of part of an area
 * @span:	out: what was found, ascending
 * @count:	out: how many spans
 * @pages:	out: pages in them
 * @most:	in: stop at that many spans
 * @most_pages:	in: stop at that many pages
 * @only_anon:	in: a private file mapping: leave out pages that are still the file's
 * @only_dirty:	in: leave out pages that are not soft-dirty
 */
struct cairn_walk {
	struct cairn_span *span;
	unsigned int count;
	unsigned int most;
	unsigned long pages;
	unsigned long most_pages;
	bool only_anon;
	bool only_dirty;
};

unsigned long cairn_walk_range(struct cairn_walk *walk, struct mm_struct *mm, unsigned long at,
			       unsigned long end);
int cairn_copy_in(void *to, size_t size, const void __user *from);
long cairn_dump(void __user *argument);
long cairn_request_create(void __user *argument);

#endif
