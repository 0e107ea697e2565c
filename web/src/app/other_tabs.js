// The other tabs of this browser at this server, which have the same session.
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("struere-session");

export const tell_signed_out = () => channel?.postMessage("signed out");

// Rows must not stay on a screen whose session has ended.
export function when_signed_out_elsewhere(handler) {
  const on_message = (event) => event.data === "signed out" && location.pathname !== "/sign-in" && handler();
  channel?.addEventListener("message", on_message);
  return () => channel?.removeEventListener("message", on_message);
}
