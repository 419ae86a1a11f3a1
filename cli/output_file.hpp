// A file that is opened before the machine runs, so that a wrong name is told of at once, and written when it
// has ended, so that a full disk harms nothing but the file.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "vmm/machine.hpp"

namespace cli {

class OutputFile {
 public:
  static lowmeg::Result<OutputFile> open(const std::string& path);
  /// Writes all of it and closes the file, once.
  lowmeg::Result<void> write(const std::string& text);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  OutputFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
};

}  // namespace cli
