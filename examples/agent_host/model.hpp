// A stand-in for a language model: a small function that always gives the same answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <struere/struere.hpp>

struct ModelAnswer {
  std::string text;
  std::optional<std::string> tool;  // the tool that is to be called first
  struere::Json arguments;
  int input_tokens = 0, output_tokens = 0;
};

// `messages` are oldest first.
ModelAnswer ask_model(const struere::AgentConfig& config, const std::vector<struere::Message>& messages);
