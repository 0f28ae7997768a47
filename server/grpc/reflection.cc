#include "server/grpc/reflection.h"

#include <algorithm>

#include <google/protobuf/descriptor.pb.h>

#include "server/base/check.h"

namespace duet::rpc {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptor;
using Request = Reflection::Request;
using Response = Reflection::Response;

void AnswerWithError(::grpc::StatusCode code, const char* text, Response& response) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(text);
}

// Null: there is none.
const FileDescriptor* FileOfExtension(const DescriptorPool& pool, const std::string& type,
                                      int number) {
  const Descriptor* const message = pool.FindMessageTypeByName(type);
  if (message == nullptr) return nullptr;
  const FieldDescriptor* const extension = pool.FindExtensionByNumber(message, number);
  return extension == nullptr ? nullptr : extension->file();
}

std::vector<std::string> ServicesOf(const std::vector<const FileDescriptor*>& files) {
  std::vector<std::string> names;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) names.push_back(file->service(i)->full_name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Reflection::Reflection(const std::vector<const FileDescriptor*>& files, size_t max_streams)
    : pool_(*files.at(0)->pool()),
      services_(ServicesOf(files)),
      streams_(max_streams, "streams of reflection") {}

void Reflection::Answer(const Request& request, Response& response) const {
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return AnswerWithFile(pool_.FindFileByName(request.file_by_filename()), response);
    case Request::kFileContainingSymbol:
      return AnswerWithFile(pool_.FindFileContainingSymbol(request.file_containing_symbol()),
                            response);
    case Request::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      return AnswerWithFile(
          FileOfExtension(pool_, extension.containing_type(), extension.extension_number()),
          response);
    }
    case Request::kAllExtensionNumbersOfType:
      return AnswerWithExtensions(request.all_extension_numbers_of_type(), response);
    case Request::kListServices:
      for (const std::string& name : services_) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      return;
    case Request::MESSAGE_REQUEST_NOT_SET:
      return AnswerWithError(::grpc::StatusCode::INVALID_ARGUMENT,
                             "message_request: must be set, to a field that this server knows",
                             response);
  }
}

void Reflection::AnswerWithFile(const FileDescriptor* file, Response& response) const {
  if (file == nullptr) {
    return AnswerWithError(::grpc::StatusCode::NOT_FOUND, "there is no such file, symbol or type",
                           response);
  }
  auto& answer = *response.mutable_file_descriptor_response();
  std::vector<const FileDescriptor*> files = {file};
  for (size_t i = 0; i < files.size(); ++i) {
    ::google::protobuf::FileDescriptorProto description;
    files[i]->CopyTo(&description);
    *answer.add_file_descriptor_proto() = description.SerializeAsString();
    for (int d = 0; d < files[i]->dependency_count(); ++d) {
      const FileDescriptor* const import = files[i]->dependency(d);
      if (std::find(files.begin(), files.end(), import) == files.end()) files.push_back(import);
    }
  }
}

void Reflection::AnswerWithExtensions(const std::string& type, Response& response) const {
  const Descriptor* const message = pool_.FindMessageTypeByName(type);
  if (message == nullptr) {
    return AnswerWithError(::grpc::StatusCode::NOT_FOUND, "there is no message of this name",
                           response);
  }
  std::vector<const FieldDescriptor*> extensions;
  pool_.FindAllExtensions(message, &extensions);
  std::vector<int> numbers;
  for (const FieldDescriptor* extension : extensions) numbers.push_back(extension->number());
  std::sort(numbers.begin(), numbers.end());
  auto& answer = *response.mutable_all_extension_numbers_response();
  answer.set_base_type_name(type);
  answer.mutable_extension_number()->Add(numbers.begin(), numbers.end());
}

}  // namespace duet::rpc
