// SPDX-License-Identifier: Apache-2.0
#include "core/context/target_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/context/format.h"
#include "core/context/output.hpp"

namespace cairn::context {

namespace {

constexpr int kAttempts = 1000;

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// Never replaces: a file that somebody made in the meantime is theirs.
int rename_new(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (link(from.c_str(), to.c_str()) != 0) {  // the file system has no RENAME_NOREPLACE
    if (errno == EEXIST) return EEXIST;
    if (access(to.c_str(), F_OK) == 0) return EEXIST;
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  }
  unlink(from.c_str());
  return 0;
}

// Whether a direct write of one page really works; some file systems only say so when asked to.
bool takes_direct_write(int fd) {
  const std::unique_ptr<void, decltype(&std::free)> page(std::aligned_alloc(CAIRN_CTX_PAGE, CAIRN_CTX_PAGE),
                                                         &std::free);
  if (!page) return false;
  std::memset(page.get(), 0, CAIRN_CTX_PAGE);
  const QuietWrites quiet;
  return pwrite(fd, page.get(), CAIRN_CTX_PAGE, 0) != -1 || errno != EINVAL;
}

}  // namespace

void TargetFile::try_direct(WriterOptions::Direct direct) {
  if (direct == WriterOptions::Direct::no) return;
  const int flags = fcntl(fd_.get(), F_GETFL);
  if (fcntl(fd_.get(), F_SETFL, flags | O_DIRECT) == 0) {
    direct_ = takes_direct_write(fd_.get());
    if (!direct_) fcntl(fd_.get(), F_SETFL, flags);
  }
  if (!direct_ && direct == WriterOptions::Direct::yes) {
    throw EnvironmentError(path_ + ": the file system does not support direct writes (O_DIRECT)");
  }
}

bool TargetFile::create(const std::string& path, WriterOptions::Direct direct, int fd_base) {
  path_ = path;
  struct stat st;
  if (lstat(path.c_str(), &st) == 0) {
    if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)) {
      throw EnvironmentError("cannot create " + path + ": it exists already and is not overwritten");
    }
    stream_ = true;
    fd_ = move_high(UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC)), fd_base);
    if (!fd_) throw EnvironmentError(with_errno("cannot open " + path, errno));
    return false;
  }
  const auto [directory, name] = split(path);
  for (int i = 0; i < kAttempts && !fd_; ++i) {
    temporary_ = directory + "/." + name + "." + std::to_string(getpid()) + "." + std::to_string(i) + ".tmp";
    fd_ = move_high(UniqueFd(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)), fd_base);
    if (!fd_ && errno != EEXIST) break;
  }
  if (!fd_) {
    const int why = errno;
    temporary_.clear();
    throw EnvironmentError(with_errno("cannot create " + path, why));
  }
  complete_mode(fd_.get(), 0600);
  flock(fd_.get(), LOCK_EX | LOCK_NB);  // who looks for what nobody finishes any more (core/host/leftovers.hpp) sees it
  try_direct(direct);
  return direct_;
}

void TargetFile::commit(std::uint64_t length, bool sync) {
  const auto check = [this](bool good, const char* what) {
    if (!good) throw EnvironmentError(with_errno(path_ + ": cannot " + what, errno));
  };
  if (stream_ || temporary_.empty()) {
    fd_.reset();
    return;
  }
  check(ftruncate(fd_.get(), static_cast<off_t>(length)) == 0, "cut to its length");
  if (sync) check(fsync(fd_.get()) == 0, "sync to the disk");
  const int failed = rename_new(temporary_, path_);
  if (failed != 0) throw EnvironmentError(with_errno("cannot rename the finished file to " + path_, failed));
  temporary_.clear();
  fd_.reset();
  if (!sync) return;
  const UniqueFd directory(::open(split(path_).first.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) fsync(directory.get());
}

void TargetFile::discard() noexcept {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  temporary_.clear();
  fd_.reset();
}

}  // namespace cairn::context
