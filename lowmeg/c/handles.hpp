// Handles: numbers that a table knows, in the guise of pointers to types that C cannot mix up. A closed one
// is never found again, as its slot has another generation then.
//
// A lookup takes no lock and writes nothing: a C call costs little more than the C++ one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "lowmeg/c/failure.hpp"

namespace lowmeg::c {

enum class Kind : std::uint8_t { kBridge = 1, kPorts, kAdjuster, kClient, kHost, kSession, kChannel, kKvm };

/// What is behind a handle.
class Object {
 public:
  explicit Object(Kind kind) : kind_(kind) {}
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  Kind kind() const { return kind_; }
  bool is_used() const { return users_.load(std::memory_order_acquire) != 0; }

 private:
  friend class Use;
  friend class Entry;
  Kind kind_;
  std::atomic<std::uint32_t> users_{0};
  std::atomic<bool> is_entered_{false};
};

/// Keeps an object from being closed, for another that borrows it.
class Use {
 public:
  Use() = default;
  explicit Use(Object& object) : object_(&object) { ++object.users_; }
  Use(Use&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Use& operator=(Use&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Use() {
    if (object_) --object_->users_;
  }

 private:
  Object* object_ = nullptr;
};

/// A call on an object that one thread uses at a time; false when one is in hand. Two threads at once are the
/// caller's fault, of which this notices some.
class Entry {
 public:
  explicit Entry(Object& object)
      : object_(object), is_first_(!object.is_entered_.load(std::memory_order_relaxed)) {
    if (is_first_) object_.is_entered_.store(true, std::memory_order_relaxed);
  }
  ~Entry() {
    if (is_first_) object_.is_entered_.store(false, std::memory_order_relaxed);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  explicit operator bool() const { return is_first_; }

 private:
  Object& object_;
  bool is_first_;
};

/// Takes the object over and gives its handle.
std::uint64_t enter_in_table(std::unique_ptr<Object> object);
/// The object with this handle and kind, or null.
Object* look_up(std::uint64_t handle, Kind kind);
/// Destroys the object, if nothing uses it.
std::int32_t close_handle(std::uint64_t handle, Kind kind);

template <typename Handle>
std::uint64_t number_of(Handle* handle) {
  static_assert(sizeof(handle) == sizeof(std::uint64_t), "a handle has 64 bits");
  // SAFETY: never dereferenced; the pointer is a number's guise.
  return reinterpret_cast<std::uint64_t>(handle);
}

/// T has `kKind`, and Handle is the C type for it.
template <typename T>
T* find(typename T::Handle* handle) {
  return static_cast<T*>(look_up(number_of(handle), T::kKind));
}

template <typename T>
typename T::Handle* publish(std::unique_ptr<T> object) {
  // SAFETY: as number_of.
  return reinterpret_cast<typename T::Handle*>(enter_in_table(std::move(object)));
}

/// Runs a C function's body: no exception leaves it.
template <typename Body>
std::int32_t guarded(Body body) noexcept {
  const RefusalScope scope;
  try {
    return body();
  } catch (...) {
    return failed_by_exception();
  }
}

/// The same on an object that one thread uses at a time.
template <typename T, typename Body>
std::int32_t on(typename T::Handle* handle, Body body) noexcept {
  return guarded([&]() -> std::int32_t {
    T* const object = find<T>(handle);
    if (!object) return bad_handle();
    const Entry entry(*object);
    if (!entry) return busy("a call on this object has not returned yet");
    return body(*object);
  });
}

template <typename T>
std::int32_t close(typename T::Handle* handle) noexcept {
  return guarded([&] { return close_handle(number_of(handle), T::kKind); });
}

}  // namespace lowmeg::c
