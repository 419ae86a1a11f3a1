// Plain structs to and from JSON by a table of their fields.
//
// Reading is strict: a field that is unknown, missing, given twice, of another type or out of range is
// refused with one line that names it.
#pragma once

#include <fmt/format.h>

#include <array>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lowmeg/core/result.hpp"

namespace cli {

using Json = nlohmann::ordered_json;

/// Specialised for each struct: `static constexpr auto kRows`, a tuple of JsonField in the order of output.
template <typename T>
struct JsonFields;

template <typename T, typename Member>
struct JsonField {
  const char* name;
  Member T::* member;
};
template <typename T, typename Member>
JsonField(const char*, Member T::*) -> JsonField<T, Member>;

inline tl::unexpected<lowmeg::Error> json_refusal(const std::string& path, const std::string& reason) {
  return lowmeg::fail(lowmeg::Errc::kInvalidArgument,
                      fmt::format("{}: {}", path.empty() ? "the state" : path, reason));
}

/// Text without a second value and without a name given twice in one object.
lowmeg::Result<Json> parse_json(std::string_view text);

template <typename T>
Json to_json(const T& value);
template <typename T, std::size_t N>
Json to_json(const std::array<T, N>& items);
template <typename T>
Json to_json(const std::optional<T>& value) {
  return value ? to_json(*value) : Json(nullptr);
}
template <std::ranges::range Items>
Json items_to_json(const Items& items) {
  Json json = Json::array();
  for (const auto& item : items) json.push_back(to_json(item));
  return json;
}
template <typename T>
Json to_json(const std::vector<T>& items) {
  return items_to_json(items);
}
template <typename T, std::size_t N>
Json to_json(const std::array<T, N>& items) {
  return items_to_json(items);
}

template <typename T>
Json to_json(const T& value) {
  if constexpr (std::unsigned_integral<T> || std::same_as<T, std::string>) {
    return Json(value);
  } else {
    Json json = Json::object();
    std::apply([&](const auto&... row) { ((json[row.name] = to_json(value.*row.member)), ...); },
               JsonFields<T>::kRows);
    return json;
  }
}

template <typename T>
lowmeg::Result<void> from_json(const Json& json, const std::string& path, T& value);
template <typename T, std::size_t N>
lowmeg::Result<void> from_json(const Json& json, const std::string& path, std::array<T, N>& items);
template <typename T>
lowmeg::Result<void> from_json(const Json& json, const std::string& path, std::optional<T>& value) {
  if (json.is_null()) return {};
  return from_json(json, path, value.emplace());
}
template <typename T>
lowmeg::Result<void> from_json(const Json& json, const std::string& path, std::vector<T>& items) {
  if (!json.is_array()) return json_refusal(path, "not an array");
  items.resize(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (auto read = from_json(json[i], fmt::format("{}[{}]", path, i), items[i]); !read) return read;
  }
  return {};
}
template <typename T, std::size_t N>
lowmeg::Result<void> from_json(const Json& json, const std::string& path, std::array<T, N>& items) {
  std::vector<T> any_number;
  if (auto read = from_json(json, path, any_number); !read) return read;
  if (any_number.size() != N) {
    return json_refusal(path, fmt::format("{} items, where {} are right", any_number.size(), N));
  }
  std::ranges::move(any_number, items.begin());
  return {};
}

template <std::unsigned_integral T>
lowmeg::Result<void> number_from_json(const Json& json, const std::string& path, T& value) {
  if (!json.is_number_unsigned()) return json_refusal(path, "not a whole number from 0 on");
  const auto number = json.get<std::uint64_t>();
  if (number > std::numeric_limits<T>::max()) {
    return json_refusal(path, fmt::format("{} does not fit {} bits", number, 8 * sizeof(T)));
  }
  value = static_cast<T>(number);
  return {};
}

template <typename T>
lowmeg::Result<void> object_from_json(const Json& json, const std::string& path, T& value) {
  if (!json.is_object()) return json_refusal(path, "not an object");
  lowmeg::Result<void> read;
  std::size_t known = 0;
  const auto take = [&](const auto& row) {
    const std::string inner = (path.empty() ? "" : path + ".") + row.name;
    const auto found = json.find(row.name);
    if (found == json.end()) {
      read = json_refusal(inner, "missing");
    } else {
      ++known;
      read = from_json(*found, inner, value.*row.member);
    }
    return read.has_value();
  };
  const auto all = [&](const auto&... row) { return (take(row) && ...); };
  if (!std::apply(all, JsonFields<T>::kRows) || known == json.size()) return read;
  for (const auto& [name, ignored] : json.items()) {
    const auto is_not = [&](const auto&... row) { return ((name != row.name) && ...); };
    if (std::apply(is_not, JsonFields<T>::kRows))
      return json_refusal(path, fmt::format("unknown field {}", Json(name).dump()));
  }
  return read;
}

template <typename T>
lowmeg::Result<void> from_json(const Json& json, const std::string& path, T& value) {
  if constexpr (std::same_as<T, bool>) {
    if (!json.is_boolean()) return json_refusal(path, "neither true nor false");
    value = json.get<bool>();
    return {};
  } else if constexpr (std::unsigned_integral<T>) {
    return number_from_json(json, path, value);
  } else if constexpr (std::same_as<T, std::string>) {
    if (!json.is_string()) return json_refusal(path, "not a string");
    value = json.get<std::string>();
    return {};
  } else {
    return object_from_json(json, path, value);
  }
}

}  // namespace cli
