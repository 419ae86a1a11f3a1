# What an embedder gets: two libraries, each shared and static, from the objects that the rooms are built of;
# the public headers; a CMake package and pkg-config files. docs/guide/embed.md says how they are used.
#
# liblowmeg holds all rooms but the saved state, which alone needs protobuf: liblowmeg-state.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The soname's number changes with an incompatible change of the ABI; docs/guide/abi.md.
set(LOWMEG_SOVERSION 1)
set(LOWMEG_LIBRARY_VERSION 1.0.0)

set(LOWMEG_CXX_ROOMS core memory bridge decode get hyperv kvm)
set(LOWMEG_ROOMS ${LOWMEG_CXX_ROOMS} c)
set(LOWMEG_STATE_ROOMS state state_proto c_state)

# Headers of the rooms that are nobody's business outside. All others are public: each is installed, and
# compiles alone.
set(LOWMEG_PRIVATE_HEADERS
  core/stopwatch get/wire_bytes
  state/envelope state/message_io state/message_reader state/utf8 state/wire_check state/wire_schema)

function(lowmeg_objects variable)
  set(objects)
  foreach(room ${ARGN})
    list(APPEND objects $<TARGET_OBJECTS:lowmeg_${room}>)
  endforeach()
  set(${variable} ${objects} PARENT_SCOPE)
endfunction()

# lowmeg_library(NAME OUTPUT COMPONENT ROOMS ... SHARED_LINK ... STATIC_LINK ...) -> targets NAME_shared and NAME_static
function(lowmeg_library name output component)
  cmake_parse_arguments(LIBRARY "" "" "ROOMS;SHARED_LINK;STATIC_LINK" ${ARGN})
  lowmeg_objects(objects ${LIBRARY_ROOMS})
  add_library(${name}_shared SHARED ${objects})
  add_library(${name}_static STATIC ${objects})
  foreach(kind shared static)
    set_target_properties(${name}_${kind} PROPERTIES OUTPUT_NAME ${output} LINKER_LANGUAGE CXX)
    target_include_directories(${name}_${kind} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  endforeach()
  set_target_properties(${name}_shared PROPERTIES
    VERSION ${LOWMEG_LIBRARY_VERSION} SOVERSION ${LOWMEG_SOVERSION}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
  target_link_options(${name}_shared PRIVATE
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map -Wl,--as-needed)
  target_link_libraries(${name}_shared PRIVATE ${LIBRARY_SHARED_LINK})
  target_link_libraries(${name}_static PRIVATE ${LIBRARY_STATIC_LINK})
  install(TARGETS ${name}_shared ${name}_static EXPORT lowmeg
    LIBRARY COMPONENT ${component} NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development)
endfunction()

lowmeg_library(lowmeg lowmeg runtime ROOMS ${LOWMEG_ROOMS}
  SHARED_LINK fmt::fmt Threads::Threads
  STATIC_LINK fmt::fmt Threads::Threads)
lowmeg_library(lowmeg_state lowmeg-state state ROOMS ${LOWMEG_STATE_ROOMS}
  SHARED_LINK lowmeg_shared fmt::fmt protobuf::libprotobuf-lite
  STATIC_LINK lowmeg_static fmt::fmt protobuf::libprotobuf-lite)

foreach(room ${LOWMEG_CXX_ROOMS} state)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lowmeg/${room}/*.hpp)
  foreach(private ${LOWMEG_PRIVATE_HEADERS})
    list(REMOVE_ITEM headers ${PROJECT_SOURCE_DIR}/lowmeg/${private}.hpp)
  endforeach()
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lowmeg/${room} COMPONENT development)
endforeach()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lowmeg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
# The Rust crate as source, which is how Rust has it.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/bindings/rust DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lowmeg
  COMPONENT development PATTERN target EXCLUDE)

# The package and pkg-config.
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lowmeg)
install(EXPORT lowmeg NAMESPACE lowmeg:: FILE lowmeg-targets.cmake
  DESTINATION ${package_folder} COMPONENT development)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/lowmeg-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/lowmeg-config.cmake
  ${PROJECT_BINARY_DIR}/package/lowmeg-config-version.cmake
  DESTINATION ${package_folder} COMPONENT development)
file(RELATIVE_PATH PACKAGE_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(module lowmeg lowmeg-state)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${module}.pc.in ${PROJECT_BINARY_DIR}/package/${module}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${module}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()

# The program, what it says of itself, and the ROM that judges any machine (guest/README.md).
install(TARGETS lowmeg RUNTIME COMPONENT program)
install(DIRECTORY ${PROJECT_BINARY_DIR}/manual/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
  COMPONENT program FILES_MATCHING PATTERN *.1.gz)
install(FILES ${PROJECT_BINARY_DIR}/manual/lowmeg.bash RENAME lowmeg
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions COMPONENT program)
install(FILES ${PROJECT_BINARY_DIR}/guest/conformance/conformance.bin
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lowmeg COMPONENT program)
include(cmake/package.cmake)
