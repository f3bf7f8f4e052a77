// SPDX-License-Identifier: GPL-2.0-only
/* Which pages of an area are there: one pass over the caller's own page tables. */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include "cairn.h"

/* False when the table is full: the walk ends before this page. */
static bool cairn_add(struct cairn_walk *walk, unsigned long address, unsigned long end)
{
	struct cairn_span *last = walk->count ? &walk->span[walk->count - 1] : NULL;
	unsigned long pages = (end - address) >> PAGE_SHIFT;

	if (walk->pages + pages > walk->most_pages)
		return false;
	if (last && last->address + (last->pages << PAGE_SHIFT) == address) {
		last->pages += pages;
	} else {
		if (walk->count == walk->most)
			return false;
		walk->span[walk->count++] = (struct cairn_span){ address, pages };
	}
	walk->pages += pages;
	return true;
}

static bool cairn_is_anon(unsigned long pfn)
{
	return pfn_valid(pfn) && PageAnon(pfn_to_page(pfn));
}

static bool cairn_wants_pte(const struct cairn_walk *walk, pte_t pte)
{
	if (pte_none(pte))
		return false;
	if (!pte_present(pte)) /* swapped or migrating: the content is its own */
		return !walk->only_dirty || pte_swp_soft_dirty(pte);
	if (is_zero_pfn(pte_pfn(pte)))
		return false;
	if (walk->only_anon && (pte_special(pte) || !cairn_is_anon(pte_pfn(pte))))
		return false;
	return !walk->only_dirty || pte_soft_dirty(pte);
}

/* A huge page may be cut short by the limit on pages: the walk goes on within it next time. */
static unsigned long cairn_add_huge(struct cairn_walk *walk, unsigned long at, unsigned long next)
{
	unsigned long room = (walk->most_pages - walk->pages) << PAGE_SHIFT;

	if (next - at > room)
		next = at + room;
	return next > at && cairn_add(walk, at, next) ? next : at;
}

static bool cairn_wants_pmd(const struct cairn_walk *walk, pmd_t pmd)
{
	if (pmd_present(pmd) && walk->only_anon && !cairn_is_anon(pmd_pfn(pmd)))
		return false;
	return !walk->only_dirty || pmd_soft_dirty(pmd);
}

static unsigned long cairn_take_pmd(struct cairn_walk *walk, pmd_t pmd, unsigned long at,
				    unsigned long next)
{
	return cairn_wants_pmd(walk, pmd) ? cairn_add_huge(walk, at, next) : next;
}

static unsigned long cairn_walk_ptes(struct cairn_walk *walk, pmd_t pmd, unsigned long at,
				     unsigned long end)
{
	pte_t *pte = pte_offset_kernel(&pmd, at);

	for (; at < end; at += PAGE_SIZE, pte++) {
		if (cairn_wants_pte(walk, READ_ONCE(*pte)) && !cairn_add(walk, at, at + PAGE_SIZE))
			break;
	}
	return at;
}

static unsigned long cairn_walk_pmds(struct cairn_walk *walk, pud_t *pud, unsigned long at,
				     unsigned long end)
{
	pmd_t *table = pmd_offset(pud, at);
	unsigned long next, reached;

	for (; at < end; at = next, table++) {
		pmd_t pmd;

		next = pmd_addr_end(at, end);
		/* As in pte_offset_map(): a table may be freed after a grace period. */
		rcu_read_lock();
		pmd = READ_ONCE(*table);
		barrier();
		reached = next;
		if (pmd_none(pmd))
			;
		else if (pmd_leaf(pmd) || !pmd_present(pmd))
			reached = cairn_take_pmd(walk, pmd, at, next);
		else
			reached = cairn_walk_ptes(walk, pmd, at, next);
		rcu_read_unlock();
		if (reached != next)
			return reached;
	}
	return end;
}

static unsigned long cairn_walk_puds(struct cairn_walk *walk, p4d_t *p4d, unsigned long at,
				     unsigned long end)
{
	pud_t *pud = pud_offset(p4d, at);
	unsigned long next, reached;

	for (; at < end; at = next, pud++) {
		next = pud_addr_end(at, end);
		if (pud_none(*pud))
			continue;
		if (pud_leaf(*pud))
			reached = cairn_add_huge(walk, at, next);
		else
			reached = cairn_walk_pmds(walk, pud, at, next);
		if (reached != next)
			return reached;
	}
	return end;
}

/**
 * cairn_walk_range() - find the pages of [at, end) that are there
 * @walk:	limits and result; count and pages are reset
 * @mm:		the caller's own; its mmap lock is held for reading
 * @at:		page-aligned, within one area
 * @end:	page-aligned, within the same area
 *
 * Return: where it stopped: @end, or the first page that found no room.
 */
unsigned long cairn_walk_range(struct cairn_walk *walk, struct mm_struct *mm, unsigned long at,
			       unsigned long end)
{
	pgd_t *pgd = pgd_offset(mm, at);
	unsigned long next, reached;

	walk->count = 0;
	walk->pages = 0;
	for (; at < end; at = next, pgd++) {
		p4d_t *p4d;

		next = pgd_addr_end(at, end);
		if (pgd_none(*pgd))
			continue;
		for (p4d = p4d_offset(pgd, at); at < next; at = reached, p4d++) {
			unsigned long p4d_end = p4d_addr_end(at, next);

			reached = p4d_end;
			if (p4d_none(*p4d))
				continue;
			reached = cairn_walk_puds(walk, p4d, at, p4d_end);
			if (reached != p4d_end)
				return reached;
		}
		if (fatal_signal_pending(current))
			return at;
	}
	return end;
}
