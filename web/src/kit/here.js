// An answer may come when its page or dialog was left: it must not lead the next page elsewhere.
import { useEffect, useRef } from "preact/hooks";

// A function that says whether the component is still shown.
export function useIsHere() {
  const is_here = useRef(true);
  useEffect(() => {
    is_here.current = true;
    return () => {
      is_here.current = false;
    };
  }, []);
  return () => is_here.current;
}
