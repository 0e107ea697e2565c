# Settings for our own targets while we work on them. A user's build sees none of this.

if(STRUERE_DEVELOPER)
  find_program(STRUERE_CCACHE ccache)
  if(STRUERE_CCACHE)
    # Without these, ccache hands everything that uses a precompiled header on to the compiler.
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime "${STRUERE_CCACHE}")
  endif()
endif()

if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A large unit fits in memory; collecting garbage is a tenth of the time that it takes.
  add_compile_options("SHELL:--param ggc-min-heapsize=1500000")
endif()

# In a unity build, the sources of these folders make one unit: struere_unit(TARGET SOURCES FOLDER…). Names that are local
# to a file must differ within it. Without groups, each new file would move others into another unit.
function(struere_unit target sources)
  list(JOIN ARGN "|" folders)
  list(FILTER sources INCLUDE REGEX "(^|/)(${folders})/[^:]*$")
  list(JOIN ARGN "_" group)
  string(REPLACE "/" "_" group "${group}")
  set_source_files_properties(${sources} PROPERTIES UNITY_GROUP "${group}")
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()

# Precompiles headers for a target. In a unity build, most targets are one unit or two, and a header of their own would
# take a processor for three to seven seconds and save less: the libraries take the one of struere, the others none.
# While we work on them, the libraries beside struere are not optimised there, which takes half of the time; tests spend
# little in them.
function(struere_precompile target)
  if(NOT CMAKE_UNITY_BUILD OR target STREQUAL "struere")
    target_precompile_headers(${target} PRIVATE ${ARGN})
  elseif(STRUERE_DEVELOPER)
    target_compile_options(${target} PRIVATE -O0)
    if(ARGN MATCHES "json_template")
      target_compile_options(${target} PRIVATE "SHELL:-include core/json_template.hpp")
    endif()
  elseif(ARGN MATCHES "json_template")
    target_precompile_headers(${target} REUSE_FROM struere)
    # A compiler takes it only if each macro is defined as it was then.
    target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:SQLiteCpp,INTERFACE_COMPILE_DEFINITIONS>)
  endif()
endfunction()

# The tool spends its time in the library, which is optimised: in a unity build, its own code is not, which takes half of
# the time.
function(struere_builds_soon program)
  if(CMAKE_UNITY_BUILD)
    target_compile_options(${program} PRIVATE -O0)
    get_target_property(type ${program} TYPE)
    if(type STREQUAL "EXECUTABLE")
      struere_prefers_the_library(${program})
    endif()
  endif()
endfunction()

# GNU ld takes seconds for each program of a build with tests.
if(STRUERE_DEVELOPER AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  find_program(STRUERE_LLD ld.lld)
  find_program(STRUERE_GOLD ld.gold)
  mark_as_advanced(STRUERE_LLD STRUERE_GOLD)
  if(STRUERE_LLD)
    add_link_options(-fuse-ld=lld)
  elseif(STRUERE_GOLD)
    add_link_options(-fuse-ld=gold)
  endif()
endif()

if(STRUERE_DEVELOPER AND CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # clang's -O1 inlines as much as -O2, which is a third of the time that it takes.
  add_compile_options("SHELL:-mllvm -inline-threshold=40")
endif()

if(STRUERE_SANITIZE)
  string(REPLACE ";" "," struere_sanitizers "${STRUERE_SANITIZE}")
  add_compile_options(-fsanitize=${struere_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  string(REPLACE ";" "," struere_left_out "${STRUERE_SANITIZE_EXCEPT}")
  if(struere_left_out)
    add_compile_options(-fno-sanitize=${struere_left_out})
  endif()
  add_link_options(-fsanitize=${struere_sanitizers})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")  # GCC says this by itself
    if(STRUERE_SANITIZE MATCHES "address")
      add_compile_definitions(__SANITIZE_ADDRESS__=1)
    elseif(STRUERE_SANITIZE MATCHES "thread")
      add_compile_definitions(__SANITIZE_THREAD__=1)
    endif()
  endif()
endif()

# A source that instantiates Boost.Beast: a unit of its own. Most of what it is compiled to is Boost's, and where tests are
# to be built soon, it is not optimised.
function(struere_source_with_boost source)
  set_source_files_properties("${source}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  if(STRUERE_SANITIZE)
    set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "-O0;-fno-sanitize=undefined")
  elseif(CMAKE_UNITY_BUILD)
    set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS -O0)
  endif()
endfunction()

function(struere_developer_settings target)
  # GNU ld needs minutes for an object with as many sections as a large unit that is not optimised has on Windows.
  if(MINGW AND NOT target STREQUAL "struere")
    set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
    target_compile_options(${target} PRIVATE -Wa,-mbig-obj)
  endif()
  # What the tests reach of the library is counted in the library; the tests are compiled as ever.
  if(STRUERE_COVERAGE AND target STREQUAL "struere")
    target_compile_options(struere PRIVATE --coverage -fprofile-update=atomic -fno-inline)
    target_link_options(struere PUBLIC --coverage)
  endif()
  if(STRUERE_DEVELOPER AND STRUERE_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wthread-safety -Werror)  # as scripts/lint asks
  endif()
  # Instrumented code makes GCC see uninitialized values where there are none; the same lines are looked at without.
  if(STRUERE_DEVELOPER AND NOT STRUERE_SANITIZE)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # In one unit, what is local to a function shadows what is local to another file.
      get_target_property(unity ${target} UNITY_BUILD)
      target_compile_options(${target} PRIVATE -Wconversion -Wshadow$<$<BOOL:${unity}>:=local>)
      # GCC 12 and 13 find these in the strings of their own library as soon as they optimise (GCC bugs 105329 and 105651),
      # and the last in its stop tokens when a release is built in one unit; what is built for every day is looked at.
      target_compile_options(${target} PRIVATE -Wno-error=array-bounds -Wno-error=restrict -Wno-error=stringop-overflow -Wno-error=stringop-overread $<$<CONFIG:Release>:-Wno-error=maybe-uninitialized>)
    endif()
  endif()
endfunction()

# Of an inline function that several objects have, the linker keeps the first. A program whose own code is not optimised
# would so run the JSON library unoptimised within struere too: its objects come after those of the library.
function(struere_prefers_the_library program)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT BUILD_SHARED_LIBS)
    target_link_options(${program} PRIVATE "LINKER:--whole-archive,$<TARGET_FILE:struere>,--no-whole-archive")
  endif()
endfunction()
