/* A C program that only wants offsets. */
#include <mini_infer/planner/c_api.h>
#include <stdio.h>

int main(void) {
  const mini_infer_buffer buffers[] = {
      {100, 0, 1, 1, MINI_INFER_ANYWHERE},
      {300, 1, 2, 1, MINI_INFER_ANYWHERE},
      {200, 2, 3, 1, MINI_INFER_ANYWHERE},
  };
  int64_t offsets[3];
  mini_infer_solution solution;
  char message[256];
  if (mini_infer_solve(buffers, 3, NULL, offsets, &solution, message, sizeof message) !=
      MINI_INFER_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  printf("%d bytes, proof %d\n", (int)solution.height, (int)solution.proof);
  return 0;
}
