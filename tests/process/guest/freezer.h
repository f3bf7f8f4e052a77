/* SPDX-License-Identifier: Apache-2.0 */
/* What the freezing host tells its guest, and what it can be asked: table->service(CAIRN_TEST_FREEZER, 1). */
#ifndef CAIRN_TESTS_GUEST_FREEZER_H
#define CAIRN_TESTS_GUEST_FREEZER_H

#define CAIRN_TEST_FREEZER "cairn.test.freezer"

struct cairn_test_freezer {
  unsigned stops; /* that went well */
  unsigned failures;
  unsigned wanted;   /* the guest adds 1: one more stop, please */
  unsigned served;   /* how many of those are done */
  double deadline;   /* seconds; 0: the host's choice */
  int release_with;  /* result of the checkpoint as the guest sees it: 0 or -CR_E... */
  int descriptors;   /* the guest has so many while it stands; 0: nobody counts them */
  char message[512]; /* of the last failure */
};

#endif
