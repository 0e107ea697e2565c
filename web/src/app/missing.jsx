// A thing of the address that this environment does not have: says so, and where to go from here.
import { current_environment, environment_name, other_environment } from "./environment.js";
import { address, navigate } from "./router.jsx";
import { switch_address } from "./switch.jsx";
import { Button, Empty } from "../kit/basic.jsx";

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
