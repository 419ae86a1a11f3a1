// Random programs: the seed says which.
#pragma once

#include <random>

#include "tests/programs/profile.hpp"

namespace programs {

class Generator {
 public:
  Generator(std::uint64_t seed, const Profile& profile) : random_(seed), profile_(profile) {}
  Program next();

 private:
  std::uint32_t pick(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }
  std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }
  bool one_in(std::uint32_t count) { return pick(count) == 0; }

  Op any_op();
  Op op_of(Kind kind);
  Op config_op();
  Op register_op();
  Op memory_op(Kind kind);
  Op string_op(Kind kind);
  Op port_op(Kind kind);
  Op code_op(Kind kind);
  std::uint32_t address(std::uint32_t before, std::uint32_t after);
  std::uint32_t pam_value(unsigned size);

  std::mt19937_64 random_;
  const Profile profile_;
  std::vector<std::uint32_t> routines_;  // where some were written
};

}  // namespace programs
