# The empty echo server and the load generator of grpc_compare.sh.
set(echo_dir ${CMAKE_BINARY_DIR}/tests/bench)
file(MAKE_DIRECTORY ${echo_dir})
set(echo_outputs ${echo_dir}/grpc_echo.pb.h ${echo_dir}/grpc_echo.pb.cc
                 ${echo_dir}/grpc_echo.grpc.pb.h ${echo_dir}/grpc_echo.grpc.pb.cc)
add_custom_command(
  OUTPUT ${echo_outputs}
  COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR} --cpp_out=${CMAKE_BINARY_DIR}
          --grpc_out=${CMAKE_BINARY_DIR} --plugin=protoc-gen-grpc=${DUET_GRPC_CPP_PLUGIN}
          tests/bench/grpc_echo.proto
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/grpc_echo.proto
  VERBATIM)
add_library(grpc_echo_proto STATIC ${echo_outputs})
target_include_directories(grpc_echo_proto SYSTEM PUBLIC ${CMAKE_BINARY_DIR})
target_compile_options(grpc_echo_proto PRIVATE -w)
target_link_libraries(grpc_echo_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)

add_executable(grpc_echo_server ${CMAKE_SOURCE_DIR}/tests/bench/grpc_echo_server.cc)
target_link_libraries(grpc_echo_server PRIVATE grpc_echo_proto)
add_executable(grpc_load ${CMAKE_SOURCE_DIR}/tests/bench/grpc_load.cc)
target_link_libraries(grpc_load PRIVATE grpc_echo_proto duet_proto absl::flags absl::flags_parse)
