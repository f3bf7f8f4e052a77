// SPDX-License-Identifier: Apache-2.0
// Which MCA parameters of mpirun's environment a restart tells the new one.
#include "launcher/mca_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace cairn::launcher {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(McaEnvironment, IsWhatAUserHasSet) {
  ::clearenv();
  set_environment({"OMPI_MCA_btl=self,tcp", "PMIX_MCA_gds=hash", "OMPI_MCA_a=b=c", "HOME=/",
                   "OMPI_MCA_ess_base_jobid=1", "OMPI_MCA_orte_precondition_transports=secret",
                   "OMPI_COMM_WORLD_RANK=0"});
  EXPECT_THAT(mca_environment(), ElementsAre("OMPI_MCA_a=b=c", "OMPI_MCA_btl=self,tcp", "PMIX_MCA_gds=hash"));
}

TEST(McaEnvironment, IsToldAgainWhereNothingElseIsSaid) {
  ::clearenv();
  const std::vector<std::string> told = {"OMPI_MCA_btl=self,tcp", "OMPI_MCA_pml=ob1"};
  EXPECT_EQ(mca_environment_again(told, {}), told);
  EXPECT_THAT(mca_environment_again(told, {"--mca", "btl", "self"}), ElementsAre(told[1]));
  ::setenv("OMPI_MCA_pml", "ucx", 1);
  EXPECT_THAT(mca_environment_again(told, {}), ElementsAre(told[0]));
}

TEST(McaEnvironment, NothingElseOfAManifestIsSet) {
  ::clearenv();
  EXPECT_THAT(mca_environment_again({"LD_PRELOAD=/x", "OMPI_MCA_", "OMPI_MCA_x", "=", ""}, {}), IsEmpty());
}

}  // namespace
}  // namespace cairn::launcher
