#ifndef MINI_INFER_PLANNER_C_API_H
#define MINI_INFER_PLANNER_C_API_H

/* The planner for C (C99): buffers in, offsets out. What the words mean is in problem.h and
   solve.h. Functions may be called from several threads at once; nothing is kept between calls, and
   no exception leaves them. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MINI_INFER_ANYWHERE ((int64_t)-1)

typedef struct mini_infer_buffer {
  int64_t size;  /* bytes, 0 or more */
  int32_t first; /* steps, both included */
  int32_t last;
  int64_t alignment;    /* bytes, a power of two; 0 means 1 */
  int64_t fixed_offset; /* bytes; MINI_INFER_ANYWHERE: the planner's to choose */
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
  MINI_INFER_INTERNAL = 3
} mini_infer_status;

/* The effort that mini_infer_solve() makes when it is given none. */
mini_infer_effort mini_infer_default_effort(void);

/* Places `count` buffers and judges the plan. Writes `count` offsets, in bytes, and, unless NULL,
   `solution`; writes neither when it fails. `buffers` and `offsets` may be NULL only if count is 0.
   `effort` NULL: the default. On failure `message`, unless NULL, gets at most `message_size` bytes
   of text, the terminating 0 included; on success an empty text. Returns a mini_infer_status. */
int mini_infer_solve(const mini_infer_buffer* buffers, size_t count,
                     const mini_infer_effort* effort, int64_t* offsets,
                     mini_infer_solution* solution, char* message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
