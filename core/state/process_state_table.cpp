// SPDX-License-Identifier: Apache-2.0
// process_state_table ROOT: prints docs/process-state.md from the rows of the kinds. Run when Cairn is built; fails if
// a row says nothing, or names a test that is not in the source tree.
#include <unistd.h>

#include <cstdio>
#include <initializer_list>
#include <string>

#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/kinds.hpp"
#include "core/state/manual_pages.hpp"

namespace {

using cairn::state::Documentation;

int wrong = 0;

void print_head(const char* title) {
  std::printf("\n## %s\n\n| what | how it is saved | limits | test |\n|---|---|---|---|\n", title);
}

void check_test(const std::string& root, const char* name, const char* test) {
  if (access((root + "/" + test).c_str(), R_OK) == 0) return;
  std::fprintf(stderr, "process_state_table: the test of '%s' is not there: %s\n", name, test);
  ++wrong;
}

void print_row(const std::string& root, const char* name, const Documentation& row) {
  for (const char* text : {row.what, row.how, row.limits, row.test}) {
    if (text != nullptr && *text != '\0') continue;
    std::fprintf(stderr, "process_state_table: the row of '%s' is not complete\n", name);
    ++wrong;
    return;
  }
  check_test(root, name, row.test);
  std::printf("| %s | %s | %s | %s |\n", row.what, row.how, row.limits, row.test);
}

void print_manual(const std::string& root) {
  std::printf("\n## As the manual lists it\n\n| page | item | what becomes of it | test |\n|---|---|---|---|\n");
  for (const auto& item : cairn::state::manual_items()) {
    const bool remark = *item.remark != '\0', test = *item.test != '\0';
    if (test) check_test(root, item.item, item.test);
    std::printf("| %s | %s | %s%s%s | %s |\n", item.page, item.item, cairn::state::fate_text(item.fate),
                remark ? ": " : "", item.remark, item.test);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::printf(
      "# What is saved of a process\n\n"
      "Made from the rows of core/state/kinds.cpp and core/state/descriptors/table.cpp when Cairn is built. How a\n"
      "checkpoint and a restart go through them: [revive.md](revive.md).\n");
  print_head("Kinds of state");
  for (const auto* kind : cairn::state::kinds()) print_row(argv[1], kind->name, kind->documentation);
  print_head("Kinds of descriptors, in the order in which they are tried");
  for (const auto* kind : cairn::state::descriptor_kinds()) print_row(argv[1], kind->name, kind->documentation);
  print_manual(argv[1]);
  return wrong == 0 ? 0 : 1;
}
