#ifndef MINI_INFER_PLANNER_C_API_H
#define MINI_INFER_PLANNER_C_API_H

/* The planner for C (C99): buffers in, offsets out. What the words mean is in problem.h and
   solve.h.

     mini_infer_buffer buffers[2] = {{0}};
     buffers[0].size = 100;
     buffers[0].last = 1;
     buffers[1].size = 300;
     buffers[1].first = buffers[1].last = 1;
     int64_t offsets[2];
     mini_infer_solution solution;
     mini_infer_solve(buffers, 2, NULL, offsets, &solution, NULL, 0);

   Functions may be called from several threads at once; nothing is kept between calls, and no
   exception leaves them. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header: it changes where a structure or a function does. A program that opens the library
   while it runs compares it with mini_infer_planner_interface(). */
#define MINI_INFER_PLANNER_INTERFACE 2

/* Zeroed, it is a buffer of no bytes at step 0 that may lie anywhere. */
typedef struct mini_infer_buffer {
  int64_t size;  /* bytes, 0 or more */
  int32_t first; /* steps, both included */
  int32_t last;
  int64_t alignment; /* bytes, a power of two; 0 means 1 */
  int32_t is_fixed;  /* 0: the planner chooses the offset; else it is `offset` */
  int64_t offset;    /* bytes; read only where is_fixed is not 0 */
} mini_infer_buffer;

typedef struct mini_infer_effort {
  int64_t nodes;    /* search nodes; 0: greedy planners only */
  double seconds;   /* more than 0: search so long instead; the answer depends on the machine */
  int32_t threads;  /* 0 means 1; more only with seconds */
  int64_t capacity; /* bytes; more than 0: the first plan that is no higher is enough */
} mini_infer_effort;

typedef enum mini_infer_proof {
  MINI_INFER_PROOF_NONE = 0,
  MINI_INFER_PROOF_BY_BOUND = 1,
  MINI_INFER_PROOF_BY_SEARCH = 2
} mini_infer_proof;

typedef struct mini_infer_solution {
  int64_t height;      /* bytes */
  int64_t lower_bound; /* bytes */
  int32_t peak_step;
  int32_t proof; /* a mini_infer_proof */
} mini_infer_solution;

typedef enum mini_infer_status {
  MINI_INFER_OK = 0,
  MINI_INFER_INVALID_ARGUMENT = 1, /* the message names the buffer by its index */
  MINI_INFER_OUT_OF_MEMORY = 2,
  MINI_INFER_INTERNAL = 3,
  MINI_INFER_REFUSED =
      4 /* by mini_infer_check(): the message says which rule is broken, and where */
} mini_infer_status;

/* The library's: MINI_INFER_PLANNER_INTERFACE of the header that it was built with, and its version
   as text, "0.1.0", which the library owns. */
int32_t mini_infer_planner_interface(void);
const char* mini_infer_planner_version(void);

/* The effort that mini_infer_solve() makes when it is given none. */
mini_infer_effort mini_infer_default_effort(void);

/* Places `count` buffers and judges the plan. Writes `count` offsets, in bytes, and, unless NULL,
   `solution`; writes neither when it fails. `buffers` and `offsets` may be NULL only if count is 0.
   `effort` NULL: the default. On failure `message`, unless NULL, gets at most `message_size` bytes
   of text, the terminating 0 included; on success an empty text. Returns a mini_infer_status. */
int mini_infer_solve(const mini_infer_buffer* buffers, size_t count,
                     const mini_infer_effort* effort, int64_t* offsets,
                     mini_infer_solution* solution, char* message, size_t message_size);

/* Judges a plan, by whoever made it: `offsets` are `count` offsets in bytes, `solution` what is
   claimed of them. The rules are those of planner/check.h; a claim MINI_INFER_PROOF_BY_SEARCH
   cannot be judged and is let pass. `message` as above. Returns MINI_INFER_OK, MINI_INFER_REFUSED
   or another mini_infer_status. */
int mini_infer_check(const mini_infer_buffer* buffers, size_t count, const int64_t* offsets,
                     const mini_infer_solution* solution, char* message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
