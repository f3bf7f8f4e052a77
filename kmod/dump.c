// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing part of the caller's own memory to a file that it opened.
 *
 * A batch: under the mmap lock, one page-table walk and references to the pages found; then,
 * outside of it, pages of zeros are left out and the others summed. When these fill a chunk they
 * are written from where they are, in one go.
 */
#include <linux/bvec.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/xxhash.h>

#include "cairn.h"
#include "compat.h"

#define CAIRN_SPANS	256u

/*
 * The chunk in the making is page[0 .. kept); a batch is looked at in page[kept .. kept + held).
 */
struct cairn_dumper {
	struct cairn_km_dump request;
	struct file *file;
	struct cairn_walk walk;
	unsigned int kept;
	unsigned int held;
	unsigned int run_count;
	bool area_ends;
	struct cairn_span span[CAIRN_SPANS];
	struct cairn_km_run run[CAIRN_KM_RUNS_MAX];
	struct page *page[CAIRN_CHUNK_PAGES];
	unsigned long address[CAIRN_CHUNK_PAGES];
	struct bio_vec segment[CAIRN_CHUNK_PAGES];
	struct xxh64_state sum;
};

static int cairn_write_segments(struct cairn_dumper *d, unsigned int count)
{
	size_t left = (size_t)count << PAGE_SHIFT;
	loff_t at = d->request.file_end;
	struct iov_iter from;

	iov_iter_bvec(&from, ITER_SOURCE, d->segment, count, left);
	while (left) {
		ssize_t written;

		written = cairn_write_iter(d->file, &from, &at);
		if (written <= 0)
			return written ? written : -EIO;
		left -= written;
	}
	d->request.file_end = at;
	return 0;
}

static int cairn_report_chunk(struct cairn_dumper *d, u64 offset)
{
	struct cairn_km_chunk __user *chunks = u64_to_user_ptr(d->request.chunks);
	struct cairn_km_run __user *runs = u64_to_user_ptr(d->request.runs);
	struct cairn_km_chunk chunk = {
		.offset = offset,
		.bytes = (u64)d->kept << PAGE_SHIFT,
		.checksum = xxh64_digest(&d->sum),
		.first_run = d->request.run_count,
		.run_count = d->run_count,
	};

	if (copy_to_user(runs + chunk.first_run, d->run, d->run_count * sizeof(d->run[0])))
		return -EFAULT;
	if (copy_to_user(chunks + d->request.chunk_count, &chunk, sizeof(chunk)))
		return -EFAULT;
	d->request.run_count += chunk.run_count;
	d->request.chunk_count++;
	return 0;
}

static void cairn_begin_chunk(struct cairn_dumper *d)
{
	d->kept = 0;
	d->run_count = 0;
	xxh64_reset(&d->sum, 0);
}

static void cairn_put_pages(struct cairn_dumper *d, unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		put_page(d->page[from]);
}

/* Writes the chunk in the making, if there is anything in it. */
static int cairn_end_chunk(struct cairn_dumper *d)
{
	u64 offset = d->request.file_end;
	int error = 0;

	if (d->kept)
		error = cairn_write_segments(d, d->kept);
	if (!error && d->run_count)
		error = cairn_report_chunk(d, offset);
	cairn_put_pages(d, 0, d->kept);
	cairn_begin_chunk(d);
	return error;
}

/* False if the chunk has no room for one more run. */
static bool cairn_add_run(struct cairn_dumper *d, unsigned long address, u32 flags)
{
	struct cairn_km_run *last = d->run_count ? &d->run[d->run_count - 1] : NULL;

	if (last && last->flags == flags &&
	    last->address + ((u64)last->pages << PAGE_SHIFT) == address) {
		last->pages++;
		return true;
	}
	if (d->run_count == CAIRN_KM_RUNS_MAX)
		return false;
	d->run[d->run_count++] = (struct cairn_km_run){ address, 1, flags };
	return true;
}

/* Takes page[i] of the batch into the chunk if it holds something. False if the chunk is full. */
static bool cairn_take_page(struct cairn_dumper *d, unsigned int i)
{
	void *bytes = kmap_local_page(d->page[i]);
	bool zero = !memchr_inv(bytes, 0, PAGE_SIZE);
	bool taken = true;

	if (!zero || d->walk.only_anon)
		taken = cairn_add_run(d, d->address[i], zero ? CAIRN_KM_RUN_ZERO : 0);
	if (taken && !zero) {
		xxh64_update(&d->sum, bytes, PAGE_SIZE);
		swap(d->page[i], d->page[d->kept]);
		d->segment[d->kept] = (struct bio_vec){ .bv_page = d->page[d->kept],
							.bv_len = PAGE_SIZE };
		d->kept++;
	}
	kunmap_local(bytes);
	d->request.pages_seen += taken;
	d->request.pages_zero += taken && zero;
	return taken;
}

/*
 * Goes through the batch. Where the chunk is full of runs before the batch is through, the rest of
 * the batch is given back and found again by the next walk.
 */
static void cairn_take_batch(struct cairn_dumper *d)
{
	unsigned int from = d->kept, to = d->kept + d->held, i;

	for (i = from; i < to; i++) {
		if (!cairn_take_page(d, i)) {
			d->request.next = d->address[i];
			d->area_ends = false;
			break;
		}
		if (!(i % 64))
			cond_resched();
	}
	cairn_put_pages(d, d->kept, to);
	d->held = 0;
}

static bool cairn_chunk_full(const struct cairn_dumper *d)
{
	return d->kept == CAIRN_CHUNK_PAGES || d->run_count == CAIRN_KM_RUNS_MAX;
}

/* References to the pages that the walk found, and their addresses. */
static int cairn_hold_pages(struct cairn_dumper *d, struct mm_struct *mm)
{
	unsigned int i;

	for (i = 0; i < d->walk.count; i++) {
		unsigned long at = d->span[i].address, left = d->span[i].pages;

		while (left) {
			unsigned int next = d->kept + d->held;
			long got = cairn_get_pages(mm, at, left, d->page + next);

			if (got <= 0) {
				d->request.next = at;
				return got ? got : -EFAULT;
			}
			d->held += got;
			for (left -= got; got; got--, at += PAGE_SIZE)
				d->address[next++] = at;
		}
	}
	return 0;
}

static bool cairn_is_special(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_SHARED);
}

/*
 * One batch from request.next on, not more than the chunk has room for. Sets request.next to where
 * the following one begins.
 */
static int cairn_next_batch(struct cairn_dumper *d, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned long at, end;
	int error = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, d->request.next);
	if (!vma || vma->vm_start >= d->request.end) {
		d->request.next = d->request.end;
		d->area_ends = true;
		goto unlock;
	}
	at = max_t(unsigned long, d->request.next, vma->vm_start);
	end = min_t(unsigned long, d->request.end, vma->vm_end);
	d->request.next = at;
	error = -EOPNOTSUPP;
	if (cairn_is_special(vma))
		goto unlock;
	d->walk.only_anon = vma->vm_file && !is_vm_hugetlb_page(vma);
	d->walk.only_dirty = (d->request.flags & CAIRN_KM_DIRTY_ONLY) &&
			     !(vma->vm_flags & VM_SOFTDIRTY);
	d->walk.most_pages = CAIRN_CHUNK_PAGES - d->kept;
	at = cairn_walk_range(&d->walk, mm, at, end);
	error = cairn_hold_pages(d, mm);
	if (!error) {
		d->request.next = at;
		d->area_ends = at == end;
	}
unlock:
	mmap_read_unlock(mm);
	return error;
}

static bool cairn_has_room(const struct cairn_km_dump *r)
{
	return r->chunk_count < r->chunks_max && r->runs_max - r->run_count >= CAIRN_KM_RUNS_MAX;
}

static int cairn_dump_range(struct cairn_dumper *d)
{
	int error = 0;

	cairn_begin_chunk(d);
	while (!error && d->request.next < d->request.end && cairn_has_room(&d->request)) {
		u64 begin = ktime_get_ns(), walked;

		error = cairn_next_batch(d, current->mm);
		walked = ktime_get_ns();
		d->request.walk_ns += walked - begin;
		if (error)
			break;
		cairn_take_batch(d);
		if (d->area_ends || cairn_chunk_full(d))
			error = cairn_end_chunk(d);
		d->request.write_ns += ktime_get_ns() - walked;
		cond_resched();
		if (fatal_signal_pending(current))
			error = -EINTR;
	}
	cairn_put_pages(d, 0, d->kept + d->held);
	return error;
}

static int cairn_check(const struct cairn_km_dump *r)
{
	if (r->size < sizeof(*r) || (r->flags & ~CAIRN_KM_DIRTY_ONLY) || r->reserved)
		return -EINVAL;
	if ((r->flags & CAIRN_KM_DIRTY_ONLY) && !IS_ENABLED(CONFIG_MEM_SOFT_DIRTY))
		return -EOPNOTSUPP;
	if ((r->start | r->end | r->offset) & ~PAGE_MASK)
		return -EINVAL;
	if (r->start >= r->end || r->end > TASK_SIZE || r->offset > MAX_LFS_FILESIZE)
		return -EINVAL;
	return r->runs_max >= CAIRN_KM_RUNS_MAX && r->chunks_max ? 0 : -EINVAL;
}

/**
 * cairn_dump() - CAIRN_KM_DUMP
 * @argument:	the caller's struct cairn_km_dump
 *
 * Return: 0 or -errno; the out fields are written in both cases, unless it is -EFAULT.
 */
long cairn_dump(void __user *argument)
{
	struct cairn_dumper *d;
	long error;

	d = kvzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	error = cairn_copy_in(&d->request, sizeof(d->request), argument);
	if (!error)
		error = cairn_check(&d->request);
	if (error)
		goto free;
	error = -EBADF;
	d->file = fget(d->request.fd);
	if (!d->file)
		goto free;
	if (!(d->file->f_mode & FMODE_WRITE) || !(d->file->f_mode & FMODE_CAN_WRITE))
		goto put;
	error = -ESPIPE;
	if (!(d->file->f_mode & FMODE_PWRITE) || (d->file->f_flags & O_APPEND))
		goto put;
	d->walk.span = d->span;
	d->walk.most = CAIRN_SPANS;
	d->request.next = d->request.start;
	d->request.file_end = d->request.offset;
	d->request.run_count = 0;
	d->request.chunk_count = 0;
	d->request.pages_seen = 0;
	d->request.pages_zero = 0;
	d->request.walk_ns = 0;
	d->request.write_ns = 0;
	error = cairn_dump_range(d);
	if (copy_to_user(argument, &d->request, sizeof(d->request)))
		error = -EFAULT;
put:
	fput(d->file);
free:
	kvfree(d);
	return error;
}
