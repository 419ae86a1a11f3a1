#include <gmock/gmock.h>

#include "lowmeg/get/codec.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::get {
namespace {

using fakes::hex;
using fakes::unhex;
using testing::HasSubstr;
using wire::HostRequestId;

// Every message of servicing, both ways round, byte by byte.
TEST(ServicingCodec, HasTheseBytes) {
  const std::vector<std::uint8_t> bytes{0xaa, 0x55};
  const Access write{AccessKind::kWrite, true, 1, 0x5c, 0xf, 0x12345678};
  struct Row {
    Message message;
    const char* bytes;
    std::variant<FromHost, FromGuest> value;
    HostRequestId awaited = HostRequestId::kVersion;
  };
  const auto host = [](FromHost value) {
    return std::variant<FromHost, FromGuest>(std::in_place_index<0>, value);
  };
  const auto guest = [](FromGuest value) {
    return std::variant<FromHost, FromGuest>(std::in_place_index<1>, value);
  };
  const State state{0x4000000, 2, true, bytes};
  const Row rows[] = {
      {encode(state), "01 04 4d ff 00 00 00 04 00 00 00 00 02 00 00 00 01 00 00 00 aa 55", host(state)},
      {encode(State{}), "01 04 4d ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", host(State{})},
      {encode(write), "01 04 4e ff 01 01 01 5c 0f 00 00 00 78 56 34 12", host(write)},
      {encode(Access{}), "01 04 4e ff 00 00 00 00 00 00 00 00 00 00 00 00", host(Access{})},
      {encode(Done{Done::Outcome::kUnchanged, 7, {}}), "01 01 4d ff 00 00 00 00 07 00 00 00",
       guest(Done{Done::Outcome::kUnchanged, 7, {}})},
      {encode(Done{Done::Outcome::kNewState, 0, bytes}), "01 01 4d ff 01 00 00 00 00 00 00 00 aa 55",
       guest(Done{Done::Outcome::kNewState, 0, bytes})},
      {encode(Keep{bytes}), "01 01 4e ff aa 55", guest(Keep{bytes})},
      // GET's own: "30, 6, 6, 10 and 6 bytes".
      {encode(SaveNotice{5}),
       "01 04 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 05 00",
       host(SaveNotice{5})},
      {encode(SavePart{SaveRestoreStatus::kMoreData, bytes}), "01 02 14 00 02 00 aa 55",
       guest(SavePart{SaveRestoreStatus::kMoreData, bytes})},
      {encode(SaveAnswer{SaveRestoreStatus::kSuccess}), "01 03 14 00 00 00",
       host(Answer{SaveAnswer{SaveRestoreStatus::kSuccess}}), HostRequestId::kSaveGuestVtl2State},
      {encode(RestoreRequest{}), "01 02 15 00 03 00", guest(RestoreRequest{})},
      {encode(RestorePart{SaveRestoreStatus::kSuccess, bytes}), "01 03 15 00 02 00 00 00 00 00 aa 55",
       host(Answer{RestorePart{SaveRestoreStatus::kSuccess, bytes}}), HostRequestId::kRestoreGuestVtl2State},
      {encode(RestoreResult{SaveRestoreStatus::kFailure}), "01 01 05 00 01 00",
       guest(RestoreResult{SaveRestoreStatus::kFailure})},
      {encode(Request{VersionOffer{0x40002, true}}), "01 02 01 00 02 00 04 00 54 41 4b 45",
       guest(Request{VersionOffer{0x40002, true}})},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(hex(row.message.bytes()), row.bytes);
    if (const auto* value = std::get_if<0>(&row.value)) {
      const auto decoded = decode_from_host(unhex(row.bytes), row.awaited);
      ASSERT_TRUE(decoded) << row.bytes << decoded.error().what;
      EXPECT_EQ(*decoded, *value) << row.bytes;
    } else {
      const auto decoded = decode_from_guest(unhex(row.bytes));
      ASSERT_TRUE(decoded) << row.bytes << decoded.error().what;
      EXPECT_EQ(*decoded, std::get<1>(row.value)) << row.bytes;
    }
  }
}

TEST(ServicingCodec, RefusesInOneLineWhatIsMalformed) {
  struct Row {
    bool from_host;
    const char* bytes;
    const char* line;
    HostRequestId awaited = HostRequestId::kVersion;
  };
  const Row rows[] = {
      {true, "01 04 4d ff 00 00 00 04 00 00 00 00 02 00 00 00 01 00 00", "STATE of 19 bytes where 20"},
      {true, "01 04 4d ff 00 00 00 04 00 00 00 00 02 00 00 00 02 00 00 00", "STATE with flags 2h"},
      {true, "01 04 4e ff 01 00 00 5c 0f 00 00 00 78 56 34", "ACCESS of 15 bytes where 16"},
      {true, "01 04 4e ff 01 00 00 5c 0f 00 00 00 78 56 34 12 00", "ACCESS of 17 bytes where 16"},
      {true, "01 04 4e ff 04 00 00 5c 0f 00 00 00 78 56 34 12", "ACCESS of kind 4"},
      {true, "01 04 4e ff 01 02 00 5c 0f 00 00 00 78 56 34 12", "flags 2h"},
      {true, "01 04 4e ff 01 00 02 5c 0f 00 00 00 78 56 34 12", "function 2"},
      {true, "01 04 4e ff 01 00 00 5d 0f 00 00 00 78 56 34 12", "offset 5dh"},
      {true, "01 04 4e ff 01 00 00 5c 10 00 00 00 78 56 34 12", "byte enables 10h"},
      {true, "01 04 4e ff 01 00 00 5c 0f 00 01 00 78 56 34 12", "ACCESS of kind 1"},
      {true, "01 04 02 00 00", "notice to save of 5 bytes"},
      {true, "01 03 14 00 02 00", "answer to a save: status 2", HostRequestId::kSaveGuestVtl2State},
      {true, "01 03 15 00 03 00 00 00 00 00 aa 55", "restore of 2 bytes that says 3",
       HostRequestId::kRestoreGuestVtl2State},
      {true, "01 03 15 00 00 00 00 00 03 00", "answer to a restore: status 3",
       HostRequestId::kRestoreGuestVtl2State},
      {true, "01 03 15 00 00 00 00 00 03", "9 bytes where 10", HostRequestId::kRestoreGuestVtl2State},
      {false, "01 01 4d ff 00 00 00 00 07 00 00", "11 bytes where 12"},
      {false, "01 01 4d ff 03 00 00 00 07 00 00 00", "DONE with outcome 3"},
      {false, "01 01 4d ff 00 01 00 00 07 00 00 00", "DONE with outcome 0"},
      {false, "01 01 4d ff 00 00 00 00 07 00 00 00 aa", "DONE of outcome 0 with 1 bytes"},
      {false, "01 01 4d ff 01 00 00 00 07 00 00 00", "DONE of outcome 1 with 0 bytes"},
      {false, "01 01 4d ff 02 00 00 00 07 00 00 00", "DONE of outcome 2 with 0 bytes"},
      {false, "01 01 4e ff", "KEEP with 0 bytes"},
      {false, "01 02 14 00 03 00", "save of status 3"},
      {false, "01 02 14 00 00", "5 bytes where 6"},
      {false, "01 02 15 00 03", "5 bytes where 6"},
      {false, "01 01 05 00 00", "5 bytes where 6"},
  };
  for (const Row& row : rows) {
    const auto error = row.from_host ? decode_from_host(unhex(row.bytes), row.awaited).map([](auto) {})
                                     : decode_from_guest(unhex(row.bytes)).map([](auto) {});
    ASSERT_FALSE(error) << row.bytes;
    EXPECT_EQ(error.error().code, Errc::kProtocol);
    EXPECT_THAT(error.error().what, HasSubstr(row.line));
    EXPECT_EQ(error.error().what.find('\n'), std::string::npos);
  }
  std::vector<std::uint8_t> huge = unhex("01 04 4d ff 00 00 00 04 00 00 00 00 02 00 00 00 01 00 00 00");
  huge.resize(huge.size() + kMaxState + 1);
  EXPECT_FALSE(decode_from_host(huge, HostRequestId::kVersion));
}

}  // namespace
}  // namespace lowmeg::get
