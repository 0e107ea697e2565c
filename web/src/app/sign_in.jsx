// The page of a one-time link, and of somebody whose session has ended. Signing in keeps the address that was asked for.
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.js";
import { current_environment } from "./environment.js";
import { Brand } from "./frame.jsx";
import { address, navigate, read_location } from "./router.jsx";
import { Button, Command, Failure } from "../kit/basic.jsx";
import { useAction } from "../kit/resource.js";

const is_local_path = (path) => /^\/(?![/\\])/.test(path ?? "");

export function SignIn({ on_signed_in }) {
  const [{ token, next }] = useState(() => {
    const { parameters } = read_location();
    return { token: parameters.token, next: parameters.next };
  });
  const action = useAction(async () => {
    await api.post("/v1/operator/session", { token });
    const to = is_local_path(next) ? next : address("/data");
    on_signed_in();
    navigate(to, { replace: true });
    return true;
  });
  // The token leaves the address at once, so that neither the history nor a screenshot has it.
  useEffect(() => {
    if (token) history.replaceState(null, "", address("/sign-in", { next }));
  }, []);
  return (
    <main class="sign-in">
      <div class="box stack wide">
        <h1 class="row"><span class="brand"><Brand />struere</span></h1>
        {token ? (
          <>
            <p>This link signs you in to look after both environments. It works once.</p>
            <Button kind="primary" onClick={action.run} disabled={action.is_busy} autoFocus>Sign in to {current_environment()}</Button>
            <Failure failure={action.failure} />
          </>
        ) : (
          <>
            <div class="stack tight"><h2>You are signed out</h2>
              <p>Ask for a new link where the server runs, then open it in this browser. It is valid for 15 minutes.</p></div>
            <Command>struere operators invite USER</Command>
          </>
        )}
      </div>
    </main>
  );
}
