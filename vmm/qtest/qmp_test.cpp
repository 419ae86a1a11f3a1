#include "vmm/qtest/qmp.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vmm::qtest {
namespace {

using Json = nlohmann::json;
using Then = Qmp::Answer::Then;

struct QmpRow {
  const char* line;
  const char* reply;  // null: none
  Then then = Then::kGoOn;
};

void expect(Qmp& qmp, const QmpRow& row) {
  const Qmp::Answer answer = qmp.answer(row.line);
  EXPECT_EQ(answer.then, row.then) << row.line;
  if (row.reply == nullptr) {
    EXPECT_EQ(answer.reply, "") << row.line;
    return;
  }
  EXPECT_TRUE(answer.reply.ends_with('\n'));
  EXPECT_EQ(Json::parse(answer.reply), Json::parse(row.reply)) << row.line;
}

// qmp-spec: "the server sends a greeting ... the client must issue qmp_capabilities before any other".
TEST(Qmp, NegotiatesFirst) {
  const Json greeting = Json::parse(Qmp::greeting());
  EXPECT_TRUE(greeting.at("QMP").at("version").at("qemu").contains("major"));
  EXPECT_TRUE(greeting.at("QMP").at("capabilities").is_array());
  Qmp qmp;
  const QmpRow rows[] = {
      {R"({"execute": "quit"})",
       R"({"error": {"class": "CommandNotFound",
                     "desc": "Expecting capabilities negotiation with 'qmp_capabilities'"}})"},
      {R"({ "execute": "qmp_capabilities" })", R"({"return": {}})"},
      {R"({"execute": "qmp_capabilities"})",
       R"({"error": {"class": "CommandNotFound", "desc": "The command qmp_capabilities has not been found"}})"},
      {R"({"execute": "query-status", "id": 7})",
       R"({"return": {"status": "running", "running": true}, "id": 7})"},
      {R"({"execute": "system_reset", "id": "x"})", R"({"return": {}, "id": "x"})", Then::kReset},
      {R"({"execute": "quit", "id": [1]})", R"({"return": {}})", Then::kQuit},
  };
  for (const QmpRow& row : rows) expect(qmp, row);
}

TEST(Qmp, AnswersWhatIsNoRequestWithAnError) {
  constexpr const char* kNoObject =
      R"({"error": {"class": "GenericError", "desc": "a line must hold one JSON object"}})";
  constexpr const char* kNoCommand =
      R"({"error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}})";
  const QmpRow rows[] = {
      {"", nullptr},    {" \r", nullptr},   {"quit", kNoObject},     {"[1]", kNoObject},
      {"{", kNoObject}, {"{}", kNoCommand}, {"\"\xff\"", kNoObject}, {R"({"execute": 1})", kNoCommand},
  };
  Qmp qmp;
  for (const QmpRow& row : rows) expect(qmp, row);
}

// qmp-spec, "Asynchronous events": seconds and microseconds.
TEST(Qmp, TellsOfAReset) {
  const Json event = Json::parse(Qmp::reset_event(1'700'000'000'000'042));
  EXPECT_EQ(event.at("event"), "RESET");
  EXPECT_EQ(event.at("timestamp"), Json({{"seconds", 1'700'000'000}, {"microseconds", 42}}));
}

}  // namespace
}  // namespace vmm::qtest
