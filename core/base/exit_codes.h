/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes of every command (docs/exit-codes.md). The four failure classes are BLCR's. */
#ifndef CAIRN_BASE_EXIT_CODES_H
#define CAIRN_BASE_EXIT_CODES_H

enum {
  CAIRN_EXIT_OK = 0,
  CAIRN_EXIT_ARGUMENTS = 2,    /* unknown option, missing operand, contradicting options */
  CAIRN_EXIT_TEMPORARY = 3,    /* may work when asked again: busy, timed out, an object that cannot be saved now */
  CAIRN_EXIT_ENVIRONMENT = 4,  /* this machine: no space, no permission, other CPU, other library, missing file */
  CAIRN_EXIT_PERMANENT = 5,    /* will not work for this program or this file: damaged, unsupported */
  CAIRN_EXIT_CHECKPOINTED = 85 /* mpirun: the job was checkpointed and stopped as asked (ERESTART) */
};

#endif
