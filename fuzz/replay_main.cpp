// Feeds a fuzz target each file of its corpus and then seeded mutations of them: the same in every run.
//
//   get_from_guest_replay CORPUS_FOLDER [MUTATIONS]
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

std::vector<Input> read_corpus(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<Input> inputs;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  Input mutate(Input input) {
    for (std::size_t i = 0; i <= pick(4); ++i) mutate_once(input);
    return input;
  }
  std::size_t pick(std::size_t count) { return random_() % count; }

 private:
  void mutate_once(Input& input) {
    const auto at = input.begin() + static_cast<std::ptrdiff_t>(pick(input.size() + 1));
    const auto byte = static_cast<std::uint8_t>(random_());
    if (at == input.end() || pick(4) == 0) {
      input.insert(at, byte);
    } else if (pick(8) == 0) {
      input.erase(at, at + 1 + static_cast<std::ptrdiff_t>(pick(static_cast<std::size_t>(input.end() - at))));
    } else if (pick(2) == 0) {
      *at = static_cast<std::uint8_t>(*at ^ (1u << pick(8)));
    } else {
      *at = byte;
    }
  }
  std::mt19937_64 random_{1};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: {} CORPUS_FOLDER [MUTATIONS]\n", argv[0]);
    return 2;
  }
  const std::vector<Input> corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    fmt::print(stderr, "{}: the corpus is empty\n", argv[1]);
    return 1;
  }
  const long mutations = argc > 2 ? std::atol(argv[2]) : 5000;
  for (const Input& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
  Mutator mutator;
  for (long i = 0; i < mutations; ++i) {
    const Input input = mutator.mutate(corpus[mutator.pick(corpus.size())]);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  fmt::print("{} files and {} mutations\n", corpus.size(), mutations);
}
