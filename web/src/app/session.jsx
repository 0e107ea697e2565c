// Who is signed in, and what the environment in sight holds: read once and shared by all pages.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api, items_of } from "../api/client.js";
import { useResource } from "../kit/resource.js";

const SessionContext = createContext(null);

export function SessionProvider({ environment, children }) {
  const me = useResource(`me ${environment}`, (signal) => api.get("/v1/me", { signal }));
  const types = useResource(`types ${environment}`, async (signal) => items_of(await api.get("/v1/types", { signal })));
  return <SessionContext.Provider value={{ me, types }}>{children}</SessionContext.Provider>;
}

export const useSession = () => useContext(SessionContext);

export function useType(slug) {
  const { types } = useSession();
  return types.data?.find((type) => type.slug === slug);
}
