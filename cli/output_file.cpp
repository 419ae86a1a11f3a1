#include "cli/output_file.hpp"

namespace cli {

lowmeg::Result<OutputFile> OutputFile::open(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (!file) return lowmeg::fail_errno(path);
  return OutputFile(file, path);
}

lowmeg::Result<void> OutputFile::write(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size();
  if (!written) return lowmeg::fail_errno(path_);
  return std::fclose(file_.release()) == 0 ? lowmeg::Result<void>{} : lowmeg::fail_errno(path_);
}

}  // namespace cli
