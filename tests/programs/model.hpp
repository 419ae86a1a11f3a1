// What programs must come out as: the steps carried out on a model of the chip and of memory, byte for byte,
// without a processor. It shares no code with the bridge, the decode or the software CPU.
//
// The steps are as Intel SDM volume 2 has their instructions; a failed CMPXCHG writes back what it read ("the
// destination operand receives a write cycle without regard to the result of the comparison").
#pragma once

#include <functional>

#include "tests/naive_chip.hpp"
#include "tests/naive_decode.hpp"
#include "tests/programs/subject.hpp"

namespace programs {

class ModelSubject final : public Subject {
 public:
  /// A fault to find: what the decode is told in place of the registers, from a program's first config write
  /// on. The runtime's own fills and checksums are sound. Empty: none.
  using Fault = std::function<lowmeg::DecodeRegisters(lowmeg::DecodeRegisters)>;

  explicit ModelSubject(const lowmeg::NaiveBytes& chip, Fault fault = {});
  std::string run(std::span<const Program> programs, Telling telling) override;

 private:
  struct Record {
    std::uint32_t value, flags;
  };
  using Access = lowmeg::NaiveAccess;

  void reset();
  void set_all(std::uint8_t pam, std::uint8_t smram);
  void fill(std::uint32_t from, std::uint32_t dwords);
  std::uint32_t checksum(std::uint32_t sum, std::uint32_t from, std::uint32_t dwords) const;
  void changed();

  std::uint32_t put_out(std::uint32_t at) const;
  std::uint32_t read(std::uint32_t at, unsigned size) const;
  void write(std::uint32_t at, unsigned size, std::uint32_t value);
  std::uint32_t in(std::uint32_t offset, unsigned size) const;
  void out(std::uint32_t offset, unsigned size, std::uint32_t value);

  void step(const Op& op);
  void load(const Op& op);
  void modify(const Op& op);
  void string(const Op& op);
  void port(const Op& op);
  void stack(const Op& op);
  void store_code(const Op& op);
  void call(const Op& op);
  void interrupt(const Op& op);
  void dma(const Op& op);
  void record(std::uint32_t value, std::uint32_t flags = 0) { records_.push_back({value, flags}); }
  std::string told(unsigned number, Telling telling) const;

  lowmeg::NaiveChip chip_;
  const Fault fault_;
  lowmeg::DecodeRegisters registers_;
  bool in_program_ = false, a20_masked_ = false;
  std::vector<std::uint8_t> ram_, rom_;
  std::vector<Record> records_;
};

}  // namespace programs
