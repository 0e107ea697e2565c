// A thing of the address that this environment does not have: says so, and where to go from here.
import { current_environment, environment_name, environments, other_environment } from "./environment.js";
import { address, navigate, read_location } from "./router.jsx";
import { switch_address } from "./switch.jsx";
import { Button, Empty } from "../kit/basic.jsx";

// An address whose environment is neither of the two: to take one of them would be a guess.
export function NoSuchEnvironment() {
  const { segments, parameters } = read_location();
  const path = "/" + segments.map(encodeURIComponent).join("/");
  return (
    <main class="sign-in">
      <Empty icon="warning" is_page title={<>There is no environment <code>{parameters.environment}</code></>}>
        <p>Nothing was read. Choose the environment that the address should name.</p>
        <div class="row wrap">{environments.map((environment) => (
          <Button key={environment} onClick={() => navigate(address(path, { ...parameters, environment }), { replace: true })}>{environment_name[environment]}</Button>
        ))}</div>
      </Empty>
    </main>
  );
}

export function Missing({ what, name, list, list_name, is_part, children }) {
  const here = current_environment();
  const other = other_environment(here);
  return (
    <Empty icon="info" is_page={!is_part} title={<>{environment_name[here]} has no {what} {name && <code>{name}</code>}</>}>
      <p>{children ?? `Each environment has its own. It may exist in ${other}, or it was removed.`}</p>
      <div class="row wrap">
        <Button onClick={() => navigate(switch_address(other))}>Look in {environment_name[other]}</Button>
        <Button kind="quiet" onClick={() => navigate(address(list))}>{list_name}</Button>
      </div>
    </Empty>
  );
}
