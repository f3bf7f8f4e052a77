// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "core/base/text.hpp"
#include "core/cli/cr_info.hpp"
#include "core/context/machine.hpp"
#include "core/context/reader.hpp"
#include "core/state/kinds.hpp"

namespace cairn::cli {

namespace {

using context::Original;
using context::Reader;
using context::StoredArea;
using context::StoredObject;

std::string when(std::int64_t ns) {
  const time_t seconds = static_cast<time_t>(ns / 1'000'000'000);
  tm local{};
  char text[64] = "?";
  if (localtime_r(&seconds, &local) != nullptr) strftime(text, sizeof text, "%F %T %z", &local);
  return text;
}

const char* section_name(std::uint32_t type) {
  static constexpr const char* kTables[] = {"areas", "objects", "chunks", "runs", "strings"};
  if (type >= CAIRN_CTX_AREAS && type <= CAIRN_CTX_STRINGS) return kTables[type - CAIRN_CTX_AREAS];
  for (const state::Kind* kind : state::kinds()) {
    if (kind->section != 0 && kind->section == type) return kind->name;
  }
  return "unknown";
}

void print_header(const Reader& reader) {
  const cairn_ctx_header& h = reader.header();
  print_row("program", h.program);
  print_row("process", std::to_string(h.pid) + " on " + h.hostname);
  print_row("written", when(h.created_ns) + " by " + h.writer);
  print_row("kernel, C library", std::string(h.kernel_release) + ", glibc " + h.libc_version);
  print_row("CPU", cpu_text(h));
  print_row("boot", h.boot_id);
  const auto obstacles = context::cpu_obstacles(h);
  for (const std::string& obstacle : obstacles) print_row("cannot run here", obstacle);
  if (obstacles.empty()) print_row("this CPU", "can run it");
}

void print_totals(const Reader& reader) {
  std::uint64_t mapped = 0, stored = 0, payload = 0;
  for (const StoredArea& a : reader.areas()) {
    mapped += a.area.end - a.area.start;
    stored += a.stored_pages * CAIRN_CTX_PAGE;
  }
  for (const auto& chunk : reader.chunks()) payload += chunk.stored;
  print_row("file",
            human_size(reader.trailer().length) + ", checksum " + std::to_string(reader.trailer().index_checksum));
  print_row("areas", std::to_string(reader.areas().size()) + ", " + human_size(mapped) + " of addresses, " +
                         human_size(stored) + " of pages stored");
  print_row("payload", human_size(payload) + " in " + std::to_string(reader.chunks().size()) + " chunks, " +
                           std::to_string(reader.runs().size()) + " runs; " + human_size(reader.trailer().payload_raw) +
                           " before compression");
  print_row("stored files", std::to_string(reader.objects().size()));
}

void print_sections(const Reader& reader) {
  std::printf("sections:\n");
  for (const auto& s : reader.sections()) {
    std::printf("  %-10s type %3u version %u, %s at byte %llu%s\n", section_name(s.type), s.type, s.version,
                human_size(s.bytes.size()).c_str(), static_cast<unsigned long long>(s.offset),
                s.optional ? ", optional" : "");
  }
}

void print_areas(const Reader& reader) {
  std::printf("areas:\n");
  for (const StoredArea& a : reader.areas()) {
    const Area& m = a.area;
    std::string notes;
    if (!a.content) notes += " not-saved";
    if (m.is_brk) notes += " brk";
    if (m.grows_down) notes += " grows-down";
    if (m.huge_tlb) notes += " hugetlb";
    if (m.deleted) notes += " deleted";
    if (a.object != CAIRN_CTX_NONE) notes += " object=" + std::to_string(a.object);
    std::printf("  %012llx-%012llx %c%c%c%c %8llu pages stored%s %s\n", static_cast<unsigned long long>(m.start),
                static_cast<unsigned long long>(m.end), (m.prot & PROT_READ) != 0 ? 'r' : '-',
                (m.prot & PROT_WRITE) != 0 ? 'w' : '-', (m.prot & PROT_EXEC) != 0 ? 'x' : '-', m.shared ? 's' : 'p',
                static_cast<unsigned long long>(a.stored_pages), notes.c_str(), printable(m.path).c_str());
  }
}

const char* original_name(Original original) {
  switch (original) {
    case Original::identical:
      return "original unchanged";
    case Original::changed:
      return "original changed";
    case Original::missing:
      break;
  }
  return "original missing";
}

void print_objects(const Reader& reader) {
  static constexpr const char* kKinds[] = {"by reference", "embedded", "beside the file"};
  std::printf("stored files:\n");
  for (std::uint32_t i = 0; i < reader.objects().size(); ++i) {
    const StoredObject& o = reader.objects()[i];
    std::printf("  %u: %s, %s, %s, %s\n", i, printable(o.path).c_str(), human_size(o.size).c_str(), kKinds[o.kind],
                original_name(reader.original(i)));
    if (!o.build_id.empty()) std::printf("     build-id %s\n", o.build_id.c_str());
    if (!o.location.empty()) std::printf("     at %s\n", printable(o.location).c_str());
  }
}

}  // namespace

void print_row(const char* name, const std::string& value) {
  std::printf("  %-22s %s\n", name, printable(value).c_str());
}

std::string cpu_text(const cairn_ctx_header& header) {
  char text[96];
  std::snprintf(text, sizeof text, "%s, register state 0x%llx of %u bytes", header.cpu_vendor,
                static_cast<unsigned long long>(header.xcr0), header.xstate_size);
  return text;
}

void print_file_info(const std::string& path, const FileInfoOptions& options) {
  context::VerifiedCopies copies(false);
  print_file_info(Reader::open(path), options, copies);
}

void print_file_info(const Reader& reader, const FileInfoOptions& options, context::VerifiedCopies& copies) {
  std::printf("%s: context file, format %u\n", reader.name().c_str(), reader.header().version);
  print_header(reader);
  print_totals(reader);
  print_sections(reader);
  if (options.areas) print_areas(reader);
  if (options.objects) print_objects(reader);
  if (options.ipc) print_ipc(reader);
  if (!options.verify) return;
  std::fflush(stdout);
  reader.verify_all(options.threads, false, &copies);
  std::printf("verified: the whole file is as it was written\n");
}

}  // namespace cairn::cli
