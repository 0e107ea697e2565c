// Stands where a host calls its language model: a small function that always answers the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <struere/struere.hpp>

struct ModelAnswer {
  std::string text;
  std::optional<std::string> tool;  // which it wants to be called first, and with what
  struere::Json arguments;
  int input_tokens = 0, output_tokens = 0;
};

// `messages` are oldest first.
ModelAnswer ask_model(const struere::AgentConfig& config, const std::vector<struere::Message>& messages);
