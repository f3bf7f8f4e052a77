// SPDX-License-Identifier: Apache-2.0
// process_state_table ROOT CONSTANTS [STATUS]: prints docs/process-state.md from the rows of the kinds. Run when Cairn
// is built; fails if a row says nothing, names a test that is not in the source tree, or if the table of the manual has
// no word about a constant of the headers (CONSTANTS: the headers after the preprocessor, with its definitions) or a
// field of STATUS (/proc/self/status).
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

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

// What is done has a test; what is not kept has one or a reason.
void check_complete(const cairn::state::ManualItem& item, bool remark, bool test) {
  using enum cairn::state::Fate;
  if (test || item.fate == no_state || item.fate == new_place || (item.fate == lost && remark)) return;
  std::fprintf(stderr, "process_state_table: '%s' of %s has no test%s\n", item.item, item.page,
               item.fate == lost ? ", and no reason" : "");
  ++wrong;
}

void print_manual(const std::string& root) {
  std::printf("\n## As the manual lists it\n\n| page | item | what becomes of it | test |\n|---|---|---|---|\n");
  for (const auto& item : cairn::state::manual_items()) {
    const bool remark = *item.remark != '\0', test = *item.test != '\0';
    check_complete(item, remark, test);
    if (test) check_test(root, item.item, item.test);
    std::printf("| %s | %s | %s%s%s | %s |\n", item.page, item.item, cairn::state::fate_text(item.fate),
                remark ? ": " : "", item.remark, item.test);
  }
}

constexpr struct {
  const char *begin, *page;
} kConstants[] = {{"PR_", "prctl(2)"},         {"ARCH_", "arch_prctl(2)"},
                  {"F_", "fcntl(2)"},          {"O_", "open(2)"},
                  {"MADV_", "madvise(2)"},     {"MAP_", "mmap(2)"},
                  {"PROT_", "mmap(2)"},        {"MCL_", "mlock(2)"},
                  {"MLOCK_", "mlock(2)"},      {"MPOL_", "set_mempolicy(2)"},
                  {"SCHED_", "sched(7)"},      {"RLIMIT_", "getrlimit(2)"},
                  {"CLONE_", "clone(2)"},      {"IOPRIO_", "ioprio_set(2)"},
                  {"CAP_", "capabilities(7)"}, {"SECBIT_", "capabilities(7)"},
                  {"CLOCK_", "clocks"},        {"ITIMER_", "setitimer(2)"},
                  {"SA_", "sigaction(2)"},     {"SS_", "sigaltstack(2)"},
                  {"SIGEV_", "sigevent(7)"},   {"MEMBARRIER_CMD_", "membarrier(2)"}};

// Of other calls, or not of any: they only look like ones.
bool is_none_of_theirs(std::string_view name) {
  constexpr std::string_view kNone[] = {"F_OK", "F_LOCK", "F_TLOCK", "F_ULOCK", "F_TEST"};
  return std::find(std::begin(kNone), std::end(kNone), name) != std::end(kNone);
}

void check_known(const std::string& page, const std::string& name) {
  if (cairn::state::is_in_manual(page, name)) return;
  std::fprintf(stderr, "process_state_table: core/state/manual_pages.cpp does not say what becomes of %s of %s\n",
               name.c_str(), page.c_str());
  ++wrong;
}

bool is_of_name(char c) {
  return std::isupper(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '_';
}

int check_constant(const std::string& name) {
  if (name.find('_') == std::string::npos || is_none_of_theirs(name)) return 0;
  for (const auto& constant : kConstants) {
    if (!name.starts_with(constant.begin)) continue;
    check_known(constant.page, name);
    return 1;
  }
  return 0;
}

// "#define NAME VALUE"; not a name without a value (they guard headers), nor a macro.
int check_definition(const std::string& line) {
  std::istringstream words(line);
  std::string define, name, value;
  words >> define >> name >> value;
  return define != "#define" || value.empty() || name.find('(') != std::string::npos ? 0 : check_constant(name);
}

// The members of enumerations are written out.
int check_words(const std::string& line) {
  int seen = 0;
  for (auto at = line.begin(); at != line.end();) {
    const auto begin = std::find_if(at, line.end(), [](unsigned char c) { return std::isalpha(c) || c == '_'; });
    const auto end = std::find_if(begin, line.end(), [](unsigned char c) { return !std::isalnum(c) && c != '_'; });
    if (std::all_of(begin, end, is_of_name)) seen += check_constant(std::string(begin, end));
    at = end;
  }
  return seen;
}

void check_constants(const char* file) {
  std::ifstream in(file);
  int seen = 0;
  for (std::string line; std::getline(in, line);)
    seen += line.starts_with("#") ? check_definition(line) : check_words(line);
  if (seen >= 300) return;
  std::fprintf(stderr, "process_state_table: %s has hardly any constants\n", file);
  ++wrong;
}

void check_status(const char* file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) check_known("proc(5), status", line.substr(0, line.find(':')));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return 2;
  check_constants(argv[2]);
  if (argc == 4) check_status(argv[3]);
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
