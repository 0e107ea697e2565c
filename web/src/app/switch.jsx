// The switch of environments. It keeps the page where the thing exists in the other environment, and says so where it
// does not.
import { current_environment, environment_name, environments } from "./environment.js";
import { EnvironmentIcon } from "../kit/icons.jsx";
import { address, navigate, read_location } from "./router.jsx";

// A row, a cursor and a thread belong to one environment; a type, a role and a filter may exist in both.
const of_one_environment = ["cursor", "pages"];

export function switch_address(environment) {
  const { segments, parameters } = read_location();
  for (const name of of_one_environment) delete parameters[name];
  return address("/" + segments.map(encodeURIComponent).join("/"), { ...parameters, environment, from: undefined });
}

export function EnvironmentSwitch() {
  const here = current_environment();
  return (
    <nav class="switch" aria-label="Environment">
      {environments.map((environment) => {
        const to = switch_address(environment);
        return (
          <a key={environment} href={to} aria-current={environment === here ? "true" : undefined} onClick={(event) => {
            if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            if (environment !== here) navigate(to);
          }}>
            <EnvironmentIcon environment={environment} />{environment_name[environment]}
          </a>
        );
      })}
    </nav>
  );
}
