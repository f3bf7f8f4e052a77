// SPDX-License-Identifier: Apache-2.0
// What this kernel offers the engines, found by trying, once per process. Ordinary code; thread-safe.
#pragma once

#include <string>

namespace cairn::engine {

struct Features {
  bool pagemap_scan = false;  // ioctl PAGEMAP_SCAN on /proc/self/pagemap (Linux 6.7)
  bool aio = false;           // io_setup(2)
  bool fsgsbase = false;      // as fsgsbase()
  bool close_range = false;
  std::string kmod;  // why /dev/cairn cannot be used; empty if it can
};

// CAIRN_MASK_FEATURES=pagemap_scan,aio,... in the environment hides what is there, so that tests reach every
// fallback.
const Features& features();

// rdfsbase/wrfsbase in user space, which the kernel must know of. Cheap; asked anew each time.
bool fsgsbase();

// These cost a forked child and a userfaultfd, so only who wants to know asks. Not cached.
bool soft_dirty_works();           // clear_refs and the pagemap bit, seen working
bool write_protect_async_works();  // userfaultfd with WP_ASYNC (Linux 6.7): dirty pages by PAGEMAP_SCAN

}  // namespace cairn::engine
