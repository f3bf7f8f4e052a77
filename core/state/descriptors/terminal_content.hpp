// SPDX-License-Identifier: Apache-2.0
// What is under way in a pseudo-terminal, either way. The kernel lets nobody look at it: it is taken out while
// everybody who has an end stands, and put back at once, as it is put into a new one at a restart. Ordinary code, one
// thread; all signals that a terminal sends must be blocked.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cairn::state {

// The kernel's struct termios2.
struct TerminalSettings {
  std::uint32_t input = 0, output = 0, control = 0, local = 0;
  std::uint8_t line = 0;
  std::array<std::uint8_t, 19> characters{};
  std::uint32_t input_speed = 0, output_speed = 0;
  bool canonical() const noexcept;  // input is read by lines
  template <class Archive>
  void fields(Archive& a) {
    a(input, output, control, local, line, characters, input_speed, output_speed);
  }
};

enum class OutputStop : std::uint32_t { none, by_program /* tcflow() */, by_user /* ^S */ };

struct TerminalContent {
  using Bytes = std::vector<std::uint8_t>;
  std::vector<Bytes> lines;  // complete ones, as read() gives them: one without a delimiter was ended by ^D
  Bytes rest;                // the line that is being edited; of a terminal that is not read by lines, all
  Bytes output;              // what the master has not read
  OutputStop stop = OutputStop::none;
  template <class Archive>
  void fields(Archive& a) {
    a(lines, rest, output, stop);
  }
};

// Of the slave, told by either end. Nothing, with errno, if it is no terminal (any more).
std::optional<TerminalSettings> settings_of(int fd);

class TerminalExchange {
 public:
  // Both ends are non-blocking, and packet mode is off, as long as this is there. `settings`: those of the slave, which
  // it has before take() and after put().
  TerminalExchange(int master, int slave, const TerminalSettings& settings);
  ~TerminalExchange();
  TerminalExchange(const TerminalExchange&) = delete;
  TerminalExchange& operator=(const TerminalExchange&) = delete;

  // Why the input could not be put back as it was: there is more than the line discipline holds, and it would be
  // processed twice. Empty: it can.
  std::string too_much() const;
  // Afterwards the terminal is empty, and echoes nothing, until put().
  TerminalContent take();
  // Into an empty terminal. False, with errno, if it does not take it.
  bool put(const TerminalContent& content);

 private:
  bool set(const TerminalSettings& settings) const;
  TerminalSettings quiet(bool canonical) const;
  OutputStop find_stop() const;
  bool put_lines(const TerminalContent& content) const;
  bool put_raw(const TerminalContent::Bytes& bytes) const;
  bool stop_again(OutputStop stop) const;

  const int master_, slave_;
  const TerminalSettings settings_;
  int master_flags_ = 0, slave_flags_ = 0, packets_ = 0;
  pid_t foreground_ = -1;  // whose place the caller has taken, since who is in the background may not read
};

}  // namespace cairn::state
