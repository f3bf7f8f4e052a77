// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/info/info.hpp"

#include <algorithm>
#include <cstring>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

ompi_info_t* make() {
  const TableLock lock;
  ompi_info_t* info = store<ompi_info_t>().pool.allocate(Kind::info);
  info->store = new InfoStore;
  return info;
}

// Of MPI_INFO_ENV: the library's keys that are about the place where the rank runs, all others about the program.
constexpr const char* kOfPlace[] = {"host", "ompi_positioned_file_dir"};

void fill_from_real(InfoStore& store, RealInfo* from) {
  int count = 0;
  cross(real.Info_get_nkeys, from, &count);
  for (int i = 0; i < count; ++i) {
    char key[MPI_MAX_INFO_KEY + 1] = "", value[MPI_MAX_INFO_VAL + 1] = "";
    int flag = 0;
    cross(real.Info_get_nthkey, from, i, static_cast<char*>(key));
    cross(real.Info_get, from, static_cast<const char*>(key), MPI_MAX_INFO_VAL, static_cast<char*>(value), &flag);
    if (flag != 0) store.items.emplace_back(key, value);
  }
}

void fetch(ompi_info_t* info) {
  const TableLock lock;
  if (info->store != nullptr) return;
  auto* const made = new InfoStore;
  fill_from_real(*made, static_cast<RealInfo*>(info->real));
  info->store = made;
}

// MPI_INFO_ENV is asked for rarely: its contents are fetched when they are. Not with the table's lock: that comes after
// the gate.
InfoStore* store_of(ompi_info_t* info) {
  if (info->store == nullptr) {
    const crcp::Brief brief;
    fetch(info);
  }
  return info->store;
}

auto find(InfoStore& store, const char* key) {
  return std::find_if(store.items.begin(), store.items.end(), [key](const auto& item) { return item.first == key; });
}

// False if there is no such key.
bool remove(ompi_info_t* info, const char* key) {
  InfoStore& store = *store_of(info);
  const TableLock lock;
  auto item = find(store, key);
  if (item == store.items.end()) return false;
  store.items.erase(item);
  return true;
}

bool copy_key(ompi_info_t* info, int n, char* key) {
  const auto& items = store_of(info)->items;
  const TableLock lock;
  if (n < 0 || static_cast<std::size_t>(n) >= items.size()) return false;
  std::strcpy(key, items[static_cast<std::size_t>(n)].first.c_str());
  return true;
}

// No lock is held: the application's error handler may wait for another thread, or for a checkpoint.
int failed(int code, const char* name) { return raise(MPI_COMM_WORLD, code, name); }

bool good_key(const char* key) { return key != nullptr && *key != '\0' && std::strlen(key) < MPI_MAX_INFO_KEY; }

}  // namespace

// In a restart the library takes the host for the program: what it says of the program is known before.
void info_park() noexcept { fetch(predefined<ompi_info_t>(ompi_mpi_info_env)); }

int info_rebuild() {
  ompi_info_t* const info = predefined<ompi_info_t>(ompi_mpi_info_env);
  InfoStore now;
  const TableLock lock;
  fill_from_real(now, static_cast<RealInfo*>(info->real));
  for (const char* key : kOfPlace) {
    const auto old = find(*info->store, key), fresh = find(now, key);
    if (old == info->store->items.end() || fresh == now.items.end()) continue;
    const std::string before = old->second;
    // The program may have been started in that directory.
    for (auto& item : info->store->items)
      if (item.first == key || (item.first == "wdir" && item.second == before)) item.second = fresh->second;
  }
  return MPI_SUCCESS;
}

ompi_info_t* info_adopt(RealInfo* real_info) {
  ompi_info_t* info = make();
  fill_from_real(*info->store, real_info);
  cross(real.Info_free, &real_info);
  return info;
}

ompi_info_t* info_copy(const ompi_info_t* info) {
  if (!usable(info)) return nullptr;
  ompi_info_t* copy = make();
  const InfoStore& from = *store_of(const_cast<ompi_info_t*>(info));
  const TableLock lock;
  copy->store->items = from.items;
  return copy;
}

void info_add(ompi_info_t*& to, const ompi_info_t* more) {
  if (!usable(more)) return;
  if (to == nullptr) {
    to = info_copy(more);
  } else {
    for (const auto& [key, value] : store_of(const_cast<ompi_info_t*>(more))->items)
      PMPI_Info_set(to, key.c_str(), value.c_str());
  }
}

void info_drop(ompi_info_t* info) noexcept {
  if (info == nullptr || info->predefined) return;
  const TableLock lock;
  delete info->store;
  info->store = nullptr;
  store<ompi_info_t>().pool.release(info, nullptr);
}

InfoScope::InfoScope(ompi_info_t* info) noexcept {
  if (info == nullptr || info->predefined || !info->live) {
    real_ = info == nullptr ? nullptr : info->live ? static_cast<RealInfo*>(info->real) : real_objects.info_null;
    return;
  }
  const TableLock lock;
  owned_ = cross(real.Info_create, &real_) == MPI_SUCCESS;
  for (const auto& [key, value] : info->store->items) cross(real.Info_set, real_, key.c_str(), value.c_str());
}

InfoScope::~InfoScope() {
  if (owned_) cross(real.Info_free, &real_);
}

}  // namespace cairn::shim

using namespace cairn::shim;

int PMPI_Info_create(MPI_Info* info) {
  if (info == nullptr) return failed(MPI_ERR_INFO, "MPI_Info_create");
  *info = make();
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Info_create);

int PMPI_Info_free(MPI_Info* info) {
  if (info == nullptr || !usable(*info) || (*info)->predefined) return failed(MPI_ERR_INFO, "MPI_Info_free");
  info_drop(*info);
  *info = MPI_INFO_NULL;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Info_free);

int PMPI_Info_dup(MPI_Info info, MPI_Info* newinfo) {
  if (!usable(info) || newinfo == nullptr) return failed(MPI_ERR_INFO, "MPI_Info_dup");
  *newinfo = info_copy(info);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Info_dup);

int PMPI_Info_set(MPI_Info info, const char* key, const char* value) {
  if (!usable(info)) return failed(MPI_ERR_INFO, "MPI_Info_set");
  if (!good_key(key)) return failed(MPI_ERR_INFO_KEY, "MPI_Info_set");
  if (value == nullptr || *value == '\0' || std::strlen(value) >= MPI_MAX_INFO_VAL)
    return failed(MPI_ERR_INFO_VALUE, "MPI_Info_set");
  InfoStore& store = *store_of(info);
  const TableLock lock;
  if (auto item = find(store, key); item != store.items.end())
    item->second = value;
  else
    store.items.emplace_back(key, value);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Info_set);

int PMPI_Info_delete(MPI_Info info, const char* key) {
  if (!usable(info)) return failed(MPI_ERR_INFO, "MPI_Info_delete");
  if (!good_key(key)) return failed(MPI_ERR_INFO_KEY, "MPI_Info_delete");
  return remove(info, key) ? MPI_SUCCESS : failed(MPI_ERR_INFO_NOKEY, "MPI_Info_delete");
}
CAIRN_MPI_WEAK(MPI_Info_delete);

int PMPI_Info_get(MPI_Info info, const char* key, int valuelen, char* value, int* flag) {
  if (!usable(info)) return failed(MPI_ERR_INFO, "MPI_Info_get");
  if (valuelen < 0 || flag == nullptr) return failed(MPI_ERR_ARG, "MPI_Info_get");
  if (!good_key(key)) return failed(MPI_ERR_INFO_KEY, "MPI_Info_get");
  if (value == nullptr && valuelen != 0) return failed(MPI_ERR_INFO_VALUE, "MPI_Info_get");
  InfoStore& store = *store_of(info);
  const TableLock lock;
  auto item = find(store, key);
  *flag = item != store.items.end();
  if (*flag == 0 || value == nullptr) return MPI_SUCCESS;
  // valuelen does not count the terminating zero.
  const std::size_t n = std::min(item->second.size(), static_cast<std::size_t>(valuelen));
  std::memcpy(value, item->second.data(), n);
  value[n] = '\0';
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Info_get);

int PMPI_Info_get_valuelen(MPI_Info info, const char* key, int* valuelen, int* flag) {
  if (!usable(info)) return failed(MPI_ERR_INFO, "MPI_Info_get_valuelen");
  if (valuelen == nullptr || flag == nullptr) return failed(MPI_ERR_ARG, "MPI_Info_get_valuelen");
  if (!good_key(key)) return failed(MPI_ERR_INFO_KEY, "MPI_Info_get_valuelen");
  InfoStore& store = *store_of(info);
  const TableLock lock;
  auto item = find(store, key);
  *flag = item != store.items.end();
  if (*flag != 0) *valuelen = static_cast<int>(item->second.size());
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Info_get_valuelen);

int PMPI_Info_get_nkeys(MPI_Info info, int* nkeys) {
  if (!usable(info)) return failed(MPI_ERR_INFO, "MPI_Info_get_nkeys");
  if (nkeys == nullptr) return failed(MPI_ERR_ARG, "MPI_Info_get_nkeys");
  const auto& items = store_of(info)->items;
  const TableLock lock;
  *nkeys = static_cast<int>(items.size());
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Info_get_nkeys);

int PMPI_Info_get_nthkey(MPI_Info info, int n, char* key) {
  if (!usable(info)) return failed(MPI_ERR_INFO, "MPI_Info_get_nthkey");
  if (n < 0) return failed(MPI_ERR_ARG, "MPI_Info_get_nthkey");
  if (key == nullptr) return failed(MPI_ERR_INFO_KEY, "MPI_Info_get_nthkey");
  return copy_key(info, n, key) ? MPI_SUCCESS : failed(MPI_ERR_INFO_KEY, "MPI_Info_get_nthkey");
}
CAIRN_MPI_WEAK(MPI_Info_get_nthkey);
