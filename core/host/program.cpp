// SPDX-License-Identifier: Apache-2.0
#include "core/host/program.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::host {
namespace {

constexpr int kMaxInterpreters = 5;  // as the kernel
constexpr const char* kLoader = "/lib64/ld-linux-x86-64.so.2";

std::string search_path(const std::string& name, const Extension& extension) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  const std::string list = extension.program_path(path != nullptr ? path : "/bin:/usr/bin");
  for (std::size_t at = 0; at <= list.size();) {
    std::size_t end = list.find(':', at);
    if (end == std::string::npos) end = list.size();
    const std::string directory = end == at ? "." : list.substr(at, end - at);
    const std::string candidate = directory + "/" + name;
    struct stat s {};
    if (stat(candidate.c_str(), &s) == 0 && S_ISREG(s.st_mode) && access(candidate.c_str(), X_OK) == 0)
      return candidate;
    at = end + 1;
  }
  throw EnvironmentError("cannot run " + name + ": not found in PATH");
}

std::string read_head(const std::string& path, struct stat& status) {
  if (access(path.c_str(), X_OK) != 0) throw EnvironmentError(with_errno("cannot run " + path, errno));
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (stat(path.c_str(), &status) != 0) throw EnvironmentError(with_errno("cannot run " + path, errno));
  if (S_ISDIR(status.st_mode)) throw EnvironmentError(with_errno("cannot run " + path, EACCES));
  if (!fd) return {};  // execute-only: left to the kernel
  std::string head(4096, '\0');
  const ssize_t n = pread(fd.get(), head.data(), head.size(), 0);
  head.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return head;
}

// `#! interpreter [one argument]`
bool split_shebang(const std::string& head, std::string& interpreter, std::string& argument) {
  if (head.compare(0, 2, "#!") != 0) return false;
  const std::string line = head.substr(2, head.find('\n') == std::string::npos ? 254 : head.find('\n') - 2);
  const std::size_t from = line.find_first_not_of(" \t");
  if (from == std::string::npos) return false;
  const std::size_t to = line.find_first_of(" \t", from);
  interpreter = line.substr(from, to == std::string::npos ? to : to - from);
  argument.clear();
  if (to == std::string::npos) return true;
  const std::size_t begin = line.find_first_not_of(" \t", to);
  if (begin == std::string::npos) return true;
  argument = line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
  return true;
}

// What has no header that the kernel knows is a shell's to commands that start others, as execvp(3) has it; not what is
// no text.
bool is_headless_script(const std::string& head, const struct stat& status) {
  return S_ISREG(status.st_mode) && (!head.empty() || status.st_size == 0) && head.find('\0') == std::string::npos;
}

std::string elf_interpreter(const std::string& head, std::string& why_not) {
  Elf64_Ehdr header;
  if (head.size() < sizeof header || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) {
    why_not = "it is not an ELF program";
    return {};
  }
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64) {
    why_not = "it is not an x86-64 program";
    return {};
  }
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const std::size_t at = header.e_phoff + static_cast<std::size_t>(i) * sizeof segment;
    if (at + sizeof segment > head.size()) break;
    std::memcpy(&segment, head.data() + at, sizeof segment);
    if (segment.p_type != PT_INTERP || segment.p_offset + segment.p_filesz > head.size()) continue;
    return std::string(head.data() + segment.p_offset);
  }
  why_not = "it is statically linked";
  return {};
}

std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

void judge(Program& program, const std::string& head, const struct stat& status) {
  if ((status.st_mode & S_ISUID) != 0 || ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0)) {
    program.not_hosted = "it is set-id";
    return;
  }
  if (head.empty()) {
    program.not_hosted = "it cannot be read";
    return;
  }
  program.interpreter = elf_interpreter(head, program.not_hosted);
  if (!program.not_hosted.empty()) return;
  if (real_path(program.interpreter) != real_path(kLoader))
    program.not_hosted = "its loader is " + program.interpreter + ", not " + kLoader;
}

}  // namespace

Program resolve_program(const std::vector<std::string>& words, const std::optional<std::string>& argv0,
                        const Extension& extension) {
  Program program;
  program.path = program.executed = search_path(words.at(0), extension);
  program.argv0 = argv0.value_or(words[0]);
  program.arguments.assign(words.begin() + 1, words.end());
  for (int depth = 0;; ++depth) {
    struct stat status {};
    const std::string head = read_head(program.path, status);
    std::string interpreter, argument;
    if (!split_shebang(head, interpreter, argument)) {
      if (depth > 0 || !is_headless_script(head, status)) {
        judge(program, head, status);
        break;
      }
      interpreter = "/bin/sh";
    }
    if (depth == kMaxInterpreters) throw EnvironmentError(with_errno("cannot run " + words[0], ELOOP));
    program.arguments.insert(program.arguments.begin(), program.path);
    if (!argument.empty()) program.arguments.insert(program.arguments.begin(), argument);
    program.argv0 = interpreter;
    program.path = interpreter;
  }
  program.resolved = real_path(program.path);
  return program;
}

}  // namespace cairn::host
