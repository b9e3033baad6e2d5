import { type RefObject, useEffect, useRef } from 'react';

/** A value as the last render gave it, for listeners that stay while it changes. Not for use while rendering. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
