// SPDX-License-Identifier: Apache-2.0
// The life of a host process from main() to the guest's first instruction.
#include <sys/rseq.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "core/abi/thread_pointer.h"
#include "core/base/error.hpp"
#include "core/base/message.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/host/adoption.hpp"
#include "core/host/descriptors.hpp"
#include "core/host/host.hpp"
#include "core/host/loader.hpp"
#include "core/host/startup.hpp"
#include "core/host/table.hpp"
#include "core/host/threads.hpp"
#include "core/host/trace.hpp"
#include "core/state/beginning.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/made.hpp"

// jemalloc reads this at its first use: no sbrk (the break is the guest's), few arenas.
extern "C" {
__attribute__((visibility("default"))) const char* malloc_conf = "dss:disabled,narenas:4,background_thread:false";
}

namespace cairn::host {
namespace {

constexpr unsigned kFirstDonors = 1;  // most programs have one thread or none; each costs time at every exec

// <prefix>/libexec/cairn/<host> -> <prefix>/lib/cairn
std::string library_directory(const std::string& host) {
  std::string prefix = host;
  for (int i = 0; i < 3; ++i) prefix.erase(prefix.rfind('/'));
  return prefix + "/lib/cairn";
}

// The kernel knows one such area for each thread. That of the main thread is to be the guest's: its libc registers it,
// and libcr again after a restart.
void leave_rseq() noexcept {
  if (__rseq_size == 0) return;
  constexpr long kRseqBytes = 32;
  raw_syscall(SYS_rseq, static_cast<long>(cairn_own_fs()) + __rseq_offset, kRseqBytes, RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

// Who executed this may have left the stop signal blocked, and pending, for a libcr that will not be there.
void drop_stop_signal() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, CAIRN_STOP_SIGNAL);
  sigset_t now;
  if (sigprocmask(SIG_BLOCK, nullptr, &now) != 0 || sigismember(&now, CAIRN_STOP_SIGNAL) != 1) return;
  signal(CAIRN_STOP_SIGNAL, SIG_IGN);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

[[noreturn]] void run_natively(const Program& program, const std::vector<std::string>& command) {
  print_message(command[0] + " cannot be hosted, since " + program.not_hosted + "; it runs without checkpoints");
  std::vector<std::string> environment = guest_environment();
  restore_stack_limit();
  drop_stop_signal();
  std::vector<char*> argv, envp;
  std::vector<std::string> words = {program.argv0};
  words.insert(words.end(), program.arguments.begin(), program.arguments.end());
  for (auto& w : words) argv.push_back(w.data());
  for (auto& e : environment) envp.push_back(e.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  execve(program.path.c_str(), argv.data(), envp.data());
  throw EnvironmentError(with_errno("cannot run " + program.path, errno));
}

[[noreturn]] void start(const Options& options, const std::string& host) {
  GuestStart guest;
  guest.program = resolve_program(options.command, options.argv0, extension());
  if (!guest.program.not_hosted.empty()) run_natively(guest.program, options.command);
  guest.environment = guest_environment();
  guest.preloads = {library_directory(host) + "/libcr.so"};
  const auto more = extension().guest_preloads();
  guest.preloads.insert(guest.preloads.end(), more.begin(), more.end());
  set_guest_exe(guest.program.resolved);
  extension().preload(guest.program.resolved);
  start_donors(kFirstDonors);
  plug({});
  guest.stack_limit = restore_stack_limit();
  build_fixed_area(0);  // before anybody can ask for a checkpoint, which says there that one is taken
  start_control();
  std::thread(serve_control).detach();
  extension().started();
  start_guest(guest);
}

}  // namespace

int run(int argc, char** argv, Extension& extension) {
  try {
    leave_rseq();
    if (argc == 2 && std::string_view(argv[1]) == kAdopt) adopt(extension);
    clean_and_exec_again(argv);
    register_main_thread();
    const Options options = parse_options(argc, argv);
    const std::string image = options.restart.empty() ? "" : extension.context_file(options.restart);
    choose_fd_base(image.empty() ? std::vector<int>() : state::numbers_in(image));
    start_trace();
    set_extension(extension);
    extension.begin();
    const std::string host = own_path();
    set_host_path(host);
    state::begin(options.inherited, guest_stack_limit());
    set_host_options("--cairn-inherited=" + state::beginning_word());
    set_system_v_before(options.system_v);
    set_untold_before(options.landlocked ? CAIRN_UNTOLD_LANDLOCK : 0);
    open_control();
    if (!image.empty()) revive(image, extension);
    start(options, host);
  } catch (const Error& error) {
    state::remove_made();
    print_message(error.what());
    return error.code();
  } catch (const std::exception& error) {
    state::remove_made();
    print_message(std::string("internal error: ") + error.what());
    return code_of(error);
  }
}

}  // namespace cairn::host
