// The beginning: completes the address, then shows the page that it names.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { when_signed_out } from "./api/client.js";
import { environment_name, is_misnamed } from "./app/environment.js";
import { Frame } from "./app/frame.jsx";
import { NoSuchEnvironment } from "./app/missing.jsx";
import { sections } from "./app/pages.js";
import { address, complete_address, navigate, RouteProvider, useRoute } from "./app/router.jsx";
import { SessionProvider } from "./app/session.jsx";
import { when_signed_out_elsewhere } from "./app/other_tabs.js";
import { SignIn } from "./app/sign_in.jsx";
import { MenuHost } from "./kit/menu.jsx";
import { ToastHost } from "./kit/toast.jsx";
import { PageOf } from "./pages/page_of.jsx";

function App() {
  const route = useRoute();
  const [round, set_round] = useState(0);
  useEffect(() => when_signed_out(() => {
    if (location.pathname !== "/sign-in") navigate(address("/sign-in", { next: location.pathname + location.search }), { replace: true });
  }), []);
  useEffect(() => when_signed_out_elsewhere(() => location.replace(address("/sign-in", { next: location.pathname + location.search }))), []);
  const section = sections.find((one) => one.path === `/${route.segments[0] ?? "data"}`);
  useEffect(() => {
    const place = !section ? (route.segments[0] === "sign-in" ? "Sign in" : "No such page") : [...route.segments.slice(1), section.name].join(" · ");
    document.title = `${place} · ${environment_name[route.environment]} · struere`;
  }, [route]);
  if (route.segments[0] === "sign-in") return <SignIn on_signed_in={() => set_round(round + 1)} />;
  if (is_misnamed(location.search)) return <NoSuchEnvironment />;
  // Made anew for each environment: no state, answer or open dialog of one is ever shown in the other.
  return (
    <SessionProvider key={`${route.environment} ${round}`} environment={route.environment}>
      <Frame><PageOf route={route} /></Frame>
    </SessionProvider>
  );
}

complete_address();
render(<RouteProvider><App /><MenuHost /><ToastHost /></RouteProvider>, document.getElementById("app"));
