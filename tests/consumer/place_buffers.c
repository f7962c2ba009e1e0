/* A C program that only wants offsets. */
#include <mini_infer/planner/c_api.h>
#include <stdio.h>

int main(void) {
  const mini_infer_buffer buffers[] = {
      {.size = 100, .first = 0, .last = 1},
      {.size = 300, .first = 1, .last = 2},
      {.size = 200, .first = 2, .last = 3},
  };
  int64_t offsets[3];
  mini_infer_solution solution;
  char message[256];
  if (mini_infer_solve(buffers, 3, NULL, offsets, &solution, message, sizeof message) !=
      MINI_INFER_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  if (mini_infer_check(buffers, 3, offsets, &solution, message, sizeof message) != MINI_INFER_OK ||
      mini_infer_planner_interface() != MINI_INFER_PLANNER_INTERFACE) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  printf("%d bytes, proof %d\n", (int)solution.height, (int)solution.proof);
  return 0;
}
