// Parameters of Redis that stand for something this server does not have, or does in one way only:
// each with the one value that is true of it. CONFIG GET shows them, CONFIG SET takes that value
// and refuses any other.
//
// Thread-safe: immutable.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace duet {

struct FixedParameter {
  // How CONFIG SET refuses, as Redis does.
  enum class Kind : uint8_t {
    kModifiable,  // it takes the value that it has
    kImmutable,   // it cannot be set at run time, whatever the value
    kProtected,   // nor by clients (enable-protected-configs)
    kHidden,      // kModifiable, and shown only to those who ask for it by name
  };
  std::string_view name;
  std::string_view value;
  Kind kind = Kind::kModifiable;
};

// The value of "dir" is not here: it is the directory in which the process runs.
std::span<const FixedParameter> FixedParameters();
// By its exact name. nullptr: no such parameter.
const FixedParameter* FindFixedParameter(std::string_view name);

}  // namespace duet
