// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include "core/base/text.hpp"
#include "core/cli/cr_info.hpp"
#include "core/cli/report.hpp"
#include "core/context/format.h"
#include "core/context/machine.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/features.hpp"
#include "core/engine/headroom.hpp"

namespace cairn::cli {

namespace {

// What is there, or what its absence means and what to do about it.
void print_feature(const char* name, bool there, const char* otherwise) {
  print_row(name, there ? "yes" : std::string("no: ") + otherwise);
}

void print_features() {
  const engine::Features& f = engine::features();
  print_feature("FSGSBASE", f.fsgsbase,
                "each full crossing into MPI costs two system calls (docs/crossing.md says when calls are full "
                "crossings); Linux 5.9 and a CPU with fsgsbase have it");
  print_feature("PAGEMAP_SCAN", f.pagemap_scan,
                "finding pages takes 0.7 s for each TiB of reserved memory; Linux 6.7 has it");
  print_feature("soft-dirty bit", engine::soft_dirty_works(),
                "this kernel was built without it; pages that changed are found in another way");
  print_feature("write-protect async", engine::write_protect_async_works(),
                "Linux 6.7 has it; pages that changed are found in another way");
  print_feature("Linux AIO", f.aio, "checksums and writes do not overlap; see /proc/sys/fs/aio-max-nr");
  print_feature("close_range", f.close_range, "Linux 5.9 has it");
  print_row("/dev/cairn", f.kmod.empty() ? "yes" : f.kmod + ": optional; load the module with modprobe cairn");
}

}  // namespace

void print_machine_info() {
  cairn_ctx_header here{};
  context::describe_machine(here);
  print_version("cr_info");
  std::printf("this machine:\n");
  print_row("kernel", here.kernel_release);
  print_row("C library", std::string("glibc ") + here.libc_version);
  print_row("CPU", cpu_text(here));
  print_row("context file format", std::to_string(CAIRN_CTX_VERSION));
  const engine::Headroom room = engine::memory_headroom();
  print_row("memory left", human_size(room.bytes) + " (" + room.limit + ")");
  const EngineChoice choice = make_engine("auto");
  print_row("engine", choice.why);
  std::printf("kernel features:\n");
  print_features();
}

}  // namespace cairn::cli
