// SPDX-License-Identifier: Apache-2.0
#include "core/state/working_directory/revive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/modes.hpp"
#include "core/state/descriptors/process_files.hpp"
#include "core/state/image.hpp"
#include "core/state/process/state.hpp"
#include "core/state/working_directory/state.hpp"

namespace cairn::state {
namespace {

constexpr mode_t kPrivate = 0700;
constexpr int kTries = 50;              // while another process of the group has its own there
constexpr useconds_t kPatience = 1000;  // microseconds

// "/a/b", "c" of "/a/b/c"
std::pair<std::string, std::string> split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

class WorkingDirectoryReviver : public Reviver {
 public:
  explicit WorkingDirectoryReviver(Restart& restart)
      : image_(restart.image),
        state_(image_.get<WorkingDirectory>()),
        path_(current_path(restart::relocated(restart.options, image_.get<ProcessState>().directory),
                           image_.get<ProcessState>().pid, restart.options)) {
    for (std::uint32_t i = 0; i < state_.deleted; ++i) go_up();
  }
  void restore(Stage stage) override {
    if (stage == Stage::check) check();
    if (stage == Stage::open) opened_ = gone_.empty() ? open_directory(path_) : make_deleted();
    if (stage == Stage::process && (!opened_ || fchdir(opened_.get()) != 0)) fail(errno);
    if (stage == Stage::process) opened_.reset();
  }

 private:
  void go_up() {
    auto [above, name] = split(path_);
    gone_.insert(gone_.begin(), name);
    path_ = above;
  }
  [[noreturn]] void fail(int error) const {
    throw EnvironmentError(image_.reader().name() + ": " + with_errno("working directory " + path_, error));
  }
  void check();
  UniqueFd make_deleted() const;

  const Image& image_;
  const WorkingDirectory& state_;
  std::string path_;               // of what is there
  std::vector<std::string> gone_;  // below it, from above
  UniqueFd opened_;
};

// Can it be entered? Above one that had been deleted more may be gone by now.
void WorkingDirectoryReviver::check() {
  struct stat status {};
  while (!gone_.empty() && path_ != "/" && !stat_path(path_, status)) go_up();
  const UniqueFd opened = open_directory(path_);
  if (!opened && errno == ENOTDIR) throw EnvironmentError(image_.reader().name() + ": " + path_ + " is no directory");
  if (!opened || faccessat(opened.get(), ".", X_OK, 0) != 0) fail(errno);
  if (!gone_.empty() && faccessat(opened.get(), ".", W_OK, 0) != 0)
    throw EnvironmentError(image_.reader().name() + ": " +
                           with_errno("the working directory had been deleted, and cannot be made again in " + path_ +
                                          " to be deleted there",
                                      errno));
}

// The name is one that nobody has there. Throws EnvironmentError.
std::string make_directory(int above, const std::string& wanted) {
  std::string name = wanted;
  for (int tries = 0; make_directory_at(above, name.c_str(), kPrivate) != 0; ++tries) {
    if (errno != EEXIST) throw EnvironmentError(with_errno("a directory that had been deleted", errno));
    if (tries < kTries) usleep(kPatience);
    if (tries >= kTries)
      name = wanted.substr(0, NAME_MAX / 2) + ".cairn-" + std::to_string(getpid()) + "-" + std::to_string(tries);
  }
  return name;
}

UniqueFd WorkingDirectoryReviver::make_deleted() const {
  struct Made {
    UniqueFd above;
    std::string name;
  };
  std::vector<Made> made;
  UniqueFd at = open_directory(path_);
  if (!at) fail(errno);
  for (const std::string& wanted : gone_) {
    std::string name = make_directory(at.get(), wanted);
    UniqueFd below(openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    made.push_back({std::move(at), std::move(name)});
    at = std::move(below);
  }
  const int error = errno;
  if (at) {
    // Whose it is no matter where that cannot be: nothing can be in it.
    static_cast<void>(!fchown(at.get(), state_.user, state_.group));
    fchmod(at.get(), state_.mode & ALLPERMS);
  }
  for (auto last = made.rbegin(); last != made.rend(); ++last)
    unlinkat(last->above.get(), last->name.c_str(), AT_REMOVEDIR);
  if (!at) fail(error);
  return at;
}

}  // namespace

void check_working_directory(const Image& image) {
  const auto& state = image.get<WorkingDirectory>();
  const std::string& path = image.get<ProcessState>().directory;
  const auto levels = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
  const bool plain = path.starts_with("/") && !path.ends_with("/") && path.find("//") == std::string::npos;
  if (state.deleted != 0 && (!plain || state.deleted > levels || (state.mode & ~ALLPERMS) != 0))
    image.contradiction("its working directory makes no sense");
}

std::unique_ptr<Reviver> prepare_working_directory(Restart& restart) {
  return std::make_unique<WorkingDirectoryReviver>(restart);
}

}  // namespace cairn::state
