// The same in C++.
#include <mini_infer/planner/check.h>
#include <mini_infer/planner/solve.h>

#include <iostream>

int main() {
  using namespace mini_infer::planner;
  const Problem problem = {{{.size = 100, .first = 0, .last = 1},
                            {.size = 300, .first = 1, .last = 2},
                            {.size = 200, .first = 2, .last = 3}}};
  const auto solution = solve(problem);
  if (!solution.ok() || !check(problem, *solution).ok()) return 1;
  std::cout << solution->height << " bytes, proof " << static_cast<int>(solution->proof) << "\n";
}
