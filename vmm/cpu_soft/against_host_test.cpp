// The same bytes on the software CPU and on the CPU that runs the test, with random operands: results and the
// flags that the SDM defines must agree. Without the correction some must not, or there is nothing to
// correct.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include <fmt/format.h>

#include "vmm/cpu_soft/host_cpu.hpp"
#include "vmm/cpu_soft/registers.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using testing::Bytes;
using testing::HostCpu;
using testing::HostRegisters;
using testing::kCode;
using testing::TestMachine;

enum class Count { kNone, kOne, kCl, kImmediate };
enum class Family {
  kRotate,
  kShiftOut,
  kShiftSigned,
  kDoubleShift,
  kBitTest,
  kMultiply,
  kBitScan,
  kLogic,
  kPlain
};

// EAX is the target, EDX the source, CL the count.
struct Form {
  Bytes code;
  Family family = Family::kPlain;
  Count count = Count::kNone;
  unsigned size = 4;
};

struct Judgement {
  bool result_is_defined = true;
  std::uint32_t undefined_flags = 0;
};

unsigned count_of(const Form& form, const HostRegisters& before) {
  if (form.count == Count::kNone || form.count == Count::kOne) return 1;
  return (form.count == Count::kCl ? before.ecx : form.code.back()) & 0x1f;
}

// SDM volume 2, "Flags Affected" of each.
Judgement judge(const Form& form, const HostRegisters& before) {
  using namespace eflags;
  const unsigned count = count_of(form, before);
  const unsigned bits = 8 * form.size;
  const std::uint32_t of_if_not_1 = count == 1 ? 0 : kOf;
  switch (form.family) {
    case Family::kRotate:
      return {true, count == 0 ? 0 : of_if_not_1};
    case Family::kShiftOut:
      return {true, count == 0 ? 0 : of_if_not_1 | kAf | (count >= bits ? kCf : 0)};
    case Family::kShiftSigned:
      return {true, count == 0 ? 0 : of_if_not_1 | kAf};
    case Family::kDoubleShift:
      if (count > bits) return {false, kArithmetic};
      return {true, count == 0 ? 0 : of_if_not_1 | kAf};
    case Family::kBitTest:
      return {true, kOf | kSf | kAf | kPf};
    case Family::kMultiply:
      return {true, kSf | kZf | kAf | kPf};
    case Family::kBitScan:
      return {(before.edx & (form.size == 2 ? 0xffffu : ~0u)) != 0, kArithmetic & ~kZf};
    case Family::kLogic:
      return {true, kAf};
    case Family::kPlain:
      break;
  }
  return {};
}

class Duel {
 public:
  explicit Duel(Corrections corrections) : guest_(TestMachine::Mode::kProtected, corrections) {}

  /// A description of the first disagreement among `cases` random ones, or "".
  std::string fight(const Form& form, unsigned cases) {
    host_.load(form.code);
    guest_.load(kCode, form.code);
    for (unsigned i = 0; i < cases; ++i) {
      const HostRegisters before = draw();
      HostRegisters host = before;
      host_.execute(host);
      const HostRegisters guest = run_guest(before);
      const Judgement judgement = judge(form, before);
      const std::uint64_t flags =
          (host.flags ^ guest.flags) & eflags::kArithmetic & ~judgement.undefined_flags;
      HostRegisters same_flags = host;
      same_flags.flags = guest.flags;
      if (flags != 0 || (judgement.result_is_defined && same_flags != guest))
        return tell(form, before, host, guest);
    }
    return "";
  }

 private:
  HostRegisters draw() {
    const auto word = [this] { return interesting_(random_); };
    return {word(), word(), word(), word(), (random_() & eflags::kArithmetic) | eflags::kFixed | eflags::kIf};
  }

  HostRegisters run_guest(const HostRegisters& before) {
    CpuState state = testing::protected_mode_state();
    state.gpr[kEax] = before.eax;
    state.gpr[kEcx] = before.ecx;
    state.gpr[kEdx] = before.edx;
    state.gpr[kEbx] = before.ebx;
    state.eflags = static_cast<std::uint32_t>(before.flags);
    guest_.cpu->set_state(state);
    guest_.cpu->run(1);
    const CpuState after = guest_.state();
    return {after.gpr[kEax], after.gpr[kEcx], after.gpr[kEdx], after.gpr[kEbx], after.eflags};
  }

  static std::string tell(const Form& form, const HostRegisters& before, const HostRegisters& host,
                          const HostRegisters& guest) {
    const auto show = [](const HostRegisters& r) {
      return fmt::format("eax {:08x} ecx {:08x} edx {:08x} ebx {:08x} flags {:04x}", r.eax, r.ecx, r.edx,
                         r.ebx, r.flags & eflags::kArithmetic);
    };
    return fmt::format("{:02x}: before {}\nhost  {}\nguest {}", fmt::join(form.code, " "), show(before),
                       show(host), show(guest));
  }

  // Small numbers, numbers with few bits, and any.
  struct Interesting {
    std::uint32_t operator()(std::mt19937& random) const {
      const std::uint32_t any = static_cast<std::uint32_t>(random());
      switch (random() % 4) {
        case 0:
          return any % 40;
        case 1:
          return 1u << (any % 32);
        case 2:
          return 0u - any % 3;
        default:
          return any;
      }
    }
  };

  std::mt19937 random_{20240229};
  Interesting interesting_;
  HostCpu host_;
  TestMachine guest_;
};

constexpr std::uint8_t kEaxEdx = 0xd0;  // ModR/M: EAX is r/m, EDX is reg
constexpr std::uint8_t kEdxEax = 0xc2;  // the other way round

Bytes group(std::uint8_t digit) {
  return {static_cast<std::uint8_t>(0xc0 | digit << 3)};
}

Form form_of(Form like, unsigned size, const Bytes& opcode, const Bytes& tail) {
  like.size = size;
  if (size == 2) like.code.push_back(0x66);
  like.code.insert(like.code.end(), opcode.begin(), opcode.end());
  like.code.insert(like.code.end(), tail.begin(), tail.end());
  return like;
}

// The two sizes of an opcode without a byte form; `tail` follows the opcode.
void add_words(std::vector<Form>& forms, const Bytes& opcode, const Bytes& tail, const Form& like) {
  for (unsigned size : {2u, 4u}) forms.push_back(form_of(like, size, opcode, tail));
}

// The three sizes of a pair of opcodes, of which the even one is for bytes.
void add_sizes(std::vector<Form>& forms, Bytes opcode, const Bytes& tail, const Form& like) {
  forms.push_back(form_of(like, 1, opcode, tail));
  opcode.back() |= 1;
  add_words(forms, opcode, tail, like);
}

constexpr std::uint8_t kImmediates[] = {0, 1, 5, 7, 8, 9, 15, 16, 17, 18, 24, 31, 32, 33, 63, 255};

Family family_of_shift(std::uint8_t digit) {
  if (digit < 4) return Family::kRotate;
  return digit == 7 ? Family::kShiftSigned : Family::kShiftOut;
}

std::vector<Form> shifts() {
  std::vector<Form> forms;
  for (std::uint8_t digit = 0; digit < 8; ++digit) {
    const Family family = family_of_shift(digit);
    add_sizes(forms, {0xd0}, group(digit), {{}, family, Count::kOne});
    add_sizes(forms, {0xd2}, group(digit), {{}, family, Count::kCl});
    for (std::uint8_t immediate : kImmediates) {
      Bytes tail = group(digit);
      tail.push_back(immediate);
      add_sizes(forms, {0xc0}, tail, {{}, family, Count::kImmediate});
    }
  }
  return forms;
}

std::vector<Form> double_shifts() {
  std::vector<Form> forms;
  for (std::uint8_t opcode : Bytes{0xa4, 0xac}) {
    for (std::uint8_t immediate : kImmediates) {
      add_words(forms, {0x0f, opcode}, {kEaxEdx, immediate}, {{}, Family::kDoubleShift, Count::kImmediate});
    }
    add_words(forms, {0x0f, static_cast<std::uint8_t>(opcode + 1)}, {kEaxEdx},
              {{}, Family::kDoubleShift, Count::kCl});
  }
  return forms;
}

std::vector<Form> conditional_moves() {
  std::vector<Form> forms;
  for (std::uint8_t code = 0; code < 16; ++code) {
    add_words(forms, {0x0f, static_cast<std::uint8_t>(0x40 + code)}, {kEdxEax}, {});
  }
  return forms;
}

std::vector<Form> bit_tests() {
  std::vector<Form> forms;
  for (std::uint8_t opcode : Bytes{0xa3, 0xab, 0xb3, 0xbb}) {
    add_words(forms, {0x0f, opcode}, {kEaxEdx}, {{}, Family::kBitTest});
  }
  for (std::uint8_t digit = 4; digit < 8; ++digit) {
    for (std::uint8_t immediate : kImmediates) {
      add_words(forms, {0x0f, 0xba}, {group(digit)[0], immediate}, {{}, Family::kBitTest});
    }
  }
  return forms;
}

std::vector<Form> exchanges() {
  std::vector<Form> forms;
  for (std::uint8_t opcode : Bytes{0xb0, 0xc0}) {
    add_sizes(forms, {0x0f, opcode}, {kEaxEdx}, {});
    add_sizes(forms, {0x0f, opcode}, {0xd1}, {});  // ECX is r/m
    add_sizes(forms, {0x0f, opcode}, {0xc0}, {});  // one register twice
  }
  return forms;
}

// What the library does without help; here so that a new version of it is found out.
std::vector<Form> uncorrected() {
  std::vector<Form> forms;
  for (std::uint8_t operation = 0; operation < 8; ++operation) {  // ADD OR ADC SBB AND SUB XOR CMP
    const bool is_logic = operation == 1 || operation == 4 || operation == 6;
    const Form like{{}, is_logic ? Family::kLogic : Family::kPlain};
    add_sizes(forms, {static_cast<std::uint8_t>(operation << 3)}, {kEaxEdx}, like);
    add_sizes(forms, {static_cast<std::uint8_t>(operation << 3 | 2)}, {kEdxEax}, like);
    add_words(forms, {0x83}, {group(operation)[0], 0x9c}, like);
  }
  add_sizes(forms, {0x84}, {kEaxEdx}, {{}, Family::kLogic});                          // TEST
  add_sizes(forms, {0x86}, {kEaxEdx}, {});                                            // XCHG
  for (std::uint8_t digit : Bytes{2, 3}) add_sizes(forms, {0xf6}, group(digit), {});  // NOT NEG
  for (std::uint8_t digit : Bytes{4, 5})
    add_sizes(forms, {0xf6}, group(digit), {{}, Family::kMultiply});                  // MUL IMUL
  for (std::uint8_t digit : Bytes{0, 1}) add_sizes(forms, {0xfe}, group(digit), {});  // INC DEC
  add_words(forms, {0x0f, 0xaf}, {kEdxEax}, {{}, Family::kMultiply});
  add_words(forms, {0x6b}, {kEdxEax, 0x85}, {{}, Family::kMultiply});
  for (std::uint8_t opcode : Bytes{0xb6, 0xb7, 0xbe, 0xbf})
    add_words(forms, {0x0f, opcode}, {kEdxEax}, {});  // MOVZX MOVSX
  for (std::uint8_t opcode : Bytes{0xbc, 0xbd})
    add_words(forms, {0x0f, opcode}, {kEdxEax}, {{}, Family::kBitScan});
  for (std::uint8_t code = 0; code < 16; ++code) {
    forms.push_back({{0x0f, static_cast<std::uint8_t>(0x90 + code), 0xc0}});  // SETcc AL
  }
  for (std::uint8_t opcode : Bytes{0x98, 0x99}) add_words(forms, {opcode}, {}, {});  // CBW CWD
  for (std::uint8_t opcode : Bytes{0x9e, 0x9f, 0xf5, 0xf8, 0xf9}) forms.push_back({{opcode}});
  forms.push_back({{0x0f, 0xc8}});  // BSWAP
  return forms;
}

struct Table {
  const char* name;
  std::vector<Form> (*forms)();
  Correction correction;
  enum class Library { kWrong, kRight } library;
};

class AgainstHost : public ::testing::TestWithParam<Table> {};

TEST_P(AgainstHost, AgreesOnResultsAndDefinedFlags) {
  if (!HostCpu::kAvailable) GTEST_SKIP() << "the host is no x86-64";
  Duel corrected(Corrections::all());
  for (const Form& form : GetParam().forms()) EXPECT_EQ(corrected.fight(form, 200), "");
}

TEST_P(AgainstHost, DisagreesSomewhereWithoutTheCorrection) {
  if (!HostCpu::kAvailable) GTEST_SKIP() << "the host is no x86-64";
  Duel bare(Corrections::all().without(GetParam().correction));
  unsigned wrong = 0;
  for (const Form& form : GetParam().forms()) wrong += bare.fight(form, 200).empty() ? 0 : 1;
  EXPECT_EQ(wrong != 0, GetParam().library == Table::Library::kWrong) << wrong;
}

INSTANTIATE_TEST_SUITE_P(
    Tables, AgainstHost,
    ::testing::Values(Table{"Shifts", shifts, Correction::kShifts, Table::Library::kWrong},
                      Table{"DoubleShifts", double_shifts, Correction::kDoubleShifts, Table::Library::kWrong},
                      Table{"ConditionalMoves", conditional_moves, Correction::kConditionalMove,
                            Table::Library::kWrong},
                      Table{"BitTests", bit_tests, Correction::kBitTests, Table::Library::kWrong},
                      Table{"Exchanges", exchanges, Correction::kExchange, Table::Library::kWrong},
                      Table{"Rest", uncorrected, Correction::kRepeatPieces, Table::Library::kRight}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace vmm::cpu_soft
