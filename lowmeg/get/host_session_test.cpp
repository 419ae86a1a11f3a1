#include "lowmeg/get/host_session.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/get_messages.hpp"
#include "tests/fakes/get_rig.hpp"

namespace lowmeg::get {
namespace {

using fakes::GetRig;
using fakes::hex;
using fakes::kAccepted;
using fakes::kReset;
using fakes::kVersion42;
using fakes::unhex;
using testing::HasSubstr;

constexpr const char* kRefused = "01 03 01 00 00 00";
// Slot 4, C0000h + 4000h from 1C0000h, rom_mb.
const std::string kCreate =
    "01 02 1c 00 04 00 00 00 00 00 0c 00 00 00 00 00 00 40 00 00 00 00 00 00 "
    "00 00 1c 00 00 00 00 00 02 00 00 00 00 00 00 00";
constexpr const char* kPowerOff = "01 01 01 00";

struct HostSessionTest : testing::Test {
  // The answers in hex, "" for none, or the error.
  std::string handle(const std::string& message) {
    const auto answers = session.handle(unhex(message));
    if (!answers) {
      EXPECT_EQ(answers.error().code, Errc::kProtocol);
      return "error: " + answers.error().what;
    }
    std::string text;
    for (const Message& answer : *answers) text += (text.empty() ? "" : ", ") + hex(answer.bytes());
    return text;
  }
  GetRig rig;
  HostSession session{*rig.host, Batches::kNotOffered};
};

struct BatchTest : HostSessionTest {
  BatchTest() {
    session = HostSession(*rig.host);
    EXPECT_EQ(handle(kVersion42), std::string(kAccepted) + ", 01 04 4c ff 40 00 00 00")
        << "and takes batches";
    rig.mapper.commits = 0;
  }
};

// "GED insists the first message is VERSION."
TEST_F(HostSessionTest, WantsTheVersionFirst) {
  EXPECT_THAT(handle(kReset), HasSubstr("before the version exchange"));
  EXPECT_THAT(handle(kCreate), HasSubstr("before the version exchange"));
  EXPECT_THAT(handle(kPowerOff), HasSubstr("before the version exchange"));
  EXPECT_EQ(rig.host->counters().requests(), 0u) << "the host is unharmed";
  EXPECT_EQ(handle(kVersion42), kAccepted);
  EXPECT_EQ(handle(kReset), "01 03 1d 00");
}

// Ours takes 4.2 and nothing else; a refused client may offer another.
TEST_F(HostSessionTest, TakesOneVersion) {
  for (const char* other : {"01 02 01 00 00 00 01 00", "01 02 01 00 00 00 03 00", "01 02 01 00 03 00 04 00",
                            "01 02 01 00 00 00 00 00", "01 02 01 00 ff ff ff ff"}) {
    EXPECT_EQ(handle(other), kRefused) << other;
    EXPECT_THAT(handle(kReset), HasSubstr("before the version exchange")) << other;
  }
  EXPECT_EQ(handle(kVersion42), kAccepted);
  EXPECT_EQ(handle(kVersion42), kAccepted) << "again";
}

TEST_F(HostSessionTest, AnswersTheTwoRequests) {
  handle(kVersion42);
  EXPECT_EQ(handle(kCreate), "01 03 1c 00 00 00 00 00");
  EXPECT_EQ(rig.host->slots().slot(4), (RangeSlots::Slot{{0xc0000, 0xc4000}, 0x1c0000, true}));
  EXPECT_EQ(handle(kCreate), "01 03 1c 00 02 00 00 00") << "SLOT_OCCUPIED";
  EXPECT_EQ(handle(kReset), "01 03 1d 00");
  EXPECT_EQ(handle(kReset), "01 03 1d 00") << "an empty slot too";
  EXPECT_EQ(rig.host->slots().slot(4), std::nullopt);
  EXPECT_EQ(handle("01 02 1d 00 ff ff ff ff"), "01 03 1d 00");
  rig.mapper.refuse_next = 1;
  EXPECT_EQ(handle(kCreate), "01 03 1c 00 05 00 00 00") << "FAILED";
}

// E.6: "requests are prefix-parsed: short = error, extra bytes ignored"; "unknown request id: error, channel
// ends".
TEST_F(HostSessionTest, KeepsToTheProtocol) {
  handle(kVersion42);
  EXPECT_EQ(handle(kCreate + " de ad"), "01 03 1c 00 00 00 00 00");
  EXPECT_EQ(handle(std::string(kReset) + " 00"), "01 03 1d 00");
  EXPECT_EQ(handle(kPowerOff), "") << "a notification is due no answer";
  EXPECT_THAT(handle(kCreate.substr(0, kCreate.size() - 3)), HasSubstr("39 bytes where 40 are due"));
  EXPECT_THAT(handle("01 02 02 00 00 00 00 00"),
              HasSubstr("request 2 (TIME) is one that nobody answers here"));
  EXPECT_THAT(handle("01 03 1d 00"), HasSubstr("type 3"));
  EXPECT_THAT(handle("02 02 1d 00 04 00 00 00"), HasSubstr("version 2"));
  EXPECT_THAT(handle(""), HasSubstr("no header"));
}

// "The host keeps its ranges when a client goes."
TEST_F(HostSessionTest, OutlivesNoRange) {
  handle(kVersion42);
  handle(kCreate);
  const RangeSlots held = rig.host->slots();
  {
    HostSession next(*rig.host);
    EXPECT_FALSE(next.handle(unhex(kReset))) << "agrees on a version of its own";
    ASSERT_TRUE(next.handle(unhex(kVersion42)));
    EXPECT_EQ(rig.host->slots(), held);
  }
  EXPECT_EQ(rig.host->slots(), held);
}

// "The host commits once for all n", and answers all of them then.
TEST_F(BatchTest, IsOneCommitAndAnsweredTogether) {
  EXPECT_EQ(handle("01 01 4c ff 03 00 00 00"), "");
  EXPECT_EQ(handle(kCreate), "");
  EXPECT_EQ(handle(kCreate), "");
  EXPECT_EQ(rig.host->counters().requests(), 0u) << "nothing is done before the last";
  EXPECT_EQ(handle(kReset), "01 03 1c 00 00 00 00 00, 01 03 1c 00 02 00 00 00, 01 03 1d 00");
  EXPECT_EQ(rig.host->slots().slot(4), std::nullopt) << "in order";
  EXPECT_EQ(handle(kCreate), "01 03 1c 00 00 00 00 00") << "then one by one again";
  EXPECT_EQ(rig.mapper.commits, 1u);
}

// "If that commit fails, the creates get FAILED and the resets are committed alone."
TEST_F(BatchTest, FailsItsCreatesTogether) {
  handle(kCreate);
  rig.mapper.refuse_next = 1;
  handle("01 01 4c ff 02 00 00 00");
  handle(kReset);
  std::string elsewhere = kCreate;
  elsewhere.replace(elsewhere.find("0c 00 00"), 2, "0d");  // at D0000
  EXPECT_EQ(handle(elsewhere), "01 03 1d 00, 01 03 1c 00 05 00 00 00");
  EXPECT_EQ(rig.host->slots().slot(4), std::nullopt);
}

TEST_F(BatchTest, ThatBreaksItsRulesEndsTheConnectionAndDoesNothing) {
  struct Row {
    const char *size, *then, *error;
  };
  const Row rows[] = {
      {"00 00 00 00", "", "batch of 0"},
      {"41 00 00 00", "", "batch of 65"},
      {"ff ff ff ff", "", "batch of 4294967295"},
      {"02 00 00 00", kVersion42, "broken off"},
      {"02 00 00 00", kPowerOff, "broken off"},
      {"02 00 00 00", "01 01 4c ff 02 00 00 00", "broken off"},
      {"02 00 00 00", "01 02 1d 00", "4 bytes where 8"},
  };
  for (const Row& row : rows) {
    session = HostSession(*rig.host);
    handle(kVersion42);
    std::string said = handle(std::string("01 01 4c ff ") + row.size);
    if (*row.then) {
      EXPECT_EQ(said, "");
      handle(kCreate);
      said = handle(row.then);
    }
    EXPECT_THAT(said, HasSubstr(row.error));
    EXPECT_EQ(rig.host->counters().requests(), 0u);
  }
}

// A host that does not offer batches takes BATCH for a notification that it does not know.
TEST_F(HostSessionTest, IgnoresABatchWhereNoneIsOffered) {
  handle(kVersion42);
  EXPECT_EQ(handle("01 01 4c ff 02 00 00 00"), "");
  EXPECT_EQ(handle(kReset), "01 03 1d 00");
}

}  // namespace
}  // namespace lowmeg::get
