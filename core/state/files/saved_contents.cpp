// SPDX-License-Identifier: Apache-2.0
#include "core/state/files/saved_contents.hpp"

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/state/files/read.hpp"

namespace cairn::state {

void SavedContents::look_at(const context::Reader& image) {
  const auto section = image.section(CAIRN_CTX_FILE_RECORDS);
  if (!section) return;
  for (const SavedContent& saved : read_file_records(section->bytes, section->version).saved) {
    if (saved.object >= image.objects().size())
      throw PermanentError(image.name() + " is damaged: it has no object " + std::to_string(saved.object));
    const context::StoredObject& object = image.objects()[saved.object];
    sizes_[object.path + '\0' + object.hash] = object.size;
  }
}

std::string SavedContents::text() const {
  std::uint64_t bytes = 0;
  for (const auto& [content, size] : sizes_) bytes += size;
  return "the contents of " + std::to_string(sizes_.size()) + (sizes_.size() == 1 ? " file" : " files") +
         " that may be written to (" + human_size(bytes) + ") are saved";
}

}  // namespace cairn::state
