# The plan of a committed model, byte for byte: the same on every machine, build type and run.
#   cmake -DMINI_INFER=... -DMODEL=... -DSHAPES=... -DGOLDEN=plan.json [-DUPDATE=ON] -P plan_is_golden.cmake
# After a wanted change of plans, run it with UPDATE=ON and look at the difference.
execute_process(COMMAND ${MINI_INFER} plan ${MODEL} --shapes ${SHAPES} --device none --json
                OUTPUT_VARIABLE plan COMMAND_ERROR_IS_FATAL ANY)
# Times are measurements, the path is the caller's, devices are the machine's; everything else is
# the plan.
foreach(key milliseconds model devices)
  string(JSON present ERROR_VARIABLE absent GET "${plan}" ${key})
  if(NOT absent)
    string(JSON plan REMOVE "${plan}" ${key})
  endif()
endforeach()
if(UPDATE)
  file(WRITE ${GOLDEN} "${plan}\n")
  return()
endif()
file(READ ${GOLDEN} golden)
string(STRIP "${golden}" golden)
string(JSON same EQUAL "${plan}" "${golden}")
if(NOT same)
  message(FATAL_ERROR "the plan differs from ${GOLDEN}:\n${plan}")
endif()
