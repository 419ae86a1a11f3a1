# A room is one folder: its .cpp files make one static library, its *_test.cpp files one test program.
#
#   lowmeg_room(lowmeg/memory LINK lowmeg_core)   -> library lowmeg_memory, test lowmeg_memory_test
#
# With LOWMEG_UNITY the files of a room are compiled as one, up to sixteen, and so are its tests: what they
# include, and the templates that they share, cost several times what they do. So names in a room's anonymous
# namespaces differ from each other. A build without it, as ./run's, holds each file to including what it uses.
#
# A room with threads gets the label "threads", and ./test runs it under TSan as well.
function(lowmeg_room folder)
  cmake_parse_arguments(ROOM "THREADS" "" "LINK" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  if(sources)
    add_library(${name} STATIC ${sources})
    set_target_properties(${name} PROPERTIES UNITY_BUILD ${LOWMEG_UNITY} UNITY_BUILD_BATCH_SIZE 16)
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ROOM_LINK})
    if(folder MATCHES "^lowmeg/")
      # The shared library is made of the same objects: cmake/install.cmake.
      set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ROOM_LINK})
  endif()

  if(BUILD_TESTING AND tests)
    lowmeg_test(${name}_test SOURCES ${tests} LINK ${name})
    if(ROOM_THREADS)
      lowmeg_threaded(${name}_test)
    endif()
  endif()
endfunction()

# What nearly every test includes, read once: a precompiled header that all test programs share.
function(lowmeg_test_headers)
  file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cpp "")
  add_library(test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cpp)
  target_link_libraries(test_headers PRIVATE GTest::gmock GTest::gtest fmt::fmt tl::expected)
  target_compile_options(test_headers PRIVATE -O0)
  target_precompile_headers(test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <fmt/format.h> <tl/expected.hpp>)
endfunction()

# One GoogleTest program. Tests are compiled once and run once: optimising GoogleTest's templates costs more than
# it brings, but for a model that runs a million steps (OPTIMISED). UBSan is for what they test.
function(lowmeg_test_program name)
  cmake_parse_arguments(TEST "OPTIMISED" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${LOWMEG_UNITY} UNITY_BUILD_BATCH_SIZE 16)
  if(LOWMEG_SANITIZE MATCHES undefined)
    target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
  endif()
  if(NOT TEST_OPTIMISED)
    target_compile_options(${name} PRIVATE -O0)
    target_precompile_headers(${name} REUSE_FROM test_headers)
  endif()
  target_link_libraries(${name} PRIVATE ${TEST_LINK} GTest::gmock GTest::gtest_main)
endfunction()

# A program that is one entry in ctest.
function(lowmeg_test name)
  lowmeg_test_program(${name} ${ARGN})
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# A program of files that share what they link, each an entry of its own in ctest, by the names of its tests:
#
#   lowmeg_tests(boots SOURCES boot_test.cpp reset_test.cpp LINK vmm)   -> program boots; tests boot_test, reset_test
function(lowmeg_tests name)
  cmake_parse_arguments(TESTS "" "" "SOURCES;LINK" ${ARGN})
  lowmeg_test_program(${name} ${ARGN})
  foreach(source ${TESTS_SOURCES})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} heads REGEX "^TEST(_F|_P)?\\(")
    list(TRANSFORM heads REPLACE "^TEST(_F)?\\((.+), (.+)\\) {$" "\\2.\\3")
    list(TRANSFORM heads REPLACE "^TEST_P\\((.+), (.+)\\) {$" "*\\1.\\2/*")
    list(JOIN heads ":" filter)
    if(NOT filter OR filter MATCHES "[( ]")
      message(FATAL_ERROR "${source}: a test's head is one line, TEST(Suite, Name) {")
    endif()
    get_filename_component(entry ${source} NAME_WE)
    add_test(NAME ${entry} COMMAND ${name} --gtest_filter=${filter})
  endforeach()
endfunction()

# Marks a test as threaded: ./test builds it once more, with TSan.
function(lowmeg_threaded name)
  set_tests_properties(${name} PROPERTIES LABELS threads)
  if(NOT TARGET threaded_tests)
    add_custom_target(threaded_tests)
  endif()
  add_dependencies(threaded_tests ${name})
endfunction()
