#include "lowmeg/get/codec.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/hex.hpp"

namespace lowmeg::get {
namespace {

using fakes::hex;
using fakes::unhex;
using testing::HasSubstr;
using testing::Not;
using wire::HostRequestId;
using enum wire::HostRequestId;

// The request that E.4 lays out: slot 4, F0000h + 10000h from 3FF0000h, rom_mb.
constexpr CreateRamGpaRange kCreateFields{4, 0xf0000, 0x10000, 0x3ff0000, 2};
constexpr const char* kCreateBytes =
    "01 02 1c 00 04 00 00 00 00 00 0f 00 00 00 00 00 00 00 01 00 00 00 00 00 "
    "00 00 ff 03 00 00 00 00 02 00 00 00 00 00 00 00";

std::string encoded(const Request& request) {
  return hex(encode(request).bytes());
}
std::string encoded(const Answer& answer) {
  return hex(encode(answer).bytes());
}

TEST(Codec, WritesTheRequestsBytes) {
  EXPECT_EQ(encoded(Request{VersionOffer{0x00040002}}), "01 02 01 00 02 00 04 00");
  EXPECT_EQ(encoded(Request{kCreateFields}), kCreateBytes);
  EXPECT_EQ(encoded(Request{CreateRamGpaRange{0x01020304, 0x1112131415161718, 0x2122232425262728,
                                              0x3132333435363738, 0x4142434445464748}}),
            "01 02 1c 00 04 03 02 01 18 17 16 15 14 13 12 11 28 27 26 25 24 23 22 21 "
            "38 37 36 35 34 33 32 31 48 47 46 45 44 43 42 41");
  EXPECT_EQ(encoded(Request{ResetRamGpaRange{0x0d}}), "01 02 1d 00 0d 00 00 00");
  EXPECT_EQ(id_of(Request{VersionOffer{}}), kVersion);
  EXPECT_EQ(id_of(Request{kCreateFields}), kCreateRamGpaRange);
  EXPECT_EQ(id_of(Request{ResetRamGpaRange{}}), kResetRamGpaRange);
}

TEST(Codec, WritesTheAnswersBytes) {
  EXPECT_EQ(encoded(Answer{VersionAnswer{true}}), "01 03 01 00 01 00");
  EXPECT_EQ(encoded(Answer{VersionAnswer{false}}), "01 03 01 00 00 00");
  EXPECT_EQ(encoded(Answer{CreateAnswer{CreateStatus::kSuccess}}), "01 03 1c 00 00 00 00 00");
  EXPECT_EQ(encoded(Answer{CreateAnswer{CreateStatus::kFailed}}), "01 03 1c 00 05 00 00 00");
  EXPECT_EQ(encoded(Answer{ResetAnswer{}}), "01 03 1d 00");
}

TEST(Codec, WritesTheBatchsBytes) {
  EXPECT_EQ(hex(encode(BatchOffer{64}).bytes()), "01 04 4c ff 40 00 00 00");
  EXPECT_EQ(hex(encode(Batch{26}).bytes()), "01 01 4c ff 1a 00 00 00");
}

TEST(Codec, ReadsTheHostsMessages) {
  struct Row {
    HostRequestId awaited;
    const char* bytes;
    FromHost message;
  };
  const Row rows[] = {
      {kVersion, "01 03 01 00 01 00", Answer{VersionAnswer{true}}},
      {kVersion, "01 03 01 00 00 ff", Answer{VersionAnswer{false}}},  // the pad is nobody's business
      {kCreateRamGpaRange, "01 03 1c 00 00 00 00 00", Answer{CreateAnswer{CreateStatus::kSuccess}}},
      {kCreateRamGpaRange, "01 03 1c 00 04 00 00 00", Answer{CreateAnswer{CreateStatus::kInvalidGpa}}},
      {kCreateRamGpaRange, "01 03 1c 00 09 00 00 01", Answer{CreateAnswer{CreateStatus{0x01000009}}}},
      {kResetRamGpaRange, "01 03 1d 00", Answer{ResetAnswer{}}},
      {kResetRamGpaRange, "01 04 07 00", Notification{7}},    // BATTERY_STATUS
      {kVersion, "02 04 34 12 aa bb", Notification{0x1234}},  // "0 is fatal, >= 1 accepted"
      {kVersion, "01 04 01 00", Notification{1}},             // ids have a space of their own
      {kVersion, "01 04 4c ff 40 00 00 00", BatchOffer{64}},
      {kVersion, "01 04 4c ff 40 00 00", Notification{0xff4c}},  // too short for an offer: nobody's
  };
  for (const Row& row : rows) {
    const auto message = decode_from_host(unhex(row.bytes), row.awaited);
    ASSERT_TRUE(message) << row.bytes;
    EXPECT_EQ(*message, row.message) << row.bytes;
  }
}

// E.6, the client's column: all fatal.
TEST(Codec, RefusesWhatAHostMayNotSend) {
  struct Row {
    HostRequestId awaited;
    const char* bytes;
    const char* error;
  };
  const Row rows[] = {
      {kVersion, "", "0 bytes"},
      {kVersion, "01 03 01", "3 bytes"},
      {kResetRamGpaRange, "00 03 1d 00", "version 0"},
      {kResetRamGpaRange, "02 03 1d 00", "version 2"},
      {kResetRamGpaRange, "00 04 07 00", "version 0"},
      {kResetRamGpaRange, "01 00 1d 00", "type 0"},
      {kResetRamGpaRange, "01 01 1d 00", "type 1"},
      {kResetRamGpaRange, "01 02 1d 00", "type 2"},
      {kResetRamGpaRange, "01 05 1d 00", "type 5"},
      {kResetRamGpaRange, "01 03 1c 00", "response 28 to request 29"},
      {kResetRamGpaRange, "01 03 1d 01", "response 285 to request 29"},
      {kVersion, "01 03 1c 00 00 00 00 00", "response 28 to request 1"},
      {kResetRamGpaRange, "01 03 1d 00 00", "5 bytes where 4"},
      {kCreateRamGpaRange, "01 03 1c 00", "4 bytes where 8"},
      {kCreateRamGpaRange, "01 03 1c 00 00 00 00", "7 bytes where 8"},
      {kCreateRamGpaRange, "01 03 1c 00 00 00 00 00 00", "9 bytes where 8"},
      {kVersion, "01 03 01 00 01", "5 bytes where 6"},
      {kVersion, "01 03 01 00 01 00 00 00", "8 bytes where 6"},
      {kVersion, "01 03 01 00 02 00", "2 is neither 0 nor 1"},
      {HostRequestId{2}, "01 03 02 00", "never sent"},
  };
  for (const Row& row : rows) {
    const auto message = decode_from_host(unhex(row.bytes), row.awaited);
    ASSERT_FALSE(message) << row.bytes;
    EXPECT_EQ(message.error().code, Errc::kProtocol) << row.bytes;
    EXPECT_THAT(message.error().what, HasSubstr(row.error)) << row.bytes;
    EXPECT_THAT(message.error().what, Not(HasSubstr("\n")));
  }
}

// "Requests are prefix-parsed: extra bytes ignored."
TEST(Codec, ReadsTheGuestsMessages) {
  struct Row {
    std::string bytes;
    FromGuest message;
  };
  const Row rows[] = {
      {"01 02 01 00 02 00 04 00", Request{VersionOffer{0x00040002}}},
      {"01 02 01 00 00 00 03 00 ff", Request{VersionOffer{0x00030000}}},
      {kCreateBytes, Request{kCreateFields}},
      {kCreateBytes + std::string(" 55 aa"), Request{kCreateFields}},
      {"01 02 1d 00 78 56 34 12", Request{ResetRamGpaRange{0x12345678}}},
      {"01 02 1d 00 0d 00 00 00 00", Request{ResetRamGpaRange{13}}},
      {"01 01 01 00", Notification{1}},  // POWER_OFF: a notification, whatever its id and size
      {"01 01 1c 00 00", Notification{28}},
      {"01 01 4c ff 1a 00 00 00", Batch{26}},
      {"01 02 02 00 00 00 00 00", OtherRequest{2}},  // TIME: somebody else's, whatever its size
      {"01 02 12 00", OtherRequest{18}},
      {"01 02 ff ff 00", OtherRequest{0xffff}},
  };
  for (const Row& row : rows) {
    const auto message = decode_from_guest(unhex(row.bytes));
    ASSERT_TRUE(message) << row.bytes;
    EXPECT_EQ(*message, row.message) << row.bytes;
  }
}

// E.6, the host's column: the channel ends.
TEST(Codec, RefusesWhatAGuestMayNotSend) {
  struct Row {
    const char* bytes;
    const char* error;
  };
  const Row rows[] = {
      {"", "0 bytes"},
      {"01 02 1d", "3 bytes"},
      {"00 02 1d 00 00 00 00 00", "version 0"},
      {"02 02 1d 00 00 00 00 00", "version 2"},
      {"02 01 01 00", "version 2"},
      {"01 00 1d 00 00 00 00 00", "type 0"},
      {"01 03 1d 00 00 00 00 00", "type 3"},
      {"01 04 1d 00 00 00 00 00", "type 4"},
      {"01 02 1d 00 00 00 00", "7 bytes where 8"},
      {"01 02 1c 00 04 00 00 00", "8 bytes where 40"},
      {"01 02 01 00", "4 bytes where 8"},
      {"01 01 4c ff 01 00 00", "7 bytes where 8"},
  };
  for (const Row& row : rows) {
    const auto message = decode_from_guest(unhex(row.bytes));
    ASSERT_FALSE(message) << row.bytes;
    EXPECT_EQ(message.error().code, Errc::kProtocol) << row.bytes;
    EXPECT_THAT(message.error().what, HasSubstr(row.error)) << row.bytes;
  }
  std::vector<std::uint8_t> short_by_one = unhex(kCreateBytes);
  short_by_one.pop_back();
  EXPECT_FALSE(decode_from_guest(short_by_one));
}

TEST(Codec, NamesTheStatuses) {
  const char* const names[] = {"SUCCESS",      "SLOT_OUT_OF_BOUNDS", "SLOT_OCCUPIED",
                               "INVALID_FLAG", "INVALID_GPA",        "FAILED"};
  for (std::uint32_t i = 0; i < std::size(names); ++i) EXPECT_EQ(name_of(CreateStatus{i}), names[i]);
  EXPECT_EQ(name_of(CreateStatus{6}), "unknown");
  EXPECT_EQ(name_of(CreateStatus{0xffffffff}), "unknown");
}

}  // namespace
}  // namespace lowmeg::get
