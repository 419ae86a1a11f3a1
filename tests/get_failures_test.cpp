// What becomes of the machine's state when the host fails: a real socket, a host that follows a script, and
// above the client an adjuster and a host bridge. Strictly one request at a time, and in batches.
#include <gmock/gmock.h>

#include "tests/failing_machine.hpp"

namespace lowmeg {
namespace {

using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using Then = ScriptedHost::Then;

constexpr Gpa kFromItself = 0xf0000, kFromTheImages = 0x3ff0000;

class GetFailures : public testing::TestWithParam<Batches> {
 protected:
  // Runs the two writes against a host that fails after `turns`. "The machine keeps its state, says one line,
  // never hangs past its deadline."
  void expect_failure(const std::vector<Turn>& turns, unsigned good_answers, Then then, Errc code,
                      const std::string& says, milliseconds timeout = kLong);
  void expect_given_up_for_good(FailingMachine& machine, const Error& why);
};
INSTANTIATE_TEST_SUITE_P(Ways, GetFailures, testing::Values(Batches::kNotOffered, Batches::kOffered),
                         [](const auto& param) {
                           return std::string(param.param == Batches::kOffered ? "Batched" : "Strict");
                         });

void expect_one_line(const Error& error, Errc code, const std::string& says) {
  EXPECT_EQ(error.code, code) << error.message();
  EXPECT_THAT(error.message(), HasSubstr(says));
  EXPECT_THAT(error.message(), testing::Not(HasSubstr("\n")));
}

void GetFailures::expect_failure(const std::vector<Turn>& turns, unsigned good_answers, Then then, Errc code,
                                 const std::string& says, milliseconds timeout) {
  const auto start = steady_clock::now();
  FailingMachine machine(turns, then, timeout);
  const bool version_agreed = !turns[0].answers.empty() && turns[0].answers[0] == kAccepted;
  const auto connected = machine.connect();
  ASSERT_EQ(connected.has_value(), version_agreed);
  if (!version_agreed) return expect_one_line(connected.error(), code, says);

  // The first write is answered by one create, the second by a reset and a create.
  auto written = machine.write_pam0(kProtected);
  if (good_answers > 0) {
    ASSERT_TRUE(written);
    written = machine.write_pam0(kMmio);
  }
  ASSERT_FALSE(written);
  expect_one_line(written.error(), code, says);
  EXPECT_LT(steady_clock::now() - start, kLong / 2);
  EXPECT_EQ(machine.pam0(), good_answers > 0 ? kMmio : kProtected) << "the bridge keeps its new value";
  // None yet; what the first write made, its reset not being answered; none, that reset being answered.
  EXPECT_EQ(machine.f0000_from(), good_answers == 1 ? std::optional(kFromItself) : std::nullopt);
  EXPECT_THAT(machine.events.texts(), IsEmpty()) << "the line is the error's";
  expect_given_up_for_good(machine, written.error());
}

// "After a deadline the connection is closed for good": so it is after every failure.
void GetFailures::expect_given_up_for_good(FailingMachine& machine, const Error& why) {
  EXPECT_TRUE(machine.host->ends()) << "the client has hung up";
  const auto state = machine.adjuster->state();
  const auto sent = machine.client->counters().bytes_sent;
  const auto start = steady_clock::now();
  const auto again = machine.bridge->write(0x58, 0x010000, bridge::ByteEnables::of(2, 1));  // C0000
  ASSERT_FALSE(again);
  expect_one_line(again.error(), Errc::kClosed, "the GET connection was given up: " + why.message());
  EXPECT_LT(steady_clock::now() - start, kLong / 2);
  EXPECT_EQ(machine.client->counters().bytes_sent, sent);
  EXPECT_EQ(machine.adjuster->state(), state);
  EXPECT_EQ(machine.bridge->pam_states()[1], GpaState::kWriteProtected);
}

// The conversation up to and with answer `index` of all range answers (-1: the version's), with that one
// put in its place, or left out.
std::vector<Turn> conversation_failing_at(Batches batches, int index, const std::optional<std::string>& put) {
  std::vector<Turn> turns;
  int at = -1;
  for (Turn turn : whole_conversation(batches)) {
    const int answers = turns.empty() ? 1 : static_cast<int>(turn.answers.size());
    if (index < at + answers) {
      turn.answers.resize(static_cast<std::size_t>(index - at));
      if (put) turn.answers.push_back(*put);
      turns.push_back(turn);
      return turns;
    }
    at += answers;
    turns.push_back(turn);
  }
  return turns;
}

const std::string kRight[] = {kAccepted, kCreated, kWasReset, kCreated};

// E.6: "response size not exact, response id differs from request in flight, header version must be exactly
// 1, type not 3/4: fatal".
TEST_P(GetFailures, OfAnAnswerThatIsNotDue) {
  for (int index = -1; index < 3; ++index) {
    const std::string right = kRight[index + 1];
    const std::string with_id = std::string(right).replace(6, 2, "1e");
    const std::string with_type = std::string(right).replace(3, 2, "02");
    const std::string with_version = std::string(right).replace(0, 2, "02");
    for (const std::string& wrong : {right.substr(0, right.size() - 3), right + " 00", with_id, with_type,
                                     with_version, std::string("01 03"), std::string("00 04 07 00")}) {
      SCOPED_TRACE(fmt::format("answer {}: {}", index, wrong));
      expect_failure(conversation_failing_at(GetParam(), index, wrong),
                     static_cast<unsigned>(index < 0 ? 0 : index), Then::kSilence, Errc::kProtocol, "GET ");
    }
  }
}

TEST_P(GetFailures, OfTheVersion) {
  const auto fails_with = [&](const std::string& answer, Errc code, const std::string& says) {
    expect_failure(conversation_failing_at(GetParam(), -1, answer), 0, Then::kSilence, code, says);
  };
  fails_with("01 03 01 00 00 00", Errc::kNotSupported, "the GET host refuses protocol version 4.2");
  fails_with("01 03 01 00 02 00", Errc::kProtocol, "neither 0 nor 1");
}

// A host that closes at each step: before and after each message that it takes, after each that it sends.
TEST_P(GetFailures, OfAHostThatCloses) {
  const std::vector<Turn> whole = whole_conversation(GetParam());
  std::vector<Turn> before;
  for (const Turn& turn : whole) {
    for (unsigned step = 0; step < turn.take + turn.answers.size(); ++step) {
      std::vector<Turn> cut = before;
      Turn last{std::min(step, turn.take), turn.answers};
      last.answers.resize(step - last.take);
      cut.push_back(last);
      SCOPED_TRACE(fmt::format("turn {}, {} taken, {} sent", before.size(), last.take, last.answers.size()));
      expect_failure(cut, ranges_answered(cut), Then::kClose, Errc::kClosed, "closed the connection");
    }
    before.push_back(turn);
  }
}

// A host that never answers, from each step on: the deadline holds.
TEST_P(GetFailures, OfAHostThatFallsSilent) {
  constexpr milliseconds kTimeout{400};
  for (int index = -1; index < 3; ++index) {
    SCOPED_TRACE(index);
    const auto start = steady_clock::now();
    expect_failure(conversation_failing_at(GetParam(), index, std::nullopt),
                   static_cast<unsigned>(index < 0 ? 0 : index), Then::kSilence, Errc::kTimeout,
                   "the GET peer has not answered in time", kTimeout);
    EXPECT_GE(steady_clock::now() - start, kTimeout);
  }
}

// E.6: "CREATE status != 0: only warns, keeps slot as none". Beyond the source the next change resets the
// slot before it creates.
TEST_P(GetFailures, OfACreateAreOnlyWarnings) {
  const std::pair<std::uint32_t, const char*> rows[] = {{1, "status 1 SLOT_OUT_OF_BOUNDS"},
                                                        {3, "status 3 INVALID_FLAG"},
                                                        {4, "status 4 INVALID_GPA"},
                                                        {5, "status 5 FAILED"},
                                                        {6, "status 6 unknown"},
                                                        {0xffffffff, "status 4294967295 unknown"}};
  for (const auto& [status, says] : rows) {
    SCOPED_TRACE(says);
    std::vector<Turn> turns{version_turn(GetParam()), {1, {create_answer(status)}}};
    for (const std::string& created : {kCreated, create_answer(status), kCreated}) {
      for (Turn& turn : replace_turns(GetParam(), created)) turns.push_back(std::move(turn));
    }
    FailingMachine machine(turns, Then::kSilence);
    ASSERT_TRUE(machine.connect());

    ASSERT_TRUE(machine.write_pam0(kProtected)) << "the guest never sees an error";
    EXPECT_EQ(machine.f0000_from(), std::nullopt);
    EXPECT_THAT(machine.events.texts(), ElementsAre(HasSubstr(says)));
    ASSERT_TRUE(machine.write_pam0(kMmio));
    EXPECT_EQ(machine.f0000_from(), kFromTheImages);
    ASSERT_TRUE(machine.write_pam0(kProtected));
    EXPECT_EQ(machine.f0000_from(), std::nullopt);
    EXPECT_THAT(machine.events.texts(), SizeIs(2));
    ASSERT_TRUE(machine.write_pam0(kMmio));
    EXPECT_EQ(machine.f0000_from(), kFromTheImages);
    EXPECT_EQ(machine.pam0(), kMmio);

    auto received = machine.received();
    std::erase_if(received, [](const std::string& message) { return message.starts_with("01 01 4c ff"); });
    std::vector<std::string> ids;
    for (const std::string& message : received) ids.push_back(message.substr(6, 2));
    EXPECT_THAT(ids, ElementsAre("01", "1c", "1d", "1c", "1d", "1c", "1d", "1c"));
  }
}

// E.6: "response with empty queue: warn, drop"; "unknown guest notification: logged, ignored".
TEST_P(GetFailures, OfManners) {
  std::vector<Turn> turns = whole_conversation(GetParam());
  for (const char* unasked : {"01 03 1c 00 05 00 00 00", "01 04 07 00 64 00 00 00", "01 03 1d 00"})
    turns[0].answers.push_back(unasked);
  FailingMachine machine(turns, Then::kSilence);
  ASSERT_TRUE(machine.connect());
  ASSERT_TRUE(machine.write_pam0(kProtected));
  EXPECT_EQ(machine.f0000_from(), kFromItself) << "not the status that nobody asked for";
  ASSERT_TRUE(machine.write_pam0(kMmio));
  EXPECT_EQ(machine.f0000_from(), kFromTheImages);
  EXPECT_THAT(machine.events.texts(), ElementsAre("a response that nobody waits for was dropped",
                                                  "notification 7 from the host ignored",
                                                  "a response that nobody waits for was dropped"));
}

}  // namespace
}  // namespace lowmeg
