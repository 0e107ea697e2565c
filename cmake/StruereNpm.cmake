# struere_npm_install(NPM FOLDER FAILURE [ADVICE]): installs the packages of FOLDER/package-lock.json there, again only when
# that file has changed. If that fails, it says FAILURE, and what else can be done.
function(struere_npm_install npm folder failure)
  file(SHA256 "${folder}/package-lock.json" lock)
  set(installed "")
  if(EXISTS "${folder}/installed")
    file(READ "${folder}/installed" installed)
  endif()
  if(installed STREQUAL lock)
    return()
  endif()
  execute_process(COMMAND "${npm}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY "${folder}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result)
    message(FATAL_ERROR "${failure} (`npm ci` in ${folder}). It needs a registry of npm, once.\n${ARGN}\n${output}")
  endif()
  file(WRITE "${folder}/installed" "${lock}")
endfunction()
