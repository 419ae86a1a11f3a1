#include "lowmeg/kvm/capabilities.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_kvm.hpp"
#include "tests/fakes/forwarding_syscalls.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::FakeKvm;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Capabilities, AreWhatKvmAnswers) {
  FakeKvm kvm;
  const Capabilities found = query_capabilities(FakeKvm::kVmFd, kvm);
  EXPECT_EQ(found.readonly_memory, 1);
  EXPECT_EQ(found.memory_slots, 512);
  EXPECT_EQ(found.coalesced_mmio_page, 2);
  EXPECT_EQ(found.smm, 0);
  EXPECT_TRUE(found.enough_for_mapper());
  EXPECT_EQ(query_capabilities(-1, kvm), Capabilities()) << "an error counts as no";
}

// "One line for each that is missing, with what that means; empty on a machine that has all."
TEST(Capabilities, SayWhatIsMissing) {
  Capabilities all{.user_memory = 1,
                   .readonly_memory = 1,
                   .memory_slots = 512,
                   .immediate_exit = 1,
                   .coalesced_mmio_page = 2,
                   .irqchip = 1,
                   .pit2 = 1,
                   .smm = 1,
                   .address_spaces = 2};
  EXPECT_THAT(all.missing(), IsEmpty());
  struct Row {
    int Capabilities::* answer;
    const char* line;
    bool stops_the_mapper;
  };
  const Row rows[] = {
      {&Capabilities::user_memory, "KVM_CAP_USER_MEMORY: ", true},
      {&Capabilities::readonly_memory, "KVM_CAP_READONLY_MEM: ", true},
      {&Capabilities::memory_slots, "KVM_CAP_NR_MEMSLOTS: ", false},
      {&Capabilities::immediate_exit, "KVM_CAP_IMMEDIATE_EXIT: ", false},
      {&Capabilities::coalesced_mmio_page, "KVM_CAP_COALESCED_MMIO: ", false},
      {&Capabilities::irqchip, "KVM_CAP_IRQCHIP: ", false},
      {&Capabilities::pit2, "KVM_CAP_PIT2: ", false},
      {&Capabilities::smm, "KVM_CAP_X86_SMM: ", false},
      {&Capabilities::address_spaces, "KVM_CAP_MULTI_ADDRESS_SPACE: ", false},
  };
  for (const Row& row : rows) {
    Capabilities lacking = all;
    lacking.*row.answer = 0;
    EXPECT_THAT(lacking.missing(), testing::ElementsAre(StartsWith(row.line)));
    const auto enough = lacking.enough_for_mapper();
    EXPECT_EQ(!enough, row.stops_the_mapper) << row.line;
    if (!enough) {
      EXPECT_EQ(enough.error().code, Errc::kNotSupported);
      EXPECT_THAT(enough.error().what, HasSubstr(row.line));
    }
  }
}

// "On an error one line says what is wrong and how to mend it"
TEST(OpenKvm, SaysHowToMendIt) {
  struct Row {
    int error;
    const char* line;
  };
  const Row rows[] = {
      {ENOENT,
       "cannot open /dev/kvm: No such file or directory; load the module kvm_intel or kvm_amd, and switch "
       "virtualisation on in the firmware set-up"},
      {EACCES, "cannot open /dev/kvm: Permission denied; join the group kvm, or run as root"},
      {EMFILE, "cannot open /dev/kvm: Too many open files"},
  };
  for (const Row& row : rows) {
    FakeKvm kvm;
    kvm.open_error = row.error;
    const auto opened = open_kvm(kvm);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().message(), row.line);
    EXPECT_EQ(opened.error().code, Errc::kSystem);
  }
}

// Opens something else than KVM, and answers as told.
class OtherDevice final : public fakes::ForwardingSyscalls {
 public:
  explicit OtherDevice(int version) : version_(version) {}
  int open(const char*, int flags) override { return system().open("/dev/null", flags); }
  int ioctl(int, unsigned long, std::uintptr_t) override {
    errno = ENOTTY;
    return version_;
  }

 private:
  int version_;
};

TEST(OpenKvm, RefusesAnotherVersion) {
  OtherDevice future(13);
  const auto opened = open_kvm(future);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kNotSupported);
  EXPECT_THAT(opened.error().what, HasSubstr("speaks version 13 of its interface, not 12"));
  OtherDevice null(-1);
  EXPECT_EQ(open_kvm(null).error().message(),
            "/dev/kvm does not answer as KVM does: Inappropriate ioctl for device");
}

// "KVM_CREATE_VM ... The error's line says how to mend it where that is known."
TEST(CreateVm, SaysWhoHoldsTheProcessor) {
  class Busy final : public fakes::ForwardingSyscalls {
   public:
    int open(const char*, int) override { return -1; }
    int ioctl(int, unsigned long, std::uintptr_t) override {
      errno = EBUSY;
      return -1;
    }
  };
  Busy busy;
  const auto refused = create_vm(3, busy);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "KVM_CREATE_VM: Device or resource busy; another hypervisor uses the processor's virtualisation: "
            "end its machines, or unload its module");
}

// api.rst, 7.28: KVM_CHECK_EXTENSION gives the quirks that can be disabled, args[0] says which are.
TEST(Quirks, AreDisabledWhereKvmOffersThat) {
  FakeKvm kvm;
  for (const int quirks : {0, 0x7f}) {
    kvm.extensions[KVM_CAP_DISABLE_QUIRKS2] = quirks;
    const auto refused = zap_no_more_than_the_slot(FakeKvm::kVmFd, kvm);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kNotSupported);
  }
  EXPECT_THAT(kvm.enabled, IsEmpty());
  kvm.extensions[KVM_CAP_DISABLE_QUIRKS2] = 0xff;
  ASSERT_TRUE(zap_no_more_than_the_slot(FakeKvm::kVmFd, kvm));
  ASSERT_EQ(kvm.enabled.size(), 1u);
  EXPECT_EQ(kvm.enabled[0].cap, std::uint32_t{KVM_CAP_DISABLE_QUIRKS2});
  EXPECT_EQ(kvm.enabled[0].args[0], 0x80u);
  kvm.fail_call(0, EINVAL, false);
  EXPECT_THAT(zap_no_more_than_the_slot(FakeKvm::kVmFd, kvm).error().message(),
              HasSubstr("Invalid argument"));
}

TEST(OpenKvm, GivesADescriptorThatAnExecClosesAndMakesVms) {
  const auto kvm = open_kvm();
  if (!kvm) GTEST_SKIP() << kvm.error().message();
  EXPECT_NE(fcntl(kvm->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(create_vm(kvm->get()));
  const auto refused = create_vm(-1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "KVM_CREATE_VM: Bad file descriptor");
}

}  // namespace
}  // namespace lowmeg::kvm
