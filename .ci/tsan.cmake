# Read by the tsan build after project(): the compiler's own checks must not link this object.
add_link_options(${CMAKE_BINARY_DIR}/tsan_interposers.o)
