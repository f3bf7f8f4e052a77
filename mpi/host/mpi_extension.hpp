// SPDX-License-Identifier: Apache-2.0
// What the MPI host adds to core/host: the real libmpi, the agent, and bringing MPI back at a restart.
// One object a process. The services run on guest threads with the host's thread pointer, the rest on host threads.
#pragma once

#include <string>
#include <vector>

#include "core/state/extension.hpp"

namespace cairn::mpi {

class MpiExtension final : public host::Extension {
 public:
  const char* name() const noexcept override { return "mpi"; }
  std::string speaker() const override;
  std::vector<std::string> guest_preloads() const override;
  void begin() override;
  void preload(const std::string& program) override;
  void* service(const char* name, std::uint32_t version) override;
  std::vector<std::uint8_t> save_section() override;
  void find_places(const std::vector<std::uint8_t>& section, restart::Options& options) override;
  void before_revive(const std::vector<std::uint8_t>& section, const restart::Options& options) override;
  std::vector<OpenFile> open_files() const override;
  bool restores_sharing(const std::string& name) const override;
  int shared_memory(const std::string& name) override;
  void started() override;
  void shared_memory_mapped(std::uint64_t start, const std::string& name, int descriptor) override;
  std::string refuses_single_checkpoint() const override;
  std::string program_path(const std::string& path) const override;
  std::string context_file(const std::string& operand) const override;
};

// Loads now what Open MPI, PMIx and what they use would load by dlopen() later (components.cpp). Once.
void load_components();

}  // namespace cairn::mpi
