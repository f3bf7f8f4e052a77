// SPDX-License-Identifier: Apache-2.0
// What the coordinator and a tool agree on: a Unix socket in the runtime directory, and who says what over it.
//
// One connection is one request. mpirun greets; the tool sends a frame of the cookie and the request's record; mpirun
// sends a frame of the answer's record and closes. A frame is u32 length, little endian, and that many bytes.
//
// The kernel says who the other end is (SO_PEERCRED); both ends look. The socket is named through a descriptor of its
// directory: a path may be longer than a socket's name, and no link on the way is followed.
//
// Directories for temporary files are cleaned, and moved. So mpirun listens by its process number, too, at a name that
// is in no file system: there it greets with the cookie, which it gives to those only who may read the file. Ordinary
// code, any thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/unique_fd.hpp"

namespace cairn::pmix {

inline constexpr char kToolSocket[] = "tools";  // in the runtime directory
inline constexpr std::string_view kToolGreeting = "cairn-tools-1\n";
inline constexpr std::size_t kCookieLength = 64;
inline constexpr std::size_t kLongestRequest = 64 << 10;  // with its cookie
inline constexpr std::size_t kLongestAnswer = 256 << 20;

// mpirun's end, not blocking. `directory` is private to the user. Throws EnvironmentError.
UniqueFd listen_for_tools(const std::string& directory);
// The same by our process number. None if somebody has that name already: tools then need the directory.
UniqueFd listen_by_number();
// A tool's end, blocking. Throws EnvironmentError if directory, socket or the process behind it is not `owner`'s,
// TemporaryError if nobody answers within `seconds`.
UniqueFd connect_to_mpirun(const std::string& directory, uid_t owner, double seconds);

// The same by the process number. TemporaryError, too, if the one who listens is another process.
UniqueFd connect_by_number(pid_t mpirun, uid_t owner, double seconds);

// The effective user at the other end when it connected (or began to listen).
std::optional<uid_t> user_behind(int socket);

// `head` stands before the text in the frame. Throws PermanentError if that is too long for a frame.
std::string make_frame(std::string_view head, std::string_view text);

// A frame that arrives in pieces. Holds no more than has arrived, and never more than `longest`.
class IncomingFrame {
 public:
  explicit IncomingFrame(std::size_t longest) : longest_(longest) {}
  // Takes what there is on the socket, without waiting. False: the other end has closed, has failed, or has announced
  // too much: there will be no whole frame.
  bool take_from(int socket);
  bool whole() const;
  // Once it is whole.
  std::string_view text() const { return std::string_view(bytes_).substr(kHead); }

 private:
  static constexpr std::size_t kHead = 4;
  std::size_t expected() const;  // of all bytes, as far as is known

  std::size_t longest_;
  std::string bytes_;
};

}  // namespace cairn::pmix
