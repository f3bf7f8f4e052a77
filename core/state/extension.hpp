// SPDX-License-Identifier: Apache-2.0
// What a particular host (plain, MPI) adds to core/host. core knows nothing of MPI; mpi/host fills this in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::restart {
struct Options;
}

namespace cairn::host {

class Extension {
 public:
  virtual ~Extension() = default;
  virtual const char* name() const noexcept = 0;  // "plain", "mpi"
  // Who speaks in what people are told at a restart, if it is not whom the options name; also for processes that are
  // brought back with this one.
  virtual std::string speaker() const { return {}; }
  // Libraries to preload into the guest beside libcr.so, absolute paths.
  virtual std::vector<std::string> guest_preloads() const { return {}; }
  // First of all, before anything is noted of what the process was started with.
  virtual void begin() {}
  // Before the plug: whatever `program`, the file's path, would otherwise have dlopen'd later, so that it does not land
  // in the arena.
  virtual void preload(const std::string& /*program*/) {}
  // table->service()
  virtual void* service(const char* /*name*/, std::uint32_t /*version*/) { return nullptr; }
  // Once the guest is about to start, host threads may be created.
  virtual void started() {}
  // The extension's own section of the context file, taken while the guest stands still ...
  virtual std::vector<std::uint8_t> save_section() { return {}; }
  // ... given back in the new host before anything is looked for, to add to the options where directories are now that
  // only were there for the old process ...
  virtual void find_places(const std::vector<std::uint8_t>& /*section*/, restart::Options& /*options*/) {}
  // ... and before the plug and before any guest memory exists (MPI_Init goes here).
  virtual void before_revive(const std::vector<std::uint8_t>& /*section*/, const restart::Options& /*options*/) {}
  // Files that the guest uses through the host, which has the descriptors.
  struct OpenFile {
    std::string path;
    bool written;
    std::uint64_t device = 0, inode = 0;  // what it was when it was opened; no inode: not known
  };
  virtual std::vector<OpenFile> open_files() const { return {}; }
  // Shared memory that is called `name` may be mapped by other processes, too: a restart has it shared again.
  virtual bool restores_sharing(const std::string& /*name*/) const { return false; }
  // In a restart: a descriptor, which becomes the caller's, of the shared memory that was called `name`, if other
  // processes have it, too; -1: it is this one's only.
  virtual int shared_memory(const std::string& /*name*/) { return -1; }
  // In a restart: shared memory that was called `name` (memfd_create) is mapped at `start` again, from its
  // beginning. An extension that
  // wants to share it with other processes duplicates the descriptor.
  virtual void shared_memory_mapped(std::uint64_t /*start*/, const std::string& /*name*/, int /*descriptor*/) {}
  // If a plain cr_checkpoint may not be taken of this process on its own, why ("is rank 3 of an MPI job: use
  // ompi-checkpoint 4711"); empty if it may.
  virtual std::string refuses_single_checkpoint() const { return {}; }
  // Where a program without a slash in its name is looked for: `path`, which is PATH, or more directories than it.
  virtual std::string program_path(const std::string& path) const { return path; }
  // Which context file to revive, from what the command line named (a file, or a snapshot directory).
  virtual std::string context_file(const std::string& operand) const { return operand; }
};

Extension& extension() noexcept;

}  // namespace cairn::host
