// SPDX-License-Identifier: Apache-2.0
// How much memory is left, for every shape of control groups; from files made up for the purpose.
#include "core/engine/headroom.hpp"

#include "tests/unit/core/context/support.hpp"

namespace cairn::engine {
namespace {

using cairn::test::TemporaryDirectory;

class HeadroomTest : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    const std::string full = directory_.path() + path;
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    std::ofstream(full) << text;
  }
  void SetUp() override {
    put("/proc/meminfo", "MemTotal:  100000 kB\nMemFree:  9 kB\nMemAvailable:   50000 kB\n");
    put("/proc/self/status", "Name:\tx\nVmRSS:\t 900 kB\nRssAnon:\t     700 kB\n");
    put("/proc/self/mountinfo", "");
    put("/proc/self/cgroup", "");
  }
  TemporaryDirectory directory_;
};

TEST_F(HeadroomTest, WithoutControlGroups) {
  const Headroom room = memory_headroom(directory_.path());
  EXPECT_EQ(room.bytes, 50000u * 1024);
  EXPECT_EQ(room.limit, "MemAvailable");
  EXPECT_EQ(private_memory(directory_.path()), 700u * 1024);
}

TEST_F(HeadroomTest, MountsMayHaveBlanksInTheirNames) {
  put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/c\\040\\134group rw,nosuid - cgroup2 cgroup2 rw\n");
  put("/proc/self/cgroup", "0::/a job\n");
  put("/sys/fs/c \\group/a job/memory.max", "3000\n");
  put("/sys/fs/c \\group/a job/memory.current", "1000\n");
  EXPECT_EQ(memory_headroom(directory_.path()).bytes, 2000u);
}

TEST_F(HeadroomTest, AnyAncestorOfVersion2Limits) {
  put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n");
  put("/proc/self/cgroup", "0::/slurm/job/step\n");
  put("/sys/fs/cgroup/slurm/job/step/memory.max", "max\n");
  put("/sys/fs/cgroup/slurm/job/step/memory.current", "1000\n");
  put("/sys/fs/cgroup/slurm/job/memory.max", "30000000\n");
  put("/sys/fs/cgroup/slurm/job/memory.current", "20000000\n");
  put("/sys/fs/cgroup/slurm/job/memory.stat", "anon 5\ninactive_file 4000000\nactive_file 7\n");
  put("/sys/fs/cgroup/slurm/memory.max", "40000000\n");
  put("/sys/fs/cgroup/slurm/memory.current", "20000000\n");
  const Headroom room = memory_headroom(directory_.path());
  EXPECT_EQ(room.bytes, 14000000u);
  EXPECT_NE(room.limit.find("/slurm/job/memory.max"), std::string::npos);
}

TEST_F(HeadroomTest, ContainerSeesItsGroupAsRoot) {
  put("/proc/self/mountinfo", "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  put("/proc/self/cgroup", "0::/docker/abc\n");
  put("/sys/fs/cgroup/memory.max", "5000000\n");
  put("/sys/fs/cgroup/memory.current", "6000000\n");
  EXPECT_EQ(memory_headroom(directory_.path()).bytes, 0u);
}

TEST_F(HeadroomTest, Version1) {
  put("/proc/self/mountinfo",
      "30 23 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
      "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  put("/proc/self/cgroup", "5:cpu,cpuacct:/other\n4:memory:/job\n");
  put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9000000\n");
  put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "8000000\n");
  put("/sys/fs/cgroup/memory/job/memory.stat", "inactive_file 1\ntotal_inactive_file 500000\n");
  EXPECT_EQ(memory_headroom(directory_.path()).bytes, 1500000u);
}

TEST_F(HeadroomTest, ThisMachineHasSome) {
  EXPECT_GT(memory_headroom().bytes, 0u);
  EXPECT_GT(private_memory(), 0u);
}

}  // namespace
}  // namespace cairn::engine
