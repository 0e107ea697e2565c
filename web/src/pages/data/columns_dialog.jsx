// Which fields a list shows. The choice is in the address, so that a link shows the same columns.
import { useState } from "preact/hooks";
import { set_parameters } from "../../app/router.jsx";
import { Button } from "../../kit/basic.jsx";
import { Dialog } from "../../kit/dialog.jsx";

export function ColumnsDialog({ all, shown, close }) {
  const [chosen, set_chosen] = useState(shown.map((field) => field.path));
  const turn = (path) => set_chosen(chosen.includes(path) ? chosen.filter((one) => one !== path) : [...chosen, path]);
  const save = (paths) => {
    close();
    set_parameters({ columns: paths?.join(",") });
  };
  return (
    <Dialog title="Columns" close={close} submit={() => save(chosen)} actions={<>
      <Button onClick={() => save(undefined)}>As the schema says</Button>
      <Button type="submit" kind="primary">Show these</Button>
    </>}>
      {all.map((field) => (
        <label class="check" key={field.path}>
          <input type="checkbox" checked={chosen.includes(field.path)} onChange={() => turn(field.path)} />
          <span class="mono">{field.name}</span> <span class="muted small">{field.kind}</span>
        </label>
      ))}
    </Dialog>
  );
}
