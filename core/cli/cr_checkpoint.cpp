// SPDX-License-Identifier: Apache-2.0
// cr_checkpoint [options] PID: has a process saved to a context file.
#include <signal.h>
#include <sys/stat.h>

#include <cstdio>
#include <optional>

#include "core/abi/beginning.hpp"
#include "core/abi/control_client.hpp"
#include "core/abi/process_number.hpp"
#include "core/abi/stopped_process.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/process_mark.hpp"
#include "core/base/text.hpp"
#include "core/cli/asking_again.hpp"
#include "core/cli/checkpoint_options.hpp"
#include "core/cli/checkpoint_progress.hpp"
#include "core/cli/checkpoint_target.hpp"
#include "core/cli/other_process.hpp"
#include "core/cli/report.hpp"
#include "core/context/reader.hpp"
#include "core/state/files/saved_contents.hpp"

namespace cairn::cli {
namespace {

constexpr char kCommand[] = "cr_checkpoint";
constexpr double kPatience = 3;  // for a process that executes one program after the other

// The first process of a namespace, which cr_restart has made, stays its copy.
bool is_first_of_space(pid_t pid) {
  const ProcessNumber own = own_number_of(pid);
  return own.pid == 1 && own.space != own_number_of(getpid()).space;
}

// kill(2) takes a thread's number for its process's. A checkpoint is asked of what was meant.
void check_is_process(pid_t pid) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status").value_or("");
  const auto process = static_cast<pid_t>(to_number(field(status, "Tgid")));
  if (process != 0 && process != pid)
    throw ArgumentError(std::to_string(pid) + " is a thread of process " + std::to_string(process));
}

// Of the process to save: where it is cr_restart whose number was given, the program that it has brought back.
pid_t program_of(pid_t pid) {
  const std::string number = std::to_string(pid);
  if (!is_waiting_restart(pid)) return pid;
  for (const std::string& child : children_of(number)) {
    const auto found = static_cast<pid_t>(to_number(child));
    if (beginning::becomes_host(found) && !is_first_of_space(found)) return found;
  }
  throw TemporaryError("process " + number + " (cr_restart) has not brought a program back yet; ask again later");
}

pid_t asked_for(const CheckpointOptions& options) {
  if (options.scope == Scope::tree) return program_of(options.id);
  const pid_t leader = leader_of_scope(options.scope, options.id, getpid());
  const char* const kind = options.scope == Scope::group ? "process group " : "session ";
  if (leader == 0) throw EnvironmentError("no process is in " + (kind + std::to_string(options.id)));
  return leader;
}

template <std::size_t N>
void copy_text(char (&field)[N], const std::string& text, const char* what) {
  if (text.size() >= N) throw ArgumentError(std::string(what) + " is too long: " + text);
  text.copy(field, N - 1);
}

cairn_control_request to_request(const CheckpointOptions& options) {
  cairn_control_request request = make_request(CAIRN_CONTROL_CHECKPOINT);
  request.existing = options.existing;
  request.signal = options.signal;
  request.parameters = options.parameters;
  copy_text(request.name, options.name, "the context file's name");
  copy_text(request.backup, options.backup, "the backup's name");
  return request;
}

void print_summary(const CheckpointOptions& options, const cairn_control_reply& reply) {
  const CheckpointStatistics& done = reply.statistics;
  std::fprintf(
      stderr, "cr_checkpoint: process %d: %s in %.3f s; it stood still for %.3f s (threads stopped in %.3f ms)%s%s\n",
      options.pid, human_size(done.bytes).c_str(), done.callback_seconds + done.stop_seconds + done.write_seconds,
      done.pause_seconds, done.stop_seconds * 1000, reply.text[0] != '\0' ? "; " : "", reply.text);
}

// Throws what the process answers if it is not saved.
cairn_control_reply ask(const CheckpointOptions& options) {
  const CheckpointTarget target = open_target(options);
  ControlClient client(options.pid);
  const bool stopped = is_stopped(options.pid);
  cairn_control_request request = to_request(options);
  if (!options.alone) request.flags |= CAIRN_CONTROL_TREE | flags_of_scope(options.scope);
  if (target.is_file) request.flags |= CAIRN_CONTROL_TO_FD;
  if (stopped) request.flags |= CAIRN_CONTROL_WAS_STOPPED;
  client.send(request, target.descriptor.get());
  if (stopped) wake_for_checkpoint(options.pid);
  CheckpointProgress progress(options.quiet);
  const cairn_control_reply reply = client.wait([&](const auto& state) { progress.show(state); });
  progress.clear();
  const bool saved = reply.code == CAIRN_EXIT_OK;
  // The answer comes before the signal, which stops who answers. Whoever wakes it up afterwards must come afterwards.
  if ((stopped && !(saved && options.signal == SIGCONT)) || (saved && options.signal == SIGSTOP))
    wait_until_stopped(options.pid);
  if (saved) return reply;
  std::string text = "process " + std::to_string(options.pid) + " was not checkpointed";
  if (options.messages) text += std::string(": ") + reply.text;
  if (reply.code == CAIRN_EXIT_TEMPORARY) throw TemporaryError(text);
  throw Error(reply.code, text, reply.error);
}

// What a process executes instead is asked in its turn. A file that has been begun cannot be begun again.
cairn_control_reply ask_successor(const CheckpointOptions& options) {
  for (const Deadline patience(kPatience);;) {
    try {
      return ask(options);
    } catch (const ExecutedAnother&) {
      if (options.to_descriptor || patience.passed()) throw;
    } catch (const TemporaryError&) {
      if (ends(options.pid)) throw EnvironmentError("process " + std::to_string(options.pid) + " has ended");
      throw;
    }
  }
}

void tell_of_contents(const CheckpointOptions& options) {
  if (!options.parameters.save_files || options.quiet || options.to_descriptor) return;
  const std::string path = options.directory + "/" + options.name;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;  // who reads from it may have ended
  state::SavedContents contents;
  contents.look_at(context::Reader::open(path));
  complain(kCommand, contents.text());
}

int checkpoint(CheckpointOptions& options) {
  if (options.scope == Scope::tree) check_is_process(options.id);
  const auto told = [&](const std::string& why) {
    if (options.verbose) complain(kCommand, why + "; asking again");
  };
  std::optional<EndOfProcess> end;
  const auto attempt = [&] {
    options.pid = asked_for(options);
    if (!end) end.emplace(options.pid);
    return ask_successor(options);
  };
  const cairn_control_reply reply = ask_again(options.wait, attempt, told);
  if (options.verbose) print_summary(options, reply);
  tell_of_contents(options);
  if (ends_processes(options.signal)) end->wait();
  return CAIRN_EXIT_OK;
}

}  // namespace
}  // namespace cairn::cli

int main(int argc, char** argv) {
  using namespace cairn::cli;
  return run_command(kCommand, Voice::line, argc, argv, parse_checkpoint, checkpoint);
}
