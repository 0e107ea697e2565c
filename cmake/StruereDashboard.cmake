# cmake -DSOURCE=web -DBUILD=build/web -DNPM=… -P StruereDashboard.cmake
# Bundles the dashboard into BUILD/dist. The source folder is only read. The packages are those of package-lock.json;
# they are installed again only when that file has changed.
cmake_minimum_required(VERSION 3.22)
include("${CMAKE_CURRENT_LIST_DIR}/StruereNpm.cmake")
set(advice "Or build without it: -DSTRUERE_BUILD_DASHBOARD=OFF; `/` then says so, and the API is the same.")
file(MAKE_DIRECTORY "${BUILD}")
file(REMOVE_RECURSE "${BUILD}/src")
file(COPY "${SOURCE}/src" "${SOURCE}/build.mjs" "${SOURCE}/package.json" "${SOURCE}/package-lock.json" DESTINATION "${BUILD}")
struere_npm_install("${NPM}" "${BUILD}" "The packages of the dashboard could not be installed" "${advice}")
execute_process(COMMAND "${NPM}" run --silent build WORKING_DIRECTORY "${BUILD}"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result)
  message(FATAL_ERROR "The dashboard could not be bundled (`npm run build` in ${BUILD}, Node 18 or newer).\n${advice}\n${output}")
endif()
