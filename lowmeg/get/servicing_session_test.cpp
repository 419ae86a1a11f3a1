// The host's side of servicing, message by message: what it hands out, what it keeps, what is out of turn.
#include <gmock/gmock.h>

#include "lowmeg/get/host_session.hpp"
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

const std::string kEmptyState = "01 04 4d ff 00 00 00 04 00 00 00 00 07 00 00 00 00 00 00 00";
constexpr const char* kDone = "01 01 4d ff 00 00 00 00 07 00 00 00";
constexpr const char* kDoneNewState = "01 01 4d ff 01 00 00 00 00 00 00 00 aa 55";

struct ServicingSessionTest : testing::Test {
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
  using Bytes = std::vector<std::uint8_t>;

  GetRig rig;
  StateKeeper keeper{GetRig::kRamSize, 7};
  HostSession session{*rig.host, SessionParts{Batches::kNotOffered, &keeper, nullptr}};
};

TEST_F(ServicingSessionTest, SendsTheStateAfterTheVersion) {
  EXPECT_EQ(handle(kVersion42), std::string(kAccepted) + ", " + kEmptyState);
  keeper.keep({0xaa});
  HostSession next(*rig.host, SessionParts{Batches::kNotOffered, &keeper, nullptr});
  const auto greeting = next.handle(unhex(kVersion42)).value();
  ASSERT_EQ(greeting.size(), 2u);
  EXPECT_EQ(hex(greeting[1].bytes()), kEmptyState + " aa");
}

TEST_F(ServicingSessionTest, SendsNoStateToAVersionThatItRefuses) {
  EXPECT_EQ(handle("01 02 01 00 00 00 03 00"), "01 03 01 00 00 00");
}

// "The host stores the state and resumes the vCPU in one step."
TEST_F(ServicingSessionTest, KeepsTheStateThatDoneBrings) {
  handle(kVersion42);
  EXPECT_EQ(hex(session.hand_over({}).bytes()), "01 04 4e ff 00 00 00 00 00 00 00 00 00 00 00 00");
  EXPECT_EQ(session.take_done(), std::nullopt);
  EXPECT_EQ(handle(kDoneNewState), "");
  EXPECT_EQ(keeper.state().bytes, (Bytes{0xaa, 0x55}));
  EXPECT_EQ(session.take_done(), (Done{Done::Outcome::kNewState, 0, {0xaa, 0x55}}));
  EXPECT_EQ(session.take_done(), std::nullopt) << "once";
  session.hand_over({});
  handle(kDone);
  EXPECT_EQ(keeper.state().bytes, (Bytes{0xaa, 0x55})) << "an unchanged state stays";
}

TEST_F(ServicingSessionTest, EndsWhatIsOutOfTurn) {
  EXPECT_THAT(handle(kDone), HasSubstr("before the version exchange"));
  handle(kVersion42);
  EXPECT_EQ(handle(kDoneNewState), "error: GET DONE without an ACCESS");
  EXPECT_TRUE(keeper.state().bytes.empty()) << "nothing is kept";
  session.hand_over({});
  handle(kDone);
  EXPECT_EQ(handle(kDone), "error: GET DONE without an ACCESS");
  EXPECT_EQ(handle("01 02 14 00 00 00 aa"), "error: GET save that the host did not ask for");
}

TEST_F(ServicingSessionTest, EndsADoneInTheMidstOfABatch) {
  session = HostSession(*rig.host, SessionParts{Batches::kOffered, &keeper, nullptr});
  handle(kVersion42);
  session.hand_over({});
  handle("01 01 4c ff 02 00 00 00");
  handle(kReset);
  EXPECT_THAT(handle(kDone), HasSubstr("batch broken off"));
  EXPECT_EQ(rig.host->counters().requests(), 0u) << "and of the batch nothing is done";
}

// Ranges that no access asked for are not in the state: the next paravisor is told.
TEST_F(ServicingSessionTest, DoubtsTheStateUntilTheNextOne) {
  handle(kVersion42);
  session.hand_over({});
  handle(kReset);
  EXPECT_FALSE(keeper.state().unsure) << "the access will be redone";
  handle(kDone);
  handle(kReset);
  EXPECT_TRUE(keeper.state().unsure);
  session.hand_over({});
  handle(kDone);
  EXPECT_TRUE(keeper.state().unsure) << "no state came";
  EXPECT_EQ(handle("01 01 4e ff aa"), "");
  EXPECT_EQ(keeper.state(), (State{GetRig::kRamSize, 7, false, {0xaa}}));
}

// GET's own: request 20 in parts, one answer; request 21, an answer in parts.
TEST_F(ServicingSessionTest, SavesAndRestoresByGetsOwnMeans) {
  handle(kVersion42);
  EXPECT_EQ(handle("01 02 15 00 03 00"), "01 03 15 00 00 00 00 00 01 00") << "FAILURE: there is none";
  EXPECT_EQ(session.ask_to_save(5).bytes().size(), 30u);
  EXPECT_EQ(handle("01 02 14 00 02 00 aa"), "") << "MORE_DATA";
  EXPECT_EQ(session.take_saved(), std::nullopt);
  EXPECT_EQ(handle("01 02 14 00 00 00 55"), "01 03 14 00 00 00");
  EXPECT_EQ(session.take_saved(), true);
  EXPECT_EQ(keeper.state().bytes, (Bytes{0xaa, 0x55}));
  EXPECT_EQ(handle("01 02 15 00 03 00"), "01 03 15 00 02 00 00 00 00 00 aa 55");
  EXPECT_EQ(handle("01 01 05 00 00 00"), "") << "the restore went well";

  session.ask_to_save(5);
  EXPECT_EQ(handle("01 02 14 00 01 00"), "") << "FAILURE: the protocol has no answer";
  EXPECT_EQ(session.take_saved(), false);
  EXPECT_EQ(keeper.state().bytes, (Bytes{0xaa, 0x55}));
}

TEST_F(ServicingSessionTest, HandsALongStateOutInParts) {
  handle(kVersion42);
  session.ask_to_save(5);
  Bytes long_state(kMaxState + 3);
  for (std::size_t i = 0; i < long_state.size(); ++i) long_state[i] = static_cast<std::uint8_t>(i);
  keeper.keep(long_state);
  const auto parts = session.handle(unhex("01 02 15 00 03 00")).value();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].bytes().size(), 10 + kMaxState);
  EXPECT_EQ(hex(parts[1].bytes()), "01 03 15 00 03 00 00 00 00 00 00 01 02");
  HostSession next(*rig.host, SessionParts{Batches::kNotOffered, &keeper, nullptr});
  EXPECT_EQ(next.handle(unhex(kVersion42)).value().size(), 1u) << "no STATE holds it";
}

// "An id that is not ours": the embedder's, else what the protocol has, else the end with a line that names
// it.
class Embedder final : public OtherMessages {
 public:
  std::optional<Answers> handle(lowmeg::get::Bytes message) override {
    heard.push_back(hex(message));
    if (message[2] != 18) return std::nullopt;
    return Answers{unhex("01 03 1b 00 01"), unhex("01 03 1b 00 02")};
  }
  std::vector<std::string> heard;
};

TEST_F(ServicingSessionTest, AsksTheEmbedderWhatItDoesNotKnow) {
  Embedder embedder;
  session = HostSession(*rig.host, SessionParts{Batches::kNotOffered, &keeper, &embedder});
  handle(kVersion42);
  EXPECT_EQ(handle("01 02 12 00 99"), "01 03 1b 00 01, 01 03 1b 00 02");
  EXPECT_EQ(handle("01 01 03 00 01"), "") << "a notification that it does not know either";
  EXPECT_EQ(handle("01 02 13 00 01 00 00 00"), "01 03 13 00 02 00 00 00") << "DEVICE_NOT_FOUND";
  EXPECT_EQ(handle("01 02 16 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 01"),
            "01 03 16 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 02 00 00 00");
  EXPECT_EQ(handle("01 02 08 00"), "error: GET request 8 (IGVM_ATTEST) is one that nobody answers here");
  EXPECT_THAT(embedder.heard, testing::SizeIs(5));
}

TEST_F(ServicingSessionTest, NamesTheRequestThatNobodyAnswers) {
  handle(kVersion42);
  EXPECT_EQ(handle("01 02 12 00"),
            "error: GET request 18 (DEVICE_PLATFORM_SETTINGS_V2) is one that nobody answers here");
  EXPECT_EQ(handle("01 02 e7 03"), "error: GET request 999 (unknown) is one that nobody answers here");
}

}  // namespace
}  // namespace lowmeg::get
