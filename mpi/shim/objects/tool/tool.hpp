// SPDX-License-Identifier: Apache-2.0
// The tools interface (MPI_T): the program's handles and sessions, in its memory, and the library's behind them. A
// restart makes these again by the names of their variables.
//
// It may be used before MPI_Init and after MPI_Finalize, and by threads beside those that are in MPI, whatever MPI's
// thread level: so it has a lock of its own, as the library has. libcr's callback thread holds it from before the cut
// until the library may be used again. No call waits for other ranks.
#pragma once

#include <cstring>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mpi/crcp/short_lock.hpp"
#include "mpi/shim/objects/tool/indices.hpp"
#include "mpi/shim/real.hpp"

// A copy: what an enumeration is made of never changes.
struct mca_base_var_enum_t {
  struct Item {
    int code;  // what the library says when it is asked for this one
    int value;
    std::string name;
    bool operator==(const Item&) const = default;
  };
  std::string name;
  std::vector<Item> items;
  bool operator==(const mca_base_var_enum_t&) const = default;
};

struct ompi_mpit_cvar_handle_t {
  int index;                    // as the program knows it
  cairn::shim::RealCvar* real;  // null: there is no such variable in this library
};

struct mca_base_pvar_session_t {
  cairn::shim::RealSession* real;
};

struct mca_base_pvar_handle_t {
  mca_base_pvar_session_t* session;  // null: it has been freed
  int index;                         // as the program knows it
  bool bound;                        // to an object of MPI, which is:
  cairn::shim::Handle* object;       // ... or a null pointer
  bool continuous, started;
  bool idle;                    // of a window that the library does not have: nothing happens that could be counted
  cairn::shim::RealPvar* real;  // null: idle, or there is no such variable, or the object has been freed
};

namespace cairn::shim::tool {

struct Tools {
  crcp::ShortLock lock;
  bool parked = false;        // the callback thread has the lock
  int begun = 0;              // MPI_T_init_thread less MPI_T_finalize
  std::uint64_t library = 0;  // whose handles these are, counted by restarts
  Indices cvars, pvars, categories;
  std::list<mca_base_var_enum_t> enums;  // never freed: the program may have them anywhere
  std::set<MPI_T_cvar_handle> cvar_handles;
  std::set<MPI_T_pvar_session> sessions;
  std::set<MPI_T_pvar_handle> pvar_handles;
  std::map<int, std::vector<char>> written;  // control variables that the program has set, and to what
  int last_stamp = 0, stamp_ahead = 0;       // MPI_T_category_changed
  Tools();
};
Tools& tools() noexcept;

// Before MPI_Init and after MPI_Finalize nobody else notices that the process has been restarted.
void follow_restart(Tools& t) noexcept;

// A call of the tools interface, but for its beginning and end. Enters the library by cross(): no gate knows of it.
template <class Call>
int call(Call&& make) {
  Tools& t = tools();
  t.lock.lock();
  if (t.begun != 0) follow_restart(t);
  const int rc = t.begun == 0 ? MPI_T_ERR_NOT_INITIALIZED : make(t);
  t.lock.unlock();
  return rc;
}

// How many variables, or categories, there are by now: MPI_T_..._get_num.
inline int count_now(Indices Tools::*which, int* count) {
  return call([&](Tools& t) {
    if (count == nullptr) return MPI_T_ERR_INVALID;
    (t.*which).refresh();
    *count = (t.*which).count();
    return MPI_SUCCESS;
  });
}

// get(text, &length) is asked twice: how long the text is, and for the text.
template <class Get>
std::string text_of(Get&& get) {
  int length = 0;
  if (get(static_cast<char*>(nullptr), &length) != MPI_SUCCESS || length <= 0) return {};
  std::string text(static_cast<std::size_t>(length), '\0');
  get(text.data(), &length);
  text.resize(std::strlen(text.c_str()));
  return text;
}

// As the library gives texts: as many characters as there is room for, or, with no room, how many there are.
void give_text(const std::string& text, char* room, int* length) noexcept;

// What the library says of a variable, in the program's terms; null: no enumeration.
MPI_Datatype type_of(const RealDatatype* theirs) noexcept;
MPI_T_enum enum_of(RealEnum* theirs);

int cvar_count() noexcept;
std::string cvar_name(int number);
int pvar_count() noexcept;
std::string pvar_name(int number);  // with its class
int category_count() noexcept;
std::string category_name(int number);

// Asks again what the variables have been set to.
void note_written();
// Of a new library; MPI_SUCCESS, or what the library said. What is not there any more is left without.
void make_cvars_again();
int make_pvars_again();
// The library has forgotten them.
void forget_handles() noexcept;

}  // namespace cairn::shim::tool
