# The wire format's messages, generated at build, with warnings of their own. Included from the root, so that a
# .proto file is found, and imported, by its path from there. No public header includes what comes out.
set(generated ${PROJECT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${generated}/lowmeg/state/proto)

add_library(lowmeg_state_proto STATIC)
set_target_properties(lowmeg_state_proto PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
protobuf_generate(TARGET lowmeg_state_proto PROTOC_OUT_DIR ${generated} PROTOS
  lowmeg/state/proto/topology.proto
  lowmeg/state/proto/envelope.proto
  lowmeg/state/proto/adjuster.proto
  lowmeg/state/proto/cfg_space.proto
  lowmeg/state/proto/bridge.proto
  lowmeg/state/proto/chip.proto)
target_compile_options(lowmeg_state_proto PRIVATE -w)
target_include_directories(lowmeg_state_proto SYSTEM PUBLIC ${generated})
target_link_libraries(lowmeg_state_proto PUBLIC protobuf::libprotobuf-lite)

target_link_libraries(lowmeg_state PRIVATE lowmeg_state_proto)
if(TARGET lowmeg_state_test)
  target_compile_definitions(lowmeg_state_test PRIVATE
    LOWMEG_SOURCE_DIR="${PROJECT_SOURCE_DIR}" LOWMEG_PROTOC="$<TARGET_FILE:protobuf::protoc>")
endif()
