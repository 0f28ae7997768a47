// What reflection answers about files of the test's own.
#include "server/grpc/reflection.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "grpcpp/support/status.h"
#include <google/protobuf/descriptor.pb.h>

namespace duet::testing {
namespace {

using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::TextFormat;
using ::grpc::StatusCode;
using Request = rpc::Reflection::Request;
using Response = rpc::Reflection::Response;

// Each imports those above it, the last one of them twice over.
constexpr const char* kFiles[] = {
    R"(name: "base.proto" package: "t"
       message_type { name: "Plain" field { name: "text" number: 1 type: TYPE_STRING } }
       message_type { name: "Open" extension_range { start: 100 end: 200 } }
       service { name: "Base" })",
    R"(name: "more.proto" package: "t" dependency: "base.proto"
       extension { name: "late" extendee: ".t.Open" number: 150 type: TYPE_INT32 }
       extension { name: "early" extendee: ".t.Open" number: 120 type: TYPE_INT32 })",
    R"(name: "top.proto" package: "t" dependency: "more.proto" dependency: "base.proto"
       service { name: "Top"
                 method { name: "Call" input_type: ".t.Plain" output_type: ".t.Open" } })"};

class ReflectionTest : public ::testing::Test {
 protected:
  ReflectionTest()
      : reflection_({Build(kFiles[0]), Build(kFiles[1]), Build(kFiles[2])}, /*max_streams=*/2) {}

  const ::google::protobuf::FileDescriptor* Build(const char* text) {
    FileDescriptorProto file;
    EXPECT_TRUE(TextFormat::ParseFromString(text, &file));
    return pool_.BuildFile(file);
  }

  // The question is a request as text.
  Response Ask(const std::string& question) {
    Request request;
    EXPECT_TRUE(TextFormat::ParseFromString(question, &request)) << question;
    Response response;
    reflection_.Answer(request, response);
    return response;
  }
  // The names of the files that it answers with, or the error's code as a number.
  std::vector<std::string> Files(const std::string& question) {
    const Response response = Ask(question);
    if (response.has_error_response()) {
      EXPECT_NE(response.error_response().error_message(), "");
      return {std::to_string(response.error_response().error_code())};
    }
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  ::google::protobuf::DescriptorPool pool_;
  rpc::Reflection reflection_;
};

using Names = std::vector<std::string>;
const Names kNotFound = {"5"};
const Names kAll = {"top.proto", "more.proto", "base.proto"};

TEST_F(ReflectionTest, GivesAFileAndAllThatItImportsOnce) {
  EXPECT_EQ(Files("file_by_filename: 'top.proto'"), kAll);
  EXPECT_EQ(Files("file_by_filename: 'more.proto'"), (Names{"more.proto", "base.proto"}));
  EXPECT_EQ(Files("file_by_filename: 'base.proto'"), Names{"base.proto"});
  EXPECT_EQ(Files("file_by_filename: 'none.proto'"), kNotFound);
  EXPECT_EQ(Files("file_by_filename: ''"), kNotFound);
}

TEST_F(ReflectionTest, FindsTheFileOfASymbol) {
  for (const char* symbol : {"t.Top", "t.Top.Call"}) {
    EXPECT_EQ(Files("file_containing_symbol: '" + std::string(symbol) + "'"), kAll) << symbol;
  }
  EXPECT_EQ(Files("file_containing_symbol: 't.Plain.text'"), Names{"base.proto"});
  EXPECT_EQ(Files("file_containing_symbol: 't.late'"), (Names{"more.proto", "base.proto"}));
  for (const char* unknown : {"", "Top", "t.Top.None", ".t.Top", "t.Top."}) {
    EXPECT_EQ(Files("file_containing_symbol: '" + std::string(unknown) + "'"), kNotFound)
        << unknown;
  }
}

TEST_F(ReflectionTest, FindsTheFileOfAnExtension) {
  const auto files = [&](const std::string& type, int number) {
    return Files("file_containing_extension { containing_type: '" + type +
                 "' extension_number: " + std::to_string(number) + " }");
  };
  EXPECT_EQ(files("t.Open", 120), (Names{"more.proto", "base.proto"}));
  EXPECT_EQ(files("t.Open", 121), kNotFound);
  EXPECT_EQ(files("t.Open", 0), kNotFound);
  EXPECT_EQ(files("t.Open", -1), kNotFound);
  EXPECT_EQ(files("t.Plain", 1), kNotFound) << "a field is no extension";
  EXPECT_EQ(files("t.None", 120), kNotFound);
  EXPECT_EQ(Files("file_containing_extension {}"), kNotFound);
}

TEST_F(ReflectionTest, GivesTheNumbersOfExtensionsInOrder) {
  const Response open = Ask("all_extension_numbers_of_type: 't.Open'");
  EXPECT_EQ(open.all_extension_numbers_response().base_type_name(), "t.Open");
  const auto& numbers = open.all_extension_numbers_response().extension_number();
  EXPECT_EQ(std::vector<int>(numbers.begin(), numbers.end()), (std::vector<int>{120, 150}));

  const Response plain = Ask("all_extension_numbers_of_type: 't.Plain'");
  ASSERT_TRUE(plain.has_all_extension_numbers_response()) << "a message without extensions";
  EXPECT_EQ(plain.all_extension_numbers_response().base_type_name(), "t.Plain");
  EXPECT_EQ(plain.all_extension_numbers_response().extension_number_size(), 0);

  for (const char* unknown : {"t.None", "t.Top", ""}) {
    EXPECT_EQ(Files("all_extension_numbers_of_type: '" + std::string(unknown) + "'"), kNotFound);
  }
}

TEST_F(ReflectionTest, ListsTheServicesByName) {
  for (const char* text : {"", "*", "anything"}) {
    const Response response = Ask("list_services: '" + std::string(text) + "'");
    ASSERT_EQ(response.list_services_response().service_size(), 2);
    EXPECT_EQ(response.list_services_response().service(0).name(), "t.Base");
    EXPECT_EQ(response.list_services_response().service(1).name(), "t.Top");
  }
}

TEST_F(ReflectionTest, ARequestForNothingIsAnError) {
  EXPECT_EQ(Files("host: 'h'"), Names{std::to_string(StatusCode::INVALID_ARGUMENT)});
}

TEST_F(ReflectionTest, EveryAnswerCarriesItsRequest) {
  for (const char* question :
       {"host: 'h'", "host: 'h' list_services: '*'", "host: 'h' file_by_filename: 'top.proto'",
        "host: 'h' file_containing_symbol: 'none'",
        "host: 'h' all_extension_numbers_of_type: 't.Open'"}) {
    Request request;
    ASSERT_TRUE(TextFormat::ParseFromString(question, &request));
    const Response response = Ask(question);
    EXPECT_EQ(response.valid_host(), "h");
    EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
  }
}

TEST_F(ReflectionTest, ThereIsALimitOfStreams) {
  EXPECT_TRUE(reflection_.streams().Enter().ok());
  EXPECT_TRUE(reflection_.streams().Enter().ok());
  const ::grpc::Status refused = reflection_.streams().Enter();
  EXPECT_EQ(refused.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "there are 2 streams of reflection already");
  reflection_.streams().Leave();
  EXPECT_TRUE(reflection_.streams().Enter().ok());
}

}  // namespace
}  // namespace duet::testing
