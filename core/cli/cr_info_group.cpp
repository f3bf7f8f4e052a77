// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "core/base/text.hpp"
#include "core/cli/cr_info.hpp"
#include "core/context/group_index.hpp"
#include "core/context/verified_copies.hpp"
#include "core/group/plan.hpp"

namespace cairn::cli {
namespace {

using context::GroupProcess;

std::string end_of(const GroupProcess& process) {
  if (WIFSIGNALED(process.status)) return "ended by signal " + std::to_string(WTERMSIG(process.status));
  return "ended with " + std::to_string(WEXITSTATUS(process.status));
}

void print_processes(const context::GroupIndex& index) {
  std::printf("  %9s %9s %9s %9s  %s\n", "process", "parent", "group", "session", "program");
  for (const GroupProcess& p : index.processes) {
    const std::string note = p.ended ? " (" + end_of(p) + ", and nobody has waited for it)" : "";
    std::printf("  %9d %9d %9d %9d  %s%s\n", p.pid, p.parent, p.group, p.session, printable(p.name).c_str(),
                note.c_str());
  }
}

}  // namespace

void print_group_info(const std::string& directory, const FileInfoOptions& options) {
  context::require_group(directory);
  const context::GroupIndex index = context::read_group_index(directory);
  std::printf("%s: %zu processes, format %u\n", directory.c_str(), index.processes.size(),
              context::GroupIndexHead::known_version);
  print_processes(index);
  group::plan_restart(index);
  context::VerifiedCopies copies(false);
  for (std::size_t i = 0; i < index.processes.size(); ++i) {
    if (!index.processes[i].ended) print_file_info(context::open_member(directory, index, i), options, copies);
  }
}

}  // namespace cairn::cli
