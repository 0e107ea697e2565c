#include "server/sign_in_page.hpp"

#include <array>

namespace struere::server {
namespace {

constexpr std::string_view page = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in to struere</title>
<script src="/sign-in.js" defer></script>
<main>
<h1>Sign in</h1>
<p>The link works once, within 15 minutes. Without one, ask for it: <code>struere operators invite USER</code></p>
<form><button>Sign in</button></form>
<p role="status"></p>
</main>
</html>
)";

// The token leaves the address and the history at once. Nobody is signed in before the button is pressed, so that a
// program that only previews the link does not use it up.
constexpr std::string_view script = R"("use strict";
const token = new URLSearchParams(location.search).get("token") || "";
history.replaceState(null, "", "/sign-in");
const status = document.querySelector("[role=status]");
if (!token) status.textContent = "This address has no token.";
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/v1/operator/session", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({token}),
  });
  const told = await answer.json();
  if (answer.ok) location.replace("/?environment=development");
  else status.textContent = told.detail;
});
)";

constexpr std::array all{Asset{"/sign-in", "text/html; charset=utf-8", page},
                         Asset{"/sign-in.js", "text/javascript; charset=utf-8", script}};

}  // namespace

std::span<const Asset> sign_in_assets() noexcept { return all; }

}  // namespace struere::server
