import type { Virtualizer } from '@tanstack/react-virtual';
import { useCallback, useState } from 'react';

/** Within this distance of the end, in px, the list counts as being there. */
export const AT_END_PX = 60;

type List = Virtualizer<HTMLDivElement, HTMLElement>;

/** Watches whether the list is at its newest end. `onChange` is for the virtualizer. */
export function useFollow() {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const onChange = useCallback((list: List) => {
    if (list.options.count > 0) setIsAtEnd(list.isAtEnd(AT_END_PX));
  }, []);
  return { isAtEnd, onChange };
}
