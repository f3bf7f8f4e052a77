// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/runtime_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "core/abi/beginning.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/proc.hpp"
#include "core/base/remove_tree.hpp"
#include "core/base/unique_fd.hpp"
#include "pmix/coordinator/leftovers.hpp"
#include "pmix/coordinator/tool_channel.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {
namespace {

namespace fs = std::filesystem;

constexpr double kPatience = 1;      // for an mpirun that starts
constexpr double kLongStarted = 10;  // seconds that its job has been there: it does not start any more
constexpr std::chrono::milliseconds kLook{10};
constexpr int kTries = 1000;

std::string user_directory(const std::string& base, uid_t uid) { return base + "/cairn-" + std::to_string(uid); }

void check_private(const std::string& path, const struct stat& st, uid_t owner, bool directory) {
  const bool right_kind = directory ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode);
  if (!right_kind || st.st_uid != owner || (st.st_mode & 077) != 0) {
    throw EnvironmentError(path + " cannot be trusted: it must be a " + (directory ? "directory" : "file") +
                           " of user " + std::to_string(owner) + " that nobody else can enter");
  }
}

void check_private_directory(const std::string& path, uid_t owner) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  check_private(path, st, owner, true);
}

// False if it, or what it is in, has gone meanwhile.
bool make_private_directory(const std::string& path) {
  struct stat st {};
  if ((make_directory_at(AT_FDCWD, path.c_str(), 0700) != 0 && errno != EEXIST) || ::lstat(path.c_str(), &st) != 0) {
    if (errno == ENOENT) return false;
    throw EnvironmentError(with_errno("creating " + path, errno));
  }
  check_private(path, st, ::geteuid(), true);
  complete_mode(AT_FDCWD, path.c_str(), 0700);  // of an earlier version, which the umask has made unusable
  return true;
}

// The last job in the user's directory takes that away when it ends, which may be at any moment.
std::string make_unfinished(const std::string& user, const std::string& path) {
  std::string unfinished;
  for (int tries = 0; tries < kTries; ++tries) {
    unfinished = path + std::string(kUnfinished) + "XXXXXX";
    if (make_private_directory(user) && make_temporary_directory(unfinished.data()) != nullptr) return unfinished;
    if (errno != ENOENT) break;
  }
  throw EnvironmentError(with_errno("creating " + path, errno));
}

std::string variable(const std::string& environment, const std::string& name) {
  for (std::size_t at = 0; at < environment.size();) {
    const std::size_t end = std::min(environment.find('\0', at), environment.size());
    if (environment.compare(at, name.size() + 1, name + "=") == 0)
      return environment.substr(at + name.size() + 1, end - at - name.size() - 1);
    at = end + 1;
  }
  return {};
}

std::string base_of(const std::string& runtime, const std::string& tmp) {
  if (!runtime.empty()) return runtime;
  return tmp.empty() ? "/tmp" : tmp;
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Of this process's environment.
std::string own_user_directory() {
  return user_directory(base_of(from_environment("CAIRN_RUNTIME_DIR"), from_environment("TMPDIR")), ::geteuid());
}

void remove_directory(const std::string& path) {
  const fs::path whole = path;
  const UniqueFd parent(::open(whole.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent) remove_tree(parent.get(), whole.filename());
}

// What has the name is of a process of this number that has been killed.
void give_name(const std::string& unfinished, const std::string& path) {
  remove_directory(path);
  if (::rename(unfinished.c_str(), path.c_str()) == 0) return;
  const int error = errno;
  remove_directory(unfinished);
  throw EnvironmentError(with_errno("creating " + path, error));
}

pid_t parent_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(stat)), {});
  const std::size_t end = text.rfind(") ");
  return end == std::string::npos ? 0 : static_cast<pid_t>(std::atoi(text.c_str() + end + 4));
}

// One of our own commands on its way to be mpirun.
bool becomes_mpirun(pid_t pid) {
  const fs::path program = read_link("/proc/" + std::to_string(pid) + "/exe");
  return (program.filename() == "mpirun" || program.filename() == "ompi-restart") &&
         program.parent_path() == fs::path(read_link("/proc/self/exe")).parent_path();
}

std::string read_cookie(const std::string& path, uid_t owner) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  check_private(path, st, owner, false);
  char text[128];
  const ssize_t n = ::read(fd.get(), text, sizeof(text));
  if (n != 64) throw EnvironmentError(path + " is no cookie of an mpirun");
  return {text, 64};
}

// Of the process `pid` of user `owner`.
std::string user_directory_of(pid_t pid, uid_t owner) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
  const std::string environment((std::istreambuf_iterator<char>(file)), {});
  return user_directory(base_of(variable(environment, "CAIRN_RUNTIME_DIR"), variable(environment, "TMPDIR")), owner);
}

bool listens_by_number(pid_t pid, uid_t owner) {
  try {
    connect_by_number(pid, owner, kPatience);
    return true;
  } catch (const TemporaryError&) {
    return false;
  }
}

bool address_of(pid_t pid, MpirunAddress& out) {
  struct stat st {};
  if (::stat(("/proc/" + std::to_string(pid)).c_str(), &st) != 0) return false;
  const std::string user = user_directory_of(pid, st.st_uid);
  const std::string directory = user + "/" + std::to_string(pid);
  // The cookie is the last that mpirun puts there, by a rename.
  if (::access((directory + "/cookie").c_str(), F_OK) != 0) {
    out = {pid, st.st_uid, directory, {}};
    return listens_by_number(pid, st.st_uid);
  }
  check_private_directory(user, st.st_uid);
  check_private_directory(directory, st.st_uid);
  out = {pid, st.st_uid, directory, read_cookie(directory + "/cookie", st.st_uid)};
  return true;
}

template <class Predicate>
bool any_child(pid_t pid, Predicate predicate) {
  const std::vector<std::string> children = children_of(std::to_string(pid));
  return std::any_of(children.begin(), children.end(),
                     [&](const std::string& child) { return predicate(static_cast<pid_t>(to_number(child))); });
}

// ompi-restart --fork stays, and the mpirun is its child.
bool address_of_child(pid_t pid, MpirunAddress& out) {
  return any_child(pid, [&](pid_t child) { return address_of(child, out); });
}

// It became reachable soon after it had started the real one, or never.
bool has_long_started(pid_t mpirun) {
  return any_child(
      mpirun, [](pid_t child) { return !becomes_mpirun(child) && beginning::life_of(child).seconds > kLongStarted; });
}

[[noreturn]] void throw_no_process(pid_t pid) {
  throw EnvironmentError("there is no process " + std::to_string(pid) +
                         " on this machine, or it has ended; ompi-checkpoint must run where mpirun does");
}

// Neither the directory nor the number leads to it.
[[noreturn]] void refuse_unreachable(pid_t mpirun, uid_t owner) {
  const std::string number = std::to_string(mpirun);
  throw EnvironmentError("mpirun (process " + number + ") cannot be reached: " + user_directory_of(mpirun, owner) +
                         "/" + number +
                         "/cookie is missing, and by its number it does not answer here (does it run "
                         "in another container?); its job can be checkpointed only if it was started with "
                         "--cr-on-signal or --cr-every");
}

}  // namespace

RuntimeDirectory::RuntimeDirectory(const std::string& snapshot) : cookie_(to_hex(make_link_key())) {
  const std::string user = own_user_directory();
  const LeftoverRemoval removal(user);
  path_ = user + "/" + std::to_string(::getpid());
  const std::string unfinished = make_unfinished(user, path_);
  try {
    write_owner(unfinished, snapshot);
  } catch (const EnvironmentError&) {  // a full disk, on which the job can run nevertheless
  }
  give_name(unfinished, path_);
}

void RuntimeDirectory::publish() {
  const std::string file = path_ + "/cookie", unfinished = file + ".new";
  const UniqueFd fd(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd) complete_mode(fd.get(), 0600);
  if (!fd || ::write(fd.get(), cookie_.data(), cookie_.size()) != static_cast<ssize_t>(cookie_.size()) ||
      ::rename(unfinished.c_str(), file.c_str()) != 0) {
    throw EnvironmentError(with_errno("creating " + file, errno));
  }
}

RuntimeDirectory::~RuntimeDirectory() {
  remove_directory(path_);
  ::rmdir(fs::path(path_).parent_path().c_str());
}

LeftoverRemoval remove_leftovers_of_killed() { return LeftoverRemoval(own_user_directory()); }

MpirunAddress find_mpirun(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  struct stat st {};
  if (has_ended(pid) || ::stat(proc.c_str(), &st) != 0) throw_no_process(pid);
  if (::geteuid() != 0 && st.st_uid != ::geteuid()) {
    throw EnvironmentError("process " + std::to_string(pid) + " belongs to user " + std::to_string(st.st_uid) +
                           ": only a job's owner or root may checkpoint it");
  }
  MpirunAddress address;
  for (const Deadline patience(kPatience);; std::this_thread::sleep_for(kLook)) {
    if (address_of(pid, address) || address_of(parent_of(pid), address)) return address;
    if (becomes_mpirun(pid) && address_of_child(pid, address)) return address;
    if (!becomes_mpirun(pid)) {
      if (beginning_of(pid) == Beginning::young) continue;
      if (has_ended(pid)) throw_no_process(pid);
      break;
    }
    if (!patience.passed()) continue;
    if (has_long_started(pid)) refuse_unreachable(pid, st.st_uid);
    throw TemporaryError("process " + std::to_string(pid) +
                         " has only begun to start or to restart its job, or the job is ending; ask again later");
  }
  throw ArgumentError("process " + std::to_string(pid) +
                      " is no mpirun that was started with --with-cr (or its job has ended)");
}

}  // namespace cairn::pmix
