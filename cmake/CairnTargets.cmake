# SPDX-License-Identifier: Apache-2.0
# Helpers that give every target of the project the same include root, warnings and names.

set(CAIRN_SANITIZE "" CACHE STRING "Sanitizers for ordinary code (tools, readers, unit tests), e.g. address,undefined")

# cairn_target(NAME [GUEST]): warnings as errors and the source root as include directory.
# GUEST marks code that runs while the thread pointer changes hands (and the whole host):
# no stack protector, no sanitizers, FSGSBASE instructions allowed.
function(cairn_target name)
  cmake_parse_arguments(arg "GUEST" "" "" ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wshadow -Werror -Wno-unused-parameter)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  if(arg_GUEST)
    target_compile_options(${name} PRIVATE -mfsgsbase -fno-stack-protector -fno-builtin-malloc
      "$<$<COMPILE_LANGUAGE:C,CXX>:-ftls-model=initial-exec>")
  elseif(CAIRN_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${CAIRN_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${name} PRIVATE -fsanitize=${CAIRN_SANITIZE})
  endif()
endfunction()

# cairn_library(NAME SOURCES...): a static library Cairn::NAME.
function(cairn_library name)
  add_library(cairn_${name} STATIC ${ARGN})
  add_library(Cairn::${name} ALIAS cairn_${name})
  cairn_target(cairn_${name})
endfunction()
