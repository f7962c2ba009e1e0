#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <string>

#include "mini_infer/planner/check.h"
#include "mini_infer/planner/solve.h"

// Published instances from google/minimalloc and cappadokes/idealloc, found below
// $MINI_INFER_TEST_DATA/planner. Lines are "id,lower,upper,size", lifetimes half-open.
namespace mini_infer::planner {
namespace {

Problem read_csv(const std::string& path) {
  std::ifstream file(path);
  std::string header;
  std::getline(file, header);
  Problem problem;
  std::int64_t id, size;
  std::int32_t lower, upper;
  char comma;
  while (file >> id >> comma >> lower >> comma >> upper >> comma >> size) {
    problem.buffers.push_back({.size = size, .first = lower, .last = upper - 1});
  }
  return problem;
}

struct Instance {
  const char* name;
  std::size_t buffers;
  std::int64_t lower_bound;
  double worst;  // height over lower_bound, with the nodes that solve() has by itself
};

// Else GoogleTest prints the bytes of the struct, an address among them, into the test's name.
void PrintTo(const Instance& instance, std::ostream* out) { *out << instance.name; }

class PublishedInstance : public ::testing::TestWithParam<Instance> {};

TEST_P(PublishedInstance, IsAtItsBound) {
  const char* data = std::getenv("MINI_INFER_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "MINI_INFER_TEST_DATA is not set";
  const Instance& instance = GetParam();
  const Problem problem = read_csv(std::string(data) + "/planner/" + instance.name + ".csv");
  ASSERT_EQ(problem.buffers.size(), instance.buffers);

  const auto solution = solve(problem);
  ASSERT_TRUE(solution.ok()) << solution.status().message();
  const core::Status status = check(problem, *solution);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(solution->lower_bound, instance.lower_bound);
  const double ratio =
      static_cast<double>(solution->height) / static_cast<double>(solution->lower_bound);
  EXPECT_LE(ratio, instance.worst);
  RecordProperty("height", std::to_string(solution->height));
}

INSTANTIATE_TEST_SUITE_P(Planner, PublishedInstance,
                         ::testing::Values(Instance{"minimalloc-A", 154, 1048576, 1.0},
                                           Instance{"minimalloc-B", 170, 1048576, 1.0},
                                           Instance{"minimalloc-D", 213, 986112, 1.05},
                                           Instance{"minimalloc-E", 215, 1048576, 1.0},
                                           Instance{"minimalloc-F", 296, 1048576, 1.0},
                                           Instance{"minimalloc-G", 308, 1048576, 1.0},
                                           Instance{"minimalloc-I", 374, 1048576, 1.0},
                                           Instance{"minimalloc-K", 454, 1048576, 1.0},
                                           Instance{"somas-resnet50", 1042, 1515472556, 1.0},
                                           Instance{"iopddl-G_1", 816, 3030937746, 1.0},
                                           Instance{"iopddl-Y_1", 62185, 497261190115, 1.0}),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace mini_infer::planner
