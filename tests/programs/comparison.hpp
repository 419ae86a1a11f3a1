// The same programs on two subjects, and those that do not come out alike.
#pragma once

#include <functional>

#include "tests/programs/image.hpp"
#include "tests/programs/minimize.hpp"
#include "tests/programs/profile.hpp"
#include "tests/programs/subject.hpp"

namespace programs {

class Comparison {
 public:
  /// Borrows both. What is made shorter keeps to the profile.
  Comparison(Subject& one, Subject& other, const Profile& profile = kWhole)
      : one_(one), other_(other), profile_(profile) {}

  /// For each program, whether it comes out differently: in its records, in memory, or in that one subject
  /// does not get through it. A program that stops a subject costs a run for those behind it.
  std::vector<bool> differ(std::span<const Program> programs);
  /// The shortest of a program that comes out differently.
  Program minimized(const Program& program);
  /// Both reports of one program, what differs in it, and its listing.
  std::string explain(const Program& program);

 private:
  Subject& one_;
  Subject& other_;
  const Profile profile_;
};

}  // namespace programs
