import {
  type ComponentType,
  type FocusEvent,
  type PointerEvent,
  type SyntheticEvent,
  useEffect,
  useRef,
  useState,
} from 'react';
import type { TipProps } from './tip.js';

/** How long the pointer rests on an element before its tooltip is shown, in ms. */
const REST_MS = 500;

/** After a tooltip was hidden, the next one is shown at once for this long, in ms. */
const NEXT_MS = 200;

let lastHidden = 0;

/** What is shown, and where. */
interface Shown {
  Tip: ComponentType<TipProps>;
  anchor: HTMLElement;
}

type Handler<E> = (event: E) => void;

/**
 * When an element's tooltip is to be shown: once the pointer rests on it, or it gets the focus by keyboard. The element
 * is the same with and without a tooltip, whose code comes only when it is needed. If that fails, there is none.
 */
export function useTip() {
  const [shown, setShown] = useState<Shown>();
  const wanted = useRef<object>(undefined);

  const hide = () => {
    wanted.current = undefined;
    if (!shown) return;
    lastHidden = Date.now();
    setShown(undefined);
  };
  const show = async (anchor: HTMLElement, waitMs: number) => {
    const own = {};
    wanted.current = own;
    const loading = import('./tip.js').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const module = await loading;
    if (module && wanted.current === own && anchor.isConnected) setShown({ Tip: module.Tip, anchor });
  };
  useEffect(() => () => void (wanted.current = undefined), []);

  return {
    shown,
    hide,
    handlers: {
      onPointerEnter: ({ pointerType, currentTarget }: PointerEvent<HTMLButtonElement>) => {
        if (pointerType === 'touch') return;
        void show(currentTarget, Date.now() - lastHidden < NEXT_MS ? 0 : REST_MS);
      },
      onPointerLeave: hide,
      onPointerDown: hide,
      // By the keyboard, too. While a tooltip is shown, Escape hides it and does nothing else.
      onClick: hide,
      onFocus: ({ currentTarget }: FocusEvent<HTMLButtonElement>) => {
        if (currentTarget.matches(':focus-visible')) void show(currentTarget, 0);
      },
      onBlur: hide,
    },
  };
}

/** Both handlers of an event; the first one may be absent. */
export function both<E extends SyntheticEvent>(one: Handler<E> | undefined, two: Handler<E>): Handler<E> {
  return (event) => {
    one?.(event);
    two(event);
  };
}
