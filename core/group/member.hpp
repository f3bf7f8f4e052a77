// SPDX-License-Identifier: Apache-2.0
// One process of those that are saved together, as the group sees it: what it is asked to do, phase by phase. The
// process that this code runs in is one (own_process.hpp); tests have others.
//
// Ordinary code. One thread at a time, but for bytes_so_far() and cancel().
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "core/abi/checkpoint_parameters.hpp"
#include "core/abi/checkpoint_statistics.hpp"
#include "core/base/error.hpp"
#include "core/engine/node_request.hpp"

namespace cairn::group {

// The number() of an Error: the program's callbacks have left it out of the checkpoint. Others may be saved without it.
inline constexpr int error_left_out = ESRCH;

// What those who want a checkpoint tell the group, and it its members.
struct Request {
  CheckpointParameters parameters;
  std::string path;              // context file to create (never overwritten here; callers choose the name)
  int fd = -1;                   // or an open file or pipe to write to
  std::string object_directory;  // where files stored once per snapshot go; empty: inside the context file
  bool was_stopped = false;      // by job control, and is to be so after a restart
  // The callbacks have begun what ends by itself and must not be left alone: the timeout waits for them. May be empty.
  std::function<bool()> callbacks_at_work;
  // All stand, and nothing has been captured; everything has been captured, and memory is to be dumped. Called for the
  // process that asks. May be empty; the first may throw.
  std::function<void()> stands, captured;
  std::function<void()> all_stand;  // before any is captured. May be empty; may throw
  bool looked = false;              // the caller has asked for obstacles, and the callbacks know what it was told
  double stop_timeout = std::numeric_limits<double>::infinity();  // of the timeout, for threads to stand once told
  engine::NodeGroup node;  // who else of this node is checkpointed by the same request
};

class Member {
 public:
  virtual ~Member() = default;
  virtual std::string name() const = 0;  // "process 4711"
  // Which engine saves its memory, or has saved it last: "user", "kmod"; empty before the first save().
  virtual std::string engine() const = 0;
  // What of it cannot be saved now, by name, if anything is known to stand in the way. Does not disturb the program.
  // ("child process 1234 (sleep)", "socket at descriptor 5", ...)
  virtual std::optional<Error> obstacle() const = 0;
  // Callbacks, stop. On return it stands still until release().
  // Throws cairn::Error; it is then running again, its callbacks have been told, nothing is left on disk.
  virtual void stand(const Request& request) = 0;
  // Capture, in-pause memory. Throws as stand() does.
  virtual void save(const Request& request) = 0;
  // Lets it go on. `failure` < 0 is what callbacks see (-CR_E...), 0 for success. `signal`, if not 0, is pending
  // before.
  virtual void release(int failure, int signal) = 0;
  // Waits for the deferred part. Throws cairn::Error; the file is then removed. May be called before release().
  virtual CheckpointStatistics finish(double seconds) = 0;
  // Gives up: lets it go if it stands, removes the file. Nothing once finish() has returned.
  virtual void abandon() noexcept = 0;
  // After abandon(), or a release by which it ends: until nothing of it is at work any more; not for long.
  virtual void settle() noexcept {}
  // Between stand() and release().
  virtual bool stands() const noexcept { return false; }
  // It is no member any more: the process has ended, perhaps unnoticed by its parent, or has left itself out.
  virtual bool is_gone() const noexcept { return false; }
  // The request has been withdrawn: whoever reads what is written is not waited for. From any thread, at any time.
  virtual void cancel() noexcept {}
  // Of the context file, until now. From any thread, at any time.
  virtual std::uint64_t bytes_so_far() const noexcept = 0;

  // Those that work elsewhere begin a step before anybody's end of it is waited for.
  virtual void begin_look() {}
  virtual void begin_stand(const Request& /*request*/) {}
  virtual void begin_save(const Request& /*request*/) {}
  virtual void begin_finish(double /*seconds*/) {}
};

}  // namespace cairn::group
