// Every case of tests/commands/cases through Execute and through Pipeline.
#include <memory>

#include "tests/grpc/grpc_door.h"
#include "tests/support/case_suite.h"

namespace duet::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Execute, CaseSuite,
                         CasesThrough([] { return std::make_unique<GrpcDoor>(); }), CaseName);

INSTANTIATE_TEST_SUITE_P(Pipeline, CaseSuite,
                         CasesThrough([] { return std::make_unique<PipelineDoor>(); }), CaseName);

}  // namespace
}  // namespace duet::testing
