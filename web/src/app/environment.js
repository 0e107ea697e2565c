// The environment is a part of the address. Nothing else remembers it: no cookie, no storage, no variable.
export const environments = ["development", "production"];

export function environment_in(search) {
  const named = new URLSearchParams(search).get("environment");
  return environments.includes(named) ? named : null;
}

// Whether the address names an environment that does not exist: nothing is asked of the server for it.
export const is_misnamed = (search) => new URLSearchParams(search).has("environment") && !environment_in(search);

export const current_environment = () => environment_in(location.search) ?? "development";
export const other_environment = (environment) => (environment === "production" ? "development" : "production");
export const is_production = () => current_environment() === "production";

export const environment_name = { development: "Development", production: "Production" };

// News of a write may come when the page shows the other environment: that of production says so.
export const in_environment = (words, environment) => (environment === "production" ? `${words} in Production` : words);

// The colour of the whole page and its title follow the environment; styles read the attribute.
export function show_environment(environment) {
  document.documentElement.dataset.environment = environment;
}
