// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/leftovers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <exception>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/proc.hpp"
#include "core/base/remove_tree.hpp"
#include "core/base/unique_fd.hpp"
#include "core/base/write_all.hpp"
#include "pmix/manifest/snapshot_store.hpp"
#include "pmix/transport/record_fields.hpp"

namespace cairn::pmix {
namespace {

constexpr std::size_t kLongest = 65536;  // of a note
constexpr time_t kMaking = 3600;         // seconds

UniqueFd own_directory(int parent, const std::string& name, mode_t closed_to) {
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (fd && (::fstat(fd.get(), &st) != 0 || st.st_uid != ::geteuid() || (st.st_mode & closed_to) != 0)) fd.reset();
  return fd;
}

template <class Note>
void write_note(const std::string& directory, const Note& note) {
  const std::string file = directory + "/" + Note::type, unfinished = file + ".new";
  const UniqueFd fd(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw EnvironmentError(with_errno("creating " + unfinished, errno));
  complete_mode(fd.get(), 0600);
  const std::string bytes = to_record(note).encode();
  write_all(fd.get(), bytes.data(), bytes.size(), unfinished);
  if (::rename(unfinished.c_str(), file.c_str()) != 0) throw EnvironmentError(with_errno("creating " + file, errno));
}

// Throws PermanentError if there is a file that is no such note.
template <class Note>
std::optional<Note> read_note(int directory) {
  const UniqueFd fd(::openat(directory, Note::type, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st {};
  if (!fd && errno == ENOENT) return std::nullopt;
  std::string bytes(kLongest, '\0');
  ssize_t n = -1;
  if (fd && ::fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == ::geteuid())
    n = ::read(fd.get(), bytes.data(), bytes.size());
  if (n == 0) return std::nullopt;  // the machine lost its power before the text was on disk
  if (n < 0) throw PermanentError(std::string("no ") + Note::type);
  const Record record = Record::decode(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)));
  if (record.type() != Note::type) throw PermanentError(std::string("no ") + Note::type);
  return from_record<Note>(record);
}

// As Open MPI chooses it, if its command line says nothing.
std::string temporary_directory() {
  for (const char* name : {"OMPI_MCA_orte_tmpdir_base", "TMPDIR", "TEMP", "TMP"})
    if (const char* value = std::getenv(name)) return value;
  return "/tmp";
}

void remove_session(const RealJob& job) {
  const auto pid = static_cast<pid_t>(job.process.pid);
  const std::string uid = std::to_string(::geteuid()),
                    short_name = job.process.machine.substr(0, job.process.machine.find('.'));
  for (const std::string& host : {job.process.machine, short_name}) {
    const UniqueFd top = own_directory(AT_FDCWD, job.temporary + "/ompi." + host + "." + uid, S_IWOTH);
    // The name has only the number: whoever has it now may be an mpirun, too.
    if (top && runs_nobody(pid)) remove_tree(top.get(), "pid." + std::to_string(pid));
  }
}

bool has_name(int directory, int parent, const std::string& name) {
  struct stat mine {
  }, named{};
  return ::fstat(directory, &mine) == 0 && ::fstatat(parent, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

// One that does not say whose it is.
bool is_abandoned(int directory, const std::string& name) {
  if (name.find(kUnfinished) == std::string::npos) return runs_nobody(static_cast<pid_t>(to_number(name)));
  struct stat st {};
  return ::fstat(directory, &st) == 0 && st.st_mtime + kMaking < ::time(nullptr);
}

// "4711", "4711.new-a1b2c3"
bool is_runtime_directory(const std::string& name) {
  const std::string number = name.substr(0, name.find(kUnfinished));
  return number.size() <= 9 && number.find_first_not_of("0123456789") == std::string::npos && to_number(number) != 0;
}

void look_at(int user_directory, const std::string& name) {
  const UniqueFd directory = own_directory(user_directory, name, 0);
  if (!directory) return;
  const auto owner = read_note<Owner>(directory.get());
  const auto job = read_note<RealJob>(directory.get());
  if (owner ? !owner->process.is_gone() : !is_abandoned(directory.get(), name)) return;
  if (job && !job->process.is_gone()) return;  // it is being ended; whoever comes later knows of its files
  if (job) remove_session(*job);
  if (owner) manifest::remove_abandoned(owner->snapshot);
  // Meanwhile a new mpirun of this number may have made its own.
  if (has_name(directory.get(), user_directory, name)) remove_tree(user_directory, name);
}

}  // namespace

void write_owner(const std::string& directory, const std::string& snapshot) {
  write_note(directory, Owner{ProcessMark::of_self(), snapshot});
}

void write_job(const std::string& directory) {
  write_note(directory, RealJob{ProcessMark::of_self(), temporary_directory()});
}

void remove_leftovers(const std::string& user_directory) noexcept {
  try {
    const UniqueFd user = own_directory(AT_FDCWD, user_directory, 077);
    if (!user) return;
    for (const std::string& name : directory_entries("/proc/self/fd/" + std::to_string(user.get()))) {
      if (!is_runtime_directory(name)) continue;
      try {
        look_at(user.get(), name);
      } catch (const Error&) {  // a note that cannot be read says nothing of who is gone
      }
    }
  } catch (const std::exception&) {
  }
}

}  // namespace cairn::pmix
